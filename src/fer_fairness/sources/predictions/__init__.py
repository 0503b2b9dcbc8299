"""Tables of predictions: which column is what, and what its cells say."""
