import dataclasses
import math

import pytest
from matplotlib.figure import Figure
from tests.reporting.rows import (
    ATTRIBUTE,
    GROUP,
    REFUSAL,
    REFUSED,
    changed,
    column,
    predicted,
    report,
    row_of,
    unfolded,
)

from fer_fairness.reporting import page
from fer_fairness.reporting.figures.predicted_groups import (
    NO_SCORES,
    predicted_groups_figure,
    reason_not_compared,
)
from fer_fairness.reporting.html import render_report
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.labeller import (
    LabelNoiseAttributeRow,
    LabelNoiseGroupRow,
    LabelNoiseScoreRow,
)
from fer_fairness.reporting.rows.scores import Key
from fer_fairness.reporting.sections.predicted_group_tables import (
    group_tables,
    headline_gaps_table,
)
from fer_fairness.reporting.sections.predicted_groups import (
    predicted_groups_section,
    warning_text,
)

WHITE = row_of(LabelNoiseGroupRow, GROUP)
RACE = ("baseline", "fer_plus", "race")
AGE = ("baseline", "fer_plus", "age_group")
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"


def tables_of(
    inputs: ReportInputs, key: Key
) -> tuple[list[LabelNoiseGroupRow], list[LabelNoiseScoreRow]]:
    groups, scores = inputs.rows(LabelNoiseGroupRow), inputs.rows(LabelNoiseScoreRow)
    return [row for row in groups if row.key == key], [row for row in scores if row.key == key]


def score(inputs: ReportInputs, metric: str, method: str, group: str) -> tuple[float, ...]:
    """Value and interval of one group of race in percent, rounded as they are shown."""
    _, scores = tables_of(inputs, RACE)
    found = [
        row for row in scores if (row.metric, row.method, row.group) == (metric, method, group)
    ]
    (row,) = found
    return tuple(round(100 * value, 1) for value in (row.value, row.ci_low, row.ci_high))


def blocks(inputs: ReportInputs) -> list[page.Block]:
    section = predicted_groups_section(inputs)
    assert section is not None
    return list(section.blocks)


@pytest.fixture(scope="module")
def drawn(small_inputs: ReportInputs) -> list[page.Block]:
    return blocks(small_inputs)


def test_the_simulation_has_every_case(small_inputs: ReportInputs) -> None:
    refused = small_inputs.tables["label_noise_attributes"].set_index("attribute")["refused"]
    assert refused["age_group"].str.contains("hardly tells").all()
    assert not refused["race"].any()
    groups, _ = tables_of(small_inputs, RACE)
    compared = {row.group: row.compared for row in groups}
    assert not compared["indian"]
    assert compared["black"]


def test_there_is_no_section_where_nothing_was_predicted(small_inputs: ReportInputs) -> None:
    gaps = small_inputs.tables["gaps"].assign(attribute_source="annotated")
    assert predicted_groups_section(report(gaps=gaps)) is None
    assert predicted_groups_section(ReportInputs()) is None


def test_where_errors_were_not_measured_the_section_says_so(small_inputs: ReportInputs) -> None:
    (text,) = blocks(report(gaps=small_inputs.tables["gaps"]))
    assert isinstance(text, page.Text)
    assert "How the labeller errs on such faces was not measured" in text.text
    assert text.absent


def test_the_warning_has_numbers() -> None:
    black = {"group": "black", "labelled_rightly": 0.4}
    groups = [WHITE, row_of(LabelNoiseGroupRow, GROUP, black)]
    text = warning_text(row_of(LabelNoiseAttributeRow, ATTRIBUTE), groups).replace(
        "\N{NARROW NO-BREAK SPACE}", " "
    )
    assert text == (
        "Perceived race on FER+ was predicted, not annotated. Of 2,500 held-out FairFace faces, "
        f"shrunk to 48 {TIMES} 48 grey, the labeller gives 60.0 % the right label. 241 of 3,153 "
        "people (7.6 %) on FER+ got none and take part in no group."
    )


