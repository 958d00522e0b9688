"""The doctor: one file a check under `checks/`, each says what is wrong, how it was seen, and how to put it right."""
