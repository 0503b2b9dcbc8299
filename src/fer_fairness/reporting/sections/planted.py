"""On fabricated faces: what was planted in them, what was found, missed, and made up."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from fer_fairness.fairness.verdicts import PlantedVerdict
from fer_fairness.reporting import page
from fer_fairness.reporting.findings.finding import Finding, Kind
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import (
    capitalised,
    group_label,
    variant_label,
)
from fer_fairness.reporting.number_text import listed, percent, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import OfMetric, OfSource

_DRAWN: Final = "drawn"
_INTRO: Final = (
    "A program drew these faces, so it is known what is wrong with which of them, and the audit "
    "can be marked. Below, what it said of {variant} stands beside what was planted; “true groups” "
    "is what it would have said if every face were labelled with the group that it was drawn in. "
    "Of real faces none of this is known."
)
_NOTHING_PLANTED: Final = "Nothing was planted here."
_NOTHING_MADE_UP: Final = "Nothing was found that was not planted."
_NAMELESS: Final = "no single group"
_Place: TypeAlias = tuple[str, str, str | None, str | None, str | None]


class PlantedRow(OfMetric, OfSource, table="planted"):
    """What the audit made of one planted bias, or of a group without one.

    `fabrication.found.planted_and_found` tells what its numbers are. `attribute_source` is `drawn`
    where groups are those that faces were drawn in; `group` is None where an attribute differs and
    no group of it is named.
    """

    group: str | None
    planted_group: str | None
    kind: str | None
    strength: str | None
    verdict: PlantedVerdict
    difference: float
    ci_low: float
    ci_high: float
    other_group: str | None
    minimum_detectable: float
    n_labelled: float
    n_drawn: float
    n_both: float
    drawn_as: str | None
    n_drawn_as: float
    share_biased: float
    share_biased_others: float

    @property
    def as_drawn(self) -> bool:
        """Whether groups are those that faces were drawn in."""
        return self.attribute_source == _DRAWN

    @property
    def group_label(self) -> str:
        """The group in words."""
        return group_label(self.group) if self.group else _NAMELESS

    @property
    def place_label(self) -> str:
        """Group and attribute in words: "indian (perceived race)"."""
        if self.group is None:
            return f"{self.attribute_label} (in {_NAMELESS})"
        return f"{self.group_label} ({self.attribute_label})"

    @property
    def where(self) -> _Place:
        """What the row is about, whoever labelled the groups."""
        return self.evaluation_set, self.attribute, self.group, self.planted_group, self.kind

    @property
    def told(self) -> str:
        """What is planted: "image quality of Black faces (strength 0.4 of 1)"."""
        faces = f"{group_label(self.planted_group or '')} faces"
        return f"{self.kind} of {faces} ({self.strength})"


def planted_section(inputs: ReportInputs) -> page.Section | None:
    """What was planted in fabricated faces, and what the audit made of it.

    Returns:
        None of real faces, whose truth nobody knows.
    """
    rows = inputs.rows(PlantedRow)
    if not rows:
        return None
    labelled = [row for row in rows if not row.as_drawn]
    right = {row.where: row for row in rows if row.as_drawn}
    intro = _INTRO.format(variant=f"“{variant_label(rows[0].variant)}”")
    blocks: list[page.Block] = [
        page.Text(intro),
        page.Heading("What the audit said of it"),
        page.Findings(tuple(_findings(labelled))),
    ]
    biases = [row for row in labelled if row.kind]
    if biases:
        blocks.append(_biases_table(biases, right))
    made_up = [row for row in rows if row.verdict is PlantedVerdict.NOT_PLANTED]
    if made_up:
        blocks.append(_made_up_table(made_up))
    return page.Section("planted", "Planted and found", blocks)


def _findings(labelled: Sequence[PlantedRow]) -> list[Finding]:
    """One finding an evaluation set: found, missed, made up."""
    return [_finding(rows) for rows in grouped(labelled, lambda row: row.evaluation_set).values()]


def _finding(rows: Sequence[PlantedRow]) -> Finding:
    by_verdict = grouped(rows, lambda row: row.verdict)
    lines = [
        f"{capitalised(verdict)}: {listed([row.told for row in biases])}."
        for verdict in (PlantedVerdict.FOUND, PlantedVerdict.MISSED, PlantedVerdict.NOT_LOOKED_AT)
        if (biases := [row for row in by_verdict.get(verdict, []) if row.kind])
    ]
    made_up = by_verdict.get(PlantedVerdict.NOT_PLANTED, [])
    named = listed([row.place_label for row in made_up])
    lines += [
        f"{capitalised(row.attribute_label)} differs, and no group of it is named."
        for row in by_verdict.get(PlantedVerdict.FOUND, [])
        if not row.kind
    ]
    if not any(row.kind for row in rows):
        lines.append(_NOTHING_PLANTED)
    lines.append(f"Found, not planted: {named}." if made_up else _NOTHING_MADE_UP)
    lines += _neither(rows)
    right = not made_up and PlantedVerdict.MISSED not in by_verdict
    kind: Kind = "better" if right else "worse"
    return Finding(kind, rows[0].set_label, "\n".join(lines))


def _neither(rows: Sequence[PlantedRow]) -> list[str]:
    """The groups that are served as well as the others, and are found to be; in a line."""
    differing = {row.attribute for row in rows if row.group is None}
    shown = (row for row in rows if row.attribute not in differing)
    alike = [row for row in shown if row.verdict is PlantedVerdict.NEITHER]
    told = [
        f"{listed([row.group_label for row in of])} ({of[0].attribute_label})"
        for of in grouped(alike, lambda row: row.attribute).values()
    ]
    return [f"{capitalised(PlantedVerdict.NEITHER)}: {'; '.join(told)}."] if told else []


def _biases_table(biases: Sequence[PlantedRow], right: Mapping[_Place, PlantedRow]) -> page.Table:
    """A line a planted bias: the verdict by the groups as labelled, and by the true groups."""
    return page.table(
        "What was planted: recognised so much less often than another group at the same emotion, "
        "percentage points [interval at the level of the verdict]; “seen from”: the smallest "
        "difference that 8 audits of 10 would find; “labelled so”: of the faces drawn in the group",
        biases,
        [
            ("On", lambda row: row.set_label),
            ("Planted", lambda row: row.kind or ""),
            ("In", lambda row: group_label(row.planted_group or "")),
            ("How much", lambda row: row.strength or ""),
            ("Verdict", _verdict_cell),
            ("Difference", _difference_cell),
            ("Seen from", lambda row: page.numeric(row.in_unit(row.minimum_detectable))),
            ("Labelled so", lambda row: page.numeric(_share_text(row))),
            ("True groups: verdict", lambda row: _verdict_cell(right.get(row.where))),
            ("True groups: difference", lambda row: _difference_cell(right.get(row.where))),
        ],
    )


def _made_up_table(rows: Sequence[PlantedRow]) -> page.Table:
    return page.table(
        "What was found and not planted, and what is known of why",
        rows,
        [
            ("On", lambda row: row.set_label),
            ("Attribute", lambda row: row.attribute_label),
            ("Group", lambda row: row.group_label),
            ("Labels", lambda row: row.source_label),
            ("Difference", _difference_cell),
            ("Whose faces these are", _why),
        ],
        folded=True,
    )


def _why(row: PlantedRow) -> str:
    """Who the faces of a group really are, and how many of them carry what was planted."""
    if row.group is None:
        told = [f"{row.words.label}; no single group stands out"]
        of = f"faces of {group_label(row.other_group or '')}"
        return "; ".join([*told, *_share_of_bias(row, of)])
    told = []
    if row.drawn_as and row.n_drawn_as > row.n_both:
        told.append(
            f"{thousands(row.n_drawn_as)} of {thousands(row.n_labelled)} faces labelled "
            f"{row.group_label} were drawn as {group_label(row.drawn_as)}"
        )
    elif row.n_both < row.n_labelled:
        wrong = row.n_labelled - row.n_both
        told.append(
            f"{thousands(wrong)} of {thousands(row.n_labelled)} faces labelled {row.group_label} "
            "were drawn in another group"
        )
    return "; ".join([*told, *_share_of_bias(row, "them")])


def _share_of_bias(row: PlantedRow, faces: str) -> list[str]:
    if not (math.isfinite(row.share_biased) and math.isfinite(row.share_biased_others)):
        return []
    biased, others = (percent(of, digits=0) for of in (row.share_biased, row.share_biased_others))
    return [f"{biased} of {faces} were drawn with a planted bias, of all others {others}"]


def _share_text(row: PlantedRow) -> str:
    return f"{thousands(row.n_both)} of {thousands(row.n_drawn)}"


def _verdict_cell(row: PlantedRow | None) -> page.Cell:
    if row is None:
        return page.DASH
    found = row.verdict is PlantedVerdict.FOUND
    return page.Cell(row.verdict, strong=found, muted=not found)


def _difference_cell(row: PlantedRow | None) -> page.Cell:
    if row is None or not math.isfinite(row.difference):
        return page.DASH
    amount = row.with_interval(row.difference, row.ci_low, row.ci_high)
    emotion = row.metric.removeprefix("recall_gap_")
    of = f" ({group_label(emotion)})" if emotion != row.metric else ""
    return page.numeric(f"{amount}{of}")