@pytest.mark.parametrize(
    ("evaluation_set", "faces"),
    [
        ("raf_db", "held-out FairFace faces, in colour at 100 pixels, the labeller"),
        ("theirs.csv", "held-out FairFace faces the labeller"),
    ],
)
def test_the_warning_names_the_faces_measured_on(evaluation_set: str, faces: str) -> None:
    row = row_of(LabelNoiseAttributeRow, ATTRIBUTE, {"evaluation_set": evaluation_set})
    assert faces in warning_text(row, [WHITE])


def test_the_warning_of_a_refused_attribute_tells_why() -> None:
    text = warning_text(row_of(LabelNoiseAttributeRow, ATTRIBUTE, REFUSAL), [WHITE])
    assert text.endswith(f"The figures are not corrected for label errors. {REFUSED}")


def test_the_assumption_and_what_breaks_it_are_told(drawn: list[page.Block]) -> None:
    folded = next(block for block in drawn if isinstance(block, page.Folded))
    text = " ".join(block.text for block in folded.blocks if isinstance(block, page.Text))
    for part in (
        "The correction assumes that the labeller errs on these people as on FairFace's",
        "nothing to do with the emotion shown or with whether the emotion model is right",
        "What harms both models at once breaks the second: blur",
        "read the bounds",
        "Verdicts and p-values are of the groups as labelled",
    ):
        assert part in text


def test_every_attribute_has_warning_figure_and_two_tables(drawn: list[page.Block]) -> None:
    shown = unfolded(drawn)
    kinds = [type(block).__name__ for block in shown]
    one = ["Heading", "Text", "Drawing", "Table", "Table"]
    assert kinds[-20:] == one * 4
    assert isinstance(drawn[-1], page.Folded)  # the intersection
    headings = [block.text for block in shown if isinstance(block, page.Heading)]
    assert headings[-4:] == [
        f"FER+, perceived {name}"
        for name in ("gender", "race", "age group", f"gender {TIMES} race")
    ]
    warnings = [block for block in shown if isinstance(block, page.Text) and block.warning]
    assert len(warnings) == 4
    folded = [block.folded for block in shown if isinstance(block, page.Table)]
    assert all(folded)


def test_captions_say_whether_figures_are_corrected(drawn: list[page.Block]) -> None:
    captions = [block.caption for block in drawn if isinstance(block, page.Drawing)]
    assert "Not corrected" not in captions[1]
    assert "Not corrected for label errors" in captions[2]
    [reading] = [
        block.text
        for block in drawn
        if isinstance(block, page.Text) and block.text.startswith("Figures show")
    ]
    assert "filled: corrected for label errors" in reading
    assert "Bounds stand in the tables." in reading
    assert all("“Baseline”" in caption for caption in captions)


def test_an_audit_speaks_of_the_audited_model(small_inputs: ReportInputs) -> None:
    kept = {
        name: table[(table["variant"] == "baseline") & (table["attribute"] == "gender")]
        for name, table in small_inputs.tables.items()
        if name.startswith("label_noise_")
    }
    found = blocks(
        report(
            kind="audit",
            label_noise_attributes=kept["label_noise_attributes"],
            label_noise_groups=kept["label_noise_groups"],
            label_noise_scores=kept["label_noise_scores"],
        )
    )
    assert [block.text for block in found if isinstance(block, page.Heading)] == [
        "Perceived gender"
    ]
    told = [b.caption for b in found if isinstance(b, (page.Drawing, page.Table))]
    assert len(told) == 3
    assert all("the audited model" in caption for caption in told)


