"""The next best promotion for a customer: proposed with its reasons, and taken over as a draft."""
