"""One row of `gaps` in words: its verdict, the whole sentence, the groups at its ends."""

import math
from collections.abc import Sequence

from fer_fairness.fairness.group_names import CELL
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting.labels import capitalised, group_label
from fer_fairness.reporting.number_text import p_equals
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, GroupRow


def gap_words(row: GapRow) -> str:
    """One row of `gaps` in few words: "12.7 points, interval 6.9 to 16.2, difference found"."""
    if not math.isfinite(row.value):
        return f"not determined, {row.judgement}"
    return f"{row.amount(row.value)}, interval {row.interval}, {row.judgement}"


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
    low, high = (row.ci_low, row.ci_high) if row.value > 0 else (-row.ci_high, -row.ci_low)
    return f"{pair_words(row, bounds=f' [{row.bounds(low, high)}]')}{p}: {row.judgement}."


def pair_words(row: GapRow, *, bounds: str = "") -> str:
    """The difference between two groups in words, without verdict.

    Args:
        row: A row of `gaps` of a pair.
        bounds: What stands behind the number.
    """
    less, more = row.group, row.other_group
    if row.value > 0:
        less, more = more, less
    return (
        f"{capitalised(faces_of(less))} are recognised {row.amount(abs(row.value))}{bounds} less "
        f"often than {faces_of(more)} of the same emotion"
    )


def faces_of(group: str) -> str:
    """Faces of a group: "Black faces", "male Black faces", but faces of “20-39”."""
    label = group_label(group)
    words = label.replace(CELL, " ")
    return f"{words} faces" if words.replace(" ", "").isalpha() else f"faces of “{label}”"


def group_ends(
    groups: Sequence[GroupRow], row: GapRow, *, metric: str
) -> tuple[GroupRow, GroupRow] | None:
    """The compared groups lowest and highest in `metric`; None where fewer than two were."""
    # Recalls are of the faces of one emotion: whether a group was compared goes by all its faces.
    by_group = grouped(groups, lambda group: group.group)
    sizes = {name: max(group.n_people for group in rows) for name, rows in by_group.items()}
    compared = [
        group
        for group in groups
        if group.metric == metric
        and sizes[group.group] >= row.smallest_group_size
        and math.isfinite(group.value)
    ]
    if len(compared) < 2:
        return None
    compared.sort(key=lambda group: (group.value, group.group))
    return compared[0], compared[-1]
