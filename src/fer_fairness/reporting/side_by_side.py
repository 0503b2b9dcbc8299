"""The page of two runs or audits side by side: what changed, and what was made differently."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import pandas as pd

from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.changes import changes_figure, changes_words
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.findings.changes import change_finding, together_note
from fer_fairness.reporting.findings.finding import Finding
from fer_fairness.reporting.glance import trust
from fer_fairness.reporting.html import render_page
from fer_fairness.reporting.inputs import MOST_VARIANTS, ReportInputs
from fer_fairness.reporting.json_blocks import flat, json_text
from fer_fairness.reporting.json_values import as_json
from fer_fairness.reporting.labels import capitalised, evaluation_set_label
from fer_fairness.reporting.number_text import first_few, thousands
from fer_fairness.reporting.rows.changes import Change
from fer_fairness.reporting.rows.schema import grouped, rows_of
from fer_fairness.reporting.sections.change_tables import changes_table

SIDE_SCHEMA_VERSION: Final = "1.0"
"""Of `compare.json`; major: a key changes its meaning or goes away; minor: one is added."""

_OF_THE_MOMENT: Final = frozenset(
    {
        *("started_at", "command", "runtime_parameters", "pipelines", "environment"),
        *("taken_over", "parameters_sha256"),
    }
)
"""What of a manifest differs between any two runs, or follows from the rest."""
_NOT_OF_A_RUN: Final = frozenset({"audit", "compare", "label_images", "plan_audit"})
"""Blocks of parameters that no run of the project's own models reads."""
_DRAWN: Final = ("accuracy", "balanced_accuracy", "accuracy_gap", "worst_group_accuracy")
"""The last of one model alone: a figure is to be seen at a glance."""
_READING: Final = ("file", "sha256", "n_rows", "columns", "classes")
_METHOD: Final = (
    "Where both reports keep the predictions of the same samples with the same true emotions, each "
    "change is tested in pairs: both models meet the same people, so that what is hard for "
    "everybody cancels out. Groups are those of the first report. Elsewhere nothing is tested: "
    "the interval of a difference is made of the 95 % intervals of both values (square-and-add; "
    "Newcombe 1998, Zou and Donner 2008), each looked at alone, and of many about 1 in 20 excludes "
    "zero by chance. Where the same people are behind both after all, it is too wide."
)


class SideRow(Change):
    """A metric of a model in the first report and in the second, `pairing` says how compared."""

    pairing: str
    other_evaluation_set: str
    other_variant: str
    table: ClassVar[str] = "compare"

    @property
    def heading(self) -> str:
        """The model and the set; both names where they differ."""
        model = _both(self.variant_label, replace(self, variant=self.other_variant).variant_label)
        return f"{model}, {self.set_heading}"

    @property
    def is_paired(self) -> bool:
        """Whether it was tested on the same people."""
        return self.pairing == "paired"

    @property
    def judgement(self) -> Verdict:
        """The verdict; what is not paired is not tested, whatever the number of people."""
        return super().judgement if self.is_paired else Verdict.NOT_TESTED

    @property
    def shown_bounds(self) -> tuple[float, float]:
        """The interval of the test, or of the row alone where nothing is tested."""
        alone = self.uncorrected_ci_low, self.uncorrected_ci_high
        return super().shown_bounds if self.is_paired else alone

    @property
    def set_heading(self) -> str:
        """The set; both names where they differ."""
        return _both(*map(evaluation_set_label, (self.evaluation_set, self.other_evaluation_set)))

    @property
    def alone(self) -> str:
        """The difference, which is not tested, with the interval of this row alone."""
        return f"{self.measured} [{self.bounds(*self.shown_bounds)}]"

    @property
    def alone_excludes_zero(self) -> bool:
        """Whether zero lies outside of that interval."""
        low, high = self.shown_bounds
        return math.isfinite(low + high) and (low > 0 or high < 0)


@dataclass(frozen=True)
class Side:
    """One of the two reports: what it is called, and what it was written from."""

    about: str
    inputs: ReportInputs


def side_sections(
    first: Side, second: Side, changes: pd.DataFrame, notes: Sequence[str]
) -> list[page.Section]:
    """What the page says.

    Args:
        first: The reference.
        second: The other.
        changes: `auditing.side_by_side.SIDE_COLUMNS`.
        notes: What must be known first.
    """
    rows = _rows(first, second, changes)
    return [
        page.Section("glance", "At a glance", _glance_blocks(rows, notes)),
        page.Section("changes", "Every change", _changed_blocks(rows)),
        page.Section("made", "What was made differently", _made_blocks(first, second)),
        page.Section("how", "How changes are told", [page.Text(_METHOD)]),
    ]


