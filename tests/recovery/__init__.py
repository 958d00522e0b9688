"""Disaster recovery end to end: a machine is lost with everything on it, and another becomes it from one folder elsewhere."""
