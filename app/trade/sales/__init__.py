"""Sales facts: what was sold where, in which week, at which price."""
