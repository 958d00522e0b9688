"""Weeks nobody would expect, with the likeliest cause."""
