"""Groups that a labeller named: figures as labelled beside those without its errors."""

import math
from collections.abc import Sequence
from typing import Final

from fer_fairness.fairness.label_noise import BOUNDS, CORRECTED, RECALL_DIFFERENCE
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.figures.predicted_groups import (
    predicted_groups_figure,
    predicted_groups_words,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import capitalised, evaluation_set_label, held_out_label
from fer_fairness.reporting.number_text import percent, thousands
from fer_fairness.reporting.rows.labeller import (
    LabelNoiseAttributeRow,
    LabelNoiseGroupRow,
    LabelNoiseScoreRow,
)
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, GroupRow
from fer_fairness.reporting.sections.predicted_group_tables import (
    group_tables,
    headline_gaps_table,
)

_TITLE: Final = "Predicted groups"
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


def predicted_groups_section(inputs: ReportInputs) -> page.Section | None:
    """What was predicted, how wrong that is, and figures with the errors taken off.

    Returns:
        None where no group was predicted.
    """
    attributes = inputs.rows(LabelNoiseAttributeRow)
    if not attributes:
        labelled = (*inputs.rows(GapRow), *inputs.rows(GroupRow))
        if not any(row.predicted for row in labelled):
            return None
        return page.Section("predicted", _TITLE, [page.absent(_NOT_MEASURED)])
    texts = (page.Text(_METHODS), page.Text(_ASSUMPTION), page.Text(_TESTS))
    blocks: list[page.Block] = [page.Folded("How label errors are taken off", texts)]
    scores = inputs.rows(LabelNoiseScoreRow)
    if any(score.metric == RECALL_DIFFERENCE for score in scores):
        blocks.append(page.Text(_reading(scores)))
    for evaluation_set, rows in grouped(attributes, lambda row: row.evaluation_set).items():
        blocks += _headline_blocks(inputs, evaluation_set)
        for same in grouped(rows, lambda row: row.attribute).values():
            by_variant = {row.variant: row for row in same}
            first = next(name for name in inputs.variants() if name in by_variant)
            blocks += _attribute_blocks(inputs, by_variant[first])
    return page.Section("predicted", _TITLE, blocks)


def _headline_blocks(inputs: ReportInputs, evaluation_set: str) -> list[page.Block]:
    table = headline_gaps_table(inputs, evaluation_set)
    if table is None:
        return []
    if inputs.kind == "audit":
        return [table]
    where = evaluation_set_label(evaluation_set)
    heading = f"{where}: gaps as labelled and corrected"
    return page.under(heading, [table], folded=not inputs.in_front(evaluation_set))


def _attribute_blocks(inputs: ReportInputs, row: LabelNoiseAttributeRow) -> list[page.Block]:
    audited = inputs.kind == "audit"
    groups = [group for group in inputs.rows(LabelNoiseGroupRow) if group.key == row.key]
    scores = [score for score in inputs.rows(LabelNoiseScoreRow) if score.key == row.key]
    title = row.attribute_label if audited else f"{row.set_label}, {row.attribute_label}"
    warning = page.Text(warning_text(row, groups), warning=True)
    of = "the audited model" if audited else f"“{row.variant_label}”"
    drawn: list[page.Block] = []
    if any(score.metric == RECALL_DIFFERENCE for score in scores):
        caption = _figure_caption(scores, of)
        drawn.append(
            page.Drawing(
                figure_name("predicted_groups", row.evaluation_set, row.attribute),
                predicted_groups_figure(scores, groups),
                caption=caption,
                alternative=predicted_groups_words(scores),
                rows=[score for score in scores if score.metric == RECALL_DIFFERENCE],
                alone=f"{caption} {_reading(scores)}",
            )
        )
    blocks = [warning, *drawn, *(group_tables(groups, scores, of=of) if groups else [])]
    folded = not (row.of_one_attribute and inputs.in_front(row.evaluation_set))
    return page.under(capitalised(title), blocks, folded=folded)


def warning_text(row: LabelNoiseAttributeRow, groups: Sequence[LabelNoiseGroupRow]) -> str:
    """The warning on one predicted attribute, with its numbers.

    Args:
        row: What is known of the attribute.
        groups: Its groups.

    Returns:
        How often the labeller is right on held-out faces like these, how many people got no label,
        and why nothing is corrected, where that is so.
    """
    where = row.set_label
    text = (
        f"{capitalised(row.attribute_label)} on {where} was predicted, not annotated. Of "
        f"{thousands(row.n_held_out)} {held_out_label(row.evaluation_set)} the labeller gives "
        f"{percent(right_label_share(groups))} the right label. {row.abstained} on {where} got "
        "none and take part in no group."
    )
    if row.refused:
        text += f" The figures are not corrected for label errors. {row.refused}"
    return text


def right_label_share(groups: Sequence[LabelNoiseGroupRow]) -> float:
    """Share in [0, 1] of held-out faces given the right label; a face without a label is not.

    Args:
        groups: Those of one variant, evaluation set and attribute.

    Returns:
        NaN without held-out faces.
    """
    faces = sum(row.n_held_out for row in groups)
    right = sum(row.n_held_out * row.labelled_rightly for row in groups if row.n_held_out)
    return right / faces if faces > 0 else math.nan


def _figure_caption(scores: Sequence[LabelNoiseScoreRow], of: str) -> str:
    what = f"{scores[0].attribute_label} on {scores[0].set_label}"
    text = f"Each group of {what} against everybody else, {of}."
    drawn = {score.method for score in scores}
    return text if CORRECTED in drawn else f"{text} Not corrected for label errors."


def _reading(scores: Sequence[LabelNoiseScoreRow]) -> str:
    """How the figures are read, once for all of them."""
    drawn = {score.method for score in scores}
    text = (
        "Figures show recall at the same emotion, averaged over emotions (Mantel and Haenszel), "
        "minus that of everybody else, with 95 % intervals: right of the line, recognised more "
        "often than others. Hollow: as labelled; small: soft labels"
    )
    if CORRECTED in drawn:
        text += (
            "; filled: corrected for label errors. Pale groups are not compared once label errors "
            "are taken off: there may be too few people in them"
        )
    bounds = " Bounds stand in the tables." if BOUNDS in drawn else ""
    return f"{text}.{bounds}"
