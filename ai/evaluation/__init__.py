"""Tests of the model on weeks it has not seen."""
