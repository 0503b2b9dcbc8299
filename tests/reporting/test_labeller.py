import pytest
from matplotlib.figure import Figure
from tests.reporting.predicted import fabricated_labeller
from tests.reporting.rows import column, report, unfolded

from fer_fairness.reporting import page
from fer_fairness.reporting.figures.reliability import NO_BINS, reliability_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.labeller import (
    AgreementCountRow,
    AgreementRow,
    LabellerRecallRow,
    LabellerReliabilityRow,
    LabellerSummaryRow,
)
from fer_fairness.reporting.rows.schema import rows_of
from fer_fairness.reporting.sections.labeller import L, asked_only, labeller_section
from fer_fairness.reporting.sections.labeller_agreement import agreement_blocks
from fer_fairness.reporting.sections.labeller_recalls import recall_tables

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
LABELLER = report(**fabricated_labeller())


def blocks_of(inputs: ReportInputs) -> list[page.Block]:
    section = labeller_section(inputs)
    assert section is not None
    return unfolded(section.blocks)


def asked(inputs: ReportInputs, kind: type[L]) -> list[L]:
    return asked_only(inputs.rows(kind), inputs)


@pytest.fixture(scope="module")
def drawn() -> list[page.Block]:
    return blocks_of(LABELLER)


def table(blocks: list[page.Block], start: str) -> page.Table:
    return next(b for b in blocks if isinstance(b, page.Table) and b.caption.startswith(start))


def plain(text: str) -> str:
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_every_condition_has_its_heading_with_what_it_is_for(drawn: list[page.Block]) -> None:
    headings = [block.text for block in drawn if isinstance(block, page.Heading)]
    assert headings == [
        "How the labeller was measured",
        "Held-out faces as published (what the others are measured against)",
        "Held-out faces in colour at 100 pixels (for RAF-DB and folders of images)",
        "Held-out faces shrunk to 48 \N{MULTIPLICATION SIGN} 48 grey (for FER+)",
        "Choice of the classifier",
        "Annotated and predicted groups of the same faces",
    ]


def test_the_summary_has_the_asked_groupings_first_and_the_finer_grey(
    drawn: list[page.Block],
) -> None:
    summary = table(drawn, "The labeller on held-out faces as published")
    assert column(summary, "Groups") == ["female, male", "coarse", "coarse", "FairFace's own"]
    assert [row[0].muted for row in summary.rows] == [False, False, False, True]
    first = {
        name: plain(row)
        for name, row in zip(summary.header, (cell.text for cell in summary.rows[0]), strict=True)
    }
    assert first["Accuracy, % [95 % interval]"] == "90.0 [88.8 to 91.2]"
    assert first["Mean recall"] == "89.0 %"
    assert first["Share of the largest group"] == "30.0 %"
    assert first["Expected calibration error"] == "0.021"
    assert first["No label"] == "8.0 %"
    assert first["Accuracy where labelled"] == "93.0 %"


def test_what_shrinking_costs_is_told_against_the_first_condition(drawn: list[page.Block]) -> None:
    costs = table(drawn, "What it costs the labeller")
    assert costs.header[:3] == ("Attribute", "Faces as published", "Faces in colour at 100 pixels")
    assert [cell.text for cell in costs.rows[1]] == [
        "perceived race",
        "72.0\n[70.2 to 73.8]",
        "69.0\n[67.2 to 70.8]",
        f"{MINUS}3.0 points",
        "60.0\n[58.1 to 61.9]",
        f"{MINUS}12.0 points",
    ]
    assert "from faces as published" in costs.caption


def test_a_condition_that_lacks_an_attribute_has_a_dash() -> None:
    summary = LABELLER.tables["labeller_summary"]
    lost = (summary["condition"] == "grey_48") & (summary["attribute"] == "race")
    costs = table(
        blocks_of(report(labeller_summary=summary[~lost])),
        "What it costs",
    )
    assert [cell.text for cell in costs.rows[1]][-2:] == [DASH, DASH]


def test_one_condition_alone_has_no_table_of_costs() -> None:
    summary = LABELLER.tables["labeller_summary"]
    one = report(labeller_summary=summary[summary["condition"] == "grey_48"])
    captions = [b.caption for b in blocks_of(one) if isinstance(b, page.Table)]
    assert not [caption for caption in captions if caption.startswith("What it costs")]


def test_confusions_are_drawn_of_asked_groupings_only(drawn: list[page.Block]) -> None:
    shown = [b for b in drawn if isinstance(b, page.Drawing) and b.half]
    assert len(shown) == 3 * 3
    assert shown[1].caption.startswith("Perceived race: ")
    assert shown[1].alone.startswith("Labeller, perceived race, held-out faces as published")


def dots(figure: Figure, place: int = 0) -> list[tuple[float, float]]:
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))  # type: ignore[index, arg-type]
        for line in figure.axes[place].lines
        if line.get_marker() == "o"
    ]


def test_reliability_has_a_panel_an_attribute_with_its_error_and_the_diagonal() -> None:
    bins = [row for row in asked(LABELLER, LabellerReliabilityRow) if row.condition == "grey_48"]
    summary = [row for row in asked(LABELLER, LabellerSummaryRow) if row.condition == "grey_48"]
    figure = reliability_figure(bins, summary)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Perceived gender\nECE 0.021",
        "Perceived race\nECE 0.021",
        "Perceived age group\nECE 0.021",
    ]
    one = [row for row in bins if row.attribute == "gender"]
    expected = [(100 * row.mean_confidence, 100 * row.accuracy) for row in one]
    assert dots(figure) == [pytest.approx(pair) for pair in expected]
    diagonal = figure.axes[0].lines[0]
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 100]  # type: ignore[arg-type]


