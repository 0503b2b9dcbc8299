"""The first page: what was found, in a project's report and in the audit of one model."""

from collections.abc import Callable, Mapping
from typing import Final

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting import page
from fer_fairness.reporting.findings.changes import comparison_findings, together_note
from fer_fairness.reporting.findings.finding import (
    Finding,
    performance_findings,
    scores_text,
)
from fer_fairness.reporting.findings.gap_sentences import gap_sentence
from fer_fairness.reporting.findings.gaps import gap_findings
from fer_fairness.reporting.findings.label_correction import (
    LabelErrors,
    corrected_cell,
    label_errors,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import (
    capitalised,
    evaluation_set_label,
    in_sentence,
    shortened,
    variant_label,
)
from fer_fairness.reporting.number_text import listed, thousands
from fer_fairness.reporting.rows.changes import ComparisonOverSeedsRow, ComparisonRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import HEADLINE_METRICS, ConfusionRow, GapRow, OverallRow
from fer_fairness.reporting.sections.worst_subgroup import ScanRow, scan_finding

_NOTHING_SCORED: Final = "No predictions were scored, so nothing can be said of recognition."
_READING: Final = (
    "Gaps are shown with the widening by noise taken off. Square brackets are intervals at the "
    "level at which each is judged among all tests here: they leave out equal treatment exactly "
    "where a difference was found."
)
_CHANGES_AS_LABELLED: Final = (
    "Changes between predicted groups are as labelled, not corrected for label errors, which make "
    "real changes look smaller."
)
_ONE_OF_SEVERAL: Final = (
    "They are of the models of the first training seed; what holds over all seeds is told under "
    "“Over training seeds”."
)
_VERDICTS: Final = (
    "“Found”: found after correction for many comparisons; grey: not found, or not tested."
)
_CORRECTED_HEAD: Final = page.Cell("\N{RIGHTWARDS ARROW} corrected for label errors")
_CORRECTED_NOTE: Final = (
    " Below predicted groups: the gap with label errors taken off too; the verdict is of the "
    "groups as labelled."
)


def found_section(inputs: ReportInputs) -> page.Section:
    """What was found: recognition, differences between groups, and what mitigation changed."""
    performance = performance_findings(inputs)
    blocks: list[page.Block] = [
        page.Findings(tuple(performance), folded=True)
        if performance
        else page.absent(_NOTHING_SCORED),
        *_primary_blocks(inputs),
        page.Heading("Differences between groups"),
        *_differences(inputs),
        page.Heading("What mitigation changed against the baseline"),
    ]
    comparisons = comparison_findings(inputs)
    if comparisons:
        text = [together_note(inputs.rows(ComparisonRow))]
        if any(row.predicted for row in inputs.rows(GapRow)):
            text.append(_CHANGES_AS_LABELLED)
        if inputs.rows(ComparisonOverSeedsRow):
            text.append(_ONE_OF_SEVERAL)
        reading = page.Folded("What was tested together", (page.Text(" ".join(text)),))
        blocks += [page.many(comparisons, "variant and evaluation set"), reading]
    else:
        blocks.append(page.absent("No variant was compared with the baseline."))
    return page.Section("found", "Findings in full", blocks)


def audit_found_section(inputs: ReportInputs) -> page.Section:
    """Which model, how well it recognises emotions, and where its groups differ."""
    blocks: list[page.Block] = [
        page.Findings(tuple(_openings(inputs)))
        if inputs.rows(OverallRow)
        else page.absent(_NOTHING_SCORED),
        *_primary_blocks(inputs),
        page.Heading("Differences between groups"),
        *_differences(inputs),
    ]
    several = len(inputs.variants()) > 1
    scanned = tuple(scan_finding(row, of_model=several) for row in inputs.rows(ScanRow))
    if scanned:
        blocks += [page.Heading("The worst-served subgroup"), page.Findings(scanned)]
    comparisons = inputs.rows(ComparisonRow)
    if comparisons:
        note = together_note(comparisons, reference=inputs.reference, noun="model")
        findings = page.Findings(tuple(comparison_findings(inputs)), folded=True)
        blocks += [page.Heading("What the other models change"), page.Text(note), findings]
    return page.Section("found", "Findings in full", blocks)


def _openings(inputs: ReportInputs) -> list[Finding]:
    """Which file or model, how many faces and classes, and how often each model is right."""
    reading = inputs.manifest.get("reading")
    file = reading.get("file") if isinstance(reading, dict) else None
    sets = inputs.evaluation_sets()
    where = evaluation_set_label(", ".join(sets))
    if sets and set(sets) <= set(EVALUATION_SETS):
        source = f"predictions on the test faces of {where}"
    else:
        source = f"predictions in {shortened(str(file))}" if file else f"predictions on {where}"
    by_variant = grouped(inputs.rows(OverallRow), lambda row: row.variant)
    told = []
    for variant, overall in by_variant.items():
        most = max(overall, key=lambda row: row.n_faces)
        people = f" of {thousands(most.n_people)} people" if most.n_people < most.n_faces else ""
        text = (
            f"The model “{inputs.label_of(variant)}” was audited by its {source}: "
            f"{thousands(most.n_faces)} faces{people}, {len(_classes(inputs))} classes, "
            f"{scores_text(overall)}."
        )
        told.append(Finding("performance", inputs.label_of(variant), text))
    return told


def _classes(inputs: ReportInputs) -> set[str]:
    counted = inputs.rows(ConfusionRow)
    names = {row.emotion for row in counted} | {row.predicted_emotion for row in counted}
    metrics = {row.metric for row in inputs.rows(OverallRow)}
    return names or {metric for metric in metrics if metric.startswith("recall_")}


def _differences(inputs: ReportInputs) -> list[page.Block]:
    """Of every headline metric where groups differ; of a project the first variant's findings."""
    gaps = inputs.rows(GapRow)
    headline = [row for row in gaps if row.headline]
    if not headline:
        return [page.absent("No gap between groups was computed.")]
    errors = label_errors(inputs)
    scored = {row.variant for row in headline}
    first, *_ = [name for name in inputs.variants() if name in scored]
    findings = page.Findings(tuple(gap_findings(inputs, variant=first)), folded=True)
    if inputs.kind == "audit":
        gaps = [row for row in gaps if row.variant == first]
        headline = [row for row in headline if row.variant == first]
        counts = headline_counts(headline, of="of every attribute", after="metrics and attributes")
        if len(scored) > 1:
            counts = f"These are of the model {inputs.reference}. {counts}"
        text = f"{counts} {others_found(gaps, 'attribute')}{_READING}"
        return [page.Text(text), metrics_table(headline, errors), findings]
    counts = headline_counts(
        headline,
        of="of every variant, attribute and evaluation set",
        after="metrics and attributes of one variant on one evaluation set",
    )
    shown = [row for row in gaps if row.variant == first]
    text = (
        f"{counts} Findings are told of the variant “{variant_label(first)}”. "
        f"{others_found(shown, 'attribute of an evaluation set')}"
    )
    by_table = grouped(headline, lambda row: (row.evaluation_set, row.metric))
    tables = [
        variants_table(by_table[evaluation_set, metric], inputs.variants_shown(), errors)
        for evaluation_set in inputs.evaluation_sets()
        for metric in HEADLINE_METRICS
        if (evaluation_set, metric) in by_table
    ]
    reading = page.Folded("How to read the findings", (page.Text(_READING),))
    return [page.Text(text.strip()), findings, reading, *tables]


def _primary_blocks(inputs: ReportInputs) -> list[page.Block]:
    """What became of the outcomes that were named before looking; none where none were.

    Of a project those of the first variant.
    """
    rows = [
        row
        for row in inputs.rows(GapRow)
        if row.variant in inputs.variants()[:1]
        and f"{row.metric} by {row.attribute}" in inputs.primary
    ]
    found = [
        Finding(
            "found" if row.found else "not_found",
            f"{row.set_label}, {row.groups_label}"
            if inputs.kind == "project"
            else capitalised(row.groups_label),
            gap_sentence(row),
        )
        for row in rows
    ]
    return [page.Heading("Primary outcomes"), page.Findings(tuple(found))] if found else []


def headline_counts(rows: list[GapRow], *, of: str, after: str) -> str:
    """How many of the headline comparisons are differences found.

    Args:
        rows: Rows of `gaps` with headline metrics only, at least one.
        of: What is compared: "of every attribute".
        after: What the correction is for, after the word "all".

    Returns:
        One sentence; where nothing could be compared, it says that and not "none found".
    """
    names = listed([in_sentence(metric_words(metric).label) for metric in HEADLINE_METRICS])
    what = f"{len(rows)} headline comparisons ({names} {of})"
    if all(row.judgement is Verdict.TOO_FEW for row in rows):
        return f"None of the {what} could be made: too few people."
    found = sum(row.found for row in rows)
    are = "is a difference" if found == 1 else "are differences"
    waiting = sum(row.judgement is Verdict.NOT_TESTED for row in rows)
    behind = f"; {waiting} were not tested, behind primary outcomes" if waiting else ""
    return f"Of {what}, {found} {are} found after the correction for all {after}{behind}."


def others_found(gaps: list[GapRow], what: str) -> str:
    """For how many attributes only metrics other than the headline ones found a difference.

    Args:
        gaps: Those of the findings that the page shows.
        what: What a finding is about, in the singular: "attribute".

    Returns:
        One sentence and a space behind it; empty where there are none.
    """
    blocks = grouped(gaps, lambda row: (row.key, row.attribute_source)).values()
    more = sum(
        any(row.headline for row in rows)
        and any(row.found for row in rows)
        and not any(row.found and row.headline for row in rows)
        for rows in blocks
    )
    if not more:
        return ""
    noun, *rest = what.split(" ", 1)
    things = " ".join([noun if more == 1 else f"{noun}s", *rest])
    return f"Other metrics found a difference for {more} more {things}. "


def variants_table(
    rows: list[GapRow], variants: tuple[str, ...], errors: LabelErrors
) -> page.Table:
    """One metric on one set at a glance: a row an attribute, a column a variant."""
    first = rows[0]
    scored = {row.variant for row in rows}
    unit = ", percentage points" if first.in_points else ""
    return _glance_table(
        f"{first.words.label} on {first.set_label}{unit}, with its interval. ",
        rows,
        {name: variant_label(name) for name in variants if name in scored},
        lambda row: row.variant,
        errors,
    )


def metrics_table(rows: list[GapRow], errors: LabelErrors) -> page.Table:
    """The headline metrics of one model at a glance: a row an attribute, a column a metric."""
    shown = {row.metric for row in rows}
    heads = {name: f"{metric_words(name).label}, points" for name in HEADLINE_METRICS}
    return _glance_table(
        "Gaps in percentage points, with their intervals. ",
        rows,
        {name: head for name, head in heads.items() if name in shown},
        lambda row: row.metric,
        errors,
        with_groups=True,
    )


def _glance_table(
    caption: str,
    rows: list[GapRow],
    columns: Mapping[str, str],
    column_of: Callable[[GapRow], str],
    errors: LabelErrors,
    *,
    with_groups: bool = False,
) -> page.Table:
    """A row an attribute: value, interval and verdict in each cell, differences found in bold.

    Below a predicted attribute stands a row with the values corrected for label errors.

    Args:
        caption: What stands before the explanation of verdicts.
        rows: Rows of `gaps`, one of each attribute and column.
        columns: Heads by what `column_of` says.
        column_of: The column of a row.
        errors: What is known of label errors.
        with_groups: Whether the number of groups is told.
    """
    body: list[tuple[page.Cell, ...]] = []
    for block in grouped(rows, lambda row: row.people).values():
        first, by_column = block[0], {column_of(row): row for row in block}
        cells = [by_column.get(name) for name in columns]
        groups = page.numeric(thousands(max(row.n_groups for row in block)))
        body.append(
            (
                page.Cell(f"{first.attribute_label}{' (predicted)' if first.predicted else ''}"),
                *([groups] if with_groups else []),
                page.people(min(row.smallest_group_size for row in block)),
                *(_verdict_cell(row) for row in cells),
            )
        )
        if first.predicted:
            empty = [page.Cell("", numeric=True)] * (1 + with_groups)
            corrected = (corrected_cell(row, errors) for row in cells)
            body.append((_CORRECTED_HEAD, *empty, *corrected))
    note = _CORRECTED_NOTE if any(row.predicted for row in rows) else ""
    counted = ("Groups compared", "Smallest group") if with_groups else ("Smallest group",)
    header = ("Attribute", *counted, *columns.values())
    return page.Table(f"{caption}{_VERDICTS}{note}", header, tuple(body), folded=True)


def _verdict_cell(row: GapRow | None) -> page.Cell:
    """Value, interval and whether a difference was found; a dash where there is no row."""
    if row is None:
        return page.DASH
    if not row.found:
        return page.estimate(row, muted=True)
    return page.numeric(f"{row.estimate}\nfound", strong=True)
