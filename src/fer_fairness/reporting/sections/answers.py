"""What is left unanswered, of whom, and how rightly the rest is answered."""

from collections.abc import Sequence
from typing import Final

from fer_fairness.fairness.group_names import INTERSECTION
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.answers import answers_figure, answers_words
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.number_text import thousands, value_with_interval
from fer_fairness.reporting.rows.answers import AnswerCurveRow, AnswerRow
from fer_fairness.reporting.rows.schema import grouped

_EXPLAINED: Final = (
    "These variants leave a face unanswered where they are not sure enough. Everywhere else in "
    "this report such a face counts with the emotion that would have been answered, so that "
    "variants are compared on the same faces. Among answered faces a model is right more often; "
    "whether every group gains, and who is left without an answer, has to be looked at: a gap may "
    "grow. Differences between groups are as counted and not tested here."
)


def answers_section(inputs: ReportInputs) -> page.Section | None:
    """A table and a figure for each variant and set; None where every face is answered."""
    rows = inputs.rows(AnswerRow)
    if not rows:
        return None
    curves = grouped(inputs.rows(AnswerCurveRow), lambda row: (row.variant, row.evaluation_set))
    blocks: list[page.Block] = [page.Text(_EXPLAINED)]
    for of_set, answers in grouped(rows, lambda row: (row.variant, row.evaluation_set)).items():
        where = f"{answers[0].variant_label} on {answers[0].set_label}"
        blocks.append(_table(where, answers))
        drawn = [row for row in curves.get(of_set, []) if INTERSECTION not in row.attribute]
        if drawn:
            blocks.append(
                page.Drawing(
                    figure_name("answers", *of_set),
                    answers_figure(drawn),
                    caption=f"{where}: accuracy among answered faces of each group, with one "
                    "threshold for all faces, by the share of all faces that is answered. Bands "
                    "are 95 % intervals of each point by itself. A line that does not rise to the "
                    "left is a group that gains nothing where unsure faces are left unanswered.",
                    alternative=answers_words(drawn),
                    rows=drawn,
                )
            )
    return page.Section("answers", "Faces left unanswered", blocks)


def _table(where: str, rows: Sequence[AnswerRow]) -> page.Table:
    return page.table(
        f"{where}: answered faces, shares in percent, with 95 % interval",
        rows,
        [
            ("Group", lambda row: row.label),
            ("Attribute", lambda row: row.groups_label if row.attribute else ""),
            ("n", lambda row: page.faces([row])),
            ("Answered", lambda row: page.numeric(thousands(row.n_answered))),
            (
                "Coverage",
                lambda row: _share(row.coverage, row.coverage_ci_low, row.coverage_ci_high),
            ),
            (
                "Accuracy, all faces",
                lambda row: _share(row.accuracy, row.accuracy_ci_low, row.accuracy_ci_high),
            ),
            (
                "Accuracy, answered faces",
                lambda row: _share(
                    row.answered_accuracy,
                    row.answered_accuracy_ci_low,
                    row.answered_accuracy_ci_high,
                ),
            ),
        ],
    )


def _share(value: float, low: float, high: float) -> page.Cell:
    return page.numeric(value_with_interval(value, low, high, in_points=True))
