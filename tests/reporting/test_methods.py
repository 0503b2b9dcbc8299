"""Which method helps: sentences, diagrams and tables of a bench."""

from itertools import combinations, pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from tests.reporting.bench import fabricated_bench
from tests.reporting.rows import (
    CHANGE,
    GAP_CHANGE,
    NO_CHANGE,
    changed,
    report,
    row_of,
    unfolded,
)

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.fronts import front_figure
from fer_fairness.reporting.figures.ranks import joined, rank_figure
from fer_fairness.reporting.figures.svg import inline_svg
from fer_fairness.reporting.findings.methods import (
    answer_sentences,
    front_sentence,
    outcome_sentence,
)
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.rows.bench import FrontRow, RankRow
from fer_fairness.reporting.rows.changes import AgainstControlRow
from fer_fairness.reporting.sections.methods import methods_section

RANK: dict[str, object] = {
    "metric": "accuracy",
    "attribute": None,
    "attribute_source": None,
    "evaluation_sets": "raf_db",
    "is_control": False,
    "value": 0.8,
    "mean_rank": 1.0,
    "rank_low": 1,
    "rank_high": 3,
    "not_told_apart": "",
}
FRONT: dict[str, object] = {
    "evaluation_set": "raf_db",
    "metric": "accuracy_gap",
    "attribute": "gender",
    "attribute_source": "annotated",
    "is_control": False,
    "accuracy": 0.8,
    "value": 0.05,
    "probability": 0.9,
    "on_front": True,
    "n_seeds": 5,
}
WORSE: dict[str, object] = {"difference": -0.012, "ci_low": -0.02, "ci_high": -0.004}


def against(*changes: dict[str, object]) -> list[AgainstControlRow]:
    head: dict[str, object] = {**CHANGE, "control": "continued_training"}
    return [row_of(AgainstControlRow, head, change) for change in changes]


def ranks(*parts: dict[str, object]) -> list[RankRow]:
    return [row_of(RankRow, RANK, part) for part in parts]


def bench(n: int = 6, *sets: str) -> ReportInputs:
    names = ["baseline", "continued_training", *(f"method_{number}" for number in range(n - 2))]
    return report(**fabricated_bench(names, sets or ("fer_plus",)))


def blocks(inputs: ReportInputs) -> list[page.Block]:
    """Those that are behind a fold too."""
    section = methods_section(inputs)
    assert section is not None
    return unfolded(section.blocks, headings=False)


def texts(inputs: ReportInputs) -> str:
    return " ".join(block.text for block in blocks(inputs) if isinstance(block, page.Text))


def drawn(figure: Figure) -> str:
    return " ".join(text.get_text() for axes in figure.axes for text in axes.texts)


def test_no_method_found_comes_with_the_change_that_would_have_been() -> None:
    rows = against(NO_CHANGE, {**NO_CHANGE, "minimum_detectable": 0.024})
    assert outcome_sentence(rows, []) == (
        "On RAF-DB no method is told apart from the control in accuracy; a change of 1.9 to 2.4 "
        "points would be found in 8 of 10 such comparisons."
    )


def test_better_worse_and_levelled_down_are_told_apart() -> None:
    rows = against({}, {**WORSE, "variant": "focal"}, {**NO_CHANGE, "variant": "jtt"})
    assert outcome_sentence(rows, []) == (
        "On RAF-DB, accuracy: better than the control: Reweighing (+1.2 points [0.4 to 2.0]); "
        "worse than the control: Focal (\N{MINUS SIGN}1.2 points [\N{MINUS SIGN}2.0 to "
        "\N{MINUS SIGN}0.4]); the others (1) are not told apart from it, where a change of 1.9 "
        "points would be found in 8 of 10 such comparisons."
    )
    down = outcome_sentence(against({**GAP_CHANGE, "level_down": True}), [])
    assert "levelled down: Reweighing" in down
    assert "better" not in down
    assert "worse" not in down


