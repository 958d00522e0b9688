"""Backups that are proven: dump, manifest, verify, retention, drill, restore (docs/backup.md)."""
