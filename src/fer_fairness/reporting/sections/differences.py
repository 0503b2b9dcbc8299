"""Differences between groups in full: recalls and trade-offs."""

import math
from collections.abc import Mapping
from typing import Final

import pandas as pd

from fer_fairness.fairness.label_noise.scores import ACCURACY
from fer_fairness.reporting.figures import (
    fairness_accuracy_figure,
    recall_by_emotion_and_group_figure,
)
from fer_fairness.reporting.figures.matrices import in_order
from fer_fairness.reporting.findings import level_down
from fer_fairness.reporting.inputs import FEW_PEOPLE, ReportInputs
from fer_fairness.reporting.label_errors import PREDICTED, corrected_accuracies, key_of
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.blocks import Block, Heading, Section, Text, absent, drawing
from fer_fairness.reporting.sections.cells import estimate_cell
from fer_fairness.reporting.tables import (
    Cell,
    Table,
    count_cell,
    interval,
    is_few,
    number,
    points,
)
from fer_fairness.reporting.words import (
    attribute_label,
    evaluation_set_label,
    group_label,
    metric_words,
    source_label,
    variant_label,
)

MOST_LISTED: Final = 20
"""Of more than twice as many groups, so many of the lowest and of the highest are shown."""


def recalls_section(inputs: ReportInputs) -> Section:
    """Recall of each emotion in each group: which people, which expressions."""
    blocks: list[Block] = []
    keys = ["evaluation_set", "attribute", "attribute_source"]
    alone = len(inputs.variants()) == 1
    crowd = "" if alone else " (of the first variant only where there are many)"
    for (evaluation_set, attribute, source), rows in inputs.groups.groupby(keys, sort=False):
        what = f"{attribute_label(str(attribute))} ({source_label(str(source))})"
        where = evaluation_set_label(str(evaluation_set))
        least = _smallest_compared(inputs.gaps, str(evaluation_set), str(attribute), str(source))
        rows, note = listed_groups(rows, least=least, what=what)
        title = f"{what} on {where}" if inputs.kind == "project" else what
        blocks.append(Heading(title[:1].upper() + title[1:]))
        if note:
            blocks.append(Text(note))
        if rows.empty:
            continue
        if rows["metric"].astype(str).str.startswith("recall_").any():
            figure = recall_by_emotion_and_group_figure(
                rows, attribute=str(attribute), variants=inputs.variants()
            )
            caption = (
                f"Recall of each emotion by {what} on {where}, with 95 % intervals{crowd}. "
                f"Pale: fewer than {FEW_PEOPLE} faces of that emotion in the group."
            )
            if source == PREDICTED:
                caption += " Groups as labelled: recalls are not corrected for label errors."
            blocks.append(drawing(figure, key=f"recall-{len(blocks)}", caption=caption))
        corrected = corrected_accuracies(inputs) if source == PREDICTED else None
        blocks.append(_group_table(rows, inputs.variants(), f"{what} on {where}", corrected))
    return Section(
        "recalls",
        "Recall by emotion and group",
        blocks or [absent("No metric within groups was computed.")],
    )


def _smallest_compared(gaps: pd.DataFrame, *key: str) -> float:
    """Size of the smallest group that took part in the gaps of an attribute; 0 if not known."""
    same = pd.Series(data=True, index=gaps.index)
    for name, value in zip(("evaluation_set", "attribute", "attribute_source"), key, strict=True):
        same &= gaps[name] == value
    same &= gaps["n_groups"].astype(float) >= 2
    smallest = as_float(gaps.loc[same, "smallest_group_size"].min())
    return smallest if math.isfinite(smallest) else 0.0


def listed_groups(rows: pd.DataFrame, *, least: float, what: str) -> tuple[pd.DataFrame, str]:
    """The groups that a page can hold: of many, those recognised least and most often.

    Args:
        rows: Rows of `groups` of one evaluation set, attribute and source.
        least: Size that a group must have to be picked, where there are too many: the accuracy of
            a handful of people says nothing.
        what: The attribute in words.

    Returns:
        The rows shown, and a sentence saying how many groups are not; empty where all are.
    """
    n_groups = rows["group"].nunique()
    if n_groups <= 2 * MOST_LISTED:
        return rows, ""
    accuracy = rows[(rows["metric"] == "accuracy") & (rows["n_people"].astype(float) >= least)]
    first = accuracy.drop_duplicates("group").dropna(subset=["value"])
    ordered = list(first.sort_values(["value", "group"])["group"])
    chosen = {*ordered[:MOST_LISTED], *ordered[-MOST_LISTED:]}
    if not chosen:
        note = f"None of the {n_groups:,} groups of {what} has people enough to be shown here."
        return rows.iloc[
            :0
        ], f"{note} The table of groups in the results (Parquet and JSON) has all."
    picked = f"the {len(chosen):,} that were compared"
    if len(ordered) > 2 * MOST_LISTED:
        picked = (
            f"the {MOST_LISTED} with the lowest and the {MOST_LISTED} with the highest accuracy of "
            "those that were compared"
        )
    note = (
        f"There are {n_groups:,} groups of {what}. Shown are {picked}; "
        f"{n_groups - len(chosen):,} are not shown. The table of groups in the results (Parquet "
        "and JSON) has all."
    )
    return rows[rows["group"].isin(chosen)], note


