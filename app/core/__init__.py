"""What every package may use: settings, clock, money, ids, errors, storage, events."""
