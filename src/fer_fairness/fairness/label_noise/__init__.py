"""Fairness where the groups of people were predicted, and the labeller errs."""
