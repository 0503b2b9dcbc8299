"""The figures of the report; each function takes rows of tables and gives a matplotlib `Figure`.

No rows give a small figure that says so. No pyplot, no global state: the figures can
be drawn in any thread, and serve as previews elsewhere.
"""

from fer_fairness.reporting.figures.gaps import gap_forest_figure
from fer_fairness.reporting.figures.matrices import (
    confusion_matrix_figure,
    labeller_confusion_figure,
)
from fer_fairness.reporting.figures.predicted_groups import predicted_groups_figure
from fer_fairness.reporting.figures.recalls import recall_by_emotion_and_group_figure
from fer_fairness.reporting.figures.reliability import reliability_figure
from fer_fairness.reporting.figures.seeds import seed_differences_figure
from fer_fairness.reporting.figures.svg import inline_svg
from fer_fairness.reporting.figures.trade_off import fairness_accuracy_figure
from fer_fairness.reporting.figures.training import distribution_figure, training_curves_figure

__all__ = [
    "confusion_matrix_figure",
    "distribution_figure",
    "fairness_accuracy_figure",
    "gap_forest_figure",
    "inline_svg",
    "labeller_confusion_figure",
    "predicted_groups_figure",
    "recall_by_emotion_and_group_figure",
    "reliability_figure",
    "seed_differences_figure",
    "training_curves_figure",
]
