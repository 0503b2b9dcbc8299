"""The first page of a project's report: what was found."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from fer_fairness.reporting.findings import comparison_findings, performance_findings
from fer_fairness.reporting.gap_findings import gap_findings
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import (
    PREDICTED,
    LabelErrors,
    corrected_cell,
    label_errors,
)
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.blocks import (
    Block,
    Findings,
    Heading,
    Section,
    Text,
    absent,
)
from fer_fairness.reporting.sections.leads import headline_counts, others_found
from fer_fairness.reporting.tables import (
    MISSING,
    Cell,
    Table,
    count_cell,
    value_with_interval,
)
from fer_fairness.reporting.verdicts import difference_found
from fer_fairness.reporting.words import (
    HEADLINE_METRICS,
    attribute_label,
    evaluation_set_label,
    metric_words,
    variant_label,
)

_CHANGES_AS_LABELLED: Final = (
    "Changes between predicted groups are as labelled, not corrected for label errors, which make "
    "real changes look smaller."
)

_ONE_OF_SEVERAL: Final = (
    "They are of the models of the first training seed; what holds over all seeds is told under "
    "“Over training seeds”."
)


def found_section(inputs: ReportInputs) -> Section:
    """What was found: recognition, differences between groups, and what mitigation changed."""
    blocks: list[Block] = []
    performance = performance_findings(inputs)
    if performance:
        blocks.append(Findings(tuple(performance)))
    else:
        blocks.append(absent("No predictions were scored, so nothing can be said of recognition."))
    blocks += _difference_blocks(inputs)
    blocks.append(Heading("What mitigation changed"))
    comparisons = comparison_findings(inputs)
    if comparisons:
        text = (
            "Each variant minus the baseline, in percentage points, without what noise adds to "
            "either; a gap is named where the interval of its change excludes zero. These "
            "intervals are not corrected for many comparisons: with twenty of them, one excludes "
            "zero by chance."
        )
        if (inputs.gaps["attribute_source"] == PREDICTED).any():
            text += f" {_CHANGES_AS_LABELLED}"
        if len(inputs.comparisons_over_seeds):
            text += f" {_ONE_OF_SEVERAL}"
        blocks += [Text(text), Findings(tuple(comparisons))]
    else:
        blocks.append(absent("No variant was compared with the baseline."))
    return Section("found", "What was found", blocks)


def _difference_blocks(inputs: ReportInputs) -> list[Block]:
    blocks: list[Block] = [Heading("Differences between groups")]
    headline = inputs.gaps[inputs.gaps["metric"].isin(HEADLINE_METRICS)]
    if headline.empty:
        return [*blocks, absent("No gap between groups was computed.")]
    variant = next(name for name in inputs.variants() if name in set(headline["variant"]))
    of = "of every variant, attribute and evaluation set"
    after = "metrics and attributes of one variant on one evaluation set"
    shown = inputs.gaps[inputs.gaps["variant"] == variant]
    blocks.append(
        Text(
            f"{headline_counts(headline, of=of, after=after)} "
            f"The findings below are of the variant “{variant_label(variant)}”. "
            f"{others_found(shown, 'attribute of an evaluation set')}Square brackets "
            "are 95 % intervals, “chance alone” is what is seen on average, and in 95 draws of "
            "100, where people of one emotion are given a group at random: noise, and what "
            "a different mix of emotions in the groups does by itself. “Noise-corrected” is the "
            "value with the widening by noise taken off."
        )
    )
    blocks.append(Findings(tuple(gap_findings(inputs, variant=variant))))
    errors = label_errors(inputs)
    for evaluation_set in inputs.evaluation_sets():
        rows = headline[headline["evaluation_set"] == evaluation_set]
        blocks += [
            verdict_table(
                rows[rows["metric"] == metric],
                inputs.variants(),
                metric=metric,
                errors=errors,
            )
            for metric in HEADLINE_METRICS
            if (rows["metric"] == metric).any()
        ]
    return blocks


def verdict_table(
    rows: pd.DataFrame, variants: Sequence[str], *, metric: str, errors: LabelErrors
) -> Table:
    """One metric at a glance: a row an attribute, a column a variant.

    Args:
        rows: Rows of `gaps` of one evaluation set and metric, at least one.
        variants: The variants in the order of the columns.
        metric: The metric shown.
        errors: What is known of label errors.

    Returns:
        A table with value, interval and verdict in each cell, differences found in bold; below a
        predicted attribute a row with the values corrected for label errors.
    """
    present = [name for name in variants if name in set(rows["variant"])]
    body = []
    for (attribute, source), block in rows.groupby(["attribute", "attribute_source"], sort=False):
        by_variant = {str(row["variant"]): row for row in records(block)}
        smallest = as_float(block["smallest_group_size"].min())
        label = " (predicted)" if source == PREDICTED else ""
        head = Cell(f"{attribute_label(str(attribute))}{label}")
        size = count_cell(smallest)
        body.append((head, size, *(verdict_cell(by_variant.get(name)) for name in present)))
        if source == PREDICTED:
            cells = (correction_cell(by_variant.get(name), errors) for name in present)
            body.append((CORRECTED_HEAD, Cell("", numeric=True), *cells))
    words = metric_words(metric)
    unit = ", percentage points" if words.in_points else ""
    where = evaluation_set_label(str(rows["evaluation_set"].iloc[0]))
    return Table(
        caption=f"{words.label} on {where}{unit}, with 95 % interval. "
        "“Found”: a difference found after correction for many comparisons; grey: no difference "
        f"found.{CORRECTED_NOTE if (rows['attribute_source'] == PREDICTED).any() else ''}",
        header=("Attribute", "Smallest group", *(variant_label(name) for name in present)),
        rows=tuple(body),
    )


CORRECTED_HEAD: Final = Cell("\N{RIGHTWARDS ARROW} corrected for label errors")
"""Heads the row below a predicted attribute."""

CORRECTED_NOTE: Final = (
    " Below predicted groups: the gap with label errors, and the widening by noise, taken off; the "
    "verdict is of the groups as labelled."
)
"""What a caption says of that row."""


def correction_cell(row: Row | None, errors: LabelErrors) -> Cell:
    """A gap without label errors, or in grey why there is none; a dash where there is no row."""
    if row is None:
        return Cell(MISSING, numeric=True, muted=True)
    return corrected_cell(errors.gap(row), errors.reason(row))


def verdict_cell(row: Row | None) -> Cell:
    """Value, interval and whether a difference was found; a dash where there is no row."""
    if row is None:
        return Cell(MISSING, numeric=True, muted=True)
    found = difference_found(row)
    value, low, high = (as_float(row[name]) for name in ("value", "ci_low", "ci_high"))
    in_points = metric_words(str(row["metric"])).in_points
    text = value_with_interval(value, low, high, in_points=in_points).replace(" [", "\n[")
    return Cell(f"{text}\nfound" if found else text, numeric=True, strong=found, muted=not found)
