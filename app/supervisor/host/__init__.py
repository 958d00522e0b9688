"""The machine that everything stands on."""
