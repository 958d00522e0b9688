"""Promotions: deals observed in imported sales, promotions entered by hand, and what both really earned."""
