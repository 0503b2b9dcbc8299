"""The nine sections of a model card, after Mitchell et al. 2019 (arXiv 1810.03993)."""

from collections.abc import Mapping, Sequence
from typing import Final

from fer_fairness.evaluation_sets import TRAINED_ON
from fer_fairness.reporting import page
from fer_fairness.reporting.card.analyses import analyses
from fer_fairness.reporting.glance import Statement
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import (
    capitalised,
    evaluation_set_label,
    start_label,
    variant_label,
)
from fer_fairness.reporting.number_text import listed, thousands
from fer_fairness.reporting.rows.labeller import LabellerSummaryRow
from fer_fairness.reporting.rows.scores import OverallRow
from fer_fairness.reporting.rows.training import DistributionRow, HistoryRow, ModelRow
from fer_fairness.reporting.sections.limits import size_limits
from fer_fairness.taxonomy import EMOTIONS

_INTENDED: Final = (
    "Research on how evenly recognition of facial expressions treats people, and on what mitigates "
    "differences; for people who do such research."
)
_OUT_OF_SCOPE: Final = (
    "Out of scope: decisions about people; claims about what someone feels; surveillance; any use "
    "in which a wrong answer harms the person in the picture. A perceived expression is not an "
    "emotion, and a perceived group is not an identity."
)
_FACTORS: Final = (
    "Groups are what an annotator or a model saw in a picture. Camera, light and pose are not "
    "recorded, and nothing is told by them."
)
_METRICS: Final = (
    "Accuracy, mean recall and macro F1 of the emotion with the largest probability; there is no "
    "threshold. A gap is the highest value of a group minus the lowest, with the widening by noise "
    "taken off. Intervals of scores are at 95 %, those of gaps at the level of their verdict. "
    "“Difference found” is said only where a p-value of shuffled groups survived the correction "
    "for everything that was tested."
)
_ETHICS: Final = (
    "Faces were collected from the web, and the people in them were not asked. Labels of gender, "
    "race and age group reduce people to what somebody saw; they serve here to measure unequal "
    "treatment and nothing else."
)
_FABRICATED_ETHICS: Final = (
    "These faces were drawn: no person is in them. A model of real faces inherits that most people "
    "in such datasets were not asked, and that labels of gender, race and age group reduce people "
    "to what somebody saw."
)
_NOT_FOUND: Final = (
    "“No difference found” is not “no difference”: small groups hide large gaps. Intervals do not "
    "cover the choice of training seed, other cameras or other populations."
)
_ELSEWHERE: Final = "Before any use on other faces, audit the model on labelled faces from there."
_PREDICTED: Final = (
    "Where groups are predicted, gaps are between faces as the labeller sees them. Gaps without "
    "label errors assume that it errs independently of the emotion model, and as often as on "
    "FairFace's held-out faces ({file})."
)


def card_sections(
    inputs: ReportInputs, variant: str, told: Sequence[Statement], drawing: page.Drawing | None
) -> list[page.Section]:
    """The sections in the order of Mitchell et al.

    Args:
        inputs: The report's tables.
        variant: Whose card it is.
        told: The statements on it.
        drawing: The figure of these; None where there is none.
    """
    ethics = _FABRICATED_ETHICS if any(map(inputs.is_fabricated, inputs.quality)) else _ETHICS
    caveats = [_NOT_FOUND, _ELSEWHERE, *_label_caveats(inputs, told), *size_limits(inputs)]
    return [
        page.Section("details", "Model details", _details(inputs, variant)),
        page.Section("use", "Intended use", [page.Text(_INTENDED), page.Text(_OUT_OF_SCOPE)]),
        page.Section("factors", "Factors", [page.Text(f"{_compared(told)}{_FACTORS}")]),
        page.Section("metrics", "Metrics", [page.Text(_METRICS)]),
        page.Section("evaluation_data", "Evaluation data", _evaluation_data(inputs)),
        page.Section("training_data", "Training data", _training_data(inputs, variant)),
        page.Section("analyses", "Quantitative analyses", analyses(inputs, variant, told, drawing)),
        page.Section("ethics", "Ethical considerations", [page.Text(ethics)]),
        page.Section("caveats", "Caveats and recommendations", [page.Bullets(tuple(caveats))]),
    ]


def _details(inputs: ReportInputs, variant: str) -> list[page.Block]:
    shown = (
        "A convolutional network that names the expression a small grey face appears to show, as "
        f"one of {listed(EMOTIONS)}."
    )
    facts = [*_facts_of_model(inputs, variant), *_facts_of_run(inputs)]
    licence = (
        "Licence and contact: none is given here; whoever publishes the weights gives them, within "
        "the licence of the training data."
    )
    return [page.Text(shown), page.Pairs(tuple(facts)), page.Text(licence)]


