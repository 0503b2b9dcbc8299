from typing import get_args

import pytest

from fer_fairness.labeling.groups import group_maps
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
    maps = group_maps(race, age)
    assert tuple(maps["race"]) == FAIRFACE_RACES
    assert tuple(maps["age_group"]) == FAIRFACE_AGE_GROUPS


def test_the_coarse_groupings_are_those_of_the_taxonomy() -> None:
    maps = group_maps("coarse_4", "coarse_4")
    assert set(maps["race"].values()) == set(COARSE_RACES)
    assert set(maps["age_group"].values()) == set(COARSE_AGE_GROUPS)
