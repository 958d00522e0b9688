"""What was: every figure for years in little room, how long each service was in which state, and when the disk will be full."""
