from typing import get_args

import numpy as np
import pandas as pd
import pytest

from fer_fairness.labeling.groupings import FAIRFACE_GROUPINGS, asked_groupings, group_codes
from fer_fairness.params.race_labeling import AgeGrouping, RaceGrouping
from fer_fairness.taxonomy import (
    COARSE_AGE_GROUPS,
    COARSE_RACES,
    FAIRFACE_AGE_GROUPS,
    FAIRFACE_RACES,
)


@pytest.mark.parametrize("race", get_args(RaceGrouping))
@pytest.mark.parametrize("age", get_args(AgeGrouping))
def test_every_group_of_fairface_has_a_place(race: RaceGrouping, age: AgeGrouping) -> None:
    asked = asked_groupings(race, age)
    assert tuple(asked["race"].members) == FAIRFACE_RACES
    assert tuple(asked["age_group"].members) == FAIRFACE_AGE_GROUPS
    assert (asked["race"].name, asked["age_group"].name) == (race, age)


def test_the_coarse_groupings_are_those_of_the_taxonomy() -> None:
    asked = asked_groupings("coarse_4", "coarse_4")
    assert asked["race"].groups == COARSE_RACES
    assert asked["age_group"].groups == COARSE_AGE_GROUPS


def test_the_finest_groupings_are_fairfaces_own() -> None:
    assert asked_groupings("fairface_7", "fairface_9") == FAIRFACE_GROUPINGS


def test_probabilities_of_a_coarse_group_are_those_of_its_members() -> None:
    fine = np.array([[0.1, 0.05, 0.2, 0.25, 0.1, 0.0, 0.3]])
    coarse = asked_groupings("coarse_4", "coarse_4")["race"].summed(fine)
    np.testing.assert_allclose(coarse, [[0.1 + 0.2 + 0.3, 0.05, 0.25 + 0.1, 0.0]])


def test_a_sum_never_exceeds_one() -> None:
    generator = np.random.default_rng(0)
    fine = generator.dirichlet(np.full(7, 0.1), size=20_000)
    assert asked_groupings("coarse_4", "coarse_4")["race"].summed(fine).max() <= 1.0


def test_a_missing_label_has_the_code_minus_one() -> None:
    labels = pd.Series(["male", None, "female"], dtype=str)
    assert group_codes(labels, ("female", "male")).tolist() == [1, -1, 0]
