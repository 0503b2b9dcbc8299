"""Several training seeds of one variant, and of two, on the same people."""

from fer_fairness.fairness.seeds.over_seeds import compare_over_seeds, scores_over_seeds

__all__ = ["compare_over_seeds", "scores_over_seeds"]
