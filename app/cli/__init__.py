"""The `tradeai` command: one file a group of commands."""
