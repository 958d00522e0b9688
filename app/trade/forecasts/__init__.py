"""What will sell: forecasts of any customers and products under a plan, and how near earlier ones came."""
