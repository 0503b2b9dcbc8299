"""The page and the figure of models of different datasets."""

import json
from functools import cache

import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from tests.fairness.cross_dataset.worlds import EMOTIONS, PARAMS, answered

from fer_fairness.fairness.cross_dataset import cross_dataset
from fer_fairness.reporting.cross_dataset import (
    CrossedResults,
    cross_dataset_page,
    cross_dataset_sections,
    matrix_figure,
)

HOMES = {"baseline_on_fer_plus": ["fer_plus"], "baseline_on_mine": ["mine"]}


@cache
def results(elsewhere: float, note: str = "") -> CrossedResults:
    """Two models that recognise four of five faces of their own set, and others so often."""
    sets = [
        answered(
            {model: 0.8 if name in homes else elsewhere for model, homes in HOMES.items()},
            name=name,
            draw=place,
        )
        for place, name in enumerate(("fer_plus", "mine"))
    ]
    found = cross_dataset(sets, HOMES, params=PARAMS, seed=1)
    shared = {
        "datasets": ["fer_plus", "mine"],
        "emotions": list(EMOTIONS),
        "groups": {"gender": ["female", "male"], "race": []},
        "n_faces_of_other_emotions": {"fer_plus": 26, "mine": 0},
        "n_known_faces": {"fer_plus": 0, "mine": 0},
    }
    counted = pd.DataFrame(
        [("fer_plus", 2000, 300)], columns=["dataset", "n_training_faces", "n_validation_faces"]
    )
    tables = (found.matrix, found.between_sets, found.between_models)
    return CrossedResults(shared, *tables, counted, [note] if note else [])


def rendered(results: CrossedResults) -> str:
    return cross_dataset_page(results, cross_dataset_sections(results))


def test_a_loss_is_told_with_numbers_and_where_it_is_greatest() -> None:
    first = results(0.4).findings()[0]
    assert first.startswith("Trained on FER+ and scored on mine: mean recall ")
    main = results(0.4).between_sets.iloc[0]
    for name in ("home_value", "value"):
        assert f"{100 * main[name]:.1f}" in first
    emotions = results(0.4).between_sets
    emotions = emotions[emotions["model"] == "baseline_on_fer_plus"]
    emotions = emotions[emotions["metric"].str.startswith("recall_")]
    worst = emotions.sort_values("difference")["metric"].iloc[0].removeprefix("recall_")
    assert f"Found for 3 emotions, most for {worst} " in first


def test_gaps_that_changed_are_told_by_metric_with_whose_they_are() -> None:
    found = results(0.4)
    changes = found.between_sets
    of_gaps = changes["attribute"].notna() & changes["group"].isna()
    of_gaps &= (changes["verdict"] == "difference found") & (changes["outcome"] == "primary")
    row = changes[of_gaps & (changes["model"] == "baseline_on_fer_plus")].iloc[0]
    assert row["metric"] == "worst_group_accuracy"
    amount = f"\N{MINUS SIGN}{-100 * row['difference']:.1f} points"
    assert f"Worst-group accuracy: {amount} by perceived gender." in found.findings()[0]


def test_where_nothing_was_found_stands_what_would_have_been() -> None:
    found = results(0.8).findings()
    for sentence in found:
        assert "no difference found" in sentence
        assert "would be found in 8 of 10 such comparisons" in sentence
    assert found[0].endswith("Nothing else was found to change.")
    assert "No single emotion was found to change. Found for 1 group" in found[1]


def test_arrows_stand_where_something_was_found_and_frames_at_home() -> None:
    panels = {panel.get_title(loc="left"): panel for panel in matrix_figure(results(0.4)).axes}
    assert list(panels) == [
        "Mean recall",
        "Accuracy",
        "Calibration error",
        "Accuracy gap, perceived gender",
    ]
    recall = panels["Mean recall"]
    marked = {tuple(text.get_position()) for text in recall.texts if "↓" in text.get_text()}
    assert marked == {(0, 1), (1, 0)}
    frames = [patch for patch in recall.patches if isinstance(patch, Rectangle)]
    assert {(round(one.get_x()), round(one.get_y())) for one in frames} == {(0, 0), (1, 1)}
    calm = matrix_figure(results(0.8))
    assert not [text for panel in calm.axes for text in panel.texts if "↓" in text.get_text()]


def test_the_page_says_what_was_compared_and_who_takes_no_part() -> None:
    page = rendered(results(0.4))
    assert "the emotions that all sets label: neutral, happiness and anger." in page
    assert "Test faces of FER+ left out, which show another emotion: 26." in page
    assert "Perceived race: no two groups that are large enough on every set" in page
    assert "2,000 training and 300 validation faces" in page


def test_what_is_filled_in_is_escaped() -> None:
    page = rendered(results(0.4, note="<script>alert(1)</script>"))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("elsewhere", [0.4, 0.8])
def test_programs_read_the_same_findings(elsewhere: float) -> None:
    record = json.loads(json.dumps(results(elsewhere).record(), allow_nan=False))
    assert record["findings"] == results(elsewhere).findings()
    for name, table in record["tables"].items():
        assert table["n_rows"] == len(getattr(results(elsewhere), name))
