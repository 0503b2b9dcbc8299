"""The report tells who is left unanswered, and how rightly the others are answered."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from tests.reporting.answers import fabricated_answers
from tests.reporting.rows import report

from fer_fairness.reporting import page
from fer_fairness.reporting.figures.answers import answers_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.number_text import MISSING
from fer_fairness.reporting.rows.answers import AnswerCurveRow
from fer_fairness.reporting.sections.answers import answers_section

TABLES = fabricated_answers("abstention")


def told(answers: pd.DataFrame = TABLES["answers"]) -> ReportInputs:
    return report(answers=answers, answer_curves=TABLES["answer_curves"])


def drawn(*, attributes: tuple[str, ...]) -> Figure:
    rows = told().rows(AnswerCurveRow)
    return answers_figure([row for row in rows if row.attribute in ("", *attributes)])


def test_every_group_has_its_coverage_and_both_accuracies() -> None:
    section = answers_section(told())
    assert section is not None
    table = next(block for block in section.blocks if isinstance(block, page.Table))
    assert "Abstention on RAF-DB" in table.caption
    assert [row[0].text for row in table.rows[:3]] == ["All faces", "Female", "Male"]
    assert len(table.rows) == len(TABLES["answers"])
    first = TABLES["answers"].iloc[0]
    cells = [cell.text for cell in table.rows[0]]
    assert cells[3] == f"{first['n_answered']:,}"
    for cell, name in zip(cells[4:], ("coverage", "accuracy", "answered_accuracy"), strict=True):
        assert cell.startswith(f"{100 * first[name]:.1f}")
        assert "[" in cell
    assert table.rows[1][1].text == "perceived gender (labels by annotators)"


def test_a_group_without_answers_has_a_dash() -> None:
    answers = TABLES["answers"].copy()
    named = [name for name in answers if str(name).startswith("answered_accuracy")]
    answers.loc[1, named] = float("nan")
    section = answers_section(report(answers=answers))
    assert section is not None
    table = next(block for block in section.blocks if isinstance(block, page.Table))
    assert table.rows[1][-1].text == MISSING
    assert not any(isinstance(block, page.Drawing) for block in section.blocks)


def test_where_every_face_is_answered_there_is_no_section() -> None:
    assert answers_section(ReportInputs()) is None


def test_each_attribute_has_a_panel_with_a_line_for_each_group_and_for_all() -> None:
    panels = drawn(attributes=("gender", "race")).axes
    assert [panel.get_title(loc="left") for panel in panels] == [
        "Perceived gender",
        "Perceived race",
    ]
    legends = [panel.get_legend() for panel in panels]
    texts = [[text.get_text() for text in legend.get_texts()] for legend in legends if legend]
    assert texts == [["all faces", "Female", "Male"], ["all faces", "Asian", "Caucasian"]]
    line = np.asarray(panels[0].lines[1].get_xydata())
    own = TABLES["answer_curves"].query("group == 'female' and attribute == 'gender'")
    assert line[:, 0].tolist() == (100 * own["common_coverage"]).tolist()
    assert line[:, 1].tolist() == (100 * own["accuracy"]).tolist()


def test_without_groups_the_line_of_all_faces_is_drawn() -> None:
    (panel,) = drawn(attributes=()).axes
    assert len(panel.lines) == 1
