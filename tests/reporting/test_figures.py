import html
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fer_fairness.reporting.figures import style
from fer_fairness.reporting.figures.gaps import gap_forest_figure
from fer_fairness.reporting.figures.matrices import (
    confusion_matrix_figure,
    labeller_confusion_figure,
)
from fer_fairness.reporting.figures.recalls import recall_by_emotion_and_group_figure
from fer_fairness.reporting.figures.style import spread
from fer_fairness.reporting.figures.svg import inline_svg
from fer_fairness.reporting.figures.trade_off import fairness_accuracy_figure
from fer_fairness.reporting.figures.training import distribution_figure, training_curves_figure
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.labeller import LabellerConfusionRow
from fer_fairness.reporting.rows.schema import rows_of
from fer_fairness.reporting.rows.scores import ConfusionRow, GapRow, GroupRow, OverallRow
from fer_fairness.reporting.rows.training import DistributionRow, HistoryRow
from fer_fairness.taxonomy import EMOTIONS


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def titles(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_a_confusion_matrix_tells_share_and_count_in_every_cell(
    small_inputs: ReportInputs,
) -> None:
    figure = confusion_matrix_figure(small_inputs.rows(ConfusionRow), variant="baseline")
    (axes,) = figure.axes
    rows = small_inputs.tables["confusion"][
        small_inputs.tables["confusion"]["variant"] == "baseline"
    ]
    hits = rows[(rows["emotion"] == "neutral") & (rows["predicted_emotion"] == "neutral")]
    total = rows.loc[rows["emotion"] == "neutral", "n_faces"].sum()
    hit = int(hits["n_faces"].iloc[0])
    assert len(axes.texts) == len(EMOTIONS) ** 2
    assert texts(figure)[0] == f"{100 * hit / total:.0f}%\n{hit:,}"
    assert [label.get_text() for label in axes.get_xticklabels()] == list(EMOTIONS)


def test_a_row_without_faces_has_dashes_instead_of_shares() -> None:
    table = pd.DataFrame(
        {
            "variant": "baseline",
            "evaluation_set": "raf_db",
            "emotion": ["neutral", "neutral"],
            "predicted_emotion": ["neutral", "fear"],
            "n_people": [3, 1],
            "n_faces": [3, 1],
        }
    )
    shown = texts(confusion_matrix_figure(rows_of(table, ConfusionRow), variant="baseline"))
    assert shown == ["75%\n3", "25%\n1", "–", "–"]  # noqa: RUF001


def test_recall_has_a_panel_an_emotion_and_a_line_a_group(small_inputs: ReportInputs) -> None:
    figure = recall_by_emotion_and_group_figure(
        small_inputs.rows(GroupRow), attribute="race", variants=small_inputs.variants()
    )
    assert titles(figure) == [emotion.capitalize() for emotion in EMOTIONS]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert [label.split(" (n=")[0] for label in labels] == [
        "Caucasian",
        "African American",
        "Asian",
    ]


def test_the_forest_has_a_panel_a_metric_and_a_p_value_a_line(small_inputs: ReportInputs) -> None:
    metrics = ("accuracy_gap", "equal_opportunity_gap")
    figure = gap_forest_figure(
        small_inputs.rows(GapRow), metrics=metrics, variants=small_inputs.variants()
    )
    assert titles(figure) == ["Accuracy gap", "Equal-opportunity gap"]
    assert len([text for text in texts(figure) if text.startswith("p ")]) == 2 * 2 * 5


@pytest.mark.parametrize(
    ("verdict", "filled"), [("difference found", True), ("no difference found", False)]
)
def test_only_differences_found_have_filled_marks(
    small_inputs: ReportInputs, verdict: str, filled: object
) -> None:
    figure = gap_forest_figure(
        rows_of(small_inputs.tables["gaps"].assign(verdict=verdict), GapRow),
        metrics=["accuracy_gap"],
        variants=small_inputs.variants(),
    )
    points = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", "")]
    assert {line.get_markerfacecolor() != "white" for line in points} == {filled}


def test_the_forest_marks_equal_treatment_and_what_would_be_found(
    small_inputs: ReportInputs,
) -> None:
    one = small_inputs.tables["gaps"][
        (small_inputs.tables["gaps"]["variant"] == "baseline")
        & (small_inputs.tables["gaps"]["attribute"] == "gender")
    ].assign(minimum_detectable=0.042)
    one["equal_treatment"] = np.where(one["metric"] == "accuracy_ratio", 0.97, 0.03)
    figure = gap_forest_figure(
        rows_of(one, GapRow), metrics=["accuracy_gap", "accuracy_ratio"], variants=("baseline",)
    )
    for axes, equal, seen in zip(figure.axes, (3.0, -0.03), (7.2, 0.97 - 0.042), strict=True):
        widths = [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)]
        assert widths == [pytest.approx(equal)]
        upright = [tuple(np.asarray(line.get_xdata())) for line in axes.lines]
        assert any(pair == pytest.approx((seen, seen)) for pair in upright)


