"""Several training seeds of a variant on the same people, and several models side by side."""

from fer_fairness.fairness.seeds.over_seeds import scores_over_seeds

__all__ = ["scores_over_seeds"]
