"""Differences between groups in full: gaps, recalls, trade-offs, one-versus-rest metrics."""

from typing import Final

import pandas as pd

from fer_fairness.reporting.figures import (
    fairness_accuracy_figure,
    gap_forest_figure,
    recall_by_emotion_and_group_figure,
)
from fer_fairness.reporting.figures.matrices import in_order
from fer_fairness.reporting.findings import difference_found, level_down, verdict_text
from fer_fairness.reporting.inputs import FEW_PEOPLE, ReportInputs
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
    p_value,
    points,
    thousands,
    value_with_interval,
)
from fer_fairness.reporting.words import (
    HEADLINE_METRICS,
    METRICS,
    attribute_label,
    evaluation_set_label,
    group_label,
    metric_words,
    source_label,
    variant_label,
)

_AIF360_KEYS: Final = ("attribute", "emotion", "privileged_group", "unprivileged_group")


def gaps_section(inputs: ReportInputs) -> Section:
    """Gaps of every variant beside what chance alone gives, and all gap metrics in tables."""
    blocks: list[Block] = []
    for evaluation_set, rows in inputs.gaps.groupby("evaluation_set", sort=False):
        where = evaluation_set_label(str(evaluation_set))
        metrics = [name for name in HEADLINE_METRICS if name in set(rows["metric"])]
        blocks.append(Heading(where))
        if metrics:
            figure = gap_forest_figure(rows, metrics=metrics, variants=inputs.variants())
            caption = (
                f"Gaps between groups on {where} with 95 % intervals. The grey bar reaches to what "
                "chance alone gives in 95 draws of 100 at these group sizes, its dark tick is the "
                "mean of those draws. Filled marks: difference found; hollow: no difference found. "
                "p is corrected for many comparisons."
            )
            blocks.append(drawing(figure, key=f"forest-{len(blocks)}", caption=caption))
        keys = ["attribute", "attribute_source"]
        blocks += [_gap_table(block, where) for _, block in rows.groupby(keys, sort=False)]
    return Section(
        "gaps",
        "Gaps between groups",
        blocks or [absent("No gap between groups was computed.")],
    )


def _gap_table(rows: pd.DataFrame, where: str) -> Table:
    first = rows.iloc[0]
    caption = (
        f"All metrics for {attribute_label(str(first['attribute']))} on {where} "
        f"({source_label(str(first['attribute_source']))}; smallest group "
        f"{group_label(str(first['smallest_group']))}, "
        f"n = {thousands(as_float(first['smallest_group_size']))})"
    )
    order = {name: place for place, name in enumerate(METRICS)}
    ordered = sorted(records(rows), key=lambda row: order.get(str(row["metric"]), len(order)))
    header = ("Metric", "Variant", "Value [95 % interval]", "Chance mean", "Chance 95 of 100")
    return Table(
        caption=caption,
        header=(*header, "p", "Corrected p", "Verdict"),
        rows=tuple(_gap_cells(row) for row in ordered),
        folded=True,
    )


def _gap_cells(row: Row) -> tuple[Cell, ...]:
    words = metric_words(str(row["metric"]))
    shown = (lambda share: number(100 * share, digits=1)) if words.in_points else number
    value, low, high = (as_float(row[name]) for name in ("value", "ci_low", "ci_high"))
    found = difference_found(row)
    return (
        Cell(words.label),
        Cell(variant_label(str(row["variant"]))),
        Cell(value_with_interval(value, low, high, in_points=words.in_points), numeric=True),
        Cell(shown(as_float(row["null_mean"])), numeric=True),
        Cell(shown(as_float(row["null_95"])), numeric=True),
        Cell(p_value(as_float(row["p_value"])), numeric=True),
        Cell(p_value(as_float(row["p_value_adjusted"])), numeric=True),
        Cell(verdict_text(row), strong=found, muted=not found),
    )


def recalls_section(inputs: ReportInputs) -> Section:
    """Recall of each emotion in each group: which people, which expressions."""
    blocks: list[Block] = []
    keys = ["evaluation_set", "attribute", "attribute_source"]
    for (evaluation_set, attribute, source), rows in inputs.groups.groupby(keys, sort=False):
        what = f"{attribute_label(str(attribute))} ({source_label(str(source))})"
        where = evaluation_set_label(str(evaluation_set))
        if rows["metric"].astype(str).str.startswith("recall_").any():
            figure = recall_by_emotion_and_group_figure(
                rows, attribute=str(attribute), variants=inputs.variants()
            )
            caption = (
                f"Recall of each emotion by {what} on {where}, with 95 % intervals (of the first "
                "variant only where there are many). Pale: fewer than "
                f"{FEW_PEOPLE} faces of that emotion in the group."
            )
            blocks.append(drawing(figure, key=f"recall-{len(blocks)}", caption=caption))
        blocks.append(_group_table(rows, inputs.variants(), f"{what} on {where}"))
    return Section(
        "recalls",
        "Recall by emotion and group",
        blocks or [absent("No metric within groups was computed.")],
    )


