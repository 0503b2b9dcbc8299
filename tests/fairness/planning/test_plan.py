import json
from typing import Any

import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import plan
from fer_fairness.fairness.planning.planned_power import PlannedAudit

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
    assert found.sentence.endswith(" of recall in happiness.")
    assert "3 attributes and 1 intersection, " in found.assumptions
    assert "(1.5 in this attribute)" in found.assumptions


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
    ],
)
def test_what_cannot_be_planned_is_told_plainly(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        plan(GROUPS, **given)


def test_a_gap_that_the_fewest_faces_show_needs_no_more() -> None:
    found = plan({"a": 1, "b": 1}, gap=0.9, minimum_group_size=100)
    assert found.n_faces == 200
