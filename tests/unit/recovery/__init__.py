"""The report of the recovery tier."""
