"""Passwords: which are good enough, how they are stored, how they are made."""
