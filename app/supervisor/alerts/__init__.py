"""Alerts: what is wrong, whether a person must know, whom to tell, and that they were told once."""
