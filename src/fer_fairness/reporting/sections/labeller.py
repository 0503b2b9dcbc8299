"""How far the labels that a model gave can be trusted."""

import math
from typing import Final

import pandas as pd

from fer_fairness.reporting.figures import labeller_confusion_figure, reliability_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import condition_label
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.agreement import agreement_blocks
from fer_fairness.reporting.sections.blocks import (
    Block,
    Drawing,
    Heading,
    Section,
    Text,
    absent,
    drawing,
)
from fer_fairness.reporting.sections.labeller_recalls import recall_tables
from fer_fairness.reporting.tables import (
    MISSING,
    Cell,
    Table,
    count_cell,
    listed,
    number,
    percent,
    points,
    value_with_interval,
)
from fer_fairness.reporting.words import attribute_label

_INTRO: Final = (
    "The labeller was measured on FairFace faces that it had not seen, made to look like those "
    "that it labels. Figures here are of its most probable group, before it abstains, unless they "
    "say otherwise. What counts as right is what FairFace's annotators saw in a picture."
)
_USES: Final = {
    "full_size": "what the others are measured against",
    "colour": "for RAF-DB, FairFace and folders of images",
    "colour_100": "for RAF-DB and folders of images",
    "grey_48": "for FER+",
}
_GROUPINGS: Final = {
    "gender": "female, male",
    "coarse_4": "4, coarse",
    "fairface_7": "FairFace's 7",
    "fairface_9": "FairFace's 9",
}


def labeller_section(inputs: ReportInputs) -> Section:
    """Accuracy, confusion, calibration, recalls, choice and agreement of the labeller."""
    measured = (
        inputs.labeller_summary,
        inputs.labeller_confusion,
        inputs.labeller_recalls,
        inputs.labeller_reliability,
    )
    conditions = list(dict.fromkeys(name for t in measured for name in t["condition"].astype(str)))
    if conditions:
        blocks: list[Block] = [Text(_INTRO)]
    else:
        blocks = [absent("The demographic labeller was not run: no label here is its work.")]
    if len(conditions) > 1:
        blocks += _loss_blocks(asked_only(inputs.labeller_summary, inputs), conditions)
    for place, condition in enumerate(conditions):
        blocks += _condition_blocks(inputs, condition, place)
    blocks += _selection_blocks(inputs.labeller_selection)
    blocks += agreement_blocks(inputs)
    return Section("labeller", "Demographic labeller", blocks)


def asked_only(table: pd.DataFrame, inputs: ReportInputs) -> pd.DataFrame:
    """The rows of a table in the groupings that labels are given in.

    Args:
        table: A table with attribute and grouping, and maybe asked.
        inputs: The report's tables: where `table` does not say what was asked, the summary or the
            confusion does; where these do not, the first grouping of an attribute is taken.
    """
    if table.empty:
        return table
    if "asked" in table.columns:
        return table[table["asked"].astype(bool)]
    known = {
        (str(row["attribute"]), str(row["grouping"]))
        for source in (inputs.labeller_summary, inputs.labeller_confusion)
        for row in records(source)
        if bool(row["asked"])
    }
    if not known:
        first = table.drop_duplicates("attribute")
        known = set(zip(first["attribute"].astype(str), first["grouping"].astype(str), strict=True))
    pairs = zip(table["attribute"].astype(str), table["grouping"].astype(str), strict=True)
    return table[[pair in known for pair in pairs]]


def _condition_blocks(inputs: ReportInputs, condition: str, place: int) -> list[Block]:
    """All that is known of the labeller on faces of one look."""

    def of(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["condition"].astype(str) == condition]

    faces = condition_label(condition)
    use = f" ({_USES[condition]})" if condition in _USES else ""
    blocks: list[Block] = [Heading(f"Held-out faces {faces}{use}")]
    summary = of(inputs.labeller_summary)
    if len(summary):
        blocks.append(_summary_table(summary, faces))
    confusion = of(asked_only(inputs.labeller_confusion, inputs))
    blocks += _confusion_drawings(confusion, faces, place)
    reliability = of(asked_only(inputs.labeller_reliability, inputs))
    if len(reliability):
        asked = of(asked_only(inputs.labeller_summary, inputs))
        blocks.append(_reliability_drawing(reliability, asked, faces, place))
    blocks += recall_tables(of(asked_only(inputs.labeller_recalls, inputs)), faces)
    return blocks


def _confusion_drawings(confusion: pd.DataFrame, faces: str, place: int) -> list[Drawing]:
    drawings: list[Drawing] = []
    for attribute, rows in confusion.groupby("attribute", sort=False):
        name = attribute_label(str(attribute))
        title = f"{name[:1].upper()}{name[1:]}, {faces}"
        figure = labeller_confusion_figure(rows, attribute=str(attribute), title=title)
        caption = f"Labeller, {name}, held-out faces {faces}: rows sum to 100 %, counts below."
        key = f"labeller-{place}-{len(drawings)}"
        drawings.append(drawing(figure, key=key, caption=caption, half=True))
    return drawings


def _reliability_drawing(
    reliability: pd.DataFrame, summary: pd.DataFrame, faces: str, place: int
) -> Drawing:
    caption = (
        f"Reliability of the labeller on faces {faces}: share labelled rightly, with 95 % "
        "intervals, by the confidence of the label; larger points stand for more faces. On the "
        "dashed line it is as often right as it is sure. ECE: expected calibration error, the "
        "mean distance from that line over 15 bins (Guo et al. 2017, arXiv 1706.04599)."
    )
    figure = reliability_figure(reliability, summary)
    return drawing(figure, key=f"reliability-{place}", caption=caption)


