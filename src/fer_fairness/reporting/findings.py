"""What was found, in sentences built from the tables: each with its interval and its numbers.

Findings on gaps between groups are in `gap_findings`. Square brackets are 95 % intervals
throughout.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.tables import (
    interval,
    listed,
    percent,
    points,
    thousands,
)
from fer_fairness.reporting.words import (
    HEADLINE_METRICS,
    attribute_label,
    evaluation_set_label,
    in_sentence,
    metric_words,
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


def performance_findings(inputs: ReportInputs) -> list[Finding]:
    """How well emotions are recognised at all, a finding an evaluation set."""
    found: list[Finding] = []
    for evaluation_set in inputs.evaluation_sets():
        rows = inputs.overall[inputs.overall["evaluation_set"] == evaluation_set]
        if rows.empty:
            continue
        first = next(name for name in inputs.variants() if name in set(rows["variant"]))
        scored = rows[rows["variant"] == first]
        size = thousands(as_float(scored["n_people"].max()))
        text = f"{variant_label(first)}: {scores_text(scored)}, n = {size}."
        others = rows[(rows["variant"] != first) & (rows["metric"] == "accuracy")]
        heading = f"Recognition on {evaluation_set_label(evaluation_set)}"
        found.append(Finding("performance", heading, f"{text} {_others_sentence(others)}".strip()))
    return found


def scores_text(rows: pd.DataFrame) -> str:
    """Accuracy and mean recall of one model on one set, each with its interval."""
    parts = []
    for metric in ("accuracy", "balanced_accuracy"):
        for row in records(rows[rows["metric"] == metric].head(1)):
            bounds = interval(
                as_float(row["ci_low"]), as_float(row["ci_high"]), scale=100, digits=1
            )
            label = in_sentence(metric_words(metric).label)
            parts.append(f"{label} {percent(as_float(row['value']))} [{bounds}]")
    return listed(parts) or "not scored"


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
    return f"{points(as_float(row['corrected_difference']), sign=True)} [{bounds}]"


def _named_changes(metric: str, rows: list[Row]) -> str:
    told = [
        f"{attribute_label(str(row['attribute']))} {_change(row)}"
        for row in rows
        if row["metric"] == metric
    ]
    return f"{in_sentence(metric_words(metric).label)} for {listed(told)}" if told else ""
