"""A model card for each variant, after Mitchell et al. 2019 (arXiv 1810.03993)."""

import re
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting.gap_findings import gap_findings
from fer_fairness.reporting.gap_sentences import verdict_text
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_correction import label_errors
from fer_fairness.reporting.labels import (
    evaluation_set_label,
    group_label,
    start_label,
    variant_label,
)
from fer_fairness.reporting.number_text import MISSING, p_value, thousands
from fer_fairness.reporting.rows.scores import GapRow, GroupRow, OfSource, OverallRow
from fer_fairness.reporting.rows.training import DistributionRow, HistoryRow, ModelRow

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#])")


def markdown_escape(value: object) -> str:
    """A value as plain text inside Markdown: no markup, no HTML, no new line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))


def model_card(inputs: ReportInputs, variant: str) -> str:
    """The model card of one variant.

    Args:
        inputs: The report's tables.
        variant: A variant that the tables know.

    Returns:
        Markdown with the sections of Mitchell et al. 2019.

    Raises:
        InvalidInputError: If no table knows `variant`, or the inputs are those of an audit: the
            card tells how a model was made, which an audit does not know.
    """
    if inputs.kind == "audit":
        raise InvalidInputError(
            f"A model card was asked for the audited model {variant!r}; expected the inputs of a "
            "project's report, kind 'project': how a foreign model was made is not known. Use "
            "render_report and results_json for an audit."
        )
    if variant not in inputs.variants():
        raise InvalidInputError(
            f"There is no variant {variant!r} to write a model card for; the tables have "
            f"{list(inputs.variants())}. Check the spelling, or run its pipeline first."
        )
    environment = Environment(
        loader=PackageLoader("fer_fairness.reporting"),
        autoescape=False,  # noqa: S701 -- Markdown: the filter below escapes, HTML included
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["md"] = markdown_escape
    gaps = [row for row in inputs.rows(GapRow) if row.variant == variant]
    return environment.get_template("model_card.md.jinja").render(
        title=variant_label(variant),
        notes=inputs.notes,
        facts=_facts(inputs, variant),
        evaluation_sets=[evaluation_set_label(name) for name in inputs.evaluation_sets()],
        overall=[_overall_line(row) for row in inputs.rows(OverallRow) if row.variant == variant],
        groups=[_group_line(row) for row in inputs.rows(GroupRow) if row.variant == variant],
        gaps=[_gap_line(row) for row in gaps if row.over_all_emotions],
        findings=gap_findings(inputs, variant=variant),
        predicted=_predicted_lines(inputs, gaps),
    )


def _facts(inputs: ReportInputs, variant: str) -> list[tuple[str, str]]:
    facts = [
        (key.replace("_", " ").capitalize(), str(inputs.manifest[key]))
        for key in ("command", "commit", "seed", "versions")
        if key in inputs.manifest
    ]
    models = [row for row in inputs.rows(ModelRow) if row.variant == variant]
    for row in models[:1]:
        if row.fingerprint is not None:
            facts += [
                ("Network", row.network),
                ("Weights", thousands(row.n_weights)),
                ("Weights that were trained", thousands(row.n_trainable_weights)),
                ("Started from", start_label(row.started_from)),
                ("SHA-256 of the weights", row.fingerprint),
            ]
    epochs = [row for row in inputs.rows(HistoryRow) if row.variant == variant]
    if epochs:
        facts.append(("Epochs trained", str(len(epochs))))
    cells = [row for row in inputs.rows(DistributionRow) if row.variant == variant]
    if cells:
        facts.append(("Training faces added", thousands(sum(row.n_added for row in cells))))
    return facts


def _people(row: OfSource) -> str:
    return f"{row.attribute_label}, {row.source_label}"


def _overall_line(row: OverallRow) -> tuple[str, ...]:
    return row.set_label, row.words.label, row.estimate, row.size


def _group_line(row: GroupRow) -> tuple[str, ...]:
    group = group_label(row.group)
    scored = (row.words.label, row.estimate, row.size)
    return row.set_label, _people(row), group, *scored


def _gap_line(row: GapRow) -> tuple[str, ...]:
    numbers = (row.detectable, row.raw_value, row.null_95)
    return (
        row.set_label,
        _people(row),
        row.words.label,
        row.estimate,
        *(row.in_unit(shown) for shown in numbers),
        p_value(row.p),
        verdict_text(row),
    )


def _predicted_lines(inputs: ReportInputs, gaps: list[GapRow]) -> list[tuple[str, ...]]:
    """Headline gaps of predicted groups: as labelled and corrected, and who got no label."""
    errors = label_errors(inputs)
    told: list[tuple[str, ...]] = []
    for row in gaps:
        if not (row.predicted and row.headline):
            continue
        gap, known = errors.gap(row), errors.attributes.get(row.key)
        without = MISSING if known is None else known.abstained
        corrected = f"not corrected: {errors.reason(row)}" if gap is None else gap.corrected_amount
        told.append(
            (row.set_label, row.attribute_label, without, row.words.label, row.estimate, corrected)
        )
    return told
