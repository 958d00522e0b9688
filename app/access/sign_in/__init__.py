"""Signing in and out, with lock-out and a limit of attempts."""
