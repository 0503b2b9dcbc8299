"""AIF360's one-versus-rest metrics: too many to test, there to be compared with other work."""

from typing import Final

import pandas as pd

from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import PREDICTED
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.blocks import Block, Section, Text, absent
from fer_fairness.reporting.sections.cells import estimate_cell
from fer_fairness.reporting.tables import Cell, Table, is_few, thousands
from fer_fairness.reporting.words import (
    attribute_label,
    evaluation_set_label,
    group_label,
    metric_words,
    variant_label,
)

_AIF360_KEYS: Final = ("attribute", "emotion", "privileged_group", "unprivileged_group")


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
        "here to be compared with other work. The printed page leaves them to "
        f"{inputs.results_name}."
    )
    if (inputs.gaps["attribute_source"] == PREDICTED).any():
        text += " Predicted groups are as labelled, not corrected for label errors."
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
