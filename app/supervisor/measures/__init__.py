"""Figures that no probe gives: one file each, read in the background at its own pace, put into the loop as `Measured`."""