def _summary_table(summary: pd.DataFrame, faces: str) -> Table:
    ordered = sorted(records(summary), key=lambda row: not bool(row["asked"]))
    return Table(
        caption=f"The labeller on held-out faces {faces}. Grey: a finer division than labels are "
        "given in; always answering the largest group would be right as often as its share",
        header=(
            *("Attribute", "Groups", "Faces", "Accuracy, % [95 % interval]", "Mean recall"),
            *("Share of the largest group", "Expected calibration error", "No label"),
            "Accuracy where labelled",
        ),
        rows=tuple(_summary_cells(row) for row in ordered),
    )


def _summary_cells(row: Row) -> tuple[Cell, ...]:
    muted = not bool(row["asked"])
    shares = ("share_abstained", "accuracy_when_labelled")
    return (
        Cell(attribute_label(str(row["attribute"])), muted=muted),
        Cell(_GROUPINGS.get(str(row["grouping"]), _spelled(row["grouping"])), muted=muted),
        count_cell(as_float(row["n_faces"])),
        Cell(_accuracy(row), numeric=True, muted=muted),
        Cell(percent(as_float(row["balanced_accuracy"])), numeric=True, muted=muted),
        Cell(percent(as_float(row["majority_share"])), numeric=True, muted=muted),
        Cell(number(as_float(row["expected_calibration_error"])), numeric=True, muted=muted),
        *(Cell(percent(as_float(row[name])), numeric=True, muted=muted) for name in shares),
    )


def _accuracy(row: Row) -> str:
    value, low, high = (as_float(row[name]) for name in ("accuracy", "ci_low", "ci_high"))
    return value_with_interval(value, low, high, in_points=True)


def _loss_blocks(summary: pd.DataFrame, conditions: list[str]) -> list[Block]:
    """What it costs that faces look otherwise: accuracy under each condition, asked groupings."""
    body = []
    for attribute in dict.fromkeys(summary["attribute"].astype(str)):
        of_attribute = records(summary[summary["attribute"] == attribute])
        rows = {str(row["condition"]): row for row in of_attribute}
        values = {name: as_float(row["accuracy"]) for name, row in rows.items()}
        first = values.get(conditions[0], math.nan)
        cells = [Cell(attribute_label(attribute))]
        for place, name in enumerate(conditions):
            told = _accuracy(rows[name]) if name in rows else MISSING
            cells.append(Cell(told.replace(" [", "\n["), numeric=True))
            if place:
                change = values.get(name, math.nan) - first
                cells.append(Cell(points(change, sign=True), numeric=True))
        body.append(tuple(cells))
    if not body:
        return []
    heads = [
        text
        for place, name in enumerate(conditions)
        for text in (f"Faces {condition_label(name)}", *(["Change"] if place else []))
    ]
    table = Table(
        caption="What it costs the labeller that faces look otherwise: accuracy on held-out faces, "
        f"percent [95 % interval], and its change from faces {condition_label(conditions[0])}",
        header=("Attribute", *heads),
        rows=tuple(body),
    )
    return [table]


def _selection_blocks(selection: pd.DataFrame) -> list[Block]:
    if selection.empty:
        return []
    several = selection["condition"].nunique() > 1
    tried = selection.groupby(["condition", "attribute"], sort=False).size().max()
    text = (
        f"Of {tried} classifiers tried for each attribute, on faces that they were not fitted on, "
        f"the one with the lowest log loss was chosen. {_chosen_text(selection)}"
    )
    rows = records(selection.sort_values("log_loss", kind="stable"))
    places = {name: place for place, name in enumerate(dict.fromkeys(selection["attribute"]))}
    rows.sort(key=lambda row: (str(row["condition"]), places[row["attribute"]]))
    table = Table(
        caption="Every classifier tried; log loss in nats after calibration by one temperature, "
        "accuracy over FairFace's own groups; bold: chosen",
        header=(
            *("Attribute", *(["Faces"] if several else []), "Classifier", "Settings"),
            *("Log loss", "Accuracy", "Chosen"),
        ),
        rows=tuple(_selection_cells(row, several=several) for row in rows),
        folded=True,
    )
    return [Heading("Choice of the classifier"), Text(text), table]


def _chosen_text(selection: pd.DataFrame) -> str:
    """Which classifiers were chosen for which attributes, a sentence a condition."""
    chosen = selection[selection["chosen"].astype(bool)]
    sentences = []
    for condition, rows in chosen.groupby("condition", sort=False):
        told = [
            f"{_spelled(name)} for {listed([attribute_label(str(a)) for a in same['attribute']])}"
            for name, same in rows.groupby("classifier", sort=False)
        ]
        sentences.append(f"Faces {condition_label(str(condition))}: {'; '.join(told)}.")
    return " ".join(sentences)


def _selection_cells(row: Row, *, several: bool) -> tuple[Cell, ...]:
    chosen = bool(row["chosen"])
    return (
        Cell(attribute_label(str(row["attribute"]))),
        *([Cell(condition_label(str(row["condition"])))] if several else []),
        Cell(_spelled(row["classifier"]), strong=chosen),
        Cell(str(row["settings"]) or MISSING),
        Cell(number(as_float(row["log_loss"])), numeric=True, strong=chosen),
        Cell(percent(as_float(row["accuracy"])), numeric=True),
        Cell("yes" if chosen else "no", strong=chosen, muted=not chosen),
    )


def _spelled(name: object) -> str:
    return str(name).replace("_", " ")
