"""What the first screen says: on whom it was measured, and a plain sentence for each attribute."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fer_fairness.fairness.group_names import attribute_parts
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting.findings.effects import told_changes
from fer_fairness.reporting.findings.gap_sentences import faces_of, group_ends, pair_words
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import capitalised, group_label, in_sentence
from fer_fairness.reporting.number_text import listed, percent, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, GroupRow, OverallRow

_RECALL_GAP: Final = "recall_gap_"
_MOST_NAMED: Final = 5


class Sign(StrEnum):
    """What a test of an attribute came to, as the page marks it."""

    FOUND = "difference found"
    NOT_FOUND = "no difference found"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Statement:
    """What was found between the groups of one attribute.

    Attributes:
        sign: What the tests came to.
        about: Whom it is about: "FER+, perceived race".
        text: One plain sentence.
        gap: The row of the accuracy gap.
        groups: The rows of the accuracy of each group.
    """

    sign: Sign
    about: str
    text: str
    gap: GapRow
    groups: tuple[GroupRow, ...]


def subject(inputs: ReportInputs) -> str:
    """What was measured on whom: how often emotions are recognised, and how many methods."""
    names = inputs.variants()
    if not names:
        return "No predictions were scored."
    scored = [row for row in inputs.rows(OverallRow) if row.variant == names[0]]
    accuracies = [row for row in scored if row.metric == "accuracy"]
    told = [
        f"{percent(row.value)} of {_faces(row, noun='' if place else ' faces')} of {row.set_label}"
        for place, row in enumerate(accuracies)
    ]
    is_audit = inputs.kind == "audit"
    who = f"The model “{inputs.label_of(names[0])}”" if is_audit else "The baseline"
    text = f"{who} recognises the emotion of {listed(told)}." if told else f"{who} was not scored."
    n_others = len(names) - 1
    if n_others:
        others = ("model", "models") if is_audit else ("method", "methods")
        are = "is" if n_others == 1 else "are"
        text += f" {n_others} {others[n_others > 1]} {are} compared with it."
    return text


def _faces(row: OverallRow, *, noun: str) -> str:
    """Such as "2,000 faces (40 people)"; people are told where they have several faces."""
    people = f" ({thousands(row.n_people)} people)" if row.n_people < row.n_faces else ""
    return f"{thousands(row.n_faces)}{noun}{people}"


def trust(inputs: ReportInputs) -> str:
    """What to trust, in a line: whether people are in the data, who labelled them, how many seeds.

    Empty where nothing is known of it.
    """
    told = []
    if any(map(inputs.is_fabricated, inputs.quality)):
        told.append("fabricated faces with planted differences, so nothing here is about people")
    by_source = grouped(inputs.rows(GroupRow), lambda row: row.source_label)
    for source, rows in by_source.items():
        sets = listed(list(dict.fromkeys(row.set_label for row in rows)))
        told.append(f"groups of {sets}: {source}")
    n_seeds = max((row.n_seeds for row in told_changes(inputs)), default=0)
    if n_seeds and inputs.kind == "audit":
        told.append("changes are those of these trained models, not of how they were trained")
    elif n_seeds > 1:
        told.append(f"{thousands(n_seeds)} training seeds")
    elif n_seeds == 1:
        told.append("one training seed, so changes may be luck of that seed")
    return f"{capitalised('; '.join(told))}." if told else ""


def statements(inputs: ReportInputs, variant: str | None = None) -> list[Statement]:
    """One statement an attribute of a variant's groups, by default the first's; those found first.

    Among these attributes come before their intersections, and wider gaps first.

    Attributes without an accuracy gap have none.
    """
    asked = inputs.variants()[:1] if variant is None else (variant,)
    gaps = grouped(
        (row for row in inputs.rows(GapRow) if row.variant in asked), lambda row: row.people
    )
    groups = grouped(
        (row for row in inputs.rows(GroupRow) if row.variant in asked), lambda row: row.people
    )
    with_set = len({evaluation_set for evaluation_set, *_ in gaps}) > 1
    found = [
        _statement(rows, groups.get(people, []), with_set=with_set)
        for people, rows in gaps.items()
        if any(row.metric == "accuracy_gap" for row in rows)
    ]
    return sorted(found, key=_place)


def _place(statement: Statement) -> tuple[int, int, float]:
    n_attributes = len(attribute_parts(statement.gap.attribute))
    return list(Sign).index(statement.sign), n_attributes, -_or_zero(statement.gap.value)


def _statement(rows: list[GapRow], groups: list[GroupRow], *, with_set: bool) -> Statement:
    gap = next(row for row in rows if row.metric == "accuracy_gap")
    about = gap.attribute_label
    about = f"{gap.set_label}, {about}" if with_set else capitalised(about)
    accuracy = tuple(group for group in groups if group.metric == "accuracy")
    found = [row for row in rows if row.found]
    if found:
        return Statement(Sign.FOUND, about, _difference(found, gap, groups), gap, accuracy)
    judged = {row.judgement for row in rows}
    if Verdict.NOT_FOUND in judged and math.isfinite(gap.minimum_detectable):
        text = (
            "No difference found; only an accuracy gap of "
            f"{gap.amount(gap.detectable)} or more would be found in 8 audits of 10."
        )
        return Statement(Sign.NOT_FOUND, about, text, gap, accuracy)
    if judged == {Verdict.NOT_TESTED}:
        text = "Not tested: it stands behind the primary outcomes, of which none was found."
        return Statement(Sign.CANNOT_TELL, about, text, gap, accuracy)
    text = "Too few people to say whether groups are recognised differently."
    return Statement(Sign.CANNOT_TELL, about, text, gap, accuracy)


def _difference(found: list[GapRow], gap: GapRow, groups: list[GroupRow]) -> str:
    """The plainest of the differences found, and what was said of accuracy if it is not in that."""
    text = _plainest(found, gap, groups)
    if gap.found:
        return f"{text}."
    verdict = "not found" if gap.judgement is Verdict.NOT_FOUND else gap.judgement
    return f"{text} (accuracy gap: {verdict})."


def _plainest(found: list[GapRow], gap: GapRow, groups: list[GroupRow]) -> str:
    """A difference of two groups, of all groups, or of one emotion; no full stop."""
    pairs = sorted((row for row in found if row.of_a_pair), key=lambda row: -abs(row.value))
    if pairs:
        return pair_words(pairs[0])
    if gap.found:
        return _of_accuracy(gap, groups)
    recalls = [row for row in found if row.metric.startswith(_RECALL_GAP)]
    if recalls:
        return _of_emotion(max(recalls, key=lambda row: row.value), groups)
    summaries = [row for row in found if row.over_all_emotions]
    if summaries:
        label = in_sentence(summaries[0].words.label)
        return f"A difference was found in {label}"
    return (
        "Faces that show the same emotion are not recognised alike in all groups; no two groups or "
        "emotions stand out"
    )


def _of_accuracy(gap: GapRow, groups: list[GroupRow]) -> str:
    text = f"Accuracy differs by {gap.amount(gap.value)}"
    ends = group_ends(groups, gap, metric="accuracy")
    if ends:
        low, high = (f"{group_label(end.group)} {percent(end.value, digits=0)}" for end in ends)
        text += f": lowest {low}, highest {high}"
    if gap.equal_treatment_differs:
        text += f"; equal treatment would give {gap.in_unit(gap.equal_treatment)}"
    return text


def _of_emotion(row: GapRow, groups: list[GroupRow]) -> str:
    emotion = row.metric.removeprefix(_RECALL_GAP)
    ends = group_ends(groups, row, metric=f"recall_{emotion}")
    text = f"{capitalised(group_label(emotion))} is recognised unequally often"
    if ends:
        low, high = (f"{percent(end.value, digits=0)} of {faces_of(end.group)}" for end in ends)
        text += f": {low}, {high}"
    return text


def named_by_sign(statements: Sequence[Statement]) -> str:
    """Whom statements are about, by sign: "Difference found: Perceived race. Cannot tell: 12."."""
    names = {
        sign: "; ".join(one.about for one in told) if len(told) <= _MOST_NAMED else str(len(told))
        for sign, told in grouped(statements, lambda one: one.sign).items()
    }
    return " ".join(f"{capitalised(sign)}: {told}." for sign, told in names.items())


def _or_zero(value: float) -> float:
    return value if math.isfinite(value) else 0.0
