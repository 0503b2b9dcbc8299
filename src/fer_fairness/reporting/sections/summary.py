"""The first page: what was found, and what these data cannot show."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from fer_fairness.reporting.findings import (
    comparison_findings,
    difference_found,
    gap_findings,
    performance_findings,
)
from fer_fairness.reporting.inputs import FEW_PEOPLE, ReportInputs
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.blocks import (
    Block,
    Bullets,
    Findings,
    Heading,
    Section,
    Text,
    absent,
)
from fer_fairness.reporting.tables import (
    MISSING,
    Cell,
    Table,
    listed,
    percent,
    thousands,
    value_with_interval,
)
from fer_fairness.reporting.words import (
    HEADLINE_METRICS,
    attribute_label,
    evaluation_set_label,
    metric_words,
    variant_label,
)

_GENERAL_LIMITS: Final = (
    (
        "Demographic labels are perceived: what an annotator or a model saw in a picture, not "
        "who someone is. Emotion labels are perceived expressions, not what someone felt."
    ),
    (
        "“No difference found” means that the data do not tell the gap from chance at these "
        "group sizes. It does not mean that groups are treated alike."
    ),
    (
        "Largest-minus-smallest gaps are biased upward by noise, the more so with many or small"
        " groups. Read each beside what chance alone gives, never on its own."
    ),
    (
        "An accuracy gap that only comes from a group showing more of the hard emotions counts "
        "as chance here: the test asks whether people who show the same emotion are recognised "
        "equally often."
    ),
    (
        "A variant is compared with the baseline as a whole. What it changed includes the effect "
        "of further training, and on RAF-DB that of having seen RAF-DB faces at all."
    ),
    (
        "Intervals and p-values speak of faces like those of the evaluation set. They do not "
        "cover other cameras, countries or ways of labelling, nor the choice of training seed."
    ),
)


def found_section(inputs: ReportInputs) -> Section:
    """What was found: recognition, differences between groups, and what mitigation changed."""
    blocks: list[Block] = []
    performance = performance_findings(inputs)
    if performance:
        blocks.append(Findings(tuple(performance)))
    else:
        blocks.append(absent("No predictions were scored, so nothing can be said of recognition."))
    blocks += _difference_blocks(inputs)
    blocks.append(Heading("What mitigation changed"))
    comparisons = comparison_findings(inputs)
    if comparisons:
        text = (
            "Each variant minus the baseline, in percentage points; a gap is named where the "
            "interval of its change excludes zero. These intervals are not corrected for many "
            "comparisons: with twenty of them, one excludes zero by chance."
        )
        blocks += [Text(text), Findings(tuple(comparisons))]
    else:
        blocks.append(absent("No variant was compared with the baseline."))
    return Section("found", "What was found", blocks)


def _difference_blocks(inputs: ReportInputs) -> list[Block]:
    blocks: list[Block] = [Heading("Differences between groups")]
    headline = inputs.gaps[inputs.gaps["metric"].isin(HEADLINE_METRICS)]
    if headline.empty:
        return [*blocks, absent("No gap between groups was computed.")]
    variant = next(name for name in inputs.variants() if name in set(headline["variant"]))
    verdicts = [difference_found(row) for row in records(headline)]
    blocks.append(
        Text(
            f"Of {len(verdicts)} headline comparisons ({_headline_names()}; every variant, "
            f"attribute and evaluation set), {sum(verdicts)} are differences found after the "
            "correction for all metrics and attributes of one variant on one evaluation set. "
            f"The findings below are of the variant “{variant_label(variant)}”; square brackets "
            "are 95 % intervals, “chance alone” is what is seen on average, and in 95 draws of "
            "100, where people of one emotion are given a group at random: noise, and what "
            "a different mix of emotions in the groups does by itself."
        )
    )
    blocks.append(Findings(tuple(gap_findings(inputs, variant=variant))))
    for evaluation_set in inputs.evaluation_sets():
        rows = headline[headline["evaluation_set"] == evaluation_set]
        blocks += [
            verdict_table(rows[rows["metric"] == metric], inputs.variants(), metric=metric)
            for metric in HEADLINE_METRICS
            if (rows["metric"] == metric).any()
        ]
    return blocks


def _headline_names() -> str:
    return listed([metric_words(metric).label.lower() for metric in HEADLINE_METRICS])


def verdict_table(rows: pd.DataFrame, variants: Sequence[str], *, metric: str) -> Table:
    """One metric at a glance: a row an attribute, a column a variant.

    Args:
        rows: Rows of `gaps` of one evaluation set and metric, at least one.
        variants: The variants in the order of the columns.
        metric: The metric shown.

    Returns:
        A table with value, interval and verdict in each cell, differences found in bold.
    """
    present = [name for name in variants if name in set(rows["variant"])]
    body = []
    for (attribute, source), block in rows.groupby(["attribute", "attribute_source"], sort=False):
        by_variant = {str(row["variant"]): row for row in records(block)}
        smallest = as_float(block["smallest_group_size"].min())
        label = "" if source == "annotated" else " (predicted)"
        head = Cell(f"{attribute_label(str(attribute))}{label}")
        size = Cell(thousands(smallest), numeric=True, muted=smallest < FEW_PEOPLE)
        body.append((head, size, *(_verdict_cell(by_variant.get(name)) for name in present)))
    words = metric_words(metric)
    unit = ", percentage points" if words.in_points else ""
    where = evaluation_set_label(str(rows["evaluation_set"].iloc[0]))
    return Table(
        caption=f"{words.label} on {where}{unit}, with 95 % interval. "
        "“Found”: a difference found after correction; grey: no difference found.",
        header=("Attribute", "Smallest group", *(variant_label(name) for name in present)),
        rows=tuple(body),
    )


def _verdict_cell(row: Row | None) -> Cell:
    if row is None:
        return Cell(MISSING, numeric=True, muted=True)
    found = difference_found(row)
    value, low, high = (as_float(row[name]) for name in ("value", "ci_low", "ci_high"))
    in_points = metric_words(str(row["metric"])).in_points
    text = value_with_interval(value, low, high, in_points=in_points).replace(" [", "\n[")
    return Cell(f"{text}\nfound" if found else text, numeric=True, strong=found, muted=not found)


def limits_section(inputs: ReportInputs) -> Section:
    """What the data cannot show: general limits, then those of this very run."""
    sentences = list(_GENERAL_LIMITS)
    sentences += _predicted_label_limits(inputs)
    sentences += _size_limits(inputs)
    for evaluation_set in ("fer_plus", "raf_db"):
        if evaluation_set not in inputs.evaluation_sets():
            name = evaluation_set_label(evaluation_set)
            sentences.append(f"Nothing was scored on {name}: this report says nothing about it.")
    return Section("limits", "Limits", [Bullets(tuple(sentences))])


def _predicted_label_limits(inputs: ReportInputs) -> list[str]:
    predicted = inputs.gaps[inputs.gaps["attribute_source"] == "predicted"]
    if predicted.empty:
        return []
    attributes = [attribute_label(str(name)) for name in predicted["attribute"].unique()]
    text = (
        f"Labels of {listed(attributes)} come from a model on some evaluation set: a gap is one "
        "between faces as the model labelled them. Mistakes that are independent of those of the "
        "emotion model shrink a gap; mistakes that share a cause with them, such as blur or dark "
        "pictures, can enlarge it or make one up."
    )
    scores = [
        f"{attribute_label(str(row['attribute']))} {percent(as_float(row['accuracy']))}"
        for row in records(inputs.labeller_summary)
    ]
    if not scores:
        return [text]
    accuracy = (
        f"On FairFace faces that it had not seen, it is right on: {listed(scores)}. On other "
        "datasets this is not known, and may be lower."
    )
    return [f"{text} {accuracy}"]


def _size_limits(inputs: ReportInputs) -> list[str]:
    rows = inputs.gaps.drop_duplicates(["evaluation_set", "attribute", "attribute_source"])
    few = rows[rows["smallest_group_size"].astype(float) < FEW_PEOPLE]
    if few.empty:
        return []
    told = [
        f"{attribute_label(str(row['attribute']))} on "
        f"{evaluation_set_label(str(row['evaluation_set']))} "
        f"(n = {thousands(as_float(row['smallest_group_size']))})"
        for row in records(few)
    ]
    return [f"The smallest group has fewer than {FEW_PEOPLE} faces for {listed(told)}."]
