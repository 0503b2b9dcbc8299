"""A model card for each variant, after Mitchell et al. 2019 (arXiv 1810.03993)."""

import re
from typing import Final

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting.gap_findings import gap_findings
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import (
    PREDICTED,
    abstained_text,
    corrected_text,
    key_of,
    label_errors,
)
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.tables import MISSING, p_value, thousands, value_with_interval
from fer_fairness.reporting.verdicts import BY_CLASS, detectable, in_unit, verdict_text
from fer_fairness.reporting.words import (
    HEADLINE_METRICS,
    attribute_label,
    evaluation_set_label,
    group_label,
    metric_words,
    source_label,
    start_label,
    variant_label,
)

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
    return environment.get_template("model_card.md.jinja").render(
        title=variant_label(variant),
        notes=inputs.notes,
        facts=_facts(inputs, variant),
        evaluation_sets=[evaluation_set_label(name) for name in inputs.evaluation_sets()],
        overall=[_overall_row(row) for row in _of(inputs.overall, variant)],
        groups=[_group_row(row) for row in _of(inputs.groups, variant)],
        gaps=[_gap_row(row) for row in _of(inputs.gaps, variant) if row["family"] != BY_CLASS],
        findings=gap_findings(inputs, variant=variant),
        predicted=_predicted_rows(inputs, variant),
    )


def _of(table: pd.DataFrame, variant: str) -> list[Row]:
    return records(table[table["variant"] == variant])


def _facts(inputs: ReportInputs, variant: str) -> list[tuple[str, str]]:
    facts = [
        (key.replace("_", " ").capitalize(), str(inputs.manifest[key]))
        for key in ("command", "commit", "seed", "versions")
        if key in inputs.manifest
    ]
    for row in _of(inputs.models, variant)[:1]:
        if isinstance(row["fingerprint"], str):
            another = row["of_this_baseline"] is False
            facts += [
                ("Network", str(row["network"])),
                ("Weights", thousands(as_float(row["n_weights"]))),
                ("Weights that were trained", thousands(as_float(row["n_trainable_weights"]))),
                ("Started from", start_label(str(row["started_from"]), another=another)),
                ("SHA-256 of the weights", row["fingerprint"]),
            ]
    epochs = inputs.histories[inputs.histories["variant"] == variant]
    if len(epochs):
        facts.append(("Epochs trained", str(len(epochs))))
    added = inputs.distributions[inputs.distributions["variant"] == variant]
    if len(added):
        facts.append(("Training faces added", thousands(as_float(added["n_added"].sum()))))
    return facts


def _with_interval(row: Row, metric: str) -> str:
    value, low, high = (as_float(row[name]) for name in ("value", "ci_low", "ci_high"))
    return value_with_interval(value, low, high, in_points=metric_words(metric).in_points)


def _overall_row(row: Row) -> tuple[str, ...]:
    metric = str(row["metric"])
    return (
        evaluation_set_label(str(row["evaluation_set"])),
        metric_words(metric).label,
        _with_interval(row, metric),
        thousands(as_float(row["n_people"])),
    )


def _group_row(row: Row) -> tuple[str, ...]:
    metric = str(row["metric"])
    return (
        evaluation_set_label(str(row["evaluation_set"])),
        f"{attribute_label(str(row['attribute']))}, {source_label(str(row['attribute_source']))}",
        group_label(str(row["group"])),
        metric_words(metric).label,
        _with_interval(row, metric),
        thousands(as_float(row["n_people"])),
    )


def _gap_row(row: Row) -> tuple[str, ...]:
    metric = str(row["metric"])
    words = metric_words(metric)
    numbers = (as_float(row["corrected_value"]), detectable(row), as_float(row["null_95"]))
    return (
        evaluation_set_label(str(row["evaluation_set"])),
        f"{attribute_label(str(row['attribute']))}, {source_label(str(row['attribute_source']))}",
        words.label,
        _with_interval(row, metric),
        *(in_unit(shown, words) for shown in numbers),
        p_value(as_float(row["p_value_holm"])),
        p_value(as_float(row["p_value_benjamini_hochberg"])),
        verdict_text(row),
    )


def _predicted_rows(inputs: ReportInputs, variant: str) -> list[tuple[str, ...]]:
    """Headline gaps of predicted groups: as labelled and corrected, and who got no label."""
    errors = label_errors(inputs)
    rows = [
        row
        for row in _of(inputs.gaps, variant)
        if row["attribute_source"] == PREDICTED and row["metric"] in HEADLINE_METRICS
    ]
    told: list[tuple[str, ...]] = []
    for row in rows:
        gap, metric = errors.gap(row), str(row["metric"])
        known = errors.attributes.get(key_of(row))
        told.append(
            (
                evaluation_set_label(str(row["evaluation_set"])),
                attribute_label(str(row["attribute"])),
                MISSING if known is None else abstained_text(known),
                metric_words(metric).label,
                _with_interval(row, metric),
                f"not corrected: {errors.reason(row)}" if gap is None else corrected_text(gap),
            )
        )
    return told
