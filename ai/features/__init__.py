"""What explains sales: one file a family of columns, each with its prior."""
