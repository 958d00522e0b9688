"""The worker: runs queued jobs and business schedules; brings back what was interrupted."""
