"""How a service is asked whether it works: one file a way of asking, all with the same signature."""