def test_the_answer_counts_for_each_variant_what_was_found_in_how_many_tests() -> None:
    rows = against(
        {**WORSE, "variant": "focal"},
        {},
        NO_CHANGE,
        {**NO_CHANGE, "variant": "jtt"},
        {**GAP_CHANGE, "level_down": True, "variant": "sam"},
        {"evaluation_set": "fer_plus"},
    )
    assert answer_sentences(rows) == (
        "Better than the control: Reweighing (in 2 of 3 tests). Levelled down: SAM (in 1 of 1 "
        "tests). Worse than the control: Focal (in 1 of 1 tests). The others (1) are not told "
        "apart from it in any outcome."
    )
    assert answer_sentences(against(NO_CHANGE)) == (
        "No variant is told apart from the control in any outcome."
    )


def test_each_set_has_its_sentence() -> None:
    rows = against(NO_CHANGE, {**NO_CHANGE, "evaluation_set": "fer_plus"})
    told = outcome_sentence(rows, [])
    assert "On RAF-DB no method" in told
    assert "On FER+ no method" in told


def test_what_could_not_be_tested_is_not_no_change() -> None:
    nothing = {"p_value_corrected": float("nan"), "verdict": "too few people to say"}
    assert "could be tested: too few people" in outcome_sentence(against(nothing), [])
    assert "could be tested: too few people" in answer_sentences(against(nothing))


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (
            [{"variant": "a", "not_told_apart": "b"}, {"variant": "b", "not_told_apart": "a"}],
            "No two methods are told apart, so that any may be the best.",
        ),
        (
            [{"variant": "a", "rank_high": 1}, {"variant": "b", "rank_low": 2}],
            (
                "Pair by pair over RAF-DB, corrected for these pairs alone, A is told apart from "
                "all others as the best."
            ),
        ),
        (
            [
                {"variant": "a", "not_told_apart": "b"},
                {"variant": "b", "rank_low": 2, "not_told_apart": "a, c"},
                {"variant": "c", "rank_low": 3, "not_told_apart": "b"},
            ],
            "A may be the best; the others (2) are worse than some other one.",
        ),
        (
            [
                {"variant": "a", "not_told_apart": "b"},
                {"variant": "b", "not_told_apart": "a, c"},
                {"variant": "c", "not_told_apart": "b", "rank_low": 2},
            ],
            "A and B may be the best; the others (1) are worse than some other one.",
        ),
        (
            [
                {"variant": "a", "mean_rank": 2.0, "not_told_apart": "b"},
                {"variant": "b", "mean_rank": 1.0, "not_told_apart": "a"},
                {"variant": "c", "mean_rank": 3.0, "rank_low": 3},
            ],
            "B and A may be the best; the others (1) are worse than some other one.",
        ),
    ],
)
def test_who_may_be_the_best_is_said(parts: list[dict[str, object]], told: str) -> None:
    assert outcome_sentence([], ranks(*parts)) == told


@pytest.mark.parametrize(("n_seeds", "is_told"), [(1, True), (5, False)])
def test_the_best_with_one_seed_is_the_best_of_these_models(n_seeds: int, *, is_told: bool) -> None:
    best = ranks({"variant": "a", "rank_high": 1}, {"variant": "b", "rank_low": 2})
    told = outcome_sentence(against({"n_seeds": n_seeds}), best)
    assert ("the best of these trained models; another training seed" in told) == is_told


def test_the_front_is_told_with_probabilities_and_the_control() -> None:
    parts: list[dict[str, object]] = [
        {"variant": "a", "probability": 0.61},
        {"variant": "b", "probability": 0.92},
        {"variant": "c", "probability": 0.001, "is_control": True},
        {"variant": "d", "probability": 0.3},
    ]
    assert front_sentence([row_of(FrontRow, FRONT, part) for part in parts]) == (
        "Perceived gender, accuracy and accuracy gap: most probably on the front are B (0.92) and "
        "A (0.61); the control < 0.01."
    )
    sure = [row_of(FrontRow, FRONT, {"variant": "a", "probability": 0.9995})]
    assert "on the front is A (> 0.99)." in front_sentence(sure)
    alone = [row_of(FrontRow, FRONT, {"variant": "a", "probability": 0.4})]
    assert "on the front is A (0.40)." in front_sentence(alone)


def test_without_a_bench_there_is_no_section() -> None:
    assert methods_section(ReportInputs()) is None


def test_the_section_names_the_control_or_that_there_is_none() -> None:
    inputs = bench()
    assert "set against the control, Continued training" in texts(inputs)
    table = inputs.tables["changes_against_control"]
    of_baseline = changed(inputs, changes_against_control=table.assign(control="baseline"))
    assert "the baseline stands for the control" in texts(of_baseline)
    assert "other faces" not in texts(inputs)


