"""Images in folders, what stands beside them, and what no list names."""
