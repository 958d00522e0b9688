"""The models behind forecasts and analyses: which there are, how well they do, which one serves, and whether sales drift."""
