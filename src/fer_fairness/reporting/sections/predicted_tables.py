"""Tables of predicted groups: raw and corrected values side by side."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeAlias

import pandas as pd

from fer_fairness.fairness.label_noise.evaluation import (
    AS_LABELLED,
    BOUNDS,
    CORRECTED,
    SOFT_LABELS,
)
from fer_fairness.fairness.label_noise.scores import (
    ACCURACY,
    ACCURACY_DIFFERENCE,
    RECALL_DIFFERENCE,
)
from fer_fairness.reporting.figures.matrices import in_order
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import PREDICTED, corrected_cell, key_of, label_errors
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.cells import estimate_cell
from fer_fairness.reporting.tables import (
    MISSING,
    Cell,
    Table,
    count_cell,
    count_with_interval,
    interval,
    percent,
)
from fer_fairness.reporting.verdicts import difference_found, in_unit
from fer_fairness.reporting.words import (
    HEADLINE_METRICS,
    attribute_label,
    evaluation_set_label,
    group_label,
    metric_words,
    variant_label,
)

_Scores: TypeAlias = Mapping[tuple[str, str, str], Row]
_NOT_COMPARED: Final = "not compared"
_NOT_CORRECTED: Final = "not corrected"


def accuracy_table(groups: pd.DataFrame, scores: pd.DataFrame, *, what: str, folded: bool) -> Table:
    """How each group is labelled, how many people it has, and how often the model is right.

    Args:
        groups: Rows of `label_noise_groups` of one variant, evaluation set and attribute.
        scores: Rows of `label_noise_scores` of the same.
        what: The attribute, the faces and the model in words.
        folded: Whether the table is closed at first.

    Returns:
        A row a group: labelled and corrected values side by side, and the bounds.
    """
    by_score = _by_score(scores)
    body = []
    for row in _ordered(groups):
        people = (as_float(row[name]) for name in ("n_corrected", "n_ci_low", "n_ci_high"))
        estimated = count_with_interval(*people)
        pair = _raw_and_corrected(row, by_score, ACCURACY)
        body.append(
            (
                Cell(group_label(str(row["group"]))),
                count_cell(as_float(row["n_held_out"])),
                Cell(percent(as_float(row["labelled_rightly"])), numeric=True),
                count_cell(as_float(row["n_labelled"])),
                _people_cell(estimated, compared=bool(row["compared"])),
                *pair,
                _bounds_cell(by_score.get((str(row["group"]), ACCURACY, BOUNDS))),
            )
        )
    return Table(
        caption=f"Accuracy by {what}, percent [95 % interval]. “Labelled rightly” is measured on "
        "the held-out faces of a group, of which those without a label are not",
        header=(
            *("Group", "Held-out faces", "Labelled rightly", "People labelled so"),
            *("People, corrected", "Accuracy as labelled", "Accuracy corrected"),
            "Bounds of accuracy",
        ),
        rows=tuple(body),
        folded=folded,
    )


def difference_table(
    groups: pd.DataFrame, scores: pd.DataFrame, *, what: str, folded: bool
) -> Table:
    """Each group minus everybody else, in accuracy and in recall at the same emotion.

    Args:
        groups: Rows of `label_noise_groups` of one variant, evaluation set and attribute.
        scores: Rows of `label_noise_scores` of the same.
        what: The attribute, the faces and the model in words.
        folded: Whether the table is closed at first.

    Returns:
        A row a group: labelled and corrected values side by side, bounds and soft labels.
    """
    by_score = _by_score(scores)
    body = []
    for row in _ordered(groups):
        group = str(row["group"])
        soft = by_score.get((group, RECALL_DIFFERENCE, SOFT_LABELS))
        body.append(
            (
                Cell(group_label(group)),
                *_raw_and_corrected(row, by_score, ACCURACY_DIFFERENCE),
                _bounds_cell(by_score.get((group, ACCURACY_DIFFERENCE, BOUNDS))),
                *_raw_and_corrected(row, by_score, RECALL_DIFFERENCE),
                estimate_cell(soft, in_points=True, muted=True),
            )
        )
    return Table(
        caption=f"Each group minus everybody else: {what}, percentage points [95 % interval]. "
        "Bold: the corrected interval excludes zero; these are not corrected for many comparisons",
        header=(
            *("Group", "Accuracy: as labelled", "Accuracy: corrected", "Accuracy: bounds"),
            *("Same-emotion recall: as labelled", "Same-emotion recall: corrected"),
            "Same-emotion recall: soft labels",
        ),
        rows=tuple(body),
        folded=folded,
    )


def headline_gaps_table(inputs: ReportInputs, evaluation_set: str) -> Table | None:
    """Headline gaps of every variant: as labelled, without noise, without label errors too.

    Args:
        inputs: The report's tables.
        evaluation_set: The faces.

    Returns:
        A row an attribute and variant; None where `gaps` has none of predicted groups.
    """
    gaps = inputs.gaps
    rows = gaps[
        (gaps["evaluation_set"] == evaluation_set) & (gaps["attribute_source"] == PREDICTED)
    ]
    metrics = [name for name in HEADLINE_METRICS if (rows["metric"] == name).any()]
    if not metrics:
        return None
    errors = label_errors(inputs)
    lines: dict[tuple[str, str], dict[str, Row]] = {}
    for row in records(rows[rows["metric"].isin(metrics)]):
        variant, _, attribute = key_of(row)
        lines.setdefault((attribute, variant), {})[str(row["metric"])] = row
    several = len(inputs.variants()) > 1
    body = []
    for attribute in dict.fromkeys(attribute for attribute, _ in lines):
        for variant in inputs.variants():
            found = lines.get((attribute, variant))
            if found is None:
                continue
            cells = [Cell(attribute_label(attribute))]
            cells += [Cell(variant_label(variant))] if several else []
            for metric in metrics:
                gap = found.get(metric)
                cells += _gap_cells(gap)
                cells.append(
                    _dash() if gap is None else corrected_cell(errors.gap(gap), errors.reason(gap))
                )
            body.append(tuple(cells))
    heads = [
        f"{metric_words(metric).label}{column}"
        for metric in metrics
        for column in (" as labelled", ", its noise taken off", ", label errors taken off too")
    ]
    return Table(
        caption=f"Gaps between predicted groups on {evaluation_set_label(evaluation_set)}, "
        "percentage points [95 % interval]. Bold: difference found, of the groups as labelled; the "
        "corrected gap is between the groups that surely have people enough",
        header=("Attribute", *(["Variant"] if several else []), *heads),
        rows=tuple(body),
    )


def _gap_cells(gap: Row | None) -> list[Cell]:
    """A gap as labelled over its interval, bold where found, and without noise."""
    if gap is None:
        return [_dash(), _dash()]
    words = metric_words(str(gap["metric"]))
    without_noise = in_unit(as_float(gap["corrected_value"]), words)
    raw = replace(
        estimate_cell(gap, in_points=words.in_points),
        strong=difference_found(gap),
    )
    return [raw, Cell(without_noise, numeric=True)]


def _dash() -> Cell:
    return Cell(MISSING, numeric=True, muted=True)


def _by_score(scores: pd.DataFrame) -> _Scores:
    return {
        (str(row["group"]), str(row["metric"]), str(row["method"])): row for row in records(scores)
    }


def _ordered(groups: pd.DataFrame) -> list[Row]:
    order = in_order(list(groups["group"].astype(str)))
    return sorted(records(groups), key=lambda row: order.index(str(row["group"])))


def _people_cell(text: str, *, compared: bool) -> Cell:
    if text == MISSING:
        return Cell(_NOT_CORRECTED, numeric=True, muted=True)
    return Cell(text.replace(" [", "\n["), numeric=True, muted=not compared)


def _raw_and_corrected(row: Row, scores: _Scores, metric: str) -> tuple[Cell, Cell]:
    """A score as labelled, and corrected or in grey why not; bold where it excludes zero."""
    group = str(row["group"])
    raw = estimate_cell(scores.get((group, metric, AS_LABELLED)), in_points=True)
    found = scores.get((group, metric, CORRECTED))
    if found is None:
        return raw, Cell(_NOT_CORRECTED, numeric=True, muted=True)
    if not bool(row["compared"]) or not math.isfinite(as_float(found["value"])):
        return raw, Cell(_NOT_COMPARED, numeric=True, muted=True)
    low, high = as_float(found["ci_low"]), as_float(found["ci_high"])
    clear = metric != ACCURACY and (low > 0 or high < 0)
    cell = estimate_cell(found, in_points=True)
    return raw, replace(cell, strong=clear)


def _bounds_cell(row: Row | None) -> Cell:
    """The ends of the bounds in percent; a dash where they are not known."""
    if row is None:
        return _dash()
    low, high = as_float(row["ci_low"]), as_float(row["ci_high"])
    return Cell(interval(low, high, scale=100, digits=1), numeric=True)
