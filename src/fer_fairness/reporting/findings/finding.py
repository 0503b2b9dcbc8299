"""What was found, in sentences built from the tables: each with its interval and its numbers.

Findings on gaps between groups are in `gap_findings`, on changes in `change_findings`. Square
brackets are 95 % intervals here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import (
    in_sentence,
    variant_label,
)
from fer_fairness.reporting.number_text import listed, percent
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import OverallRow

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
        f"{percent(row.value)} ({in_sentence(row.variant_label)})"
        for row in (ordered[0], ordered[-1])
    ]
    if len(ordered) == 1:
        return f"The other variant: accuracy {told[0]}."
    return f"The other {len(ordered)} variants: accuracy from {told[0]} to {told[1]}."
