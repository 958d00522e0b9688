"""Sales from MongoDB into columns: calendar, regular prices, the panel of series by week."""
