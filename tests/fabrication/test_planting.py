import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.fabrication.planting import (
    SPLITS,
    SplitPlan,
    combined_chance,
    emotion_probabilities,
    group_shares,
    plant,
)
from fer_fairness.params.fabrication import (
    GROUPS,
    RAF_DB_DRAWN_RACES,
    ByGroup,
    FerPlusFabrication,
    PlantedBias,
)
from fer_fairness.taxonomy import EMOTIONS, FAIRFACE_RACES

SHARES = FerPlusFabrication().class_shares
SIX_SIGMA = 6.0


def _plan(
    n_faces: int = 6000,
    split: str = "train",
    dataset: str = "fer_plus",
    group_shares: ByGroup | None = None,
) -> SplitPlan:
    labelled = dataset != "fairface"
    return SplitPlan(dataset, split, n_faces, SHARES, labelled, group_shares or {})


def _within_sampling_error(found: float, expected: float, n: int) -> bool:
    return bool(abs(found - expected) <= SIX_SIGMA * np.sqrt(expected * (1 - expected) / n) + 1e-12)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), white=st.floats(0.0, 0.95))
def test_planted_shares_are_recovered_within_sampling_error(seed: int, white: float) -> None:
    shares = {"white": white, "black": 1.0 - white}
    truth = plant(_plan(2000, group_shares={"race": shares}), PlantedBias(), seed)

    assert set(truth["race"]) <= set(shares)
    assert _within_sampling_error((truth["race"] == "white").mean(), white, len(truth))


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), rate=st.floats(0.0, 1.0))
def test_planted_label_noise_is_recovered_in_its_group_only(seed: int, rate: float) -> None:
    truth = plant(_plan(2000), PlantedBias(label_noise_by_group={"gender": {"male": rate}}), seed)

    male = truth["gender"] == "male"
    assert not truth.loc[~male, "mislabelled"].any()
    assert _within_sampling_error(truth.loc[male, "mislabelled"].mean(), rate, int(male.sum()))


def test_mislabelled_says_exactly_where_the_label_is_wrong() -> None:
    truth = plant(_plan(), PlantedBias(label_noise_by_group={"race": {"black": 0.5}}), 1)

    differs = truth["true_emotion"] != truth["labelled_emotion"]
    assert differs.any()
    assert (differs == truth["mislabelled"]).all()


def test_noise_stays_in_its_splits_and_quality_loss_reaches_all() -> None:
    planted = PlantedBias(
        label_noise_by_group={"race": {"black": 0.5}},
        image_quality_by_group={"race": {"black": 0.7}},
    )
    test = plant(_plan(split="test"), planted, 1)

    assert not test["mislabelled"].any()
    np.testing.assert_allclose(test.loc[test["race"] == "black", "quality_loss"], 0.7)
    assert set(test.loc[test["race"] != "black", "quality_loss"]) == {0.0}


def test_without_planted_bias_nothing_is_wrong() -> None:
    truth = plant(_plan(), PlantedBias(), 1)

    assert not truth["mislabelled"].any()
    assert (truth["quality_loss"] == 0).all()
    assert (truth["true_emotion"] == truth["labelled_emotion"]).all()
    race_shares = truth["race"].value_counts(normalize=True)
    assert all(_within_sampling_error(race_shares[race], 1 / 7, 6000) for race in FAIRFACE_RACES)
    emotion_shares = truth["true_emotion"].value_counts(normalize=True)
    assert all(_within_sampling_error(emotion_shares[name], SHARES[name], 6000) for name in SHARES)


def test_planting_one_thing_leaves_the_others_as_they_were() -> None:
    plain = plant(_plan(), PlantedBias(), 3)
    noisy = plant(_plan(), PlantedBias(label_noise_by_group={"gender": {"female": 0.4}}), 3)

    untouched = ["gender", "race", "age_group", "true_emotion", "quality_loss"]
    pd.testing.assert_frame_equal(plain[untouched], noisy[untouched])


def test_first_rows_do_not_depend_on_the_size_of_the_split() -> None:
    planted = PlantedBias(label_noise_by_group={"gender": {"female": 0.4}})

    pd.testing.assert_frame_equal(
        plant(_plan(50), planted, 3), plant(_plan(500), planted, 3).head(50)
    )


def test_emotion_factors_tilt_their_group_by_the_stated_amount() -> None:
    people = pd.DataFrame({"gender": ["male", "female"], "race": "white", "age_group": "20-29"})

    male, female = emotion_probabilities(people, SHARES, {"gender": {"male": {"anger": 3.0}}})

    anger = EMOTIONS.index("anger")
    assert female.tolist() == pytest.approx([SHARES[name] for name in EMOTIONS])
    odds_ratio = male[anger] / (1 - male[anger]) / (female[anger] / (1 - female[anger]))
    assert odds_ratio == pytest.approx(3.0)
    assert male.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("split", SPLITS)
def test_emotion_factors_touch_their_splits_alone(split: str) -> None:
    factors = {"gender": {"male": {"anger": 1e6}}}
    plan = _plan(200, split)

    even = plant(plan, PlantedBias(), 3)
    shortcut = plant(plan, PlantedBias(emotion_by_group=factors, emotion_splits=["train"]), 3)

    of_men = shortcut.loc[shortcut["gender"] == "male", "true_emotion"]
    assert (of_men == "anger").all() == (split == "train")
    assert shortcut.equals(even) == (split != "train")


def test_chances_of_several_groups_combine_as_independent() -> None:
    people = pd.DataFrame(
        {"gender": ["male", "male", "female"], "race": ["black", "white", "white"]}
    )

    chance = combined_chance(people, {"gender": {"male": 0.5}, "race": {"black": 0.2}})

    assert chance.tolist() == pytest.approx([0.6, 0.5, 0.0])


def test_fairface_stays_clean_whatever_is_planted() -> None:
    planted = PlantedBias(
        label_noise_by_group={"race": {"white": 1.0}},
        image_quality_by_group={"race": {"white": 1.0}},
    )
    truth = plant(_plan(dataset="fairface"), planted, 1)

    assert set(truth["race"]) == set(FAIRFACE_RACES)
    assert truth["labelled_emotion"].isna().all()
    assert not truth["mislabelled"].any()
    assert (truth["quality_loss"] == 0).all()


def test_noise_without_a_second_emotion_is_refused() -> None:
    plan = SplitPlan("fer_plus", "train", 10, {"neutral": 1.0}, labelled=True)
    noise = PlantedBias(label_noise_by_group={"gender": dict.fromkeys(GROUPS["gender"], 1.0)})

    with pytest.raises(InvalidInputError, match="needs two emotions"):
        plant(plan, noise, 0)


def test_shares_follow_the_plan_and_raf_db_keeps_its_three_races() -> None:
    shares_of = {"race": {"white": 0.6, "black": 0.2, "indian": 0.2}}

    assert group_shares(shares_of, "race", races=FAIRFACE_RACES).tolist() == [
        0.6,
        0.2,
        0,
        0,
        0,
        0.2,
        0,
    ]
    assert group_shares(shares_of, "race", races=RAF_DB_DRAWN_RACES).tolist() == pytest.approx(
        [0.75, 0.25, 0, 0, 0, 0, 0]
    )
    assert group_shares(shares_of, "gender", races=RAF_DB_DRAWN_RACES).tolist() == [0.5, 0.5]
