"""What was found, in sentences built from the tables: each with its interval and its numbers.

"Difference found" is said only where the verdict says so, which is where the p-value survived the
correction for many comparisons. Anything else is "no difference found", which is not "no
difference": the sentence tells what chance alone gives at these group sizes. Square brackets are
95 % intervals throughout.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from fer_fairness.reporting.inputs import DIFFERENCE_FOUND, ReportInputs
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.tables import (
    interval,
    is_few,
    listed,
    number,
    p_equals,
    percent,
    points,
    thousands,
)
from fer_fairness.reporting.words import (
    HEADLINE_METRICS,
    attribute_label,
    evaluation_set_label,
    group_label,
    metric_words,
    source_label,
    variant_label,
)

Kind: TypeAlias = Literal["performance", "found", "not_found", "better", "worse", "unclear"]


@dataclass(frozen=True)
class Finding:
    """A few sentences of the summary.

    Attributes:
        kind: What the page marks it as.
        heading: What it is about, a few words.
        text: The sentences.
    """

    kind: Kind
    heading: str
    text: str


def difference_found(row: Row) -> bool:
    """Whether a row of `gaps` is a difference found: by its verdict, and by a corrected p-value."""
    survived = math.isfinite(as_float(row["p_value_adjusted"]))
    return survived and str(row["verdict"]).startswith(DIFFERENCE_FOUND)


def verdict_text(row: Row) -> str:
    """The verdict in words that never claim more than the corrected p-value allows."""
    if difference_found(row):
        return DIFFERENCE_FOUND
    if math.isfinite(as_float(row["p_value_adjusted"])):
        return "no difference found"
    return "too few people to say"


def performance_findings(inputs: ReportInputs) -> list[Finding]:
    """How well emotions are recognised at all, a finding an evaluation set."""
    found: list[Finding] = []
    for evaluation_set in inputs.evaluation_sets():
        rows = inputs.overall[inputs.overall["evaluation_set"] == evaluation_set]
        if rows.empty:
            continue
        first = next(name for name in inputs.variants() if name in set(rows["variant"]))
        text = _performance_sentence(first, rows[rows["variant"] == first])
        others = rows[(rows["variant"] != first) & (rows["metric"] == "accuracy")]
        heading = f"Recognition on {evaluation_set_label(evaluation_set)}"
        found.append(Finding("performance", heading, f"{text} {_others_sentence(others)}".strip()))
    return found


def _performance_sentence(variant: str, rows: pd.DataFrame) -> str:
    parts = []
    for metric in ("accuracy", "balanced_accuracy"):
        for row in records(rows[rows["metric"] == metric].head(1)):
            bounds = interval(
                as_float(row["ci_low"]), as_float(row["ci_high"]), scale=100, digits=1
            )
            label = metric_words(metric).label.lower()
            parts.append(f"{label} {percent(as_float(row['value']))} [{bounds}]")
    size = thousands(as_float(rows["n_people"].max()))
    return f"{variant_label(variant)}: {listed(parts) or 'not scored'}, n = {size}."


def _others_sentence(rows: pd.DataFrame) -> str:
    ordered = sorted(records(rows), key=lambda row: as_float(row["value"]))
    if not ordered:
        return ""
    told = [
        f"{percent(as_float(row['value']))} ({variant_label(str(row['variant'])).lower()})"
        for row in (ordered[0], ordered[-1])
    ]
    if len(ordered) == 1:
        return f"The other variant: accuracy {told[0]}."
    return f"The other {len(ordered)} variants: accuracy from {told[0]} to {told[1]}."


def gap_findings(inputs: ReportInputs, *, variant: str) -> list[Finding]:
    """What was found between groups for one variant: a finding per set, attribute and source.

    Args:
        inputs: The report's tables.
        variant: The variant to speak of.

    Returns:
        In the order of the `gaps` table; the differences found first.
    """
    rows = inputs.gaps[
        (inputs.gaps["variant"] == variant) & inputs.gaps["metric"].isin(HEADLINE_METRICS)
    ]
    keys = ["evaluation_set", "attribute", "attribute_source"]
    found = [_gap_finding(inputs, block) for _, block in rows.groupby(keys, sort=False)]
    return sorted(found, key=lambda finding: finding.kind != "found")


def _gap_finding(inputs: ReportInputs, rows: pd.DataFrame) -> Finding:
    ordered = sorted(records(rows), key=lambda row: HEADLINE_METRICS.index(str(row["metric"])))
    first = ordered[0]
    heading = (
        f"{evaluation_set_label(str(first['evaluation_set']))}, "
        f"{attribute_label(str(first['attribute']))} "
        f"({source_label(str(first['attribute_source']))})"
    )
    found = any(difference_found(row) for row in ordered)
    sentences = [gap_sentence(row) for row in ordered]
    if first["metric"] == "accuracy_gap" and difference_found(first):
        sentences.append(_extremes_sentence(inputs, first))
    sentences.append(_size_sentence(first))
    text = " ".join(part for part in sentences if part)
    return Finding("found" if found else "not_found", heading, text)


def gap_sentence(row: Row) -> str:
    """One row of `gaps` as a sentence with its interval, its chance level and its verdict."""
    words = metric_words(str(row["metric"]))
    value, low, high = (as_float(row[name]) for name in ("value", "ci_low", "ci_high"))
    if not math.isfinite(value):
        return f"{words.label}: not determined (too few people to say)."
    mean, limit = as_float(row["null_mean"]), as_float(row["null_95"])
    if words.in_points:
        said, bounds = points(value), interval(low, high, scale=100, digits=1)
        usual, extreme = number(100 * mean, digits=1), number(100 * limit, digits=1)
    else:
        said, bounds, usual, extreme = (
            number(value),
            interval(low, high),
            number(mean),
            number(limit),
        )
    reach = "down to" if words.higher_is_more_equal else "up to"
    p = p_equals(as_float(row["p_value_adjusted"]))
    return (
        f"{words.label}: {verdict_text(row)}, {said} [{bounds}]; "
        f"chance alone: {usual}, {reach} {extreme}; corrected p {p}."
    )


def _extremes_sentence(inputs: ReportInputs, row: Row) -> str:
    """Which of the compared groups are recognised least and most often, with their sizes."""
    same = inputs.groups["metric"] == "accuracy"
    same &= inputs.groups["n_people"].astype(float) >= as_float(row["smallest_group_size"])
    for key in ("variant", "evaluation_set", "attribute", "attribute_source"):
        same &= inputs.groups[key] == row[key]
    rows = records(inputs.groups[same].dropna(subset=["value"]).sort_values(["value", "group"]))
    if len(rows) < 2:
        return ""
    told = [
        f"{group_label(str(end['group']))} {percent(as_float(end['value']))} "
        f"(n = {thousands(as_float(end['n_people']))})"
        for end in (rows[0], rows[-1])
    ]
    return f"Lowest accuracy: {told[0]}; highest: {told[1]}."


def _size_sentence(row: Row) -> str:
    smallest = as_float(row["smallest_group_size"])
    few = ", too few to read on its own" if is_few(smallest) else ""
    text = (
        f"{thousands(as_float(row['n_people']))} faces in {thousands(as_float(row['n_groups']))} "
        f"groups; smallest: {group_label(str(row['smallest_group']))}, "
        f"n = {thousands(smallest)}{few}."
    )
    missing = as_float(row["n_missing"])
    if missing > 0:
        text += f" {thousands(missing)} faces without such a label took no part."
    left_out = left_out_text(row["left_out"])
    return f"{text} Left out as too small: {left_out}." if left_out else text


def left_out_text(value: object) -> str:
    """The groups left out, as text: given as a list, an array, a text, or missing."""
    if isinstance(value, str):
        return group_label(value)
    items = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(items, (list, tuple)):
        return ""
    return listed([group_label(str(name)) for name in items])


def comparison_findings(inputs: ReportInputs) -> list[Finding]:
    """What each variant changed against the baseline: one finding a variant and evaluation set.

    A gap counts as narrowed or widened only where the interval of its change excludes zero; these
    intervals are not corrected for many comparisons, and the sentence says how many were looked at.
    """
    rows = inputs.comparisons[inputs.comparisons["metric"].isin(("accuracy", *HEADLINE_METRICS))]
    return [
        _comparison_finding(str(variant), str(evaluation_set), records(block))
        for (evaluation_set, variant), block in rows.groupby(
            ["evaluation_set", "variant"], sort=False
        )
        if variant != "baseline"
    ]


def _comparison_finding(variant: str, evaluation_set: str, rows: list[Row]) -> Finding:
    sentences = [f"Accuracy {_change(row)}." for row in rows if row["metric"] == "accuracy"][:1]
    gaps = [row for row in rows if row["metric"] != "accuracy"]
    narrowed = [row for row in gaps if as_float(row["ci_high"]) < 0]
    widened = [row for row in gaps if as_float(row["ci_low"]) > 0]
    for verb, block in (("Narrowed", narrowed), ("Widened", widened)):
        told = [_named_changes(metric, block) for metric in HEADLINE_METRICS]
        if block:
            sentences.append(f"{verb}: {'; '.join(part for part in told if part)}.")
    unclear = len(gaps) - len(narrowed) - len(widened)
    sentences.append(f"The change of {unclear} of {len(gaps)} gaps may be zero.")
    if any(level_down(row) for row in rows):
        sentences.append("Levelled down: see the table of changes for where.")
    kind: Kind = "unclear"
    costs = any(row["metric"] == "accuracy" and as_float(row["ci_high"]) < 0 for row in rows)
    costs |= any(level_down(row) for row in rows)
    if widened and not narrowed:
        kind = "worse"
    elif narrowed and not widened and not costs:
        kind = "better"
    heading = f"{variant_label(variant)}, {evaluation_set_label(evaluation_set)}"
    return Finding(kind, heading, " ".join(sentences))


def level_down(row: Row) -> bool:
    """Whether a comparison says that a gap narrowed by making groups worse off; missing is no."""
    return row["level_down"] is not pd.NA and as_float(row["level_down"]) == 1.0


def _change(row: Row) -> str:
    bounds = interval(as_float(row["ci_low"]), as_float(row["ci_high"]), scale=100, digits=1)
    return f"{points(as_float(row['difference']), sign=True)} [{bounds}]"


def _named_changes(metric: str, rows: list[Row]) -> str:
    told = [
        f"{attribute_label(str(row['attribute']))} {_change(row)}"
        for row in rows
        if row["metric"] == metric
    ]
    return f"{metric_words(metric).label.lower()} for {listed(told)}" if told else ""