def side_page(first: Side, second: Side, sections: Sequence[page.Section]) -> str:
    """Two reports as one page that needs nothing else: `side_sections` under what it is about."""
    return render_page(
        sections,
        kicker="Two reports side by side",
        title="What changed",
        subject=f"From the first, the {first.about}, to the second, the {second.about}.",
        trust=_trust(first.inputs, second.inputs),
    )


def _rows(first: Side, second: Side, changes: pd.DataFrame) -> list[SideRow]:
    named_by_others = first.inputs.kind == second.inputs.kind == "audit"
    return rows_of(changes, SideRow, as_given=named_by_others)


def _both(one: str, two: str) -> str:
    return one if one == two else f"{one} → {two}"


def _trust(first: ReportInputs, second: ReportInputs) -> str:
    own, others = trust(first), trust(second)
    return own if own == others else f"Of the first: {own} Of the second: {others}"


def side_json(
    first: Side,
    second: Side,
    changes: pd.DataFrame,
    notes: Sequence[str],
    manifest: Mapping[str, Any],
) -> dict[str, Any]:
    """The same for programs; the rows of all changes are in `compare.parquet`.

    Args:
        first: The reference.
        second: The other.
        changes: As of `side_page`.
        notes: What must be known first.
        manifest: How the comparison itself was made.
    """
    rows = _rows(first, second, changes)
    return {
        "schema_version": SIDE_SCHEMA_VERSION,
        "kind": "comparison",
        "reports": [
            {"about": one.about, "kind": one.inputs.kind, "notes": as_json(one.inputs.notes)}
            for one in (first, second)
        ],
        "findings": [
            {"heading": found.heading, "kind": found.kind, "pairing": pairing, "text": found.text}
            for found, pairing in _findings(rows)
        ],
        "made_differently": [
            {"what": what, "first": own, "second": other}
            for what, own, other in made_differently(first.inputs, second.inputs)
        ],
        "notes": list(notes),
        "manifest": as_json(manifest),
        "table": {"path": "compare.parquet", "n_rows": len(changes), "columns": [*changes.columns]},
    }


def made_differently(first: ReportInputs, second: ReportInputs) -> list[tuple[str, Any, Any]]:
    """What differs in how two reports were made.

    Args:
        first: The reference.
        second: The other.

    Returns:
        What it is, and its values in both, None where it is not there: commit and versions first,
        then data, then parameters and training.
    """
    own, others = _made(first), _made(second)
    if first.kind != second.kind:  # other settings altogether
        own = {name: value for name, value in own.items() if name in others}
        others = {name: value for name, value in others.items() if name in own}
    names = sorted(dict.fromkeys((*own, *others)), key=_place)
    both = [(name, own.get(name), others.get(name)) for name in names]
    return [(name, one, two) for name, one, two in both if one != two]


def _made(inputs: ReportInputs) -> dict[str, Any]:
    manifest = {name: one for name, one in inputs.manifest.items() if name not in _OF_THE_MOMENT}
    reading = manifest.get("reading")
    if isinstance(reading, Mapping):
        manifest["reading"] = {name: reading[name] for name in _READING if name in reading}
    parameters, trained = manifest.get("parameters"), manifest.get("trained_with")
    if inputs.kind == "project" and isinstance(parameters, Mapping):
        told = set(trained) if isinstance(trained, Mapping) else set()  # by each training itself
        left_out = _NOT_OF_A_RUN | told | ({"fine_tuning"} if told else set())
        manifest["parameters"] = {
            name: block for name, block in parameters.items() if name not in left_out
        }
    return dict(flat(as_json(manifest)))


def _place(name: str) -> int:
    order = ("commit", "uncommitted", "versions", "python", "machine", "data", "reading", "seed")
    return next((at for at, start in enumerate(order) if name.startswith(start)), len(order))


def _made_blocks(first: Side, second: Side) -> list[page.Block]:
    rows = made_differently(first.inputs, second.inputs)
    blocks: list[page.Block] = []
    if first.inputs.kind != second.inputs.kind:
        blocks.append(
            page.Text(
                "One is a run of own models, the other an audit: only what both tell is compared."
            )
        )
    if not rows:
        same = "Nothing that was recorded differs: commit, versions, data, parameters, training."
        return [*blocks, page.absent(same)]
    columns: list[page.Column[tuple[str, Any, Any]]] = [
        ("What", lambda row: capitalised(row[0].replace("_", " "))),
        ("First", lambda row: json_text(row[1], counts=False)),
        ("Second", lambda row: json_text(row[2], counts=False)),
    ]
    caption = f"Settings, versions and data that differ: {thousands(len(rows))}"
    return [*blocks, page.table(caption, rows, columns, all_in="compare.json")]


