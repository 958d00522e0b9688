"""The next best promotion of a product at a customer, from what was seen there."""