def test_one_variant_needs_no_heading_in_the_forest(audit: ReportInputs) -> None:
    figure = gap_forest_figure(
        audit.rows(GapRow), metrics=["accuracy_gap"], variants=audit.variants()
    )
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == 3
    assert labels[1].startswith("Perceived skin tone (n")


def test_the_trade_off_has_a_panel_an_attribute_and_names_every_variant(
    small_inputs: ReportInputs,
) -> None:
    figure = fairness_accuracy_figure(
        small_inputs.rows(OverallRow), small_inputs.rows(GapRow), variants=small_inputs.variants()
    )
    assert len(figure.axes) == 5
    for axes in figure.axes:
        named = {text.get_text() for text in axes.texts}
        assert named == {"Baseline", "Emotion augmentation"}


def test_of_many_variants_the_trade_off_names_the_first_and_those_that_nothing_beats(
    small_inputs: ReportInputs,
) -> None:
    def first(name: str) -> pd.DataFrame:
        table = small_inputs.tables[name]
        return table[(table["variant"] == "baseline") & (table["evaluation_set"] == "fer_plus")]

    # The more accurate, the greater the gap; but every other variant is beaten.
    variants = [f"method_{number:02}" for number in range(20)]
    overall, gaps = [], []
    for number, name in enumerate(variants):
        better, gap = number / 100, number / 100 + 0.005 * (number % 2)
        right = first("overall").assign(variant=name)
        overall.append(right.assign(value=0.5 + better - 0.02 * (number % 2)))
        gaps.append(first("gaps").assign(variant=name, value=gap, ci_low=gap, ci_high=gap))
    figure = fairness_accuracy_figure(
        rows_of(pd.concat(overall, ignore_index=True), OverallRow),
        rows_of(pd.concat(gaps, ignore_index=True), GapRow),
        variants=variants,
    )
    best = {f"Method {number:02}" for number in (0, 6, 8, 10, 12, 14, 16, 18)}
    for axes in figure.axes:
        assert {text.get_text() for text in axes.texts} == best
        points = [line for line in axes.lines if line.get_marker() not in ("None", None, "")]
        assert len(points) == len(variants)


def test_distributions_are_bars_by_emotion_or_panels_by_group(small_inputs: ReportInputs) -> None:
    table = small_inputs.rows(DistributionRow)
    flat = distribution_figure(table, variant="emotion_augmentation")
    assert len(flat.axes) == 1
    crossed = distribution_figure(table, variant="demographic_augmentation")
    assert len(crossed.axes) == len(EMOTIONS)
    labels = [label.get_text() for label in crossed.axes[0].get_yticklabels()]
    assert labels[0] == "female · 0-3"


def test_training_curves_have_two_rows_and_a_column_a_variant(small_inputs: ReportInputs) -> None:
    figure = training_curves_figure(small_inputs.rows(HistoryRow), variants=small_inputs.variants())
    assert len(figure.axes) == 2 * 2


def test_names_above_the_training_curves_do_not_run_into_one_another(
    small_inputs: ReportInputs,
) -> None:
    rows = small_inputs.rows(HistoryRow)
    renamed = [replace(row, variant=f"demographic_augmentation_{row.variant}") for row in rows]
    figure = training_curves_figure(renamed, variants=[row.variant for row in renamed])
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    lines = [line for title in titles for line in title.splitlines()]
    assert lines
    assert max(map(len, lines)) <= 16


def test_labeller_confusion_keeps_the_order_of_ages(small_inputs: ReportInputs) -> None:
    rows = [row for row in small_inputs.rows(LabellerConfusionRow) if row.condition == "grey_48"]
    backwards = labeller_confusion_figure(rows[::-1], attribute="age_group")
    labels = [label.get_text() for label in backwards.axes[0].get_xticklabels()]
    assert labels == ["0-19", "20-39", "40-69", "70+"]