def _glance_blocks(rows: Sequence[SideRow], notes: Sequence[str]) -> list[page.Block]:
    """What must be known, a figure a set, and a finding a model and set; several are folded."""
    by_set = grouped(rows, lambda row: row.set_heading)
    findings = tuple(finding for finding, _ in _findings(rows))
    return [
        *(page.Text(note, warning=True) for note in notes),
        *(_drawing(of_set) for of_set in by_set.values()),
        page.Heading("In words"),
        page.Findings(findings, folded=len(findings) > 1),
    ]


def _drawing(rows: Sequence[SideRow]) -> page.Drawing:
    """The headline changes on one set, by single attributes; of many models of the first alone."""
    variants = list(dict.fromkeys(row.variant for row in rows))
    shown = variants if len(variants) <= MOST_VARIANTS else variants[:1]
    metrics = _DRAWN if len(shown) == 1 else _DRAWN[:-1]
    drawn = [
        row
        for row in rows
        if row.metric in metrics and row.variant in shown and row.of_one_attribute
    ]
    of = "" if shown == variants else f" of {rows[0].variant_label} (others: below)"
    tested = any(row.is_paired for row in rows)
    caption = (
        f"Changes on {rows[0].set_heading}{of} with interval and both values. Of a gap, left of "
        "zero is more even. "
    ) + ("Filled: difference found." if tested else "Each interval is of its row alone.")
    return page.Drawing(
        figure_name("changes", rows[0].evaluation_set),
        changes_figure(drawn, variants=shown, axis="Second minus first"),
        caption=caption,
        alternative=changes_words(drawn),
        rows=drawn,
    )


def _changed_blocks(rows: Sequence[SideRow]) -> list[page.Block]:
    blocks: list[page.Block] = []
    paired = [row for row in rows if row.is_paired]
    if paired:
        note = together_note(paired, reference="the first", noun="model", other="the second")
        blocks.append(page.Text(note))
    by_heading = grouped(rows, lambda row: row.heading)
    tables = (_table(f"{heading}: every change", own) for heading, own in by_heading.items())
    return [*blocks, *tables]


def _table(caption: str, rows: Sequence[SideRow]) -> page.Table:
    """Every change of one model on one set; of such as are not paired what there is of them."""
    all_in = "compare.parquet"
    if rows[0].is_paired:
        return changes_table(caption, rows, all_in=all_in, reference="First", noun="second")
    columns: list[page.Column[SideRow]] = [
        ("Metric", lambda row: row.words.label),
        ("Attribute", lambda row: row.people),
        ("First → second", lambda row: page.numeric(row.from_to)),
        ("Difference [95 % interval of this row alone]", lambda row: page.numeric(row.alone)),
        ("Fewer people", lambda row: page.people(row.n_people)),
    ]
    return page.table(caption, rows, columns, folded=True, all_in=all_in)


def _findings(rows: Sequence[SideRow]) -> list[tuple[Finding, str]]:
    """What changed of each model on each set, and how it was compared; what is alike stands last.

    Where no value of a pair differs, one sentence tells of all such pairs.
    """
    found, alike = [], []
    for heading, own in grouped(rows, lambda row: row.heading).items():
        if own[0].is_paired and not any(row.raw_difference for row in own):
            alike.append(heading)
            continue
        make = change_finding if own[0].is_paired else _unpaired_finding
        found.append((make(own, heading), own[0].pairing))
    if alike:
        text = f"Every score and gap is the same: {'; '.join(alike)}."
        found.append((Finding("not_found", "Nothing changed", text), "paired"))
    return found


def _unpaired_finding(rows: Sequence[SideRow], heading: str) -> Finding:
    """The headline values of people who are not the same, and which intervals exclude zero."""
    shown = [row for row in rows if row.metric in ("accuracy", "accuracy_gap")]
    told = "; ".join(f"{row.label} {row.from_to}, {row.alone}" for row in shown)
    apart = [row.label for row in rows if row.alone_excludes_zero]
    text = f"Not compared person by person, so nothing is tested. {capitalised(told)}. "
    text += (
        f"Zero is outside of the interval of {len(apart)} of {len(rows)} differences looked at "
        f"alone{': ' + '; '.join(first_few(apart, others='more')) if apart else ''}."
    )
    return Finding("unclear", heading, text)
