"""Customers, or products, in groups that sell alike."""
