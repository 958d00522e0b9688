"""Measurements of the deployed appliance as ratios against a bare control in the same run; never asserted."""
