"""The audit trail: who did what, when, to what; append-only and chained by hashes."""
