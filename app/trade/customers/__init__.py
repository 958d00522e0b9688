"""Customers: retailers from country to store."""
