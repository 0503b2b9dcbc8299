import json
from typing import Any

import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import plan
from fer_fairness.fairness.planning.plan import Plan, planned
from fer_fairness.fairness.planning.planned_power import PlannedAudit
from fer_fairness.params.plan import PlanParameters

GROUPS = {"white": 77, "east_asian": 15, "black": 8}


@pytest.fixture(scope="module")
def faces_for_12_points() -> Any:
    return plan(GROUPS, gap=0.12)


def test_the_planned_faces_find_the_gap_with_the_power_asked_for(faces_for_12_points: Any) -> None:
    found = faces_for_12_points
    power = PlannedAudit(found.params).power(found.n_faces, 0.12, seed=77, n_draws=5000)
    assert power == pytest.approx(0.81, abs=0.04)


def test_the_gap_of_the_planned_faces_is_the_one_they_were_planned_for(
    faces_for_12_points: Any,
) -> None:
    back = plan(GROUPS, n_faces=faces_for_12_points.n_faces, seed=1)
    assert back.gap == pytest.approx(0.12, rel=0.06)
    assert back.n_faces == faces_for_12_points.n_faces


def test_half_the_gap_needs_about_four_times_the_faces(faces_for_12_points: Any) -> None:
    half = plan(GROUPS, gap=0.06)
    assert half.n_faces / faces_for_12_points.n_faces == pytest.approx(4, rel=0.2)


def test_every_group_has_its_faces(faces_for_12_points: Any) -> None:
    table = faces_for_12_points.groups.set_index("group")
    assert table["n_faces"].sum() == faces_for_12_points.n_faces
    assert list(table.index[table["harmed"]]) == ["black"]
    assert (table["n_people"] == table["n_faces"]).all()


def test_one_sentence_tells_all(faces_for_12_points: Any) -> None:
    found = faces_for_12_points
    own = found.record()["n_faces_of_group"]
    assert found.sentence == (
        'To find in 80 of 100 audits that the group "black" (8 % of the faces) loses 12 points of '
        f"recall in every emotion: {found.n_faces:,} faces, {own} of them of that group."
    )
    assert "1 attribute, with a false finding in 5 of 100 at most. Found" in found.assumptions
    assert json.loads(json.dumps(found.record()))["parameters"]["gap"] == 0.12


def test_the_sentence_names_people_emotion_and_level_where_they_matter() -> None:
    found = plan(
        GROUPS,
        n_faces=20_000,
        harmed="east_asian",
        emotion="happiness",
        faces_per_person=4,
        intraclass_correlation=0.5,
        n_attributes=3,
        n_intersections=1,
        power=0.9,
    )
    assert found.sentence.startswith(
        "With 20,000 faces of 5,000 people, 3,000 of them (750 people) of the group "
        '"east asian" (15 % of the faces), 90 of 100 audits find that it loses '
    )
    assert found.sentence.endswith(
        " of recall in happiness (an upper bound, as if all faces of a person showed that emotion)."
    )
    assert "3 attributes and 1 intersection, " in found.assumptions
    assert "(1.5 in this attribute)" in found.assumptions


@pytest.mark.parametrize(
    ("given", "bound"),
    [
        ({"gap": 0.4, "emotion": "happiness", "intraclass_correlation": 0.3}, True),
        ({"gap": 0.4, "emotion": "happiness", "intraclass_correlation": 0.0}, False),
        ({"gap": 0.4, "intraclass_correlation": 0.3}, False),
    ],
)
def test_the_faces_for_one_emotion_are_an_upper_bound_where_those_of_a_person_are_alike(
    given: dict[str, Any], *, bound: bool
) -> None:
    params = PlanParameters.model_validate({"faces_per_person": 5, "n_draws": 200, **given})
    assert ("of that group (an upper bound" in planned(params, seed=0).sentence) == bound


def test_unequal_numbers_of_faces_need_more_faces_and_as_many_people_for_each() -> None:
    several = {"faces_per_person": 4, "intraclass_correlation": 0.5, "n_draws": 300, "gap": 0.3}
    equal = planned(PlanParameters.model_validate(several), seed=0)
    very_unequal = {**several, "faces_per_person_cv": 2}
    unequal = planned(PlanParameters.model_validate(very_unequal), seed=0)
    # 1 + (4 x 5 - 1) / 2 over 1 + (4 - 1) / 2
    assert unequal.n_faces / equal.n_faces == pytest.approx(10.5 / 2.5, rel=0.15)
    for found in (equal, unequal):
        assert found.groups["n_people"].sum() == pytest.approx(found.n_faces / 4, abs=3)


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.997, "99.7"), (0.08, "8"), (1 / 12, "8.3"), (0.15, "15"), (0.00034, "0.034"), (1.0, "100")],
)
def test_any_share_is_told_in_plain_percent(share: float, told: str) -> None:
    row = {"group": "a", "share": share, "n_faces": 10, "n_people": 10, "harmed": True}
    params = PlanParameters(groups={"a": 1, "b": 1}, gap=0.3)
    found = Plan(params, 0.3, 20, 0.05, groups=pd.DataFrame([row]), power=pd.DataFrame())
    assert f"({told} % of the faces)" in found.sentence


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Nothing is asked"),
        ({"gap": 0.1, "n_faces": 9}, "both given"),
        ({"gap": "much"}, "gap: Input should be a valid number"),
        ({"n_faces": 50}, "50 faces are too few.*10 people.*125 faces"),
        ({"n_faces": 130, "emotion": "fear"}, "not even a loss of all recall"),
        ({"gap": 0.003, "emotion": "fear"}, "10,000,000 faces are not enough"),
        ({"gap": 0.1, "emotion": "envy"}, "expected one of neutral"),
        ({"gap": 0.1, "significance": 5e-5}, "level of 5e-05 .*at least 8e-05.*Compare fewer"),
        ({"gap": 0.1, "significance": 1e-15}, "give a larger significance"),
    ],
)
def test_what_cannot_be_planned_is_told_plainly(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        plan(GROUPS, **given)


def test_a_gap_that_the_fewest_faces_show_needs_no_more() -> None:
    found = plan({"a": 1, "b": 1}, gap=0.9, minimum_group_size=100)
    assert found.n_faces == 200
