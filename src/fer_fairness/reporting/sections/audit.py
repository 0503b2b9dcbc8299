"""The first page of an audit: what was found of one model that was not trained here."""

import pandas as pd

from fer_fairness.reporting.findings import Finding, scores_text
from fer_fairness.reporting.gap_findings import gap_findings
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import PREDICTED, LabelErrors, label_errors
from fer_fairness.reporting.records import as_float, records
from fer_fairness.reporting.sections.blocks import (
    Block,
    Findings,
    Heading,
    Section,
    Text,
    absent,
)
from fer_fairness.reporting.sections.leads import headline_counts, others_found
from fer_fairness.reporting.sections.scan import scan_finding
from fer_fairness.reporting.sections.summary import (
    CORRECTED_HEAD,
    CORRECTED_NOTE,
    correction_cell,
    verdict_cell,
)
from fer_fairness.reporting.tables import Cell, Table, count_cell, thousands
from fer_fairness.reporting.words import (
    HEADLINE_METRICS,
    PROJECT_SETS,
    attribute_label,
    evaluation_set_label,
    metric_words,
    shortened,
)


def audit_found_section(inputs: ReportInputs) -> Section:
    """Which model, how well it recognises emotions, and where its groups differ."""
    blocks: list[Block] = []
    if inputs.overall.empty:
        blocks.append(absent("No predictions were scored, so nothing can be said of recognition."))
    else:
        blocks.append(Findings((_opening(inputs),)))
    blocks += _difference_blocks(inputs)
    scanned = [scan_finding(row) for row in records(inputs.scan)]
    if scanned:
        blocks += [Heading("The worst-served subgroup"), Findings(tuple(scanned))]
    return Section("found", "What was found", blocks)


def _opening(inputs: ReportInputs) -> Finding:
    """Which file or model, how many faces and classes, and how often it is right."""
    name = shortened(", ".join(inputs.variants()))
    reading = inputs.manifest.get("reading")
    file = reading.get("file") if isinstance(reading, dict) else None
    sets = inputs.evaluation_sets()
    where = evaluation_set_label(", ".join(sets))
    if sets and set(sets) <= set(PROJECT_SETS):
        source = f"predictions on the test faces of {where}"
    else:
        source = f"predictions in {shortened(str(file))}" if file else f"predictions on {where}"
    people = thousands(as_float(inputs.overall["n_people"].max()))
    classes = len(_classes(inputs))
    text = (
        f"The model “{name}” was audited by its {source}: {people} faces, {classes} classes, "
        f"{scores_text(inputs.overall)}."
    )
    return Finding("performance", name, text)


def _classes(inputs: ReportInputs) -> set[str]:
    names = {str(name) for name in inputs.confusion["emotion"]}
    names |= {str(name) for name in inputs.confusion["predicted_emotion"]}
    if names:
        return names
    metrics = inputs.overall["metric"].astype(str)
    return set(metrics[metrics.str.startswith("recall_")])


def _difference_blocks(inputs: ReportInputs) -> list[Block]:
    blocks: list[Block] = [Heading("Differences between groups")]
    headline = inputs.gaps[inputs.gaps["metric"].isin(HEADLINE_METRICS)]
    if headline.empty:
        return [*blocks, absent("No gap between groups was computed.")]
    text = (
        f"{headline_counts(headline, of='of every attribute', after='metrics and attributes')} "
        f"{others_found(inputs.gaps, 'attribute')}"
        "Square brackets are 95 % intervals; "
        "“chance alone” is what is seen on average, and in 95 draws of 100, where people of one "
        "emotion are given a group at random: noise, and what a different mix of emotions in the "
        "groups does by itself. “Noise-corrected” is the value with the widening by noise taken "
        "off."
    )
    blocks += [Text(text), headline_table(headline, label_errors(inputs))]
    for variant in inputs.variants():
        blocks.append(Findings(tuple(gap_findings(inputs, variant=variant))))
    return blocks


def headline_table(rows: pd.DataFrame, errors: LabelErrors) -> Table:
    """The headline metrics at a glance: a row an attribute, a column a metric.

    Args:
        rows: Rows of `gaps` of one model, with headline metrics only, at least one.
        errors: What is known of label errors.

    Returns:
        A table with value, interval and verdict in each cell, differences found in bold; below a
        predicted attribute a row with the values corrected for label errors.
    """
    metrics = [name for name in HEADLINE_METRICS if name in set(rows["metric"])]
    body = []
    for (attribute, source), block in rows.groupby(["attribute", "attribute_source"], sort=False):
        by_metric = {str(row["metric"]): row for row in records(block)}
        label = " (predicted)" if source == PREDICTED else ""
        body.append(
            (
                Cell(f"{attribute_label(str(attribute))}{label}"),
                Cell(thousands(as_float(block["n_groups"].max())), numeric=True),
                count_cell(as_float(block["smallest_group_size"].min())),
                *(verdict_cell(by_metric.get(name)) for name in metrics),
            )
        )
        if source == PREDICTED:
            cells = (correction_cell(by_metric.get(name), errors) for name in metrics)
            body.append((CORRECTED_HEAD, *[Cell("", numeric=True)] * 2, *cells))
    heads = (f"{metric_words(name).label}, points" for name in metrics)
    return Table(
        caption="Gaps in percentage points, with 95 % interval. “Found”: a difference found after "
        "correction for many comparisons; grey: no difference found."
        f"{CORRECTED_NOTE if (rows['attribute_source'] == PREDICTED).any() else ''}",
        header=("Attribute", "Groups compared", "Smallest group", *heads),
        rows=tuple(body),
    )
