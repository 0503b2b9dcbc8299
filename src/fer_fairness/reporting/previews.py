"""The pictures by which a run is seen at a glance, as Kedro-Viz shows them."""

from matplotlib.figure import Figure

from fer_fairness.reporting.figures.gaps import gap_forest_figure
from fer_fairness.reporting.figures.matrices import confusion_matrix_figure
from fer_fairness.reporting.figures.trade_off import fairness_accuracy_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.scores import ConfusionRow, GapRow, OverallRow


def preview_figures(inputs: ReportInputs) -> tuple[Figure, Figure, Figure]:
    """Confusion of the baseline, accuracy gaps, and gaps against accuracy, on one set.

    Args:
        inputs: At least its tables overall, gaps and confusion. Shown is the last evaluation set:
            that is one with annotated groups where there is one.
    """
    chosen, variants = inputs.evaluation_sets()[-1], inputs.variants()
    overall = [row for row in inputs.rows(OverallRow) if row.evaluation_set == chosen]
    gaps = [row for row in inputs.rows(GapRow) if row.evaluation_set == chosen]
    confusion = [row for row in inputs.rows(ConfusionRow) if row.evaluation_set == chosen]
    return (
        confusion_matrix_figure(confusion, variant="baseline"),
        gap_forest_figure(gaps, metrics=["accuracy_gap"], variants=variants),
        fairness_accuracy_figure(overall, gaps, variants=variants),
    )
