"""Planning promotions that do not exist yet: what-if, price response, and the best calendar under a budget."""