def _group_table(rows: pd.DataFrame, variants: tuple[str, ...], what: str) -> Table:
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
    return Table(
        caption=f"Every group: {what} (percent [95 % interval]; grey: n below {FEW_PEOPLE})",
        header=("Group", "Variant", "n", *(metric_words(name).label for name in metrics)),
        rows=tuple(_group_cells(*key, lines[key], metrics) for key in keys),
        folded=True,
    )


def _group_cells(
    group: str, variant: str, by_metric: dict[str, Row], metrics: list[str]
) -> tuple[Cell, ...]:
    people = max(as_float(row["n_people"]) for row in by_metric.values())
    cells = [Cell(group_label(group)), Cell(variant_label(variant)), count_cell(people)]
    for metric in metrics:
        row = by_metric.get(metric)
        few = row is None or is_few(as_float(row["n_people"]))
        with_size = metric.startswith("recall_")
        cells.append(estimate_cell(row, in_points=True, muted=few, with_size=with_size))
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
        header=("Variant", "Metric", "Attribute", "Change", "95 % interval", "Levelled down", "n"),
        rows=tuple(_comparison_cells(row) for row in records(rows)),
        folded=True,
    )


def _comparison_cells(named: Row) -> tuple[Cell, ...]:
    words = metric_words(str(named["metric"]))
    change, low, high = (as_float(named[name]) for name in ("difference", "ci_low", "ci_high"))
    clear = low > 0 or high < 0
    shown = points(change, sign=True) if words.in_points else number(change)
    bounds = interval(low, high, scale=100, digits=1) if words.in_points else interval(low, high)
    attribute = named["attribute"]
    people = attribute_label(attribute) if isinstance(attribute, str) and attribute else "all faces"
    return (
        Cell(variant_label(str(named["variant"]))),
        Cell(words.label),
        Cell(people),
        Cell(shown, numeric=True, strong=clear),
        Cell(bounds, numeric=True),
        Cell("yes" if level_down(named) else "no", strong=level_down(named)),
        count_cell(as_float(named["n_people"])),
    )


def aif360_section(inputs: ReportInputs) -> Section:
    """AIF360's one-versus-rest metrics, a folded table per evaluation set and variant."""
    blocks: list[Block] = []
    keys = ["evaluation_set", "variant"]
    for (evaluation_set, variant), rows in inputs.aif360.groupby(keys, sort=False):
        what = f"{evaluation_set_label(str(evaluation_set))}, {variant_label(str(variant))}"
        blocks.append(_aif360_table(rows, what))
    if not blocks:
        return Section("aif360", "AIF360 metrics", [absent("AIF360's metrics were not computed.")])
    text = (
        "Each emotion against all others, each group against the privileged one, as AIF360 defines "
        "them. They carry intervals but no verdict: they are too many to test one by one, and are "
        "here to be compared with other work. The printed page leaves them to results.json."
    )
    return Section("aif360", "AIF360 metrics", [Text(text), *blocks])


def _aif360_table(rows: pd.DataFrame, what: str) -> Table:
    metrics = list(dict.fromkeys(rows["metric"].astype(str)))
    # Some ten thousand rows: one pass over plain records, not a table for each line.
    lines: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in records(rows):
        key = tuple(str(row[name]) for name in _AIF360_KEYS)
        lines.setdefault(key, {})[str(row["metric"])] = row
    return Table(
        caption=f"{what}: {len(rows):,} values [95 % interval]",
        header=("Attribute", "Groups", "Emotion", *(metric_words(name).label for name in metrics)),
        rows=tuple(_aif360_cells(by_metric, metrics) for by_metric in lines.values()),
        folded=True,
    )


def _aif360_cells(by_metric: dict[str, Row], metrics: list[str]) -> tuple[Cell, ...]:
    first = next(iter(by_metric.values()))
    sizes = [as_float(first[name]) for name in ("n_unprivileged", "n_privileged")]
    groups = [group_label(str(first[name])) for name in ("unprivileged_group", "privileged_group")]
    told = [f"{group} (n={thousands(size)})" for group, size in zip(groups, sizes, strict=True)]
    muted = any(is_few(size) for size in sizes)
    return (
        Cell(attribute_label(str(first["attribute"]))),
        Cell(" vs. ".join(told)),
        Cell(str(first["emotion"])),
        *(estimate_cell(by_metric.get(name), in_points=False, muted=muted) for name in metrics),
    )
