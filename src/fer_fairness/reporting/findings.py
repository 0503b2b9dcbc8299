"""What was found, in sentences built from the tables: each with its interval and its numbers.

Findings on gaps between groups are in `gap_findings`. Square brackets are 95 % intervals
throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import (
    attribute_label,
    evaluation_set_label,
    in_sentence,
    variant_label,
)
from fer_fairness.reporting.number_text import listed, percent
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import HEADLINE_METRICS, ComparisonRow, OverallRow

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
    by_set = grouped(inputs.rows(OverallRow), lambda row: row.evaluation_set)
    return [
        _performance_finding(by_set[name], inputs.variants())
        for name in inputs.evaluation_sets()
        if name in by_set
    ]


def _performance_finding(rows: list[OverallRow], variants: Sequence[str]) -> Finding:
    by_variant = grouped(rows, lambda row: row.variant)
    first = next(name for name in variants if name in by_variant)
    scored = by_variant[first]
    size = max(scored, key=lambda row: row.n_faces).size
    others = [row for row in rows if row.variant != first and row.metric == "accuracy"]
    text = f"{variant_label(first)}: {scores_text(scored)}, n = {size}. {_others_sentence(others)}"
    return Finding("performance", f"Recognition on {rows[0].set_label}", text.strip())


def scores_text(rows: Sequence[OverallRow]) -> str:
    """Accuracy and mean recall of one model on one set, each with its interval."""
    by_metric = {row.metric: row for row in reversed(rows)}
    shown = [by_metric[name] for name in ("accuracy", "balanced_accuracy") if name in by_metric]
    parts = [
        f"{in_sentence(row.words.label)} {percent(row.value)} [{row.interval}]" for row in shown
    ]
    return listed(parts) or "not scored"


def _others_sentence(rows: Sequence[OverallRow]) -> str:
    ordered = sorted(rows, key=lambda row: row.value)
    if not ordered:
        return ""
    told = [
        f"{percent(row.value)} ({row.variant_label.lower()})" for row in (ordered[0], ordered[-1])
    ]
    if len(ordered) == 1:
        return f"The other variant: accuracy {told[0]}."
    return f"The other {len(ordered)} variants: accuracy from {told[0]} to {told[1]}."


def comparison_findings(inputs: ReportInputs) -> list[Finding]:
    """What each variant changed against the baseline: one finding a variant and evaluation set.

    A gap counts as narrowed or widened only where the interval of its change excludes zero; these
    intervals are not corrected for many comparisons, and the sentence says how many were looked at.
    """
    shown = ("accuracy", *HEADLINE_METRICS)
    rows = [row for row in inputs.rows(ComparisonRow) if row.metric in shown]
    blocks = grouped(rows, lambda row: (row.evaluation_set, row.variant))
    return [
        _comparison_finding(variant, evaluation_set, block)
        for (evaluation_set, variant), block in blocks.items()
        if variant != "baseline"
    ]


def _comparison_finding(variant: str, evaluation_set: str, rows: list[ComparisonRow]) -> Finding:
    accuracy = [row for row in rows if row.metric == "accuracy"]
    gaps = [row for row in rows if row.metric != "accuracy"]
    sentences = [f"Accuracy {row.change}." for row in accuracy[:1]]
    narrowed = [row for row in gaps if row.ci_high < 0]
    widened = [row for row in gaps if row.ci_low > 0]
    for verb, block in (("Narrowed", narrowed), ("Widened", widened)):
        if block:
            told = [_named_changes(metric, block) for metric in HEADLINE_METRICS]
            sentences.append(f"{verb}: {'; '.join(part for part in told if part)}.")
    unclear = len(gaps) - len(narrowed) - len(widened)
    sentences.append(f"The change of {unclear} of {len(gaps)} gaps may be zero.")
    levelled_down = any(row.level_down for row in rows)
    if levelled_down:
        sentences.append("Levelled down: see the table of changes for where.")
    kind: Kind = "unclear"
    costs = levelled_down or any(row.ci_high < 0 for row in accuracy)
    if widened and not narrowed:
        kind = "worse"
    elif narrowed and not widened and not costs:
        kind = "better"
    heading = f"{variant_label(variant)}, {evaluation_set_label(evaluation_set)}"
    return Finding(kind, heading, " ".join(sentences))


def _named_changes(metric: str, rows: list[ComparisonRow]) -> str:
    told = [
        f"{attribute_label(row.attribute or '')} {row.change}"
        for row in rows
        if row.metric == metric
    ]
    return f"{in_sentence(metric_words(metric).label)} for {listed(told)}" if told else ""
