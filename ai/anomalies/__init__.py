"""Weeks whose sales nobody would expect from their price and promotion, with the likeliest cause."""
