"""Many methods: against the control, ranked, and on the front."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.comparisons.bench import Bench, bench
from fer_fairness.fairness.comparisons.family import PRIMARY, changes, changes_and_scores
from fer_fairness.params.inference import InferenceParameters

EMOTIONS = ("anger", "happiness", "neutral")
PARAMS = InferenceParameters(n_bootstrap=300)
RECALLS = {"baseline": 0.6, "control": 0.6, "good": 0.9, "bad": 0.3, "same": 0.6}


def audience(
    recalls: dict[str, float],
    *,
    name: str = "faces",
    n_seeds: int = 1,
    draw: int = 0,
    source: str = "annotated",
    of_men: float = 0.0,
) -> Audience:
    """Predictions of the same people, whose faces are as hard for each variant."""
    generator = np.random.default_rng(draw)
    people = 300
    true = generator.integers(0, 3, people)
    gender = generator.choice(["female", "male"], people, p=[0.4, 0.6])
    table = {"sample_id": np.arange(people), "emotion": np.array(EMOTIONS)[true], "gender": gender}
    hard = generator.random(people)
    frames: dict[str, dict[int, pd.DataFrame]] = {}
    for variant, recall in recalls.items():
        frames[variant] = {}
        for seed in range(n_seeds):
            reached = recall - of_men * (gender == "male")
            wrong = 0.6 * hard + 0.4 * generator.random(people) > reached
            other = (true + generator.integers(1, 3, people)) % 3
            predicted = np.array(EMOTIONS)[np.where(wrong, other, true)]
            frames[variant][seed] = pd.DataFrame(table).assign(predicted_emotion=predicted)
    return Audience(name, frames, ("gender",), EMOTIONS, {"gender": source})


def benched(
    *audiences: Audience, control: str = "control", others: dict[str, str | None] | None = None
) -> Bench:
    """All variants against one control, but for those that have another one, or none."""
    names = dict.fromkeys(audiences[0].variants, control) | (others or {})
    controls = {name: of for name, of in names.items() if of is not None and of != name}
    return bench(audiences, controls=controls, params=PARAMS, seed=3)


@pytest.fixture(scope="module")
def found() -> Bench:
    """Two sets, two seeds."""
    sets = [audience(RECALLS, name=name, n_seeds=2, draw=i) for i, name in enumerate("ab")]
    return benched(*sets)


def test_what_is_said_of_the_reference_is_what_changes_say() -> None:
    one = audience(RECALLS)
    expected, scores = changes_and_scores([one], params=PARAMS, seed=3)
    found = benched(one)
    pd.testing.assert_frame_equal(found.changes, expected)
    pd.testing.assert_frame_equal(found.scores, scores)


def test_against_the_control_all_variants_are_one_family_of_primary_outcomes() -> None:
    one = audience(RECALLS)
    found = benched(one).against_control
    assert set(found["variant"]) == set(RECALLS) - {"control"}
    assert set(found["metric"]) == set(PRIMARY)
    assert set(found["n_tested"]) == {found["p_value"].notna().sum()} == {4 * 3}
    frames = {"control": one.frames["control"], **one.frames}
    turned = Audience(one.name, frames, one.attributes, one.emotions)
    expected = changes([turned], params=PARAMS, seed=3)
    expected = expected[expected["metric"].isin(PRIMARY)]
    for column in ("variant", "metric", "level_down"):
        assert found[column].tolist() == expected[column].tolist()
    for column in ("baseline_value", "value", "difference", "raw_difference", "p_value"):
        assert_allclose(found[column], expected[column], rtol=1e-9)


def test_ranks_are_over_seeds_and_sets(found: Bench) -> None:
    recall = found.ranks[found.ranks["metric"] == "balanced_accuracy"].set_index("variant")
    assert recall["mean_rank"].sum() == 15
    assert (recall.loc["good", "mean_rank"], recall.loc["bad", "mean_rank"]) == (1, 5)
    assert set(recall["evaluation_sets"]) == {"a, b"}
    tests = found.rank_tests
    (test,) = tests[tests["metric"] == "balanced_accuracy"].to_dict("records")
    assert (test["n_blocks"], test["n_variants"], test["n_pairs"]) == (4, 5, 10)
    assert test["friedman_p_value"] < 0.05
    scores = found.scores[found.scores["metric"] == "balanced_accuracy"]
    expected = scores.groupby("variant")["value"].mean()
    assert_allclose(recall["value"], expected[recall.index])


def test_the_least_gap_ranks_first() -> None:
    wide = audience(dict.fromkeys("bcd", 0.9), n_seeds=5, of_men=0.5)
    even = audience({"a": 0.6}, n_seeds=5)
    one = Audience("faces", {**even.frames, **wide.frames}, ("gender",), EMOTIONS)
    ranks = benched(one, control="a").ranks
    of_gap = ranks[ranks["metric"] == "accuracy_gap"].set_index("variant")
    assert of_gap["mean_rank"].idxmin() == "a"
    assert (of_gap.loc["a", "rank_low"], of_gap.loc["a", "rank_high"]) == (1, 1)
    assert of_gap.loc["a", "not_told_apart"] == ""
    assert of_gap.loc["b", "not_told_apart"] == "c, d"


def test_groups_that_others_labelled_are_another_outcome() -> None:
    sets = [
        audience(RECALLS, name="a", source="annotated"),
        audience(RECALLS, name="b", source="predicted"),
    ]
    tests = benched(*sets).rank_tests
    of_gap = tests[tests["metric"] == "accuracy_gap"]
    assert dict(zip(of_gap["attribute_source"], of_gap["evaluation_sets"], strict=True)) == {
        "annotated": "a",
        "predicted": "b",
    }
    assert tests.loc[tests["metric"] == "balanced_accuracy", "evaluation_sets"].tolist() == ["a, b"]


def test_the_best_in_both_is_on_the_front_and_the_worst_is_not(found: Bench) -> None:
    front = found.fronts[found.fronts["metric"] == "worst_group_accuracy"]
    probability = front.groupby("variant")["probability"].mean()
    assert probability["good"] > 0.9
    assert probability["bad"] < 0.1
    assert set(front.loc[front["on_front"], "variant"]) == {"good"}
    assert set(front.loc[front["is_control"], "variant"]) == {"control"}


def test_equal_predictions_are_on_the_front_equally_often() -> None:
    one = audience(RECALLS)
    frames = {**one.frames, "twin": one.frames["same"]}
    twins = Audience("faces", frames, ("gender",), EMOTIONS)
    front = benched(twins).fronts.set_index(["metric", "variant"])["probability"]
    alone = benched(one).fronts.set_index(["metric", "variant"])["probability"]
    assert_array_equal(front.xs("twin", level=1), front.xs("same", level=1))
    assert_array_equal(front.reindex(alone.index), alone)


def test_of_three_variants_there_is_no_bench() -> None:
    few = benched(audience({"control": 0.6, "a": 0.7, "b": 0.7}))
    assert len(few.changes)
    tables = (few.against_control, few.ranks, few.rank_tests, few.fronts)
    assert [len(table) for table in tables] == [0] * 4
    assert all(len(table.columns) for table in tables)


def test_a_control_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInputError, match="has no variant 'plain' to be the control"):
        benched(audience(RECALLS), control="plain")


def test_variants_of_other_faces_are_held_against_their_own_control_alone() -> None:
    both = audience({**RECALLS, "other_control": 0.8, "there": 0.85, "nowhere": 0.9})
    others = {"other_control": None, "there": "other_control", "nowhere": None}
    found = benched(both, others=others)
    without = benched(audience(RECALLS))

    against = found.against_control
    held = against.drop_duplicates("variant").set_index("variant")["control"]
    assert held.to_dict() == dict.fromkeys(set(RECALLS) - {"control"}, "control") | {
        "there": "other_control"
    }
    assert set(against["n_tested"]) == {against["p_value"].notna().sum()} == {5 * 3}
    recall = against[against["metric"] == "balanced_accuracy"].set_index("variant")
    frames = {name: both.frames[name] for name in ("other_control", "there")}
    alone = changes([Audience("faces", frames, ("gender",), EMOTIONS)], params=PARAMS, seed=3)
    expected = alone[alone["metric"] == "balanced_accuracy"].iloc[0]
    for column in ("baseline_value", "value", "difference"):
        assert recall.loc["there", column] == expected[column]
    for table in ("ranks", "fronts"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(without, table))


def test_sets_with_other_variants_are_refused() -> None:
    sets = [audience(RECALLS, name="a"), audience({**RECALLS, "more": 0.5}, name="b")]
    with pytest.raises(InvalidInputError, match="The evaluation set b has the variants"):
        benched(*sets)