def test_what_was_trained_on_other_faces_is_named_with_its_control_or_as_without() -> None:
    inputs = bench()
    table = inputs.tables["changes_against_control"]
    elsewhere = table["variant"].isin(["method_0", "method_1"])
    theirs = table["control"].mask(elsewhere, "method_3")
    held = table.assign(control=theirs)[table["variant"] != "method_3"]
    told = texts(changed(inputs, changes_against_control=held))
    assert (
        "Those that were trained on another dataset, Method 0 and Method 1, are set against "
        "Method 3, which was trained on it too" in told
    )
    assert "so that nothing is said" not in told
    without = texts(changed(inputs, changes_against_control=table[~elsewhere]))
    assert (
        "Method 0 and Method 1 were trained on other faces than the control, so that nothing is "
        "said of them here" in without
    )
    one = texts(changed(inputs, changes_against_control=table[table["variant"] != "method_0"]))
    assert "Method 0 was trained on other faces" in one


def test_one_seed_is_said_to_be_one() -> None:
    inputs = bench()
    assert "of 5 training seeds" in texts(inputs)
    table = inputs.tables["changes_against_control"].assign(n_seeds=1)
    one_seed = changed(inputs, changes_against_control=table)
    assert "another seed may put them in another order" in texts(one_seed)


def test_every_diagram_has_its_sentence_above_and_intersections_are_in_the_tables_alone() -> None:
    found = blocks(bench(6, "fer_plus", "raf_db"))
    places = [place for place, block in enumerate(found) if isinstance(block, page.Drawing)]
    assert len(places) == (1 + 2 * 4) + 2
    for place in places[:-2]:
        above = found[place - 1]
        assert isinstance(above, page.Text)
        assert "the best" in above.text
    listed = [block for block in found if isinstance(block, page.Bullets)]
    assert len(listed) == 2
    assert not any("\N{MULTIPLICATION SIGN}" in item for one in listed for item in one.items)


def test_where_no_pair_is_told_apart_only_the_first_outcome_has_a_diagram() -> None:
    inputs = bench(6)
    tests = inputs.tables["rank_tests"].assign(n_told_apart=0)
    found = blocks(changed(inputs, rank_tests=tests))
    assert sum(isinstance(block, page.Drawing) for block in found) == 1 + 1
    listed = next(block for block in found if isinstance(block, page.Bullets))
    assert len(listed.items) == 4
    assert all(item.startswith("On FER+") for item in listed.items)


def test_what_is_left_with_offsets_stands_beside_what_was_found_without() -> None:
    inputs = bench(6)
    table = inputs.tables["changes_against_control"]
    assert "offsets" not in texts(inputs)
    alike = table.assign(difference=0.001, verdict="no difference found")
    both = changed(inputs, changes_with_offsets=alike[alike["variant"] != "baseline"])
    assert "once more, each with offsets that were fitted on its validation faces" in texts(both)
    captions = {b.caption: b for b in blocks(both) if isinstance(b, page.Table)}
    (beside,) = [one for caption, one in captions.items() if caption.startswith("Change of mean")]
    assert beside.header == ("Variant", "As trained", "Both with offsets")
    of_all = table[(table["metric"] == "balanced_accuracy") & (table["variant"] != "baseline")]
    assert len(beside.rows) == len(of_all)
    trained = of_all.sort_values("difference", ascending=False)["difference"]
    for row, difference in zip(beside.rows, trained, strict=True):
        assert row[1].text.startswith(f"{100 * difference:+.1f}".replace("-", "\N{MINUS SIGN}"))
        assert row[2].text.startswith("+0.1 points")
    assert any("both with offsets" in caption for caption in captions)


def test_tables_end_after_a_dozen_rows_and_name_the_file_with_all() -> None:
    tables = [block for block in blocks(bench(6)) if isinstance(block, page.Table)]
    assert all(table.folded for table in tables)
    assert [len(table.rows) for table in tables] == [12, 12, 6, 12]
    assert "12 of 36 rows, all in tables/ranks.parquet" in tables[1].caption
    assert "Control \N{RIGHTWARDS ARROW} variant" in tables[0].header
    assert "Smallest change found in 8 of 10" in tables[0].header


