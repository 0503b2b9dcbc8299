"""Recall of each emotion in each group, and every score within groups."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from fer_fairness.fairness.label_noise import ACCURACY, CORRECTED
from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.figures.recalls import (
    recall_by_emotion_and_group_figure,
    recall_words,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import capitalised, group_label, in_order
from fer_fairness.reporting.number_text import FEW_PEOPLE, is_few
from fer_fairness.reporting.rows.labeller import LabelNoiseScoreRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, GroupRow, Key

_Corrected: TypeAlias = Mapping[tuple[Key, str], LabelNoiseScoreRow]
"""Accuracies without label errors by variant, set, attribute and group."""

MOST_LISTED: Final = 20
"""Of more than twice as many groups, so many of the lowest and of the highest are shown."""

_ALL: Final = "The table of groups in the results (Parquet and JSON) has all."


def recalls_section(inputs: ReportInputs) -> page.Section:
    """Recall of each emotion in each group: which people, which expressions."""
    blocks: list[page.Block] = []
    gaps = grouped(inputs.rows(GapRow), lambda row: row.people)
    corrected = {
        (row.key, row.group): row
        for row in inputs.rows(LabelNoiseScoreRow)
        if row.metric == ACCURACY and row.method == CORRECTED
    }
    if any(row.metric.startswith("recall_") for row in inputs.rows(GroupRow)):
        blocks.append(page.Text(_reading(inputs)))
    for people, rows in grouped(inputs.rows(GroupRow), lambda row: row.people).items():
        what, where = rows[0].groups_label, rows[0].set_label
        least = _smallest_compared(gaps.get(people, []))
        shown, note = listed_groups(rows, least=least, what=what)
        title = f"{what} on {where}" if inputs.kind == "project" else what
        of_people: list[page.Block] = [page.Text(note)] if note else []
        crossed = not rows[0].of_one_attribute
        are_many = inputs.variants_shown() != inputs.variants()
        if any(row.metric.startswith("recall_") for row in shown) and not (crossed and are_many):
            drawn = [row for row in shown if row.variant in inputs.variants_shown()]
            of_people.append(_drawing(inputs, drawn))
        if shown:
            beside = corrected if rows[0].predicted else None
            of_people.append(_group_table(inputs, shown, beside))
        folded = crossed or not inputs.in_front(rows[0].evaluation_set)
        blocks += page.under(capitalised(title), of_people, folded=folded)
    return page.Section(
        "recalls",
        "Recall by emotion and group",
        blocks or [page.absent("No metric within groups was computed.")],
    )


def _drawing(inputs: ReportInputs, rows: list[GroupRow]) -> page.Drawing:
    first, variants = rows[0], inputs.variants()
    as_labelled = ", as labelled" if first.predicted else ""
    alone = f"Recall of each emotion by {first.groups_label} on {first.set_label}{as_labelled}."
    return page.Drawing(
        figure_name("recalls", *first.people),
        recall_by_emotion_and_group_figure(rows, attribute=first.attribute, variants=variants),
        caption=f"Recall of each emotion{as_labelled}.",
        alternative=recall_words(rows, variants=variants),
        rows=rows,
        alone=f"{alone} {_reading(inputs)}",
    )


def _reading(inputs: ReportInputs) -> str:
    """How the figures are read, once for all of them."""
    alone = len(inputs.variants()) == 1
    crowd = "" if alone else " (of the first variant only where there are many)"
    text = (
        f"Figures show recalls with 95 % intervals{crowd}. Pale: fewer than {FEW_PEOPLE} faces of "
        "that emotion in the group."
    )
    if any(row.predicted for row in inputs.rows(GroupRow)):
        text += " Recalls of predicted groups are not corrected for label errors."
    return text


def _smallest_compared(gaps: Sequence[GapRow]) -> float:
    """Size of the smallest group that took part in the gaps of an attribute; 0 if not known."""
    return min((row.smallest_group_size for row in gaps if row.n_groups >= 2), default=0.0)


def listed_groups(rows: list[GroupRow], *, least: float, what: str) -> tuple[list[GroupRow], str]:
    """The groups that a page can hold: of many, those recognised least and most often.

    Args:
        rows: Rows of one evaluation set, attribute and source.
        least: Size that a group must have to be picked, where there are too many: the accuracy of
            a handful of people says nothing.
        what: The attribute in words.

    Returns:
        The rows shown, and a sentence saying how many groups are not; empty where all are.
    """
    n_groups = len({row.group for row in rows})
    if n_groups <= 2 * MOST_LISTED:
        return rows, ""
    accuracy = {
        row.group: row.value
        for row in reversed(rows)
        if row.metric == "accuracy" and row.n_people >= least and row.value == row.value
    }
    ordered = sorted(accuracy, key=lambda group: (accuracy[group], group))
    chosen = {*ordered[:MOST_LISTED], *ordered[-MOST_LISTED:]}
    if not chosen:
        note = f"None of the {n_groups:,} groups of {what} has people enough to be shown here."
        return [], f"{note} {_ALL}"
    picked = f"the {len(chosen):,} that were compared"
    if len(ordered) > 2 * MOST_LISTED:
        picked = (
            f"the {MOST_LISTED} with the lowest and the {MOST_LISTED} with the highest accuracy of "
            "those that were compared"
        )
    note = (
        f"There are {n_groups:,} groups of {what}. Shown are {picked}; "
        f"{n_groups - len(chosen):,} are not shown. {_ALL}"
    )
    return [row for row in rows if row.group in chosen], note


def _group_table(
    inputs: ReportInputs, rows: list[GroupRow], corrected: _Corrected | None
) -> page.Table:
    """Every metric of every group; beside accuracy the corrected one where groups are predicted.

    Of many variants the first one's alone.
    """
    variants, rest = inputs.variants_shown(), ""
    if variants != inputs.variants():
        rest = f"; other variants are in {inputs.file_of(GroupRow)}"
    by_line = grouped(rows, lambda row: (row.group, row.variant))
    lines = [
        {row.metric: row for row in by_line[group, variant]}
        for group in in_order([row.group for row in rows])
        for variant in variants
        if (group, variant) in by_line
    ]
    columns: list[page.Column[Mapping[str, GroupRow]]] = [
        ("Group", lambda line: group_label(page.first_of(line).group))
    ]
    if len(variants) > 1:
        columns.append(("Variant", lambda line: page.first_of(line).variant_label))
    columns.append(("n", lambda line: page.faces(line.values())))
    for metric in dict.fromkeys(row.metric for row in rows):
        columns += page.columns({metric: metric_words(metric).label}, _score_cell)
        if metric == ACCURACY and corrected is not None:
            head = "Accuracy, corrected for label errors"
            columns.append((head, lambda line: _corrected_cell(line.get(ACCURACY), corrected)))
    what = f"{rows[0].groups_label} on {rows[0].set_label}"
    caption = f"{capitalised(what)}, percent [95 % interval]; grey: n below {FEW_PEOPLE}{rest}"
    return page.table(caption, lines, columns, folded=True)


def _score_cell(row: GroupRow | None) -> page.Cell:
    """A score of a group; below a recall the faces of its emotion, which are fewer."""
    few = row is None or is_few(row.n_people)
    if row is None or not row.metric.startswith("recall_"):
        return page.estimate(row, muted=few)
    return page.numeric(f"{row.estimate}\nn={row.size}", muted=few)


def _corrected_cell(row: GroupRow | None, corrected: _Corrected) -> page.Cell:
    return page.estimate(None if row is None else corrected.get((row.key, row.group)))