def test_raw_and_corrected_stand_side_by_side_in_the_table_of_accuracy(
    small_inputs: ReportInputs,
) -> None:
    table, _ = group_tables(*tables_of(small_inputs, RACE), of="it")
    groups = column(table, "Group")
    assert groups == ["White", "Black", "Indian", "Asian"]
    place = groups.index("Black")
    for head, method in (("as labelled", "as_labelled"), ("corrected", "corrected")):
        value, low, high = score(small_inputs, "accuracy", method, "black")
        assert column(table, f"Accuracy {head}")[place] == f"{value:.1f}\n[{low:.1f} to {high:.1f}]"
    _, low, high = score(small_inputs, "accuracy", "bounds", "black")
    assert column(table, "Bounds of accuracy")[place] == f"{low:.1f} to {high:.1f}"
    (known,) = [row for row in tables_of(small_inputs, RACE)[0] if row.group == "black"]
    assert column(table, "Held-out faces")[place] == f"{known.n_held_out:.0f}"
    assert column(table, "People labelled so")[place] == f"{known.n_labelled:.0f}"
    assert column(table, "People, corrected")[place].startswith(f"{known.n_corrected:.0f}\n[")
    assert column(table, "Labelled rightly")[place].startswith(
        f"{100 * known.labelled_rightly:.1f}"
    )


def test_groups_that_are_not_compared_and_refusals_have_no_corrected_number(
    small_inputs: ReportInputs,
) -> None:
    race = tables_of(small_inputs, RACE)
    table, difference = group_tables(*race, of="it")
    place = column(table, "Group").index("Indian")
    assert column(table, "Accuracy corrected")[place] == "not compared"
    assert column(difference, "Same-emotion recall: corrected")[place] == "not compared"
    refused, _ = group_tables(*tables_of(small_inputs, AGE), of="it")
    assert set(column(refused, "Accuracy corrected")) == {"not corrected"}
    assert set(column(refused, "People, corrected")) == {"not corrected"}
    assert " to " in column(refused, "Bounds of accuracy")[0]


def test_a_group_that_is_not_compared_has_no_number_even_where_the_table_has_one(
    small_inputs: ReportInputs,
) -> None:
    groups, scores = tables_of(small_inputs, RACE)
    none = [dataclasses.replace(row, compared=False) for row in groups]
    table, _ = group_tables(none, scores, of="it")
    assert set(column(table, "Accuracy corrected")) == {"not compared"}


def test_differences_have_raw_corrected_bounds_and_soft_labels(
    small_inputs: ReportInputs,
) -> None:
    _, table = group_tables(*tables_of(small_inputs, RACE), of="it")
    place = column(table, "Group").index("Black")
    for head, metric, method in (
        ("Accuracy: as labelled", "accuracy_difference", "as_labelled"),
        ("Accuracy: corrected", "accuracy_difference", "corrected"),
        ("Same-emotion recall: as labelled", "recall_difference", "as_labelled"),
        ("Same-emotion recall: corrected", "recall_difference", "corrected"),
        ("Same-emotion recall: soft labels", "recall_difference", "soft_labels"),
    ):
        value, *_ = score(small_inputs, metric, method, "black")
        shown = f"{value:.1f}".replace("-", MINUS)
        assert column(table, head)[place].startswith(f"{shown}\n["), head
    corrected = table.rows[place][table.header.index("Accuracy: corrected")]
    assert score(small_inputs, "accuracy_difference", "corrected", "black")[2] < 0
    assert corrected.strong
    assert not table.rows[column(table, "Group").index("Asian")][2].strong


def test_the_table_of_headline_gaps_has_two_values_of_each() -> None:
    second: dict[str, object] = {
        "metric": "equal_opportunity_gap",
        "verdict": "no difference found",
    }
    table = headline_gaps_table(predicted({}, second), "fer_plus")
    assert table is not None
    (row,) = table.rows
    assert [cell.text for cell in row] == [
        "perceived race",
        "8.1\n[5.9 to 10.2]",
        "9.6\n[5.1 to 14.2]",
        "8.1\n[5.9 to 10.2]",
        "\N{EN DASH}",
    ]
    assert [cell.strong for cell in row[1::2]] == [True, False]
    assert len(table.header) == len(row)


