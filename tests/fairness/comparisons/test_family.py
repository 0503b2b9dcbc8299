"""Changes of several variants: one family, one quantity a number."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.comparisons.family import (
    CHANGE_COLUMNS,
    changes,
    changes_and_scores,
)
from fer_fairness.fairness.counts import group_counts
from fer_fairness.fairness.evaluation import evaluate
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.inference.gap_intervals import SEED_OF_COUNTS, noise_corrected
from fer_fairness.fairness.metrics import GAP_METRICS
from fer_fairness.params.inference import InferenceParameters

EMOTIONS = ("anger", "happiness", "neutral")
PARAMS = InferenceParameters(n_bootstrap=200)
Frames = dict[str, dict[int, pd.DataFrame]]


def fabricated(
    recalls: dict[str, float], *, n_seeds: int = 1, people: int = 200, draw: int = 0
) -> Frames:
    """Predictions of the same people, whose faces are as hard for each variant."""
    generator = np.random.default_rng(draw)
    true = generator.integers(0, 3, people)
    table = {
        "sample_id": np.arange(people),
        "emotion": np.array(EMOTIONS)[true],
        "gender": generator.choice(["female", "male"], people, p=[0.3, 0.7]),
    }
    hard = generator.random(people)
    frames: Frames = {}
    for name, recall in recalls.items():
        frames[name] = {}
        for seed in range(n_seeds):
            wrong = 0.6 * hard + 0.4 * generator.random(people) > recall
            other = (true + generator.integers(1, 3, people)) % 3
            predicted = np.array(EMOTIONS)[np.where(wrong, other, true)]
            frames[name][seed] = pd.DataFrame(table).assign(predicted_emotion=predicted)
    return frames


def changed(frames: Frames, name: str = "", **choices: object) -> pd.DataFrame:
    audience = Audience(name, frames, ("gender",), EMOTIONS)
    return changes([audience], params=PARAMS, seed=3, **choices)  # type: ignore[arg-type]


@settings(max_examples=12)
@given(st.integers(0, 10_000), st.floats(0.3, 0.95), st.integers(1, 2), st.integers(30, 200))
def test_what_is_shown_agrees_with_itself(
    draw: int, recall: float, n_seeds: int, people: int
) -> None:
    frames = fabricated({"a": 0.6, "b": recall}, n_seeds=n_seeds, people=people, draw=draw)
    found = changed(frames).dropna(subset=["p_value"])
    low, high, difference = (found[name].to_numpy() for name in ("ci_low", "ci_high", "difference"))
    assert_array_equal(difference, found["value"] - found["baseline_value"])
    for prefix in ("", "uncorrected_"):
        assert np.all(found[f"{prefix}ci_low"] <= difference + 1e-12)
        assert np.all(difference <= found[f"{prefix}ci_high"] + 1e-12)
    said = found["verdict"] == "difference found"
    assert_array_equal((low > 0) | (high < 0), said)
    assert_array_equal(found["p_value_corrected"] <= PARAMS.significance, said)
    assert np.all(found["p_value_corrected"] >= found["p_value"])
    assert np.all(low <= found["uncorrected_ci_low"] + 1e-12)


def test_values_are_those_of_the_gaps() -> None:
    frames = fabricated({"a": 0.6, "b": 0.8})
    table = frames["b"][0]
    counts = group_counts(
        table["emotion"], table["predicted_emotion"], table["gender"], classes=EMOTIONS
    )
    metrics = list(GAP_METRICS.values())
    expected = noise_corrected(counts, metrics, seed=(*seed_for(3, "gender"), SEED_OF_COUNTS))
    found = changed(frames)
    assert_allclose(found.loc[found["attribute"] == "gender", "value"], expected)


def test_values_are_those_of_the_gaps_where_people_have_several_faces() -> None:
    frames = fabricated({"a": 0.6, "b": 0.8}, people=400)
    who = pd.Series(np.arange(400) // 8).astype(str)
    for by_seed in frames.values():
        by_seed[0] = by_seed[0].assign(
            person=who, gender=np.where(who.astype(int) % 2, "female", "male")
        )
    gaps = evaluate(
        frames["b"][0],
        attributes=["gender"],
        emotions=EMOTIONS,
        params=PARAMS,
        seed=3,
        person="person",
    ).gaps
    expected = gaps[gaps["family"] == "summary"].set_index("metric")["value"]
    found = changed(frames)
    values = found[found["attribute"] == "gender"].set_index("metric")["value"]
    assert_allclose(values, expected.loc[values.index], atol=1e-9)


def test_rows_without_a_person_are_people_of_their_own() -> None:
    frames = fabricated({"a": 0.6, "b": 0.8})
    plain = changed(frames)
    for by_seed in frames.values():
        by_seed[0] = by_seed[0].assign(person=pd.Series([None] * 200, dtype=object))
    pd.testing.assert_frame_equal(changed(frames), plain)


def test_what_stands_behind_outcomes_that_were_not_found_was_not_tested() -> None:
    found = changed(fabricated({"a": 0.6, "b": 0.6}), primary=("accuracy_gap",))
    behind = found[(found["attribute"] == "gender") & (found["outcome"] == "secondary")]
    assert set(behind["verdict"]) == {"not tested"}
    first = found[found["outcome"] == "primary"]
    assert set(first["verdict"]) == {"no difference found"}


def test_beside_every_change_stands_the_smallest_that_could_have_been_seen() -> None:
    found = changed(fabricated({"a": 0.6, "b": 0.62}, n_seeds=2), primary=["accuracy"])
    tested = found["verdict"].isin(["difference found", "no difference found"])
    seen = found["minimum_detectable"]
    assert seen[tested & (found["metric"] == "accuracy")].notna().all()
    assert seen[~tested].isna().all()
    half = (found["ci_high"] - found["ci_low"]) / 2
    assert (seen > half)[seen.notna()].all()
    alone = changed(fabricated({"a": 0.6, "b": 0.62}), primary=["accuracy"])
    more = changed(fabricated({"a": 0.6, **dict.fromkeys("bcdefgh", 0.62)}), primary=["accuracy"])
    first = [part.loc[part["metric"] == "accuracy", "minimum_detectable"] for part in (alone, more)]
    assert first[0].iloc[0] < first[1].iloc[0], "among more variants a change must be larger"


def test_no_change_that_a_metric_cannot_make_could_have_been_seen() -> None:
    frames = fabricated(dict.fromkeys("abcdef", 0.5), n_seeds=2, people=80)
    found = changed(frames, primary=["accuracy_gap"])
    gap = found[found["metric"] == "accuracy_gap"].iloc[0]
    assert np.isnan(gap["minimum_detectable"])
    assert gap["verdict"] == "no difference found"


def test_every_variant_and_set_is_in_one_family() -> None:
    recalls = {"a": 0.5, "b": 0.5, "c": 0.9}
    audiences = [
        Audience(name, fabricated(recalls, draw=draw), ("gender",), EMOTIONS)
        for draw, name in enumerate(("one", "two"))
    ]
    found = changes(audiences, params=PARAMS, seed=0)
    assert tuple(found) == CHANGE_COLUMNS
    assert list(found["evaluation_set"].unique()) == ["one", "two"]
    assert list(found["variant"].unique()) == ["b", "c"]
    assert set(found["n_tested"]) == {len(found)}
    recall = found[found["metric"] == "balanced_accuracy"]
    assert recall["verdict"].tolist() == ["no difference found", "difference found"] * 2


def test_among_many_variants_the_same_change_needs_more() -> None:
    frames = fabricated({"a": 0.6, **{f"v{number}": 0.7 for number in range(12)}})
    alone = changed({name: frames[name] for name in ("a", "v0")})
    among = changed(frames)
    among = among[among["variant"] == "v0"].reset_index(drop=True)
    assert_allclose(alone["p_value"], among["p_value"])
    primary = alone["outcome"] == "primary"
    assert np.all(
        among.loc[primary, "p_value_corrected"] >= alone.loc[primary, "p_value_corrected"]
    )
    assert among.loc[primary, "ci_low"].iloc[0] < alone.loc[primary, "ci_low"].iloc[0]


def test_other_outcomes_are_looked_at_behind_primary_ones() -> None:
    frames = fabricated({"a": 0.5, "b": 0.9})
    found = changed(frames, primary=("worst_class_recall", "theil_index_gap"))
    first = found[found["metric"] == "worst_class_recall"].iloc[0]
    assert first["outcome"] == "primary"
    assert first["verdict"] == "difference found"
    assert found.loc[found["metric"] == "accuracy", "verdict"].tolist() == ["difference found"]
    closed = changed(frames, primary=("theil_index_gap",))
    accuracy = closed[closed["metric"] == "accuracy"].iloc[0]
    assert accuracy["p_value_corrected"] == 1.0
    assert accuracy["ci_low"] == 0.0
    assert accuracy["uncorrected_ci_low"] > 0.0


def test_unknown_primary_outcomes_are_named() -> None:
    with pytest.raises(InvalidInputError, match=r"no metric 'luck' .*: there are accuracy, bal"):
        changed(fabricated({"a": 0.5, "b": 0.5}), primary=("luck",))


def test_faces_of_one_person_are_not_people() -> None:
    frames = fabricated({"a": 0.6, "b": 0.75}, people=60)
    twenty_faces = {
        "person": np.tile(frames["a"][0]["sample_id"], 20),
        "sample_id": np.arange(60 * 20),
    }
    repeated = {
        variant: dict(enumerate([pd.concat([by_seed[0]] * 20).assign(**twenty_faces)]))
        for variant, by_seed in frames.items()
    }
    once, twenty = changed(frames), changed(repeated)
    assert set(twenty["n_people"]) == set(once["n_people"])
    assert set(twenty["n_faces"]) == {20 * int(n) for n in once["n_people"].unique()}
    score = once["attribute"].isna()
    assert_allclose(twenty.loc[score, "p_value"], once.loc[score, "p_value"], rtol=0.05)


def test_scores_are_what_the_changes_are_differences_of() -> None:
    frames = fabricated({"a": 0.6, "b": 0.8}, n_seeds=3)
    audience = Audience("", frames, ("gender",), EMOTIONS)
    found, scores = changes_and_scores([audience], params=PARAMS, seed=0)
    for variant, column in (("a", "baseline_value"), ("b", "value")):
        of_one = scores[scores["variant"] == variant]
        assert_array_equal(of_one["value"].to_numpy(), found[column].to_numpy())


def test_seeds_must_be_those_of_the_reference() -> None:
    frames = fabricated({"a": 0.5, "b": 0.5}, n_seeds=2)
    del frames["b"][1]
    with pytest.raises(InvalidInputError, match="b lacks seed 1"):
        changed(frames)
