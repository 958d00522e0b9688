"""Which of the candidate promotions to run: the best calendar under a budget and its rules."""
