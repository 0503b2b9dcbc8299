"""How well emotions are recognised at all: overall metrics and confusion matrices."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fer_fairness.reporting import page
from fer_fairness.reporting.figures.matrices import confusion_matrix_figure, confusion_words
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import evaluation_set_label, variant_label
from fer_fairness.reporting.number_text import is_few
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import ConfusionRow, OverallRow


def recognition_section(inputs: ReportInputs) -> page.Section:
    """Overall metrics and confusion matrices of every variant."""
    blocks: list[page.Block] = []
    drawn = inputs.variants_shown()
    overall = grouped(inputs.rows(OverallRow), lambda row: row.evaluation_set)
    confusion = grouped(inputs.rows(ConfusionRow), lambda row: (row.evaluation_set, row.variant))
    for name in inputs.evaluation_sets():
        if inputs.kind == "project":
            blocks.append(page.Heading(evaluation_set_label(name)))
        if name in overall:
            blocks.append(_overall_table(overall[name], drawn))
        drawings = [
            _confusion_drawing(inputs, confusion[name, variant])
            for variant in drawn
            if (name, variant) in confusion
        ]
        blocks += drawings[:1]
        if drawings[1:]:
            blocks.append(page.Folded("Confusions of other variants", tuple(drawings[1:])))
    if drawn != inputs.variants():
        files = f"{inputs.file_of(OverallRow)} and {inputs.file_of(ConfusionRow)}"
        blocks.append(page.Text(f"These are of the first variant; the others are in {files}."))
    if not blocks:
        blocks.append(page.absent("No predictions were scored."))
    return page.Section("recognition", "Recognition of emotions", blocks)


def _confusion_drawing(inputs: ReportInputs, rows: list[ConfusionRow]) -> page.Drawing:
    """One confusion matrix; an audit's labels are somebody's, whatever rule they came from."""
    variant, where = rows[0].variant, rows[0].set_label
    if inputs.kind == "audit":
        figure = confusion_matrix_figure(
            rows, variant=variant, title="All faces", true_label="True emotion"
        )
        caption = f"{where}: rows are true emotions and sum to 100 %, counts of faces below."
    else:
        figure = confusion_matrix_figure(rows, variant=variant)
        caption = (
            f"{variant_label(variant)} on {where}: rows are majority labels and sum to 100 %, "
            "counts of faces below."
        )
    pairs = [(row.emotion, row.predicted_emotion, row.n_faces) for row in rows]
    return page.Drawing(
        figure_name("confusion", rows[0].evaluation_set, variant),
        figure,
        caption=caption,
        alternative=confusion_words(pairs),
        rows=rows,
        half=True,
    )


def _overall_table(rows: list[OverallRow], variants: Sequence[str]) -> page.Table:
    """A row a metric, a column a variant; of one model the interval stands beside the value."""
    alone = len(variants) == 1
    columns: list[page.Column[Mapping[str, OverallRow]]] = [
        ("Metric", lambda line: page.first_of(line).words.label),
        ("n", lambda line: page.faces(line.values())),
    ]
    label_of = {row.variant: row.variant_label for row in rows}
    heads = {name: "Value" if alone else label_of[name] for name in variants if name in label_of}
    by_metric = grouped(rows, lambda row: row.metric).values()
    return page.table(
        f"All faces of {rows[0].set_label}, shares in percent, with 95 % interval",
        [{row.variant: row for row in line} for line in by_metric],
        [*columns, *page.columns(heads, _one_line if alone else _two_lines)],
        folded=len(label_of) > 1,
    )


def _two_lines(row: OverallRow | None) -> page.Cell:
    return page.estimate(row, muted=row is None or is_few(row.n_people))


def _one_line(row: OverallRow | None) -> page.Cell:
    cell = _two_lines(row)
    return cell if row is None else replace(cell, text=row.estimate)
