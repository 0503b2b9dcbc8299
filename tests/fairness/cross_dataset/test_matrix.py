"""Models of several datasets on all of them: the matrix, and what changes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from tests.fairness.cross_dataset.worlds import EMOTIONS, PARAMS, answered

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.cross_dataset import CrossDataset, cross_dataset
from fer_fairness.fairness.evaluation import evaluate

HOMES = {"on_a": ["a"], "on_b": ["b"]}


def world(
    on_a: tuple[float, float] = (0.8, 0.8),
    on_b: tuple[float, float] = (0.8, 0.8),
    *,
    draw: int = 0,
    n_faces: int = 400,
) -> CrossDataset:
    """Two models with their recalls on both sets."""
    recalls = [{"on_a": on_a[place], "on_b": on_b[place]} for place in range(2)]
    sets = [
        answered(of, name=name, draw=2 * draw + place, n_faces=n_faces)
        for place, (name, of) in enumerate(zip("ab", recalls, strict=True))
    ]
    return cross_dataset(sets, HOMES, params=PARAMS, seed=1)


@settings(max_examples=8)
@given(st.integers(0, 1000), st.floats(0.4, 0.95), st.floats(0.4, 0.95))
def test_what_is_shown_agrees_with_itself(draw: int, home: float, away: float) -> None:
    found = world((home, away), draw=draw).between_sets
    assert_array_equal(found["difference"], found["value"] - found["home_value"])
    assert (found["ci_low"] <= found["difference"] + 1e-12).all()
    assert (found["difference"] <= found["ci_high"] + 1e-12).all()
    tested = found.dropna(subset=["p_value"])
    said = tested["verdict"] == "difference found"
    assert_array_equal((tested["ci_low"] > 0) | (tested["ci_high"] < 0), said)
    assert (tested["p_value_corrected"] >= tested["p_value"]).all()


def test_scores_of_a_model_that_is_always_right_are_no_surer_than_its_recalls() -> None:
    matrix = world((1.0, 0.6), n_faces=300).matrix
    sure = matrix[(matrix["model"] == "on_a") & (matrix["evaluation_set"] == "a")]
    sure = sure[sure["attribute"].isna()].set_index("metric")
    of_emotions = sure[sure.index.str.startswith("recall_")]
    for metric in ("balanced_accuracy", "accuracy"):
        row = sure.loc[metric]
        assert (row["value"], row["ci_high"], row["n_people"]) == (1.0, 1.0, 300)
        assert of_emotions["ci_low"].min() < row["ci_low"] < 1.0


def test_differences_are_those_of_the_matrix() -> None:
    found = world((0.8, 0.6), draw=3)
    keys = ["model", "evaluation_set", "metric", "attribute", "group"]
    values = found.matrix.fillna({"attribute": "", "group": ""}).set_index(keys)["value"]
    rows = found.between_sets.fillna({"attribute": "", "group": ""})
    for name, value in (("home", "home_value"), ("evaluation_set", "value")):
        cells = rows[["model", name, *keys[2:]]].itertuples(index=False, name=None)
        assert_allclose(rows[value], [values.loc[cell] for cell in cells], atol=1e-12)


def test_the_test_of_one_recall_is_that_of_two_shares() -> None:
    sets = [
        answered({"on_a": r, "on_b": 0.7}, name=n, draw=d, n_faces=2000)
        for n, d, r in (("a", 1, 0.8), ("b", 2, 0.75))
    ]
    params = PARAMS.model_copy(update={"n_bootstrap": 2000})
    found = cross_dataset(sets, HOMES, params=params, seed=1).between_sets
    row = found[(found["model"] == "on_a") & (found["metric"] == "recall_anger")].iloc[0]
    shares, people = [], []
    for one in sets:
        angry = one.frames["on_a"][0].query("emotion == 'anger'")
        shares.append((angry["predicted_emotion"] == "anger").mean())
        people.append(len(angry))
    error = np.sqrt(sum(p * (1 - p) / (n - 1) for p, n in zip(shares, people, strict=True)))
    expected = 2 * norm.sf(abs(shares[1] - shares[0]) / error)
    assert [row["home_n_people"], row["n_people"]] == people
    assert_allclose(norm.isf(row["p_value"] / 2), norm.isf(expected / 2), rtol=0.06)


def test_a_mean_recall_without_any_mistake_is_not_certain() -> None:
    matrix = world((1.0, 1.0), (1.0, 1.0)).matrix
    mean = matrix[(matrix["metric"] == "balanced_accuracy") & matrix["attribute"].isna()]
    assert len(mean) == 4  # two models on two sets, each once
    assert (mean["value"] == 1).all()
    assert mean["ci_low"].between(0.97, 0.999).all()


def test_something_is_rarely_found_where_nothing_differs() -> None:
    wrong = [
        (world(draw=draw, n_faces=240).between_sets["verdict"] == "difference found").any()
        for draw in range(20)
    ]
    assert sum(wrong) <= 4, "at 5 % more than 4 of 20 happen in 3 of 1000 cases"


def test_a_model_that_fails_elsewhere_is_found_in_each_emotion_and_group() -> None:
    found = world((0.9, 0.5), (0.9, 0.9)).between_sets
    of_a = found[found["model"] == "on_a"]
    first = of_a[of_a["metric"].str.startswith(("recall_", "balanced_accuracy", "overconf"))]
    first = first[first["outcome"] == "primary"]
    assert len(first) == 1 + len(EMOTIONS) + 2 + 1
    assert set(first["verdict"]) == {"difference found"}
    assert not (found.loc[found["model"] == "on_b", "verdict"] == "difference found").any()


def test_a_group_that_a_model_fails_elsewhere_alone_is_seen_in_the_gap() -> None:
    sets = [
        answered({"on_a": 0.9, "on_b": 0.9}, name="a", n_faces=1200, draw=1),
        answered({"on_a": 0.9, "on_b": 0.9}, name="b", n_faces=1200, draw=2, loss_of_female=0.4),
    ]
    found = cross_dataset(sets, HOMES, params=PARAMS, seed=1).between_sets
    gap = found[(found["metric"] == "accuracy_gap") & (found["model"] == "on_a")].iloc[0]
    assert gap["verdict"] == "difference found"
    assert gap["difference"] == pytest.approx(0.4, abs=0.1)
    groups = found[(found["model"] == "on_a") & found["group"].notna()].set_index("group")
    assert groups["verdict"].to_dict() == {
        "female": "difference found",
        "male": "no difference found",
    }


def test_models_are_compared_on_each_set_with_the_one_of_its_own() -> None:
    found = world((0.9, 0.5), (0.5, 0.9)).between_models
    mean_recall = found[found["metric"] == "balanced_accuracy"].set_index("evaluation_set")
    assert mean_recall["model"].to_dict() == {"a": "on_b", "b": "on_a"}
    assert (mean_recall["difference"] < -0.3).all()
    assert set(mean_recall["verdict"]) == {"difference found"}


def test_somebody_who_shows_several_emotions_is_one_person() -> None:
    sets = []
    for place, name in enumerate("ab"):
        one = answered({"on_a": 0.8, "on_b": 0.6}, name=name, draw=place, n_faces=300)
        # Everybody shows an emotion or two or three.
        people = {"person": np.arange(300) // 3, "gender": np.where(np.arange(300) < 90, "f", "m")}
        frames = {model: {0: of[0].assign(**people)} for model, of in one.frames.items()}
        sets.append(replace(one, frames=frames))
    found = cross_dataset(sets, HOMES, params=PARAMS, seed=1)
    groups = found.matrix[found.matrix["metric"] == "balanced_accuracy"]
    assert groups.groupby("group", dropna=False)["n_people"].unique().map(list).to_dict() == {
        "f": [30],
        "m": [70],
        np.nan: [100],
    }
    between = found.between_sets[found.between_sets["metric"] == "balanced_accuracy"]
    assert set(between["n_people"]) == set(between["home_n_people"]) == {30, 70, 100}


def test_calibration_is_that_of_the_evaluation() -> None:
    audience = answered({"on_a": 0.8, "on_b": 0.6}, name="a", draw=4)
    other = answered({"on_a": 0.8, "on_b": 0.6}, name="b", draw=5)
    found = cross_dataset([audience, other], HOMES, params=PARAMS, seed=1).matrix
    table = audience.frames["on_b"][0]
    expected = (
        evaluate(
            table,
            attributes=["gender"],
            emotions=EMOTIONS,
            params=PARAMS,
            seed=1,
            confidence=np.full(len(table), 0.7),
        )
        .overall.set_index("metric")
        .loc["calibration_error"]
    )
    row = found[
        (found["metric"] == "calibration_error")
        & (found["evaluation_set"] == "a")
        & (found["model"] == "on_b")
    ].iloc[0]
    assert_allclose(
        row[["value", "ci_low", "ci_high"]].astype(float),
        expected[["value", "ci_low", "ci_high"]].astype(float),
    )


def test_a_model_of_several_sets_has_no_home_but_a_place_in_the_matrix() -> None:
    recalls = {"on_a": 0.8, "on_b": 0.8, "on_c": 0.8, "without_c": 0.8}
    sets = [answered(recalls, name=name, draw=place) for place, name in enumerate("abc")]
    homes = {**HOMES, "on_c": ["c"], "without_c": ["a", "b"]}
    found = cross_dataset(sets, homes, params=PARAMS, seed=1)
    assert "without_c" not in set(found.between_sets["model"])
    rows = found.matrix[found.matrix["model"] == "without_c"]
    assert set(rows["evaluation_set"]) == set("abc")
    assert set(rows["trained_on"]) == {"a, b"}
    assert "without_c" in set(found.between_models["model"])


def test_one_set_or_one_without_a_model_of_its_own_is_refused() -> None:
    sets = [answered({"on_a": 0.8, "on_b": 0.8}, name=name) for name in "ab"]
    with pytest.raises(InvalidInputError, match="No model was trained on b alone"):
        cross_dataset(sets, {"on_a": ["a"], "on_b": ["a", "b"]}, params=PARAMS, seed=1)
    with pytest.raises(InvalidInputError, match="1 dataset to compare"):
        cross_dataset(sets[:1], HOMES, params=PARAMS, seed=1)


def test_the_order_of_people_and_models_changes_nothing() -> None:
    plain = [answered({"on_a": 0.8, "on_b": 0.6}, name=name, draw=d) for d, name in enumerate("ab")]
    expected = cross_dataset(plain, HOMES, params=PARAMS, seed=1)
    shuffled = [
        replace(
            one,
            frames={
                model: {
                    0: tables[0].sample(frac=1, random_state=1) if model == "on_b" else tables[0]
                }
                for model, tables in reversed(list(one.frames.items()))
            },
        )
        for one in plain
    ]
    found = cross_dataset(shuffled, HOMES, params=PARAMS, seed=1)
    sort = ["model", "evaluation_set", "metric", "attribute", "group"]
    pd.testing.assert_frame_equal(
        found.matrix[found.matrix["evaluation_set"] == "a"].sort_values(sort, ignore_index=True),
        expected.matrix[expected.matrix["evaluation_set"] == "a"].sort_values(
            sort, ignore_index=True
        ),
    )
