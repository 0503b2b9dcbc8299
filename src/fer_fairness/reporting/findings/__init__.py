"""What was found, in sentences built from the tables, and what is known of it."""
