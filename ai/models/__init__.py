"""Models that are fitted, predict and say how sure they are."""
