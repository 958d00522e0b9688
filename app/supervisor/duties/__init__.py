"""The maintenance calendar: the tasks of the operators' manuals, done by the machine with proof where it can be."""
