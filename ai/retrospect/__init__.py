"""Accuracy as it was: what a model that ended before the newest weeks would have forecast for them."""
