"""Accuracy against gaps, and what each variant changed against the baseline."""

from typing import Final

from fer_fairness.reporting import page
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.figures.trade_off import (
    fairness_accuracy_figure,
    fairness_accuracy_words,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.changes import AgainstControlRow, ComparisonRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, OverallRow
from fer_fairness.reporting.sections.change_tables import changes_table
from fer_fairness.reporting.sections.effects_table import effects_by_set

_MANY: Final = "Figures of so many variants stand under “Which method helps”."

_READING: Final = (
    ", the gap with the widening by noise taken off and the interval of its verdict, accuracy with "
    "its 95 % interval; lower right is better. The grey band is what a different mix of emotions "
    "in the groups gives by itself; the dotted line is a gap that would be found in 8 audits of "
    "10. Filled marks: difference found."
)


def trade_off_section(inputs: ReportInputs) -> page.Section | None:
    """Accuracy against gaps, and what each variant changed; None of the audit of one model."""
    if inputs.kind == "audit" and not inputs.rows(ComparisonRow):
        return None
    blocks: list[page.Block] = []
    overall = grouped(inputs.rows(OverallRow), lambda row: row.evaluation_set)
    gaps = grouped(inputs.rows(GapRow), lambda row: row.evaluation_set)
    for name in inputs.evaluation_sets():
        if name not in overall or name not in gaps:
            continue
        if inputs.variants_shown() != inputs.variants():
            blocks.append(page.Text(_MANY))
            break
        where = gaps[name][0].set_label
        caption = f"Accuracy and accuracy gap of every {inputs.noun} on {where}"
        accuracy = [row for row in overall[name] if row.metric == "accuracy"]
        shown = [row for row in gaps[name] if row.metric == "accuracy_gap"]
        blocks.append(
            page.Drawing(
                figure_name("trade_off", name),
                fairness_accuracy_figure(accuracy, shown, variants=inputs.variants()),
                caption=f"{caption}, drawn alike." if blocks else f"{caption}{_READING}",
                alternative=fairness_accuracy_words(accuracy, shown),
                rows=[*accuracy, *shown],
                alone=f"{caption}{_READING}",
            )
        )
    if not inputs.rows(AgainstControlRow):  # else they stand under “Which method helps”
        blocks += effects_by_set(inputs)
    if not blocks:
        blocks.append(page.absent("There is no gap to set against accuracy."))
    compared = grouped(inputs.rows(ComparisonRow), lambda row: row.evaluation_set)
    tables = [
        changes_table(
            f"Changes against {inputs.reference} on {rows[0].set_label}",
            rows,
            all_in=inputs.file_of(ComparisonRow),
            reference="Baseline" if inputs.kind == "project" else inputs.reference,
            noun=inputs.noun,
        )
        for rows in compared.values()
    ]
    blocks += tables or [page.absent("No variant was compared with the baseline.")]
    return page.Section("trade-off", "Fairness and accuracy", blocks)