@given(st.integers(2, 9), st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8))))
def test_two_methods_share_a_bar_exactly_where_they_are_not_told_apart(
    n: int, some: set[tuple[int, int]]
) -> None:
    names = [f"m{place}" for place in range(n)]
    pairs = {pair for pair in combinations(range(n), 2) if pair in some}
    alike = {
        name: [names[j] for j in range(n) if (min(i, j), max(i, j)) in pairs]
        for i, name in enumerate(names)
    }
    shared = {pair for bar in joined(names, alike) for pair in combinations(bar, 2)}
    assert shared == pairs


def test_nearness_in_order_gives_the_classical_bars() -> None:
    ranks_of = {"a": 1.0, "b": 1.5, "c": 2.5, "d": 4.0}
    alike = {
        name: [other for other in ranks_of if other != name and abs(rank - ranks_of[other]) < 1.6]
        for name, rank in ranks_of.items()
    }
    assert joined(list(ranks_of), alike) == [(0, 1, 2), (2, 3)]
    assert joined(["a", "b"], {"a": [], "b": []}) == []


def test_the_diagram_has_every_name_with_its_ranks_at_thirty_methods() -> None:
    rows = [row for row in bench(30).rows(RankRow) if row.metric == "balanced_accuracy"]
    figure = rank_figure(rows, critical_difference=4.2)
    told = drawn(figure)
    for row in rows:
        assert row.variant_label in told
        assert f"[{row.possible_ranks}]" in told
    assert "Continued training, control" in told
    assert "Nemenyi's critical difference 4.2" in told
    assert inline_svg(figure, key="a", description="b").startswith("<svg")
    (axes,) = figure.axes
    places = sorted(text.get_position() for text in axes.texts if "[" in text.get_text())
    heights = [y for x, y in places if x == places[0][0]]
    assert len(heights) == 15
    assert min(below - above for above, below in pairwise(heights)) >= 1


def test_without_a_critical_difference_there_is_no_scale() -> None:
    rows = ranks({"variant": "a"}, {"variant": "b", "mean_rank": 2.0})
    assert "Nemenyi" not in drawn(rank_figure(rows, critical_difference=float("nan")))
    assert "No methods" in drawn(rank_figure([], critical_difference=1.0))


def test_the_front_has_larger_marks_for_the_more_probable_and_a_diamond_for_the_control() -> None:
    parts: list[dict[str, object]] = [
        {"variant": "sure", "probability": 0.95, "accuracy": 0.82, "value": 0.06},
        {"variant": "unlikely", "probability": 0.02, "on_front": False},
        {"variant": "plain", "probability": 0.05, "is_control": True},
    ]
    figure = front_figure([row_of(FrontRow, FRONT, part) for part in parts])
    (axes,) = figure.axes
    assert [line.get_marker() for line in axes.lines] == ["None", "o", "o", "D"], (
        "the control lies on top"
    )
    _, unlikely, sure, _ = axes.lines
    assert sure.get_markersize() > unlikely.get_markersize()
    assert drawn(figure) == "Plain, control (0.05) Unlikely (0.02) Sure (0.95)"
    others = [{"variant": f"other_{number}", "probability": 0.01} for number in range(7)]
    of_many = front_figure([row_of(FrontRow, FRONT, part) for part in [*parts, *others]])
    assert drawn(of_many) == "Plain, control (0.05) Sure (0.95)", "of many the probable"
    assert "No between-group metric" in drawn(front_figure([]))


def test_names_from_anywhere_are_drawn_as_they_are() -> None:
    names = ["a, b", "$x^$", "_hidden", "continued_training", "\u05e9\u05dc\u05d5\u05dd"]
    inputs = report(**fabricated_bench(names, ("fer_plus",)))
    drawings = [block for block in blocks(inputs) if isinstance(block, page.Drawing)]
    assert len(drawings) == 6
    assert all(block.svg.startswith("<svg") for block in drawings)
    assert {name for row in inputs.rows(RankRow) for name in row.alike} <= set(names)


def test_a_table_that_lacks_a_column_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="'ranks' lacks the columns"):
        report(ranks=pd.DataFrame([{"variant": "a"}]))
