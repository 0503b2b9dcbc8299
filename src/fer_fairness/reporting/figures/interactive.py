"""Gaps against accuracy as a figure to point at, in the JSON that plotly draws.

It is written as plain data (https://plotly.com/javascript/reference): the browser draws it, so that
no library is needed here.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting.figures import style
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, OverallRow

_POINTED_AT = (
    "<b>%{text}</b><br>%{customdata[0]}<br>Accuracy %{customdata[1]} %"
    "<br>Gap %{customdata[2]} points, %{customdata[3]}<extra></extra>"
)


def fairness_accuracy_plot(
    overall: Sequence[OverallRow], gaps: Sequence[GapRow], *, metric: str = "accuracy_gap"
) -> dict[str, Any]:
    """What `fairness_accuracy_figure` shows, for any number of variants.

    Args:
        overall: Scores on one evaluation set.
        gaps: Gaps on the same.
        metric: The gap on the vertical axis.

    Returns:
        `data`, a trace for each attribute, and `layout`. Attributes are put on and off in the
        legend, at first the first one is on; a filled mark is a difference found; pointing at one
        tells the variant, both values with their intervals, and the verdict.
    """
    accuracy = {row.variant: row for row in reversed(overall) if row.metric == "accuracy"}
    known = [
        row
        for row in gaps
        if row.metric == metric
        and row.variant in accuracy
        and math.isfinite(row.value)
        and math.isfinite(accuracy[row.variant].value)
    ]
    blocks = list(grouped(known, lambda row: row.people).values())
    traces = [_trace(block, accuracy) for block in blocks]
    for trace in traces[1:]:
        trace["visible"] = "legendonly"
    return {
        "data": traces,
        "layout": {
            "xaxis": {"title": {"text": "Accuracy (%)"}},
            "yaxis": {"title": {"text": f"{metric_words(metric).label} (points)"}},
            "legend": {"orientation": "h", "y": -0.2},
            "hovermode": "closest",
        },
    }


def _trace(rows: Sequence[GapRow], accuracy: Mapping[str, OverallRow]) -> dict[str, Any]:
    """The marks of one attribute."""
    scores = [accuracy[row.variant] for row in rows]
    suffix = ", predicted labels" if rows[0].predicted else ""
    label = f"{style.sentence_case(rows[0].attribute_label)}{suffix}"
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label,
        "x": [100 * score.value for score in scores],
        "y": [100 * row.value for row in rows],
        "error_x": _reaches(scores),
        "error_y": _reaches(rows),
        "marker": {"size": 10, "symbol": ["circle" if r.found else "circle-open" for r in rows]},
        "text": [row.variant_label for row in rows],
        "customdata": [
            [label, score.estimate, row.estimate, str(row.judgement)]
            for row, score in zip(rows, scores, strict=True)
        ],
        "hovertemplate": _POINTED_AT,
    }


def _reaches(rows: Sequence[GapRow] | Sequence[OverallRow]) -> dict[str, Any]:
    """The intervals of these rows; no bar where there is none."""

    def points(distance: float) -> float:
        return 100 * distance if math.isfinite(distance) else 0.0

    return {
        "type": "data",
        "symmetric": False,
        "array": [points(row.ci_high - row.value) for row in rows],
        "arrayminus": [points(row.value - row.ci_low) for row in rows],
        "thickness": 1,
        "width": 0,
    }
