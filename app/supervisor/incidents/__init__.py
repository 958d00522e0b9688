"""Incidents: what went wrong together, from the first sign to the proof that it is over, with everything that was done."""
