"""Tables of predicted groups: raw and corrected values side by side."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from fer_fairness.fairness.label_noise import (
    ACCURACY,
    ACCURACY_DIFFERENCE,
    AS_LABELLED,
    BOUNDS,
    CORRECTED,
    RECALL_DIFFERENCE,
    SOFT_LABELS,
)
from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_correction import corrected_cell, label_errors
from fer_fairness.reporting.labels import group_label, in_order
from fer_fairness.reporting.number_text import count_with_interval, percent
from fer_fairness.reporting.rows.labeller import LabelNoiseGroupRow, LabelNoiseScoreRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import HEADLINE_METRICS, GapRow

_Columns: TypeAlias = list[page.Column[LabelNoiseGroupRow]]
_NOT_COMPARED: Final = page.Cell("not compared", numeric=True, muted=True)
_NOT_CORRECTED: Final = page.Cell("not corrected", numeric=True, muted=True)


def accuracy_table(
    groups: Sequence[LabelNoiseGroupRow],
    scores: Sequence[LabelNoiseScoreRow],
    *,
    what: str,
    folded: bool,
) -> page.Table:
    """How each group is labelled, how many people it has, and how often the model is right.

    Args:
        groups: Rows of one variant, evaluation set and attribute.
        scores: Rows of the same.
        what: The attribute, the faces and the model in words.
        folded: Whether the table is closed at first.

    Returns:
        A row a group: labelled and corrected values side by side, and the bounds.
    """
    columns: _Columns = [
        ("Group", lambda row: group_label(row.group)),
        ("Held-out faces", lambda row: page.people(row.n_held_out)),
        ("Labelled rightly", lambda row: page.numeric(percent(row.labelled_rightly))),
        ("People labelled so", lambda row: page.people(row.n_labelled)),
        ("People, corrected", _people_cell),
        ("Accuracy as labelled", _score(scores, ACCURACY, AS_LABELLED)),
        ("Accuracy corrected", _score(scores, ACCURACY, CORRECTED)),
        ("Bounds of accuracy", _score(scores, ACCURACY, BOUNDS)),
    ]
    return page.table(
        f"Accuracy by {what}, percent [95 % interval]. “Labelled rightly” is measured on the "
        "held-out faces of a group, of which those without a label are not",
        _ordered(groups),
        columns,
        folded=folded,
    )


def difference_table(
    groups: Sequence[LabelNoiseGroupRow],
    scores: Sequence[LabelNoiseScoreRow],
    *,
    what: str,
    folded: bool,
) -> page.Table:
    """Each group minus everybody else, in accuracy and in recall at the same emotion.

    Args:
        groups: Rows of one variant, evaluation set and attribute.
        scores: Rows of the same.
        what: The attribute, the faces and the model in words.
        folded: Whether the table is closed at first.

    Returns:
        A row a group: labelled and corrected values side by side, bounds and soft labels.
    """
    recall = "Same-emotion recall"
    columns: _Columns = [
        ("Group", lambda row: group_label(row.group)),
        ("Accuracy: as labelled", _score(scores, ACCURACY_DIFFERENCE, AS_LABELLED)),
        ("Accuracy: corrected", _score(scores, ACCURACY_DIFFERENCE, CORRECTED)),
        ("Accuracy: bounds", _score(scores, ACCURACY_DIFFERENCE, BOUNDS)),
        (f"{recall}: as labelled", _score(scores, RECALL_DIFFERENCE, AS_LABELLED)),
        (f"{recall}: corrected", _score(scores, RECALL_DIFFERENCE, CORRECTED)),
        (f"{recall}: soft labels", _score(scores, RECALL_DIFFERENCE, SOFT_LABELS)),
    ]
    return page.table(
        f"Each group minus everybody else: {what}, percentage points [95 % interval]. Bold: the "
        "corrected interval excludes zero; these are not corrected for many comparisons",
        _ordered(groups),
        columns,
        folded=folded,
    )


def headline_gaps_table(inputs: ReportInputs, evaluation_set: str) -> page.Table | None:
    """Headline gaps of every variant: as labelled, without noise, without label errors too.

    Args:
        inputs: The report's tables.
        evaluation_set: The faces.

    Returns:
        A row an attribute and variant; None where `gaps` has none of predicted groups.
    """
    rows = [
        row
        for row in inputs.rows(GapRow)
        if row.evaluation_set == evaluation_set and row.predicted and row.headline
    ]
    if not rows:
        return None
    errors = label_errors(inputs)
    by_line = grouped(rows, lambda row: (row.attribute, row.variant))
    lines = [
        {row.metric: row for row in by_line[attribute, variant]}
        for attribute in dict.fromkeys(row.attribute for row in rows)
        for variant in inputs.variants()
        if (attribute, variant) in by_line
    ]
    columns: list[page.Column[Mapping[str, GapRow]]] = [
        ("Attribute", lambda line: page.first_of(line).attribute_label)
    ]
    if len(inputs.variants()) > 1:
        columns.append(("Variant", lambda line: page.first_of(line).variant_label))
    shown = {row.metric for row in rows}
    for metric in HEADLINE_METRICS:
        if metric in shown:
            label = metric_words(metric).label
            columns += page.columns({metric: f"{label} as labelled"}, _gap_cell)
            columns += page.columns({metric: f"{label}, its noise taken off"}, _noiseless_cell)
            columns += page.columns(
                {metric: f"{label}, label errors taken off too"},
                lambda row: corrected_cell(row, errors),
            )
    return page.table(
        f"Gaps between predicted groups on {rows[0].set_label}, percentage points [95 % interval]. "
        "Bold: difference found, of the groups as labelled; the corrected gap is between the "
        "groups that surely have people enough",
        lines,
        columns,
    )


def _gap_cell(row: GapRow | None) -> page.Cell:
    return page.estimate(row, strong=row is not None and row.found)


def _noiseless_cell(row: GapRow | None) -> page.Cell:
    return page.DASH if row is None else page.numeric(row.in_unit(row.corrected_value))


def _ordered(groups: Sequence[LabelNoiseGroupRow]) -> list[LabelNoiseGroupRow]:
    order = in_order([row.group for row in groups])
    return sorted(groups, key=lambda row: order.index(row.group))


def _people_cell(row: LabelNoiseGroupRow) -> page.Cell:
    if not math.isfinite(row.n_corrected):
        return _NOT_CORRECTED
    people = count_with_interval(row.n_corrected, row.n_ci_low, row.n_ci_high)
    return page.numeric(people, muted=not row.compared)


def _score(
    scores: Sequence[LabelNoiseScoreRow], metric: str, method: str
) -> Callable[[LabelNoiseGroupRow], page.Cell]:
    """The cell of a group with one of its scores by one method."""
    by_group = {
        score.group: score for score in scores if score.metric == metric and score.method == method
    }

    def cell(row: LabelNoiseGroupRow) -> page.Cell:
        score = by_group.get(row.group)
        if method == CORRECTED:
            return _corrected_score_cell(row, score)
        if method == BOUNDS and score is not None:
            return page.numeric(score.interval)
        return page.estimate(score, muted=method == SOFT_LABELS)

    return cell


def _corrected_score_cell(row: LabelNoiseGroupRow, score: LabelNoiseScoreRow | None) -> page.Cell:
    """A corrected score, or in grey why not; a difference is bold where it excludes zero."""
    if score is None:
        return _NOT_CORRECTED
    if not row.compared or not math.isfinite(score.value):
        return _NOT_COMPARED
    clear = score.metric != ACCURACY and (score.ci_low > 0 or score.ci_high < 0)
    return page.estimate(score, strong=clear)
