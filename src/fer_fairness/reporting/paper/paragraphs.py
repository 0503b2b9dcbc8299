"""Methods and results in sentences for a paper, with citations; every number is from a table.

What was found is told in the sentences of the first screen and of the findings. Citations are
Pandoc's (`[@westfall1993]`), of entries in `templates/references.bib`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fer_fairness.reporting.findings.effects import effects
from fer_fairness.reporting.findings.finding import scores_text
from fer_fairness.reporting.findings.gap_sentences import gap_sentence
from fer_fairness.reporting.findings.methods import answer_sentences
from fer_fairness.reporting.glance import Sign, Statement, statements
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import in_sentence, start_label
from fer_fairness.reporting.number_text import listed, thousands
from fer_fairness.reporting.rows.bench import RankRow
from fer_fairness.reporting.rows.changes import AgainstControlRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, OverallRow
from fer_fairness.reporting.rows.training import ModelRow

_DATASETS: Final[Mapping[str, str]] = MappingProxyType(
    {"fer_plus": "barsoum2016", "raf_db": "li2017"}
)
_TESTS: Final = (
    "For each attribute we asked first whether anyone of any group is recognised differently from "
    "others who show the same emotion, by several tests [@mantel1959; @landis1978] whose p-values "
    "were combined by their harmonic mean [@wilson2019]. What equal treatment gives was found by "
    "exchanging whole rows of groups among people who show the same emotion [@good2005]. The "
    "p-values were corrected for all tests together, step-down [@westfall1993]; metrics over all "
    "emotions, and behind these single emotions and pairs of groups, were tested where the "
    "question of their attribute was answered yes [@meinshausen2008]."
)
_VALUES: Final = (
    "A gap is the largest minus the smallest value of a group, with the widening by noise taken "
    "off; the equal-opportunity gap [@hardt2016] is that of recall. Intervals of gaps are inverted "
    "tests at the level of the verdict, those of single shares are Wilson's [@wilson1927]."
)
_CHANGES: Final = (
    "Changes against the baseline were tested together over all variants, evaluation sets, "
    "attributes and metrics by a multiplier bootstrap [@chernozhukov2013], step-down "
    "[@westfall1993]; a gap that closed by loss alone counts as levelled down."
)
_RANKS: Final = (
    "Methods were set against the control ({control}) and ranked [@demsar2006], with the ranks "
    "that each may have [@mogstad2024]."
)
_PREDICTED: Final = (
    "Where nobody annotated groups, a model trained on FairFace [@karkkainen2021] predicted them; "
    "tests are of the groups as labelled, and label errors usually make real gaps look smaller."
)


def methods_paragraph(inputs: ReportInputs) -> str:
    """Which faces, which model, how differences were tested."""
    found = inputs.rows(GapRow)
    told = [*_data(inputs), *_models(inputs), _TESTS, _primary(inputs), _VALUES]
    if effects(inputs):
        told.append(_CHANGES)
    control = next((row for row in inputs.rows(RankRow) if row.is_control), None)
    if control is not None:
        told.append(_RANKS.format(control=in_sentence(control.variant_label)))
    if any(row.predicted for row in found):
        told.append(_PREDICTED)
    told.append("Demographic labels are what somebody, or a model, saw in a picture.")
    return " ".join(filter(None, told))


def results_paragraph(inputs: ReportInputs) -> str:
    """How well emotions are recognised, where groups differ, what methods changed."""
    told = [*_performance(inputs)]
    one_by_one = statements(inputs)
    told += [_found(one) for one in one_by_one if one.sign is Sign.FOUND]
    told += [
        _listed_as(one_by_one, Sign.NOT_FOUND, "No difference was found for"),
        _listed_as(one_by_one, Sign.CANNOT_TELL, "Nothing can be said of"),
        _methods(inputs),
    ]
    return " ".join(filter(None, told)) or "Nothing was scored."


def _data(inputs: ReportInputs) -> list[str]:
    """The faces of each set, and who labelled their groups."""
    told = []
    sources = grouped(inputs.rows(GapRow), lambda row: row.evaluation_set)
    for name, rows in grouped(inputs.rows(OverallRow), lambda row: row.evaluation_set).items():
        most = max(rows, key=lambda row: row.n_faces)
        if inputs.is_fabricated(name):
            told.append(f"{most.size} fabricated faces in the layout of {most.set_label}")
            continue
        cite = f" [@{_DATASETS[name]}]" if name in _DATASETS else ""
        by = listed(sorted({row.source_label for row in sources.get(name, [])}))
        groups = f" (groups: {by})" if by else ""
        told.append(f"{most.size} faces of {most.set_label}{cite}{groups}")
    return [f"We scored {listed(told)}."] if told else []


def _models(inputs: ReportInputs) -> list[str]:
    """What the first variant is, and what it is compared with."""
    names, models = inputs.variants(), inputs.rows(ModelRow)
    if not names:
        return []
    first = next((row for row in models if row.variant == names[0]), None)
    told = []
    if inputs.kind == "project" and first is not None and first.n_weights > 0:
        told.append(
            f"The baseline is a network ({first.network}) of {thousands(first.n_weights)} weights, "
            f"started from {start_label(first.started_from)}."
        )
    methods = {row.variant: row.source for row in models if row.variant != names[0]}
    if methods:
        each = [
            f"{in_sentence(inputs.label_of(name))}{'' if _is_own(source) else f' ({source})'}"
            for name, source in methods.items()
        ]
        told.append(f"It was compared with {listed(each)}.")
    seeds = {row.seed for row in models if row.fingerprint is not None}
    if seeds:
        each_of = "one training seed" if len(seeds) == 1 else f"{len(seeds)} training seeds"
        told.append(f"Models were trained with {each_of}.")
    return told


def _is_own(source: str) -> bool:
    return not source or source.startswith(("none", "this project"))


def _primary(inputs: ReportInputs) -> str:
    if not inputs.primary:
        return ""
    outcomes = listed([name.replace("_", " ") for name in inputs.primary])
    return (
        f"Primary outcomes, tested first and at the full level, were named beforehand: {outcomes} "
        "[@dmitrienko2003]."
    )


def _performance(inputs: ReportInputs) -> list[str]:
    names = inputs.variants()[:1]
    rows = [row for row in inputs.rows(OverallRow) if row.variant in names]
    who = "The audited model" if inputs.kind == "audit" else "The baseline"
    return [
        f"{who} reached {scores_text(scored)} on {scored[0].set_label}."
        for scored in grouped(rows, lambda row: row.evaluation_set).values()
    ]


def _found(one: Statement) -> str:
    return f"{one.about}: {one.text} {gap_sentence(one.gap)}"


def _listed_as(found: list[Statement], sign: Sign, opening: str) -> str:
    told = [
        f"{one.about} (would be found: {one.gap.amount(one.gap.detectable)})"
        if sign is Sign.NOT_FOUND
        else one.about
        for one in found
        if one.sign is sign
    ]
    return f"{opening} {'; '.join(told)}." if told else ""


def _methods(inputs: ReportInputs) -> str:
    """What was found against the control, or else of each method against the baseline."""
    changes = inputs.rows(AgainstControlRow)
    if changes:
        return answer_sentences(changes)
    told = [
        f"{inputs.label_of(method.variant)} {listed(sorted(set(method.by_audience.values())))}"
        for method in effects(inputs)
    ]
    return f"Against the baseline: {'; '.join(told)}." if told else ""
