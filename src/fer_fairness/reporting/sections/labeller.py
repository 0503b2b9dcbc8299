"""How far the labels that a model gave can be trusted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.matrices import confusion_words, labeller_confusion_figure
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.figures.reliability import reliability_figure, reliability_words
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import attribute_label, capitalised, condition_label
from fer_fairness.reporting.number_text import (
    MISSING,
    listed,
    number,
    percent,
    points,
    value_with_interval,
)
from fer_fairness.reporting.rows.labeller import (
    AgreementCountRow,
    AgreementRow,
    LabellerConfusionRow,
    LabellerRecallRow,
    LabellerReliabilityRow,
    LabellerSelectionRow,
    LabellerSummaryRow,
    OfLabeller,
)
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.sections.labeller_agreement import agreement_blocks
from fer_fairness.reporting.sections.labeller_recalls import recall_tables

L = TypeVar("L", bound=OfLabeller)

_INTRO: Final = (
    "The labeller was measured on FairFace faces that it had not seen, made to look like those "
    "that it labels. Figures here are of its most probable group, before it abstains, unless they "
    "say otherwise. What counts as right is what FairFace's annotators saw in a picture. "
    "Reliability is the share labelled rightly, with 95 % intervals, by the confidence of the "
    "label; larger points stand for more faces, and on the dashed line it is as often right as it "
    "is sure. ECE, the expected calibration error, is the mean distance from that line over 15 "
    "bins (Guo et al. 2017, arXiv 1706.04599)."
)
_COMPARED_WITH: Final = "full_size"
_OF_FOLDERS: Final = "colour_100"
_GROUPINGS: Final = {
    "gender": "female, male",
    "coarse_4": "coarse",
    "fairface_7": "FairFace's own",
    "fairface_9": "FairFace's own",
}


def labeller_section(inputs: ReportInputs) -> page.Section | None:
    """Accuracy, confusion, calibration, recalls, choice and agreement of the labeller.

    Returns:
        None of an audit where nothing is known of it.
    """
    measured: list[Sequence[OfLabeller]] = [
        inputs.rows(LabellerSummaryRow),
        inputs.rows(LabellerConfusionRow),
        inputs.rows(LabellerRecallRow),
        inputs.rows(LabellerReliabilityRow),
    ]
    conditions = list(dict.fromkeys(row.condition for rows in measured for row in rows))
    reading = page.Folded("How the labeller was measured", (page.Text(_INTRO),))
    blocks: list[page.Block] = [reading] if conditions else []
    if len(conditions) > 1:
        blocks += _loss_tables(asked_only(inputs.rows(LabellerSummaryRow), inputs), conditions)
    for place, condition in enumerate(conditions):
        heading, of_condition = _condition_blocks(inputs, condition)
        blocks += page.under(heading, of_condition, folded=place > 0)
    blocks += _selection_blocks(inputs.rows(LabellerSelectionRow))
    blocks += agreement_blocks(inputs.rows(AgreementRow), inputs.rows(AgreementCountRow))
    if not blocks and inputs.kind == "audit":
        return None
    if not conditions:
        blocks.insert(
            0, page.absent("The demographic labeller was not run: no label here is its work.")
        )
    return page.Section("labeller", "Demographic labeller", blocks)


def asked_only(rows: Sequence[L], inputs: ReportInputs) -> list[L]:
    """The rows in the groupings that labels are given in.

    The summary and the confusion say which were asked for; where they do not, it is the first
    grouping of an attribute.
    """
    summary, confusion = inputs.rows(LabellerSummaryRow), inputs.rows(LabellerConfusionRow)
    asked = {(row.attribute, row.grouping) for row in summary if row.asked}
    asked |= {(row.attribute, row.grouping) for row in confusion if row.asked}
    if not asked:
        asked = set({row.attribute: row.grouping for row in reversed(rows)}.items())
    return [row for row in rows if (row.attribute, row.grouping) in asked]


def _condition_blocks(inputs: ReportInputs, condition: str) -> tuple[str, list[page.Block]]:
    """All that is known of the labeller on faces of one look, and its heading."""

    def of(rows: Sequence[L], *, asked: bool = True) -> list[L]:
        shown = asked_only(rows, inputs) if asked else rows
        return [row for row in shown if row.condition == condition]

    faces = condition_label(condition)
    blocks: list[page.Block] = []
    summary = of(inputs.rows(LabellerSummaryRow), asked=False)
    if summary:
        blocks.append(_summary_table(summary, faces))
    blocks += _confusion_drawings(of(inputs.rows(LabellerConfusionRow)), faces)
    reliability = of(inputs.rows(LabellerReliabilityRow))
    if reliability:
        blocks.append(_reliability_drawing(reliability, of(inputs.rows(LabellerSummaryRow))))
    blocks += recall_tables(of(inputs.rows(LabellerRecallRow)), faces)
    return f"Held-out faces {faces}{_use(condition)}", blocks


def _reliability_drawing(
    reliability: list[LabellerReliabilityRow], summary: list[LabellerSummaryRow]
) -> page.Drawing:
    condition = reliability[0].condition
    caption = f"Reliability of the labeller on faces {condition_label(condition)}."
    return page.Drawing(
        figure_name("reliability", condition),
        reliability_figure(reliability, summary),
        caption=caption,
        alternative=reliability_words(summary),
        rows=reliability,
        alone=f"{caption} How often labels of one range of confidence are right, with 95 % "
        "intervals; areas are numbers of faces. ECE: expected calibration error.",
    )


def _use(condition: str) -> str:
    """What a labeller of such faces is for, in brackets; empty where that is not known."""
    if condition == _COMPARED_WITH:
        return " (what the others are measured against)"
    uses = [part.label for part in EVALUATION_SETS.values() if part.condition == condition]
    uses += ["folders of images"] if condition == _OF_FOLDERS else []
    return f" (for {listed(uses)})" if uses else ""


def _confusion_drawings(confusion: list[LabellerConfusionRow], faces: str) -> list[page.Drawing]:
    drawings: list[page.Drawing] = []
    for attribute, rows in grouped(confusion, lambda row: row.attribute).items():
        name = attribute_label(attribute)
        pairs = [(row.true, row.predicted, row.n_faces) for row in rows]
        drawings.append(
            page.Drawing(
                figure_name("labeller_confusion", rows[0].condition, attribute),
                labeller_confusion_figure(rows, attribute=attribute),
                caption=f"{capitalised(name)}: rows sum to 100 %, counts below.",
                alone=f"Labeller, {name}, held-out faces {faces}: rows sum to 100 %, counts below.",
                alternative=confusion_words(pairs),
                rows=rows,
                half=True,
            )
        )
    return drawings


def _summary_table(summary: list[LabellerSummaryRow], faces: str) -> page.Table:
    def quiet(row: LabellerSummaryRow, text: str) -> page.Cell:
        return page.Cell(text, numeric=True, muted=not row.asked)

    return page.table(
        f"The labeller on held-out faces {faces}. Grey: a finer division than labels are given in; "
        "always answering the largest group would be right as often as its share",
        sorted(summary, key=lambda row: not row.asked),
        [
            ("Attribute", lambda row: page.Cell(row.attribute_label, muted=not row.asked)),
            ("Groups", lambda row: page.Cell(_grouping_label(row.grouping), muted=not row.asked)),
            ("Faces", lambda row: page.people(row.n_faces)),
            ("Accuracy, % [95 % interval]", lambda row: quiet(row, _accuracy(row))),
            ("Mean recall", lambda row: quiet(row, percent(row.balanced_accuracy))),
            ("Share of the largest group", lambda row: quiet(row, percent(row.majority_share))),
            (
                "Expected calibration error",
                lambda row: quiet(row, number(row.expected_calibration_error)),
            ),
            ("No label", lambda row: quiet(row, percent(row.share_abstained))),
            (
                "Accuracy where labelled",
                lambda row: quiet(row, percent(row.accuracy_when_labelled)),
            ),
        ],
        folded=True,
    )


def _grouping_label(grouping: str) -> str:
    return _GROUPINGS.get(grouping, _spelled(grouping))


def _accuracy(row: LabellerSummaryRow) -> str:
    return value_with_interval(row.accuracy, row.ci_low, row.ci_high, in_points=True)


def _loss_tables(summary: list[LabellerSummaryRow], conditions: list[str]) -> list[page.Table]:
    """What it costs that faces look otherwise: accuracy under each condition, asked groupings."""
    by_attribute = grouped(summary, lambda row: row.attribute)
    lines = [{row.condition: row for row in rows} for rows in by_attribute.values()]
    if not lines:
        return []
    first = conditions[0]
    columns: list[page.Column[Mapping[str, LabellerSummaryRow]]] = [
        ("Attribute", lambda line: page.first_of(line).attribute_label)
    ]
    for name in conditions:
        columns += page.columns({name: f"Faces {condition_label(name)}"}, _accuracy_cell)
        if name != first:
            columns.append(("Change", _change_from(first, name)))
    caption = (
        "What it costs the labeller that faces look otherwise: accuracy on held-out faces, percent "
        f"[95 % interval], and its change from faces {condition_label(first)}"
    )
    return [page.table(caption, lines, columns, folded=True)]


def _accuracy_cell(row: LabellerSummaryRow | None) -> page.Cell:
    return page.DASH if row is None else page.numeric(_accuracy(row))


def _change_from(first: str, name: str) -> Callable[[Mapping[str, LabellerSummaryRow]], page.Cell]:
    """The cell with the accuracy under one condition minus that under the first."""

    def cell(line: Mapping[str, LabellerSummaryRow]) -> page.Cell:
        if first not in line or name not in line:
            return page.DASH
        return page.numeric(points(line[name].accuracy - line[first].accuracy, sign=True))

    return cell


def _selection_blocks(selection: list[LabellerSelectionRow]) -> list[page.Block]:
    if not selection:
        return []
    several = len({row.condition for row in selection}) > 1
    tried = grouped(selection, lambda row: (row.condition, row.attribute)).values()
    text = (
        f"Of {max(map(len, tried))} classifiers tried for each attribute, on faces that they were "
        f"not fitted on, the one with the lowest log loss was chosen. {_chosen_text(selection)}"
    )
    ordered = sorted(selection, key=lambda row: row.log_loss)
    places = list(dict.fromkeys(row.attribute for row in ordered))
    ordered.sort(key=lambda row: (row.condition, places.index(row.attribute)))
    columns: list[page.Column[LabellerSelectionRow]] = [
        ("Attribute", lambda row: attribute_label(row.attribute))
    ]
    if several:
        columns.append(("Faces", lambda row: condition_label(row.condition)))
    columns += [
        ("Classifier", lambda row: page.Cell(_spelled(row.classifier), strong=row.chosen)),
        ("Settings", lambda row: row.settings or MISSING),
        ("Log loss", lambda row: page.numeric(number(row.log_loss), strong=row.chosen)),
        ("Accuracy", lambda row: page.numeric(percent(row.accuracy))),
        ("Chosen", lambda row: page.yes_or_no(row.chosen, quiet_no=True)),
    ]
    caption = (
        "Every classifier tried; log loss in nats after calibration by one temperature, accuracy "
        "over FairFace's own groups; bold: chosen"
    )
    table = page.table(caption, ordered, columns)
    return [page.Folded("Choice of the classifier", (page.Text(text), table))]


def _chosen_text(selection: list[LabellerSelectionRow]) -> str:
    """Which classifiers were chosen for which attributes, a sentence a condition."""
    chosen = grouped((row for row in selection if row.chosen), lambda row: row.condition)
    sentences = []
    for condition, rows in chosen.items():
        told = [
            f"{_spelled(name)} for {listed([attribute_label(row.attribute) for row in same])}"
            for name, same in grouped(rows, lambda row: row.classifier).items()
        ]
        sentences.append(f"Faces {condition_label(condition)}: {'; '.join(told)}.")
    return " ".join(sentences)


def _spelled(name: str) -> str:
    return name.replace("_", " ")
