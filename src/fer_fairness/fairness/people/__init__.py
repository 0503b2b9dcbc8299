"""People who have several faces: whose they are, and scores that resample people whole."""
