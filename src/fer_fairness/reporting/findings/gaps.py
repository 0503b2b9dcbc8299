"""What was found between groups, in sentences built from the `gaps` table.

"Difference found" is said only where the verdict says so, which is where the p-value survived the
correction for many comparisons. Anything else is "no difference found", which is not "no
difference": the sentence tells what would have been found at these group sizes. Square brackets
are intervals at the level of the verdict throughout.
"""

import math
from collections.abc import Collection, Sequence
from typing import Final

from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting.findings.finding import Finding
from fer_fairness.reporting.findings.gap_sentences import gap_sentence, group_ends, pair_sentence
from fer_fairness.reporting.findings.label_correction import (
    LabelErrors,
    absence_sentence,
    correction_sentence,
    label_errors,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import capitalised, group_label, in_sentence
from fer_fairness.reporting.number_text import is_few, listed, percent, thousands
from fer_fairness.reporting.rows.labeller import MAY_BE_ABSENT
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import HEADLINE_METRICS, GapRow, GroupRow

_MOST_NAMED: Final = 5
_MOST_EMOTIONS: Final = 4
_MOST_PAIRS: Final = 3
_RECALL_GAP: Final = "recall_gap_"
_LONGEST_LIST: Final = 160
_MAY_BE_LARGER: Final = (
    "Label errors usually make real gaps look smaller: one between people can be larger than one "
    "between labels."
)


def gap_findings(inputs: ReportInputs, *, variant: str) -> list[Finding]:
    """What was found between groups for one variant: a finding per set, attribute and source.

    Args:
        inputs: The report's tables.
        variant: The variant to speak of.

    Returns:
        In the order of the `gaps` table; the differences found first. Lines of a text are whether
        anyone differs, which groups do, one metric each, then the extremes and sizes. Where groups
        were predicted, each metric is told with its value corrected for label errors, or why there
        is none.
    """
    errors = label_errors(inputs)
    gaps = grouped(
        (row for row in inputs.rows(GapRow) if row.variant == variant), lambda row: row.people
    )
    groups = grouped(
        (row for row in inputs.rows(GroupRow) if row.variant == variant), lambda row: row.people
    )
    found = [
        _gap_finding(rows, groups.get(people, []), errors, named_set=inputs.kind == "project")
        for people, rows in gaps.items()
        if any(row.headline for row in rows)
    ]
    return sorted(found, key=lambda finding: finding.kind != "found")


def _gap_finding(
    rows: list[GapRow], groups: list[GroupRow], errors: LabelErrors, *, named_set: bool
) -> Finding:
    """One finding, of rows of `gaps` and `groups` on the same people."""
    headline = sorted(
        (row for row in rows if row.headline), key=lambda row: HEADLINE_METRICS.index(row.metric)
    )
    first = headline[0]
    others = [row for row in rows if row.found and not row.headline]
    found = bool(others) or any(row.found for row in headline)
    lines = [gap_sentence(row) for row in rows if row.question]
    lines += _pair_sentences([row for row in others if row.of_a_pair])
    lines += [_with_correction(row, errors) for row in headline]
    lines.append(_label_error_sentence(headline, errors))
    lines.append(absence_sentence(errors, first))
    lines += _recall_sentences(groups, others)
    lines.append(_others_sentence(others))
    if found:
        absent = {group.group for group in errors.may_be_absent(first)}
        lines.append(_extremes_sentence(groups, first, absent))
    lines.append(_size_sentence(groups, first))
    heading = first.groups_label
    heading = f"{first.set_label}, {heading}" if named_set else capitalised(heading)
    return Finding("found" if found else "not_found", heading, "\n".join(filter(None, lines)))


def _with_correction(row: GapRow, errors: LabelErrors) -> str:
    """The sentence of a gap; of predicted groups also its size without label errors."""
    sentence = gap_sentence(row)
    gap = errors.gap(row) if row.predicted else None
    if gap is None or not math.isfinite(gap.corrected_value):
        return sentence
    return f"{sentence} Corrected for label errors: {gap.corrected_amount}, 95 % alone."


def _label_error_sentence(rows: list[GapRow], errors: LabelErrors) -> str:
    """What label errors leave open, of rows of one attribute; empty where it was annotated."""
    first = rows[0]
    if not first.predicted:
        return ""
    told = [correction_sentence(errors, first, first.left_out_labels)]
    if any(row.judgement is Verdict.NOT_FOUND for row in rows):
        told.append(_MAY_BE_LARGER)
    return " ".join(filter(None, told))


def _others_sentence(found: list[GapRow]) -> str:
    """The other metrics over all emotions that differ; few by name."""
    labels = [in_sentence(row.words.label) for row in found if row.over_all_emotions]
    if not labels:
        return ""
    more = len(labels) - _MOST_NAMED
    rest = f" and {more:,} more" if more > 0 else ""
    return f"Difference also found: {'; '.join(labels[:_MOST_NAMED])}{rest}."


def _pair_sentences(found: list[GapRow]) -> list[str]:
    """The pairs of groups that differ, the widest difference first."""
    found = sorted(found, key=lambda row: -abs(row.value))
    told = [pair_sentence(row) for row in found[:_MOST_PAIRS]]
    more = len(found) - len(told)
    return [
        *told,
        *([f"and {more:,} more pair{'s' if more > 1 else ''} of groups."] if more else []),
    ]


def _recall_sentences(groups: list[GroupRow], found: list[GapRow]) -> list[str]:
    """The emotions whose recall differs, the widest gap first, each with the groups at its ends."""
    rows = [row for row in found if row.of_one_emotion and row.metric.startswith(_RECALL_GAP)]
    rows.sort(key=lambda row: -row.value)
    if not rows:
        return []
    told = [_recall_sentence(groups, row) for row in rows[:_MOST_EMOTIONS]]
    more = len(rows) - len(told)
    if more:
        told.append(f"and {more:,} more emotion{'s' if more > 1 else ''}.")
    return ["Difference found in recall, by emotion:", *told]


def _recall_sentence(groups: list[GroupRow], row: GapRow) -> str:
    emotion = row.metric.removeprefix(_RECALL_GAP)
    ends = _ends(groups, row, metric=f"recall_{emotion}")
    named = f"lowest {ends[0]}, highest {ends[1]}; " if ends else ""
    gap = f"gap {row.amount(row.value)} [{row.interval}]"
    return f"{capitalised(group_label(emotion))}: {named}{gap}."


def _extremes_sentence(groups: list[GroupRow], row: GapRow, absent: Collection[str]) -> str:
    """Which of the compared groups are recognised least and most often, with their sizes."""
    ends = _ends(groups, row, metric="accuracy", absent=absent)
    return f"Lowest accuracy: {ends[0]}; highest: {ends[1]}." if ends else ""


def _ends(
    groups: Sequence[GroupRow], row: GapRow, *, metric: str, absent: Collection[str] = ()
) -> tuple[str, str] | None:
    """The ends in words, with value and size; None where there are none.

    Those that may be `absent` are marked.
    """
    ends = group_ends(groups, row, metric=metric)
    if ends is None:
        return None
    lowest, highest = (
        f"{group_label(end.group)} {percent(end.value)} (n = {end.size}"
        f"{f'; {MAY_BE_ABSENT}' if end.group in absent else ''})"
        for end in ends
    )
    return lowest, highest


def _size_sentence(groups: list[GroupRow], row: GapRow) -> str:
    few = ", too few to read on its own" if is_few(row.smallest_group_size) else ""
    faces = f"{thousands(row.n_faces)} faces"
    if row.n_faces > row.n_people:
        faces += f" of {thousands(row.n_people)} people"
    text = (
        f"{faces} in {thousands(row.n_groups)} groups; smallest: "
        f"{group_label(row.smallest_group)}, n = {thousands(row.smallest_group_size)}{few}."
    )
    if row.n_missing > 0:
        text += f" {thousands(row.n_missing)} faces without such a label took no part."
    left_out = listed(row.left_out_labels)
    if len(left_out) > _LONGEST_LIST:
        n_left_out = len({group.group for group in groups}) - row.n_groups
        left_out = f"{thousands(n_left_out)} groups" if n_left_out > 0 else "many groups"
        left_out += ", which the table of gaps in the results names"
    return f"{text} Left out as too small: {left_out}." if left_out else text
