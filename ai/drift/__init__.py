"""Whether the newest sales still look like those a model learned from, and whether it still hits."""