def _facts_of_model(inputs: ReportInputs, variant: str) -> list[tuple[str, str]]:
    facts = []
    for row in [row for row in inputs.rows(ModelRow) if row.variant == variant][:1]:
        source = "" if row.source.startswith("none") else f" ({row.source})"
        facts.append(("Method", f"{row.method or variant_label(variant)}{source}"))
        if row.fingerprint is not None:
            n_weights = f"{thousands(row.n_weights)} weights"
            trained = f"{thousands(row.n_trainable_weights)} of them trained"
            facts += [
                ("Network", f"{row.network}, {n_weights}, {trained}"),
                ("Started from", start_label(row.started_from)),
                ("SHA-256 of the weights", row.fingerprint),
            ]
    epochs = [row for row in inputs.rows(HistoryRow) if row.variant == variant]
    if epochs:
        steps = max(row.gradient_steps for row in epochs)
        facts.append(("Epochs trained", f"{len(epochs)}, {thousands(steps)} gradient steps"))
    return facts


def _facts_of_run(inputs: ReportInputs) -> list[tuple[str, str]]:
    manifest = inputs.manifest
    names = {"seed": "Seed", "started_at": "Started at", "commit": "Commit"}
    facts = [
        (label, str(manifest[key])) for key, label in names.items() if manifest.get(key) is not None
    ]
    versions = manifest.get("versions")
    if isinstance(versions, Mapping):
        told = (
            f"{name} {versions[name]}" for name in ("fer-fairness", "keras") if name in versions
        )
        facts.append(("Made with", ", ".join(told)))
    facts.append(("All parameters", f"{inputs.results_name}: manifest.trained_with"))
    return facts


def _compared(told: Sequence[Statement]) -> str:
    if not told:
        return ""
    attributes = sorted(
        {one.gap.attribute_label for one in told}, key=lambda label: (len(label), label)
    )
    sources = dict.fromkeys(f"{one.gap.set_label}: {one.gap.source_label}" for one in told)
    names = capitalised(listed(attributes))
    return f"{names} ({'; '.join(sorted(sources))}). "


def _label_caveats(inputs: ReportInputs, told: Sequence[Statement]) -> list[str]:
    predicted = any(one.gap.predicted for one in told)
    return [_PREDICTED.format(file=inputs.file_of(LabellerSummaryRow))] if predicted else []


def _evaluation_data(inputs: ReportInputs) -> list[page.Block]:
    scored = {row.evaluation_set: row for row in inputs.rows(OverallRow)}
    told = tuple(
        (row.set_label, f"{row.size} test faces{_title(inputs, name)}")
        for name, row in scored.items()
    )
    if not told:
        return [page.absent("Nothing was scored.")]
    return [page.Pairs(told), page.Text("The test faces chose nothing.")]


def _title(inputs: ReportInputs, dataset: str) -> str:
    reading = inputs.reading_of(dataset)
    title = f" of {reading['title']}" if "title" in reading else ""
    return f"{title}; fabricated" if inputs.is_fabricated(dataset) else title


def _training_data(inputs: ReportInputs, variant: str) -> list[page.Block]:
    parameters = inputs.manifest.get("parameters")
    name = (parameters if isinstance(parameters, Mapping) else {}).get("train_on", TRAINED_ON)
    label = evaluation_set_label(str(name))
    drawn = " (fabricated)" if inputs.is_fabricated(str(name)) else ""
    train, validation = (_n_faces(inputs, str(name), split) for split in ("train", "validation"))
    text = (
        f"{'The baseline' if variant != 'baseline' else 'It'} was trained on {train}training faces "
        f"of {label}{drawn}; its {validation}validation faces chose everything."
    )
    cells = [row for row in inputs.rows(DistributionRow) if row.variant == variant]
    if cells:
        before = thousands(sum(row.n_before for row in cells))
        added = thousands(sum(row.n_added for row in cells))
        text += f" This variant was trained on {before} faces and {added} added ones."
    elif variant != "baseline":
        text += " What this variant was trained on stands in its parameters."
    licence = None if drawn else inputs.reading_of(str(name)).get("licence")
    return [page.Text(text), *([page.Text(f"Licence of {label}: {licence}")] if licence else [])]


def _n_faces(inputs: ReportInputs, dataset: str, split: str) -> str:
    """The faces of a split with a target, and a blank; empty where they were not counted."""
    found = inputs.quality.get(dataset, {}).get("distributions")
    counts = found.get(split, {}) if isinstance(found, Mapping) else {}
    return f"{thousands(counts['n_with_target'])} " if "n_with_target" in counts else ""
