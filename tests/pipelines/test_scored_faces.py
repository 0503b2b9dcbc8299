"""Predictions joined to demographics before they are evaluated."""

from dataclasses import replace

import pandas as pd
import pytest
from tests.conftest import FacesBuilder

from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS, TRAINED_ON
from fer_fairness.fairness.scored_faces import ScoredFaces, with_confidence, with_context
from fer_fairness.pipelines.scored_faces import by_evaluation_set, scored_faces, scored_table
from fer_fairness.taxonomy import probability_column

LAST = list(EVALUATION_SETS)[-1]


def predictions(ids: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"sample_id": ids, "variant": "baseline", "emotion": "fear", "predicted_emotion": "fear"}
    ).astype("str")


def scored_on_first(faces: pd.DataFrame) -> ScoredFaces:
    table = scored_table({TRAINED_ON: (predictions(list(faces["sample_id"])), faces)})
    (part,) = scored_faces(table)
    return part


def test_what_is_given_of_every_set_is_found_by_its_name() -> None:
    given = list(range(3 * len(EVALUATION_SETS)))
    found = by_evaluation_set(given)
    assert list(found) == list(EVALUATION_SETS)
    assert [number for numbers in found.values() for number in numbers] == given
    assert {len(numbers) for numbers in found.values()} == {3}


def test_every_set_is_scored_by_itself_and_absent_ones_are_left_out(
    make_faces: FacesBuilder,
) -> None:
    faces = make_faces(["test"] * 3, ["fear"] * 3, gender=["female", "male", "male"])
    both = {
        LAST: (predictions(["face_2"]), faces),
        TRAINED_ON: (predictions(["face_0", "face_1"]), faces),
    }
    parts = scored_faces(scored_table(both))
    assert [part.evaluation_set for part in parts] == [TRAINED_ON, LAST]
    assert [list(part.table["sample_id"]) for part in parts] == [["face_0", "face_1"], ["face_2"]]
    both[LAST] = (predictions([]), faces.iloc[:0])
    assert [part.evaluation_set for part in scored_faces(scored_table(both))] == [TRAINED_ON]


def test_no_predictions_at_all_are_a_table_without_rows(make_faces: FacesBuilder) -> None:
    table = scored_table({TRAINED_ON: (predictions([]), make_faces([], []))})
    assert scored_faces(table) == []
    assert {"sample_id", "evaluation_set", "gender", "gender_source"} <= set(table.columns)


def test_only_labelled_attributes_and_their_intersections_are_evaluated(
    make_faces: FacesBuilder,
) -> None:
    faces = make_faces(["test"] * 2, ["fear"] * 2, gender=["female", "male"], race=["a", "b"])
    wanted = ["gender", "age_group", "gender x race", "gender x age_group"]
    assert scored_on_first(faces).attributes(wanted) == ("gender", "gender x race")


def test_an_intersection_with_one_predicted_part_counts_as_predicted(
    make_faces: FacesBuilder,
) -> None:
    faces = make_faces(["test"], ["fear"], gender=["female"], race=["a"])
    faces["race_source"] = "predicted"
    table = pd.DataFrame({"attribute": ["gender", "gender x race", None]})
    marked = with_context([(scored_on_first(faces), table)])
    assert list(marked["attribute_source"].iloc[:2]) == ["annotated", "predicted"]
    assert pd.isna(marked["attribute_source"].iloc[2])
    assert set(marked["variant"]) == {"baseline"}


def test_of_all_probabilities_that_of_what_was_predicted_is_kept(
    make_faces: FacesBuilder,
) -> None:
    part = scored_on_first(make_faces(["test"] * 2, ["fear"] * 2))
    assert part.confidence is None
    assert with_confidence(part) is part.table
    shares = {probability_column(name): [0.0, 0.1] for name in part.emotions}
    shares[probability_column("fear")] = [1.0, 0.3]
    full = replace(part, table=part.table.assign(**shares))
    kept = replace(part, table=with_confidence(full))
    assert not any(str(name).startswith("probability_") for name in kept.table)
    for found in (full.confidence, kept.confidence):
        assert found is not None
        assert found.tolist() == [1.0, 0.3]


@pytest.mark.parametrize("name", EVALUATION_SETS)
def test_each_set_is_scored_over_its_own_emotions(name: str, make_faces: FacesBuilder) -> None:
    faces = make_faces(["test"], ["fear"])
    (part,) = scored_faces(scored_table({name: (predictions(["face_0"]), faces)}))
    assert part.emotions == EVALUATION_SETS[name].emotions


def test_predictions_of_other_faces_are_refused_by_name(make_faces: FacesBuilder) -> None:
    faces = make_faces(["test"], ["fear"])
    with pytest.raises(InvalidInputError, match="face_9"):
        scored_table({TRAINED_ON: (predictions(["face_0", "face_9"]), faces)})


def test_people_of_several_faces_are_carried_to_where_they_are_scored(
    make_faces: FacesBuilder,
) -> None:
    faces = make_faces(["test"] * 3, ["fear"] * 3)
    assert scored_on_first(faces).person is None
    named = scored_on_first(faces.assign(person=pd.Series(["a", "a", None], dtype="str")))
    assert named.person == "person"
    assert named.table["person"].tolist()[:2] == ["a", "a"]
    assert scored_on_first(faces.assign(person=None)).person is None


def test_a_set_without_people_beside_one_with_people_has_none(make_faces: FacesBuilder) -> None:
    faces = make_faces(["test"] * 2, ["fear"] * 2)
    both = {
        TRAINED_ON: (predictions(["face_0", "face_1"]), faces.assign(person=["a", "a"])),
        LAST: (predictions(["face_0"]), faces),
    }
    assert [part.person for part in scored_faces(scored_table(both))] == ["person", None]
