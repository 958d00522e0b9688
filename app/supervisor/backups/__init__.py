"""Backups as the supervisor sees them: the schedule, the figures for alerts, the conductor of a restore, the pages."""
