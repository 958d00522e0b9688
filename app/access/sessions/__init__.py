"""Signed-in sessions: refresh tokens with rotation, and whether a session still counts."""
