"""The pictures by which a run is seen at a glance, as Kedro-Viz shows them."""

from typing import Any

from matplotlib.figure import Figure

from fer_fairness.reporting.figures.gaps import gap_forest_figure
from fer_fairness.reporting.figures.interactive import fairness_accuracy_plot
from fer_fairness.reporting.figures.matrices import confusion_matrix_figure
from fer_fairness.reporting.figures.trade_off import fairness_accuracy_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.scores import ConfusionRow, GapRow, OverallRow


def preview_figures(inputs: ReportInputs) -> tuple[Figure, Figure, Figure, dict[str, Any]]:
    """Confusion of the baseline, accuracy gaps, and gaps against accuracy, drawn and to point at.

    Args:
        inputs: At least its tables overall, gaps and confusion, of one evaluation set.
    """
    overall, gaps, variants = inputs.rows(OverallRow), inputs.rows(GapRow), inputs.variants()
    return (
        confusion_matrix_figure(inputs.rows(ConfusionRow), variant="baseline"),
        gap_forest_figure(gaps, metrics=["accuracy_gap"], variants=variants),
        fairness_accuracy_figure(overall, gaps, variants=variants),
        fairness_accuracy_plot(overall, gaps),
    )
