"""Customers that sell alike, and products that sell alike."""
