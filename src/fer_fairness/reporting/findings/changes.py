"""What variants changed, in sentences: from what to what, and whether it is a finding."""

import math
from collections.abc import Sequence
from typing import Final

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting.findings.finding import Finding, Kind
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import capitalised, in_sentence
from fer_fairness.reporting.number_text import first_few, listed, thousands
from fer_fairness.reporting.rows.changes import Change, ComparisonRow
from fer_fairness.reporting.rows.schema import grouped

_SHOWN: Final = ("accuracy", "balanced_accuracy")
"""Told of every variant, found or not."""


def comparison_findings(inputs: ReportInputs) -> list[Finding]:
    """What each variant changed against the baseline: one finding a variant and evaluation set."""
    blocks = grouped(inputs.rows(ComparisonRow), lambda row: (row.evaluation_set, row.variant))
    return [
        change_finding(rows, f"{rows[0].variant_label}, {rows[0].set_label}")
        for rows in blocks.values()
    ]


def change_finding(rows: Sequence[Change], heading: str) -> Finding:
    """What one variant changed on one evaluation set.

    Args:
        rows: All its changes there, at least one.
        heading: What the finding is about.
    """
    told = [f"{row.label} {row.change}" for row in rows if row.metric in _SHOWN and not row.found]
    better, worse = [row for row in rows if row.better], [row for row in rows if row.worse]
    sentences = [capitalised(f"{'; '.join(told)}.")] if told else []
    for verb, found in (("Better", better), ("Worse", worse)):
        if found:
            sentences.append(f"{verb}: {_first_of([row.told for row in found])}.")
    if not better and not worse:
        sentences.append(_nothing_found(rows))
    down = [row.label for row in rows if row.level_down and row.found]
    if down:
        sentences.append(f"Levelled down: {_first_of(down)}.")
    kind: Kind = "unclear"
    if better and not worse and not down:
        kind = "better"
    elif worse and not better:
        kind = "worse"
    return Finding(kind, heading, " ".join(sentences))


def together_note(
    rows: Sequence[Change],
    *,
    reference: str = "the baseline",
    noun: str = "variant",
    other: str = "",
) -> str:
    """How changes were tested, and how many together.

    Args:
        rows: All rows of one table, at least one.
        reference: What they are changes against.
        noun: What one of those compared is called.
        other: What they are changes to, where it is not just one of those.
    """
    metrics = dict.fromkeys(row.metric for row in rows if row.primary)
    first = listed([in_sentence(metric_words(name).label) for name in metrics])
    n = thousands(max(row.n_tested for row in rows))
    other = other or f"the {noun}"
    return (
        f"Each change is told from the value of {reference} to {other}'s, gaps without what "
        f"noise adds to them. All {n} changes of all {noun}s, evaluation sets, attributes and "
        f"metrics were tested together, so that the best of many {noun}s is no finding by itself: "
        f"{first} first, other metrics only where one of these found something for the same "
        f"{noun}, evaluation set and attribute. Square brackets are intervals at the level that is "
        "left to each: they exclude zero exactly where a difference is found."
    )


def _nothing_found(rows: Sequence[Change]) -> str:
    tested = sum(math.isfinite(row.p) for row in rows)
    if not tested:
        return "Nothing could be tested."
    return (
        f"No difference found: none of {tested} changes is beyond noise after correction. "
        f"{_seen(rows)}Differences within the intervals cannot be ruled out."
    )


def _seen(rows: Sequence[Change]) -> str:
    """From which size on changes of the primary outcomes would have been found; a blank behind."""
    sizes = [
        f"{row.label} {row.amount(row.minimum_detectable)}"
        for row in rows
        if row.primary and math.isfinite(row.minimum_detectable)
    ]
    if not sizes:
        return ""
    return f"In 8 of 10 such comparisons it would have been found from: {_first_of(sizes)}. "


def seen_range(rows: Sequence[Change]) -> str:
    """From which size on a change of one outcome would have been found, of several variants.

    Args:
        rows: Changes of one outcome, at least one.

    Returns:
        What a sentence ends with, without a full stop.
    """
    seen = [row.minimum_detectable for row in rows if math.isfinite(row.minimum_detectable)]
    if not seen:
        return "no change could have been found, whatever its size"
    least, most = rows[0].in_unit(min(seen)), rows[0].amount(max(seen))
    told = most if most.startswith(f"{least} ") or most == least else f"{least} to {most}"
    return f"a change of {told} would be found in 8 of 10 such comparisons"


def _first_of(told: Sequence[str]) -> str:
    return "; ".join(first_few(told, others="more, in the table of every change"))
