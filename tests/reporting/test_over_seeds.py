"""What the report says of several training seeds."""

import pandas as pd
from tests.reporting.rows import CHANGE, GAP_CHANGE, NO_CHANGE, changed, report

from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.changes import changes_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.changes import ComparisonOverSeedsRow
from fer_fairness.reporting.sections import all_sections
from fer_fairness.reporting.sections.over_seeds import over_seeds_section


def compared(*changes: dict[str, object]) -> ReportInputs:
    return report(comparisons_over_seeds=pd.DataFrame([{**CHANGE, **c} for c in changes]))


def texts(inputs: ReportInputs) -> str:
    blocks = over_seeds_section(inputs).blocks
    return " ".join(block.text for block in blocks if isinstance(block, page.Text))


def tables(inputs: ReportInputs) -> list[page.Table]:
    return [block for block in over_seeds_section(inputs).blocks if isinstance(block, page.Table)]


def test_one_seed_is_a_sentence_that_says_how_to_get_more() -> None:
    (only,) = over_seeds_section(ReportInputs()).blocks
    assert isinstance(only, page.Text)
    assert only.absent
    assert 'kedro run --params "seeds=0;1;2;3;4"' in only.text


def test_every_evaluation_set_has_its_means_its_differences_and_a_figure(
    inputs: ReportInputs,
) -> None:
    blocks = over_seeds_section(inputs).blocks
    assert [block.text for block in blocks if isinstance(block, page.Heading)] == ["FER+", "RAF-DB"]
    assert sum(isinstance(block, page.Drawing) for block in blocks) == 2
    findings = [block for block in blocks if isinstance(block, page.Findings)]
    assert [len(block.items) for block in findings] == [4, 4]
    means, differences, gaps = tables(inputs)[:3]
    assert [row[0].text for row in means.rows] == [
        *("Baseline", "Emotion augmentation", "Demographic augmentation", "Reweighing"),
        "Equalized odds",
    ]
    assert all("SD 0.6 points" in row[3].text for row in means.rows)
    assert (means.folded, differences.folded, gaps.folded) == (False, True, True)
    n = (inputs.tables["comparisons_over_seeds"]["evaluation_set"] == "fer_plus").sum()
    told = f"{page.MOST_ROWS} of {n} rows, all in tables/comparisons_over_seeds.parquet"
    assert told in differences.caption
    found = [row[6].text == Verdict.FOUND for row in differences.rows]
    assert found == sorted(found, reverse=True)
    assert found[0]


def test_predicted_groups_are_marked_as_labelled() -> None:
    predicted = compared({}, {**GAP_CHANGE, "attribute_source": "predicted"})
    assert "label errors, which make real gaps and changes look smaller" in texts(predicted)
    (table,) = tables(predicted)
    assert [row[2].text for row in table.rows] == ["all faces", "perceived gender (predicted)"]
    assert "label errors" not in texts(compared({}, GAP_CHANGE))


def test_two_seeds_come_with_a_warning() -> None:
    assert "Five seeds are far better" in texts(compared({"n_seeds": 2}))
    assert "Five seeds are far better" not in texts(compared({}))


def test_the_summary_and_the_limits_point_to_the_section(small_inputs: ReportInputs) -> None:
    def said(inputs: ReportInputs) -> int:
        told = [section for section in all_sections(inputs) if section.key in ("found", "limits")]
        return sum("“Over training seeds”" in str(section.blocks) for section in told)

    lean = report(
        comparisons=small_inputs.tables["comparisons"].head(3),
        comparisons_over_seeds=small_inputs.tables["comparisons_over_seeds"].head(3),
    )
    assert said(lean) == 2
    assert said(changed(lean, comparisons_over_seeds=pd.DataFrame())) == 0


def test_the_figure_has_a_row_for_every_difference_filled_where_found() -> None:
    rows = compared({}, {**GAP_CHANGE, **NO_CHANGE}, {**GAP_CHANGE, "variant": "equalized_odds"})
    variants = ("baseline", "reweighing", "equalized_odds")
    figure = changes_figure(rows.rows(ComparisonOverSeedsRow), variants=variants, axis="Change")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        *("Accuracy", "Reweighing", "Perceived gender, accuracy gap", "Reweighing"),
        "Equalized odds",
    ]
    marked = [line for line in axes.lines if line.get_marker() not in ("None", "")]
    assert [line.get_markerfacecolor() == "white" for line in marked] == [False, True, False]
    arrow = "\N{RIGHTWARDS ARROW}"
    assert [text.get_text() for text in axes.texts] == [
        f"83.1 {arrow} 84.3, better, p = 0.020",
        f"8.1 {arrow} 5.1, p = 0.400",
        f"8.1 {arrow} 5.1, better, p = 0.020",
    ]


def test_one_variant_has_its_rows_under_the_names_of_what_changed() -> None:
    lost = {**GAP_CHANGE, "level_down": True}
    rows = compared({**CHANGE, "difference": -0.012}, lost).rows(ComparisonOverSeedsRow)
    (axes,) = changes_figure(rows, variants=("reweighing",), axis="Change").axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["Accuracy", "Perceived gender, accuracy gap"]
    told = [text.get_text().split(", ")[1] for text in axes.texts]
    assert told == ["worse", "levelled down"]


def test_an_empty_figure_says_so() -> None:
    figure = changes_figure([], variants=(), axis="Change")
    assert "Nothing was compared" in figure.axes[0].texts[0].get_text()