def test_reliability_without_a_summary_has_no_error_and_without_bins_says_so() -> None:
    figure = reliability_figure(LABELLER.rows(LabellerReliabilityRow)[:2], [])
    assert figure.axes[0].get_title(loc="left") == "Perceived gender"
    figure = reliability_figure([], [])
    assert [text.get_text() for text in figure.axes[0].texts] == [NO_BINS]


def test_recalls_of_every_group_have_an_interval_and_the_most_frequent_mistake(
    drawn: list[page.Block],
) -> None:
    recalls = table(drawn, "How often the labeller recognises each group, held-out faces as")
    assert column(recalls, "Group")[:6] == ["female", "male", "White", "Black", "Indian", "Asian"]
    assert column(recalls, "Recall")[2] == "72.0 [68.4 to 75.6]"
    mistakes = [plain(text) for text in column(recalls, "Most frequent mistake")]
    assert mistakes[2:4] == [DASH, "White, 11.0 %"]


def test_recalls_by_other_attributes_are_folded_with_intervals_and_sizes() -> None:
    rows = [
        row
        for row in asked(LABELLER, LabellerRecallRow)
        if row.condition == "grey_48" and row.attribute == "race"
    ]
    of_all, strata = recall_tables(rows, "grey")
    assert of_all.folded
    assert strata.folded
    assert strata.header == ("Group", "female", "male", "0-19", "20-39", "40-69", "70+")
    first = strata.rows[0]
    assert first[1].text == "60.0\n[53.2 to 66.8]\nn=200"
    assert [cell.muted for cell in first[1:]] == [False] * 5 + [True]


def test_groupings_that_were_not_asked_for_are_left_out_of_recalls() -> None:
    alone = report(labeller_recalls=LABELLER.tables["labeller_recalls"])
    for inputs in (LABELLER, alone):
        found = {row.grouping for row in asked(inputs, LabellerRecallRow)}
        assert found == {"gender", "coarse_4"}


def test_the_chosen_classifier_is_named_and_marked(drawn: list[page.Block]) -> None:
    text = next(b.text for b in drawn if isinstance(b, page.Text) and "classifiers tried" in b.text)
    assert text.startswith("Of 2 classifiers tried for each attribute")
    assert (
        "Faces as published: logistic regression for perceived gender, perceived race and "
        "perceived age group."
    ) in text
    choice = table(drawn, "Every classifier tried")
    assert column(choice, "Classifier")[:2] == ["logistic regression", "support vector machine"]
    assert column(choice, "Settings")[:2] == ["C = 1", DASH]
    assert column(choice, "Chosen")[:2] == ["yes", "no"]
    assert len(choice.rows) == 3 * 3 * 2


def test_agreement_is_told_with_interval_and_kappa_and_the_counts_are_folded(
    drawn: list[page.Block],
) -> None:
    agreement = table(drawn, "Agreement of predicted with annotated")
    assert [cell.text for cell in agreement.rows[0]] == [
        "RAF-DB",
        "perceived race",
        "841",
        "820",
        "95.1 [93.6 to 96.6]",
        "0.740",
    ]
    counts = table(drawn, "RAF-DB, perceived race: faces by annotated group")
    assert counts.folded
    assert counts.header == ("Annotated", "White", "Black", "Indian", "no label")
    assert [row[0].text for row in counts.rows] == ["Caucasian", "African American", "Asian"]
    assert [cell.text for cell in counts.rows[0][1:]] == ["700", "40", "0", "0"]
    assert [cell.text for cell in counts.rows[2][1:]] == ["0", "0", "12", "9"]
    assert counts.rows[2][3].muted
    assert not counts.rows[0][1].muted


def test_faces_without_a_label_stand_last_whatever_the_groups_are_called() -> None:
    counts = LABELLER.tables["agreement_counts"].replace({"predicted": {"indian": "other"}})
    blocks = agreement_blocks([], rows_of(counts, AgreementCountRow))
    (shown,) = [block for block in blocks if isinstance(block, page.Table)]
    assert shown.header == ("Annotated", "White", "Black", "other", "no label")


def test_agreement_alone_or_counts_alone_are_shown() -> None:
    assert agreement_blocks([], []) == []
    for found in (
        agreement_blocks(LABELLER.rows(AgreementRow), []),
        agreement_blocks([], LABELLER.rows(AgreementCountRow)),
    ):
        assert len([block for block in found if isinstance(block, page.Table)]) == 1


def test_a_labeller_that_was_not_run_is_said_to_be_so() -> None:
    (text,) = blocks_of(ReportInputs())
    assert isinstance(text, page.Text)
    assert text.absent
    assert "was not run" in text.text


@pytest.mark.parametrize("name", [*fabricated_labeller()])
def test_any_table_of_the_labeller_may_be_missing(name: str) -> None:
    tables = fabricated_labeller()
    one = {name: tables.pop(name).head(2)}
    assert blocks_of(report(**tables))
    alone = blocks_of(report(**one))
    assert [block for block in alone if isinstance(block, (page.Table, page.Drawing))]
