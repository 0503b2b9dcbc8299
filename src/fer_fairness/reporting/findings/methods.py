"""Which of many methods helps, in sentences: of all outcomes, of one outcome, of one front."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting.findings.changes import seen_range
from fer_fairness.reporting.labels import capitalised, in_sentence
from fer_fairness.reporting.number_text import first_few, listed, thousands
from fer_fairness.reporting.rows.bench import FrontRow, RankRow
from fer_fairness.reporting.rows.changes import AgainstControlRow
from fer_fairness.reporting.rows.schema import grouped

_PROBABLE: Final = 0.5
_OF_THESE_MODELS: Final = (
    " of these trained models; another training seed may order them otherwise."
)
_FOUND: Final[Mapping[str, Callable[[AgainstControlRow], bool]]] = MappingProxyType(
    {
        "better than the control": lambda row: row.better,
        "levelled down": lambda row: row.found and row.level_down,
        "worse than the control": lambda row: row.worse and not row.level_down,
    }
)
"""What may be found of a change."""


def answer_sentences(changes: Sequence[AgainstControlRow]) -> str:
    """Which variants were found to be better or worse than the control, and how often.

    Args:
        changes: Of all outcomes and sets against the control.
    """
    tested = _tested(changes)
    by_variant = grouped(tested, lambda row: row.variant_label)
    told = []
    for what, is_so in _FOUND.items():
        times = {name: sum(map(is_so, rows)) for name, rows in by_variant.items()}
        named = [
            f"{name} (in {times[name]} of {len(by_variant[name])} tests)"
            for name in sorted(times, key=lambda name: -times[name])
            if times[name]
        ]
        if named:
            told.append(f"{capitalised(what)}: {listed(first_few(named))}.")
    silent = sum(not any(row.found for row in rows) for rows in by_variant.values())
    if not tested:
        return "No change against the control could be tested: too few people."
    if not told:
        return "No variant is told apart from the control in any outcome."
    if silent:
        told.append(f"The others ({thousands(silent)}) are not told apart from it in any outcome.")
    return " ".join(told)


def outcome_sentence(changes: Sequence[AgainstControlRow], ranks: Sequence[RankRow]) -> str:
    """What was found in one outcome: against the control on each set, and who may be the best.

    Args:
        changes: Of one outcome against the control, on one set or several.
        ranks: Of the same outcome, all variants; none where that is said elsewhere.
    """
    by_set = grouped(changes, lambda row: row.evaluation_set).values()
    one_seed = bool(changes) and all(row.n_seeds == 1 for row in changes)
    return " ".join([*map(_against_control, by_set), _best(ranks, one_seed=one_seed)]).strip()


def _against_control(rows: Sequence[AgainstControlRow]) -> str:
    first, tested = rows[0], _tested(rows)
    where = f"On {first.set_label}"
    if not tested:
        return f"{where} no change in {first.label} could be tested: too few people."
    if not any(row.found for row in tested):
        return (
            f"{where} no method is told apart from the control in {first.label}; "
            f"{seen_range(tested)}."
        )
    parts = []
    for what, is_so in _FOUND.items():
        told = [
            f"{row.variant_label} ({row.measured} [{row.interval}])" for row in tested if is_so(row)
        ]
        if told:
            parts.append(f"{what}: {listed(first_few(told))}")
    rest = [row for row in tested if not row.found]
    if rest:
        others = f"the others ({thousands(len(rest))}) are not told apart from it"
        parts.append(f"{others}, where {seen_range(rest)}")
    return f"{where}, {first.label}: {'; '.join(parts)}."


def _best(ranks: Sequence[RankRow], *, one_seed: bool) -> str:
    """Who may be the best of all, those of the best mean ranks first."""
    if not ranks:
        return ""
    if all(len(row.alike) == len(ranks) - 1 for row in ranks):
        return "No two methods are told apart, so that any may be the best."
    best = [row for row in sorted(ranks, key=lambda row: row.mean_rank) if row.rank_low == 1]
    others = len(ranks) - len(best)
    if len(best) == 1 and best[0].rank_high == 1:
        return (
            f"Pair by pair over {best[0].sets_label}, corrected for these pairs alone, "
            f"{best[0].variant_label} is told apart from all others as the best"
            f"{_OF_THESE_MODELS if one_seed else '.'}"
        )
    rest = f"; the others ({thousands(others)}) are worse than some other one" if others else ""
    return f"{listed(first_few([row.variant_label for row in best]))} may be the best{rest}."


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
    return f"{what}: most probably on the front {verb} {listed(first_few(told))}{control}."


def _tested(changes: Sequence[AgainstControlRow]) -> list[AgainstControlRow]:
    return [row for row in changes if row.judgement is not Verdict.TOO_FEW]
