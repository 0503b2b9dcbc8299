"""The pictures by which a run is seen at a glance, as Kedro-Viz shows them."""

from matplotlib.figure import Figure

from fer_fairness.reporting.figures.gaps import gap_forest_figure
from fer_fairness.reporting.figures.matrices import confusion_matrix_figure
from fer_fairness.reporting.figures.trade_off import fairness_accuracy_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.scores import ConfusionRow, GapRow, OverallRow


def preview_figures(inputs: ReportInputs) -> tuple[Figure, Figure, Figure]:
    """Confusion of the baseline, accuracy gaps, and gaps against accuracy.

    Args:
        inputs: At least its tables overall, gaps and confusion, of one evaluation set.
    """
    gaps, variants = inputs.rows(GapRow), inputs.variants()
    return (
        confusion_matrix_figure(inputs.rows(ConfusionRow), variant="baseline"),
        gap_forest_figure(gaps, metrics=["accuracy_gap"], variants=variants),
        fairness_accuracy_figure(inputs.rows(OverallRow), gaps, variants=variants),
    )
