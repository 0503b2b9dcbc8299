"""One row of `gaps` in words: its verdict, and the whole sentence."""

import math

from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting.labels import capitalised, group_label
from fer_fairness.reporting.number_text import p_equals
from fer_fairness.reporting.rows.scores import GapRow


def verdict_text(row: GapRow) -> str:
    """The verdict in words; where no difference was found, with what would have been."""
    if row.judgement is not Verdict.NOT_FOUND:
        return row.judgement
    if not math.isfinite(row.minimum_detectable):
        return f"{row.judgement}; none, however large, would be found among so few"
    limit = row.amount(row.detectable)
    return f"{row.judgement}; {limit} would be found in 8 audits of 10"


def gap_sentence(row: GapRow) -> str:
    """One row of `gaps` as a sentence.

    Args:
        row: A row of `gaps`.

    Returns:
        Value with interval, the corrected p-value, and the verdict; of the question without value,
        and of a pair with the groups' names.
    """
    words = row.words
    if row.question:
        return _question(row)
    if not math.isfinite(row.value) or not math.isfinite(row.p):
        return f"{words.label}: not determined ({row.judgement})."
    if row.of_a_pair:
        return pair_sentence(row)
    shown = f"{words.label}: {row.amount(row.value)} [{row.interval}]"
    if row.equal_treatment_differs:
        shown += f" (equal treatment gives {row.in_unit(row.equal_treatment)})"
    if row.judgement is Verdict.NOT_TESTED:
        return f"{shown}: {row.judgement}."
    return f"{shown}, p {p_equals(row.p)}: {verdict_text(row)}."


def _question(row: GapRow) -> str:
    if row.judgement is Verdict.TOO_FEW:
        return "Whether anyone is recognised differently cannot be said: too few people."
    if row.found:
        return (
            "People who show the same emotion are not recognised alike in all groups "
            f"(p {p_equals(row.p)})."
        )
    if row.judgement is Verdict.NOT_TESTED:
        return "Whether anyone is recognised differently was not tested: see the primary outcomes."
    limit = row.minimum_detectable
    seen = (
        f" A loss of {row.amount(limit)} of recall in the smallest group would be found in 8 "
        "audits of 10."
        if math.isfinite(limit)
        else ""
    )
    return f"No group was found to be recognised differently (p {p_equals(row.p)}).{seen}"


def pair_sentence(row: GapRow) -> str:
    """Which of two groups is recognised less often at the same emotion, and by how much."""
    tested = row.judgement is not Verdict.NOT_TESTED
    p = f", p {p_equals(row.p)}" if tested else ""
    less, more = row.group, row.other_group
    value, low, high = row.value, row.ci_low, row.ci_high
    if value > 0:
        less, more = more, less
    else:
        value, low, high = -value, -high, -low
    return (
        f"{capitalised(_faces(less))} are recognised {row.amount(value)} "
        f"[{row.bounds(low, high)}] less often than {_faces(more)} of the same "
        f"emotion{p}: {row.judgement}."
    )


def _faces(group: str) -> str:
    """Faces of a group: "Black faces", but faces of “20-39”."""
    label = group_label(group)
    return f"{label} faces" if label.isalpha() else f"faces of “{label}”"