def test_the_table_of_headline_gaps_has_every_variant_and_says_refusals(
    small_inputs: ReportInputs,
) -> None:
    table = headline_gaps_table(small_inputs, "fer_plus")
    assert table is not None
    assert column(table, "Variant")[:2] == ["Baseline", "Emotion augmentation"]
    rows = [row for row in table.rows if row[0].text == "perceived age group"]
    assert len(rows) == 2
    assert rows[0][3].text == "labeller hardly\ntells groups apart"


def test_there_is_no_such_table_without_predicted_gaps(small_inputs: ReportInputs) -> None:
    annotated = changed(
        small_inputs, gaps=small_inputs.tables["gaps"].assign(attribute_source="annotated")
    )
    assert headline_gaps_table(annotated, "fer_plus") is None
    assert headline_gaps_table(small_inputs, "raf_db") is None


def marks_of(figure: Figure, marker: str) -> list[tuple[float, float]]:
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))  # type: ignore[index, arg-type]
        for line in figure.axes[0].lines
        if line.get_marker() == marker
    ]


def test_the_figure_has_a_mark_a_method_at_the_values(small_inputs: ReportInputs) -> None:
    groups, scores = tables_of(small_inputs, RACE)
    figure = predicted_groups_figure(scores, groups)
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["White", "Black", "Indian", "Asian"]
    for marker, method, count in (
        ("o", "as_labelled", 4),
        ("D", "corrected", 3),
        ("s", "soft_labels", 4),
    ):
        marks = marks_of(figure, marker)
        assert len(marks) == count
        value, *_ = score(small_inputs, "recall_difference", method, "black")
        assert any(x == pytest.approx(value, abs=0.06) and round(y) == 1 for x, y in marks), method
    hollow = next(line for line in axes.lines if line.get_marker() == "o")
    assert hollow.get_markerfacecolor() == "white"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["as labelled", "corrected for label errors", "soft labels"]


def test_a_group_that_is_not_compared_is_grey_and_has_its_reason(
    small_inputs: ReportInputs,
) -> None:
    groups, scores = tables_of(small_inputs, RACE)
    (axes,) = predicted_groups_figure(scores, groups).axes
    (reason,) = [text.get_text() for text in axes.texts]
    (people,) = [row.n_corrected for row in groups if row.group == "indian"]
    assert reason.startswith(f"not compared: {people:.0f} [")
    black, indian = (axes.get_yticklabels()[place].get_color() for place in (1, 2))
    assert black != indian


def test_a_refused_attribute_is_drawn_without_reasons(small_inputs: ReportInputs) -> None:
    groups, scores = tables_of(small_inputs, AGE)
    figure = predicted_groups_figure(scores, groups)
    assert not figure.axes[0].texts
    assert not marks_of(figure, "D")
    assert len(marks_of(figure, "o")) == 4


def test_why_a_group_is_not_compared() -> None:
    assert reason_not_compared(WHITE) == ""
    assert reason_not_compared(None) == ""
    few = dataclasses.replace(
        WHITE, compared=False, n_corrected=8.2, n_ci_low=-9.1, n_ci_high=1251.0
    )
    assert reason_not_compared(few) == f"not compared: 8 [{MINUS}9 to 1,251] people"


def test_without_scores_the_figure_says_so(small_inputs: ReportInputs) -> None:
    figure = predicted_groups_figure([], [])
    assert [text.get_text() for text in figure.axes[0].texts] == [NO_SCORES]
    groups, scores = tables_of(small_inputs, RACE)
    undefined = [dataclasses.replace(row, value=math.nan) for row in scores]
    assert not marks_of(predicted_groups_figure(undefined, groups), "o")


def test_names_of_groups_are_escaped_on_the_page() -> None:
    hostile = "<script>alert('x')</script>"
    inputs = predicted(
        groups=({**GROUP, "group": hostile},),
        attribute={"refusals": hostile, "refused": f"No. {hostile}"},
    )
    text = render_report(inputs)
    assert text.count("<script") == 1  # the page's own
    assert "&lt;script&gt;" in text
    assert '<p class="warning">' in text