def _group_table(
    rows: pd.DataFrame,
    variants: tuple[str, ...],
    what: str,
    corrected: Mapping[tuple[str, ...], Row] | None,
) -> Table:
    """Every metric of every group; beside accuracy the corrected one where groups are predicted."""
    metrics = list(dict.fromkeys(rows["metric"].astype(str)))
    lines: dict[tuple[str, str], dict[str, Row]] = {}
    for row in records(rows):
        key = (str(row["group"]), str(row["variant"]))
        lines.setdefault(key, {})[str(row["metric"])] = row
    keys = [
        (group, variant)
        for group in in_order([group for group, _ in lines])
        for variant in variants
        if (group, variant) in lines
    ]
    several = len(variants) > 1
    heads = [
        (group_label(group), *([variant_label(name)] if several else [])) for group, name in keys
    ]
    body = [_group_cells(lines[key], metrics, corrected) for key in keys]
    return Table(
        caption=f"Every group shown: {what} (shares in percent [95 % interval]; grey: n below "
        f"{FEW_PEOPLE})",
        header=(
            *("Group", "Variant")[: 1 + several],
            "n",
            *_group_heads(metrics, corrected=corrected is not None),
        ),
        rows=tuple(
            (*(Cell(text) for text in head), *cells)
            for head, cells in zip(heads, body, strict=True)
        ),
        folded=True,
    )


def _group_heads(metrics: list[str], *, corrected: bool) -> list[str]:
    heads = [metric_words(name).label for name in metrics]
    if corrected and ACCURACY in metrics:
        heads.insert(metrics.index(ACCURACY) + 1, "Accuracy, corrected for label errors")
    return heads


def _group_cells(
    by_metric: dict[str, Row],
    metrics: list[str],
    corrected: Mapping[tuple[str, ...], Row] | None,
) -> tuple[Cell, ...]:
    """The number of people, then every metric."""
    cells = [count_cell(max(as_float(row["n_people"]) for row in by_metric.values()))]
    for metric in metrics:
        row = by_metric.get(metric)
        few = row is None or is_few(as_float(row["n_people"]))
        with_size = metric.startswith("recall_")
        in_points = metric_words(metric).in_points
        cells.append(estimate_cell(row, in_points=in_points, muted=few, with_size=with_size))
        if metric == ACCURACY and corrected is not None:
            found = None if row is None else corrected.get((*key_of(row), str(row["group"])))
            cells.append(estimate_cell(found, in_points=True))
    return tuple(cells)


def trade_off_section(inputs: ReportInputs) -> Section:
    """Accuracy against gaps, and what each variant changed against the baseline."""
    blocks: list[Block] = []
    for evaluation_set in inputs.evaluation_sets():
        overall = inputs.overall[inputs.overall["evaluation_set"] == evaluation_set]
        gaps = inputs.gaps[inputs.gaps["evaluation_set"] == evaluation_set]
        if overall.empty or gaps.empty:
            continue
        where = evaluation_set_label(evaluation_set)
        figure = fairness_accuracy_figure(overall, gaps, variants=inputs.variants())
        caption = (
            f"Accuracy and accuracy gap of every variant on {where}, with 95 % intervals; lower "
            "right is better. Within the grey band a gap is no more than what chance alone gives "
            "in 95 draws of 100; the dashed line is the mean of those draws. Filled marks: "
            "difference found."
        )
        blocks.append(drawing(figure, key=f"trade-off-{len(blocks)}", caption=caption))
    if not blocks:
        blocks.append(absent("There is no gap to set against accuracy."))
    compared = inputs.comparisons.groupby("evaluation_set", sort=False)
    tables = [_comparison_table(rows, str(name)) for name, rows in compared]
    blocks += tables or [absent("No variant was compared with the baseline.")]
    return Section("trade-off", "Fairness and accuracy", blocks)


def _comparison_table(rows: pd.DataFrame, evaluation_set: str) -> Table:
    return Table(
        caption=f"Every change against the baseline on {evaluation_set_label(evaluation_set)}",
        header=(
            *("Variant", "Metric", "Attribute", "Change as measured", "Noise-corrected change"),
            *("95 % interval", "Levelled down", "n"),
        ),
        rows=tuple(_comparison_cells(row) for row in records(rows)),
        folded=True,
    )


def _comparison_cells(named: Row) -> tuple[Cell, ...]:
    words = metric_words(str(named["metric"]))
    low, high = as_float(named["ci_low"]), as_float(named["ci_high"])
    clear = low > 0 or high < 0
    measured, corrected = (
        points(change, sign=True) if words.in_points else number(change)
        for change in (as_float(named["difference"]), as_float(named["corrected_difference"]))
    )
    bounds = interval(low, high, scale=100, digits=1) if words.in_points else interval(low, high)
    attribute = named["attribute"]
    people = attribute_label(attribute) if isinstance(attribute, str) and attribute else "all faces"
    return (
        Cell(variant_label(str(named["variant"]))),
        Cell(words.label),
        Cell(people),
        Cell(measured, numeric=True),
        Cell(corrected, numeric=True, strong=clear),
        Cell(bounds, numeric=True),
        Cell("yes" if level_down(named) else "no", strong=level_down(named)),
        count_cell(as_float(named["n_people"])),
    )