def test_empty_tables_give_a_figure_that_says_so() -> None:
    empty = ReportInputs()
    figures = [
        confusion_matrix_figure(empty.rows(ConfusionRow), variant="baseline"),
        recall_by_emotion_and_group_figure(empty.rows(GroupRow), attribute="gender", variants=()),
        gap_forest_figure(empty.rows(GapRow), metrics=["accuracy_gap"], variants=()),
        fairness_accuracy_figure(empty.rows(OverallRow), empty.rows(GapRow), variants=()),
        distribution_figure(empty.rows(DistributionRow), variant="baseline"),
        training_curves_figure(empty.rows(HistoryRow), variants=()),
        labeller_confusion_figure(empty.rows(LabellerConfusionRow), attribute="race"),
    ]
    assert all(len(texts(figure)) == 1 and texts(figure)[0] for figure in figures)


def test_missing_values_do_not_stop_a_figure(small_inputs: ReportInputs) -> None:
    gone = dict.fromkeys(("value", "ci_low", "ci_high", "null_mean", "null_95"), np.nan)
    gaps = rows_of(small_inputs.tables["gaps"].assign(**gone, p_value_corrected=np.nan), GapRow)
    variants = small_inputs.variants()
    for figure in (
        gap_forest_figure(gaps, metrics=["accuracy_gap"], variants=variants),
        fairness_accuracy_figure(small_inputs.rows(OverallRow), gaps, variants=variants),
    ):
        assert inline_svg(figure, key="a", description="b").startswith("<svg")


def test_a_key_that_holds_the_name_of_a_file_ends_no_attribute(
    small_inputs: ReportInputs,
) -> None:
    rows = small_inputs.rows(ConfusionRow)

    def drawn(key: str) -> str:
        figure = confusion_matrix_figure(rows, variant="baseline")
        return inline_svg(figure, key=key, description="b")

    hostile, other = drawn('"><script>alert(1)</script>'), drawn("'><script>alert(1)</script>")
    assert "<script" not in hostile
    ids = set(re.findall(r'\sid="([^"]+)"', hostile))
    assert ids
    assert ids.isdisjoint(re.findall(r'\sid="([^"]+)"', other))


def test_inline_svg_keeps_text_and_drops_what_would_be_fetched(small_inputs: ReportInputs) -> None:
    figure = labeller_confusion_figure(small_inputs.rows(LabellerConfusionRow), attribute="gender")
    svg = inline_svg(figure, key="k", description='a "quoted" <description>')
    assert "Perceived gender" in svg
    assert "http" not in svg
    assert "font-family" not in svg  # told once for all, by the page
    assert 'aria-label="a &#34;quoted&#34; &lt;description&gt;"' in svg


@given(
    st.lists(st.floats(-100, 100), max_size=12),
    st.floats(0.01, 10),
)
def test_spread_keeps_order_centre_and_distance(positions: Sequence[float], apart: float) -> None:
    moved = spread(positions, apart=apart)
    order = np.argsort(positions, kind="stable")
    gaps = np.diff(np.array(moved)[order])
    assert (gaps >= apart - 1e-9).all()
    assert np.sum(moved) == pytest.approx(np.sum(positions), abs=1e-6)


def test_a_mark_says_in_the_page_what_it_stands_for_when_pointed_at() -> None:
    figure = style.new_figure(3, 2)
    estimates = [(0.5, 0.4, 0.6), (0.7, 0.6, 0.8)]
    told = ['<a> & "b": 50 %', "c: 70 %"]
    mark = style.Mark("#222222", "o")
    style.draw_estimates(figure.subplots(), [0, 1], estimates, mark, told=told)
    drawn = inline_svg(figure, key="k", description="d")
    titles = re.findall(r"<g><title>([^<]*)</title>(.*?)</g>\s*</g>", drawn, flags=re.DOTALL)
    assert [html.unescape(text) for text, _ in titles] == ["<a> & 'b': 50 %", "c: 70 %"]
    # Beside each text one mark, and no id made of a text.
    assert [marks.count("<use") for _, marks in titles] == [1, 1]
    assert style.POINTED_AT not in drawn


def test_gaps_say_how_many_people_they_rest_on(
    small_inputs: ReportInputs,
) -> None:
    gaps = [row for row in small_inputs.rows(GapRow) if row.evaluation_set == "fer_plus"]
    forest = gap_forest_figure(gaps, metrics=["accuracy_gap"], variants=small_inputs.variants())
    told = re.findall("<title>([^<]*)</title>", inline_svg(forest, key="k", description="d"))
    assert len(told) == sum(row.metric == "accuracy_gap" for row in gaps)
    assert all("interval" in text and "smallest group" in text for text in told)
