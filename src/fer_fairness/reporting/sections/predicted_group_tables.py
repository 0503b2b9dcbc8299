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
from fer_fairness.reporting.findings.label_correction import corrected_cell, label_errors
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import in_order
from fer_fairness.reporting.number_text import count_with_interval, percent, thousands
from fer_fairness.reporting.rows.labeller import LabelNoiseGroupRow, LabelNoiseScoreRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import HEADLINE_METRICS, GapRow

_Columns: TypeAlias = list[page.Column[LabelNoiseGroupRow]]
_NOT_COMPARED: Final = page.Cell("not compared", numeric=True, muted=True)
_NOT_CORRECTED: Final = page.Cell("not corrected", numeric=True, muted=True)


def group_tables(
    groups: Sequence[LabelNoiseGroupRow], scores: Sequence[LabelNoiseScoreRow], *, of: str
) -> list[page.Table]:
    """Each predicted group by itself, and minus everybody else.

    Args:
        groups: Rows of one variant, evaluation set and attribute.
        scores: Rows of the same.
        of: The model in words.

    Returns:
        Two tables with a row a group, labelled and corrected values side by side: how it is
        labelled, how many people it has and how often the model is right, with bounds; and its
        differences in accuracy and in recall at the same emotion, with bounds and soft labels.
    """

    def score(metric: str, method: str) -> Callable[[LabelNoiseGroupRow], page.Cell]:
        same = (row for row in scores if (row.metric, row.method) == (metric, method))
        by_group = {row.group: row for row in same}
        return lambda group: _score_cell(group, by_group.get(group.group), method)

    first = groups[0]
    what = f"{first.attribute_label} on {first.set_label}, {of}"
    order = in_order([row.group for row in groups])
    ordered = sorted(groups, key=lambda row: order.index(row.group))
    accuracy: _Columns = [
        ("Group", lambda row: row.label),
        ("Held-out faces", lambda row: page.people(row.n_held_out)),
        ("Labelled rightly", lambda row: page.numeric(percent(row.labelled_rightly))),
        ("People labelled so", lambda row: page.people(row.n_labelled)),
        ("By error alone, at most", lambda row: page.numeric(thousands(row.n_by_error_95))),
        ("People, corrected", _people_cell),
        ("Accuracy as labelled", score(ACCURACY, AS_LABELLED)),
        ("Accuracy corrected", score(ACCURACY, CORRECTED)),
        ("Bounds of accuracy", score(ACCURACY, BOUNDS)),
    ]
    differences: _Columns = [
        ("Group", lambda row: row.label),
        ("Accuracy: as labelled", score(ACCURACY_DIFFERENCE, AS_LABELLED)),
        ("Accuracy: corrected", score(ACCURACY_DIFFERENCE, CORRECTED)),
        ("Accuracy: bounds", score(ACCURACY_DIFFERENCE, BOUNDS)),
        ("Same-emotion recall: as labelled", score(RECALL_DIFFERENCE, AS_LABELLED)),
        ("Same-emotion recall: corrected", score(RECALL_DIFFERENCE, CORRECTED)),
        ("Same-emotion recall: soft labels", score(RECALL_DIFFERENCE, SOFT_LABELS)),
    ]
    by_itself = (
        f"Accuracy by {what}, percent [95 % interval]. “Labelled rightly” is measured on the "
        "held-out faces of a group, of which those without a label are not; “by error alone”: "
        "people whom errors would label so, in 95 cases of 100, if nobody were of the group"
    )
    against_others = (
        f"Each group minus everybody else: {what}, percentage points [95 % interval]. Bold: the "
        "corrected interval excludes zero; these are not corrected for many comparisons"
    )
    return [
        page.table(by_itself, ordered, accuracy, folded=True),
        page.table(against_others, ordered, differences, folded=True),
    ]


def headline_gaps_table(inputs: ReportInputs, evaluation_set: str) -> page.Table | None:
    """Headline gaps of every variant: as labelled, and with label errors taken off.

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
            columns += page.columns(
                {metric: f"{label}, label errors taken off"},
                lambda row: corrected_cell(row, errors),
            )
    return page.table(
        f"Gaps between predicted groups on {rows[0].set_label}, percentage points [interval]. "
        "Bold: difference found, of the groups as labelled; the corrected gap is between the "
        "groups that surely have people enough",
        lines,
        columns,
        folded=True,
    )


def _gap_cell(row: GapRow | None) -> page.Cell:
    return page.estimate(row, strong=row is not None and row.found)


def _people_cell(row: LabelNoiseGroupRow) -> page.Cell:
    if not math.isfinite(row.n_corrected):
        return _NOT_CORRECTED
    people = count_with_interval(row.n_corrected, row.n_ci_low, row.n_ci_high)
    return page.numeric(people, muted=not row.compared)


def _score_cell(
    group: LabelNoiseGroupRow, score: LabelNoiseScoreRow | None, method: str
) -> page.Cell:
    """A score of a group by one method; without a corrected one in grey why not.

    A corrected difference is bold where its interval excludes zero; of bounds the ends are shown.
    """
    if score is None:
        return _NOT_CORRECTED if method == CORRECTED else page.DASH
    if method == BOUNDS:
        return page.numeric(score.interval)
    if method != CORRECTED:
        return page.estimate(score, muted=method == SOFT_LABELS)
    if not group.compared or not math.isfinite(score.value):
        return _NOT_COMPARED
    clear = score.metric != ACCURACY and (score.ci_low > 0 or score.ci_high < 0)
    return page.estimate(score, strong=clear)
