"""Groups that a labeller named: figures as labelled beside those without its errors."""

from typing import Final

import pandas as pd

from fer_fairness.fairness.label_noise.evaluation import BOUNDS, CORRECTED
from fer_fairness.fairness.label_noise.scores import RECALL_DIFFERENCE
from fer_fairness.reporting.figures import predicted_groups_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import (
    PREDICTED,
    Key,
    abstained_text,
    held_out_label,
    key_of,
    label_errors,
    of_key,
    right_label_share,
)
from fer_fairness.reporting.records import Row, as_float
from fer_fairness.reporting.sections.blocks import Block, Heading, Section, Text, absent, drawing
from fer_fairness.reporting.sections.predicted_tables import (
    accuracy_table,
    difference_table,
    headline_gaps_table,
)
from fer_fairness.reporting.tables import percent, thousands
from fer_fairness.reporting.words import attribute_label, evaluation_set_label, variant_label

_METHODS: Final = (
    "“As labelled” takes every label to be right. “Corrected” takes the labeller's errors off: how "
    "often it mixes up groups, measured on held-out FairFace faces, is inverted (Zhu et al. 2023, "
    "arXiv 2210.03175), and the intervals carry how well that is known. “Soft labels” count each "
    "person towards a group with the labeller's probability of it (Chen et al. 2019, arXiv "
    "1811.11154); where a group is served differently as such, they show a part of the difference "
    "only. “Bounds” hold whatever label errors and the emotion model's answers have to do with "
    "each other."
)
_ASSUMPTION: Final = (
    "The correction assumes that the labeller errs on these people as on FairFace's, and that "
    "among people of one group its errors have nothing to do with the emotion shown or with "
    "whether the emotion model is right. What harms both models at once breaks the second: blur, "
    "poor light, a turned or covered head. Where you suspect that, read the bounds, which need the "
    "first only."
)
_TESTS: Final = (
    "Verdicts and p-values are of the groups as labelled. Under the same assumption the test is "
    "valid with wrong labels too; it only finds less."
)
_NOT_MEASURED: Final = (
    "How the labeller errs on such faces was not measured: every figure on predicted groups is as "
    "labelled, and differences between people may be larger."
)


def predicted_groups_section(inputs: ReportInputs) -> Section | None:
    """What was predicted, how wrong that is, and figures with the errors taken off.

    Returns:
        None where no group was predicted.
    """
    predicted = (inputs.gaps["attribute_source"] == PREDICTED).any()
    predicted |= (inputs.groups["attribute_source"] == PREDICTED).any()
    if not predicted and inputs.label_noise_attributes.empty:
        return None
    if inputs.label_noise_attributes.empty:
        return Section("predicted", "Predicted groups", [absent(_NOT_MEASURED)])
    blocks: list[Block] = [Text(_METHODS), Text(_ASSUMPTION), Text(_TESTS)]
    errors = label_errors(inputs)
    by_set = inputs.label_noise_attributes.groupby("evaluation_set", sort=False)
    for evaluation_set, rows in by_set:
        blocks += _headline_blocks(inputs, str(evaluation_set))
        for attribute in dict.fromkeys(rows["attribute"].astype(str)):
            same = set(rows.loc[rows["attribute"] == attribute, "variant"].astype(str))
            variant = next(name for name in inputs.variants() if name in same)
            key = (variant, str(evaluation_set), attribute)
            blocks += _attribute_blocks(inputs, key, errors.attributes[key], place=len(blocks))
    return Section("predicted", "Predicted groups", blocks)


def _headline_blocks(inputs: ReportInputs, evaluation_set: str) -> list[Block]:
    table = headline_gaps_table(inputs, evaluation_set)
    if table is None:
        return []
    if inputs.kind == "audit":
        return [table]
    return [
        Heading(f"{evaluation_set_label(evaluation_set)}: gaps as labelled and corrected"),
        table,
    ]


def _attribute_blocks(inputs: ReportInputs, key: Key, row: Row, *, place: int) -> list[Block]:
    variant, evaluation_set, attribute = key
    name, where = attribute_label(attribute), evaluation_set_label(evaluation_set)
    title = name if inputs.kind == "audit" else f"{where}, {name}"
    groups, scores = of_key(inputs.label_noise_groups, key), of_key(inputs.label_noise_scores, key)
    blocks: list[Block] = [
        Heading(title[:1].upper() + title[1:]),
        Text(warning_text(row, groups), warning=True),
    ]
    of = "the audited model" if inputs.kind == "audit" else f"“{variant_label(variant)}”"
    if (scores["metric"] == RECALL_DIFFERENCE).any():
        figure = predicted_groups_figure(scores, groups)
        caption = _figure_caption(scores, f"{name} on {where}", of)
        blocks.append(drawing(figure, key=f"predicted-{place}", caption=caption))
    if len(groups):
        folded = " x " in attribute
        what = f"{name} on {where}, {of}"
        blocks.append(accuracy_table(groups, scores, what=what, folded=folded))
        blocks.append(difference_table(groups, scores, what=what, folded=folded))
    return blocks


def warning_text(row: Row, groups: pd.DataFrame) -> str:
    """The warning on one predicted attribute, with its numbers.

    Args:
        row: Its row of `label_noise_attributes`.
        groups: Its rows of `label_noise_groups`.

    Returns:
        How often the labeller is right on held-out faces like these, how many people got no label,
        and why nothing is corrected, where that is so.
    """
    _, evaluation_set, attribute = key_of(row)
    where = evaluation_set_label(evaluation_set)
    name = attribute_label(attribute)
    text = (
        f"{name[:1].upper()}{name[1:]} on {where} was predicted, not annotated. Of "
        f"{thousands(as_float(row['n_held_out']))} {held_out_label(evaluation_set)} the labeller "
        f"gives {percent(right_label_share(groups))} the right label. {abstained_text(row)} on "
        f"{where} got none and take part in no group."
    )
    refused = row["refused"]
    if isinstance(refused, str) and refused:
        text += f" The figures are not corrected for label errors. {refused}"
    return text


def _figure_caption(scores: pd.DataFrame, what: str, of: str) -> str:
    drawn = set(scores["method"].astype(str))
    text = (
        f"Each group of {what} against everybody else, {of}: recall at the same emotion, averaged "
        "over emotions (Mantel and Haenszel), with 95 % intervals. Right of the line: recognised "
        "more often than others. "
    )
    if CORRECTED in drawn:
        return (
            f"{text}Hollow: as labelled; filled: corrected for label errors; small: soft labels. "
            "Pale groups are not compared once label errors are taken off: there may be too few "
            "people in them."
        )
    text += "As labelled (hollow) and by soft labels (small) only: not corrected for label errors."
    return f"{text} What is known of people are the bounds below." if BOUNDS in drawn else text
