"""The AI service: what would have sold anyway, and what a promotion changed. Never imports app."""
