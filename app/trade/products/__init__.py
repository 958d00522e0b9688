"""Products: from category to the SKU on the shelf."""
