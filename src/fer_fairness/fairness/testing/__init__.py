"""Whether groups differ: shuffles, the question, what is behind it, and at which level."""
