"""The pictures by which a run is seen at a glance, as Kedro-Viz shows them."""

from typing import Any

from matplotlib.figure import Figure

from fer_fairness.reporting.figures.gaps import gap_forest_figure
from fer_fairness.reporting.figures.interactive import fairness_accuracy_plot
from fer_fairness.reporting.figures.matrices import confusion_matrix_figure
from fer_fairness.reporting.figures.trade_off import fairness_accuracy_figure
from fer_fairness.reporting.inputs import MOST_VARIANTS, ReportInputs
from fer_fairness.reporting.rows.scores import ConfusionRow, GapRow, OverallRow


def preview_figures(inputs: ReportInputs) -> tuple[Figure, Figure, Figure, dict[str, Any]]:
    """Confusion of the baseline, accuracy gaps, and gaps against accuracy, drawn and to point at.

    Of more variants than a page has room for, the gaps are those of the baseline.

    Args:
        inputs: At least its tables overall, gaps and confusion, of one evaluation set.
    """
    overall, gaps, variants = inputs.rows(OverallRow), inputs.rows(GapRow), inputs.variants()
    shown = variants if len(variants) <= MOST_VARIANTS else variants[:1]
    return (
        confusion_matrix_figure(inputs.rows(ConfusionRow), variant="baseline"),
        gap_forest_figure(
            [row for row in gaps if row.variant in shown],
            metrics=["accuracy_gap"],
            variants=shown,
        ),
        fairness_accuracy_figure(overall, gaps, variants=variants),
        fairness_accuracy_plot(overall, gaps),
    )
