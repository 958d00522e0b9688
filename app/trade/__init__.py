"""The business: one package per subject, the same rooms in each."""
