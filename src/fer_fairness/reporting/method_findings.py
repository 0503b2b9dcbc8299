"""Which of many methods helps, in sentences: one for each outcome, one for each front."""

from collections.abc import Sequence
from typing import Final

from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting.change_findings import seen_range
from fer_fairness.reporting.labels import capitalised, in_sentence
from fer_fairness.reporting.number_text import listed, thousands
from fer_fairness.reporting.rows.bench import FrontRow, RankRow
from fer_fairness.reporting.rows.changes import AgainstControlRow
from fer_fairness.reporting.rows.schema import grouped

_MOST_TOLD: Final = 5
_PROBABLE: Final = 0.5


def outcome_sentence(changes: Sequence[AgainstControlRow], ranks: Sequence[RankRow]) -> str:
    """What was found in one outcome: against the control on each set, and who may be the best.

    Args:
        changes: Of one outcome against the control, on one set or several.
        ranks: Of the same outcome, all variants.
    """
    by_set = grouped(changes, lambda row: row.evaluation_set).values()
    return " ".join([*map(_against_control, by_set), _best(ranks)]).strip()


def _against_control(rows: Sequence[AgainstControlRow]) -> str:
    first = rows[0]
    where = f"On {first.set_label}"
    tested = [row for row in rows if row.judgement is not Verdict.TOO_FEW]
    if not tested:
        return f"{where} no change in {first.label} could be tested: too few people."
    found = [row for row in tested if row.found]
    if not found:
        return (
            f"{where} no method is told apart from the control in {first.label}; "
            f"{seen_range(tested)}."
        )
    parts = []
    for what, chosen in (
        ("better than the control", [row for row in found if row.better]),
        ("levelled down", [row for row in found if row.level_down]),
        ("worse than the control", [row for row in found if row.worse and not row.level_down]),
    ):
        if chosen:
            told = [f"{row.variant_label} ({row.measured} [{row.interval}])" for row in chosen]
            parts.append(f"{what}: {_first_of(told)}")
    rest = [row for row in tested if not row.found]
    if rest:
        parts.append(f"{_methods(len(rest))} not told apart from it, where {seen_range(rest)}")
    return f"{where}, {first.label}: {'; '.join(parts)}."


def _best(ranks: Sequence[RankRow]) -> str:
    """Who may be the best of all."""
    if not ranks:
        return ""
    if all(len(row.alike) == len(ranks) - 1 for row in ranks):
        return "No two methods are told apart, so that any may be the best."
    best = [row.variant_label for row in ranks if row.rank_low == 1]
    others = len(ranks) - len(best)
    if len(best) == 1 and all(row.rank_high == 1 for row in ranks if row.rank_low == 1):
        return f"{best[0]} is told apart from all others as the best."
    rest = f"; the others ({thousands(others)}) are worse than some other one" if others else ""
    return f"{_first_of(best)} may be the best{rest}."


def front_sentence(rows: Sequence[FrontRow]) -> str:
    """Who is on one front of a set, how probably, and the control.

    Args:
        rows: Of all variants, at least one.
    """
    first = rows[0]
    probable = sorted(rows, key=lambda row: -row.probability)
    sure = [row for row in probable if row.probability >= _PROBABLE] or probable[:1]
    told = [f"{row.variant_label} ({row.probability_text})" for row in sure]
    others = [row.probability_text for row in rows if row.is_control and row not in sure]
    control = "".join(f"; the control {probability}" for probability in others)
    what = f"{capitalised(first.people)}, accuracy and {in_sentence(first.words.label)}"
    verb = "is" if len(told) == 1 else "are"
    return f"{what}: most probably on the front {verb} {_first_of(told)}{control}."


def _methods(n: int) -> str:
    return "1 method is" if n == 1 else f"{thousands(n)} methods are"


def _first_of(told: list[str]) -> str:
    """As many as one reads, the others counted."""
    more = len(told) - _MOST_TOLD
    return listed([*told[:_MOST_TOLD], *([f"{more} more"] if more > 0 else [])])
