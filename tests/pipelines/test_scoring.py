"""Predictions joined to demographics before they are evaluated."""

from collections.abc import Callable

import pandas as pd
import pytest
from fer_fairness.pipelines.scoring import evaluation_sets, with_context

from fer_fairness.errors import InvalidInputError

FacesBuilder = Callable[..., pd.DataFrame]


def predictions(ids: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"sample_id": ids, "variant": "baseline", "emotion": "fear", "predicted_emotion": "fear"}
    )


def test_absent_datasets_are_left_out(make_faces: FacesBuilder) -> None:
    faces = make_faces(["test"], ["fear"], gender=["female"])
    parts = evaluation_sets(
        fer_plus=(predictions(["face_0"]), faces), raf_db=(predictions([]), faces.iloc[:0])
    )
    assert [part.name for part in parts] == ["fer_plus"]


def test_only_labelled_attributes_and_their_intersections_are_evaluated(
    make_faces: FacesBuilder,
) -> None:
    faces = make_faces(["test"] * 2, ["fear"] * 2, gender=["female", "male"], race=["a", "b"])
    (part,) = evaluation_sets(fer_plus=(predictions(["face_0", "face_1"]), faces))
    wanted = ["gender", "age_group", "gender x race", "gender x age_group"]
    assert part.attributes(wanted) == ("gender", "gender x race")


def test_an_intersection_with_one_predicted_part_counts_as_predicted(
    make_faces: FacesBuilder,
) -> None:
    faces = make_faces(["test"], ["fear"], gender=["female"], race=["a"])
    faces["race_source"] = "predicted"
    (part,) = evaluation_sets(fer_plus=(predictions(["face_0"]), faces))
    table = pd.DataFrame({"attribute": ["gender", "gender x race", None]})
    marked = with_context([(part, table)])
    assert list(marked["attribute_source"].iloc[:2]) == ["annotated", "predicted"]
    assert pd.isna(marked["attribute_source"].iloc[2])
    assert set(marked["variant"]) == {"baseline"}


def test_raf_db_is_scored_over_seven_emotions(make_faces: FacesBuilder) -> None:
    faces = make_faces(["test"], ["fear"])
    (part,) = evaluation_sets(raf_db=(predictions(["face_0"]), faces))
    assert "contempt" not in part.emotions
    assert len(part.emotions) == 7


def test_predictions_of_other_faces_are_refused_by_name(make_faces: FacesBuilder) -> None:
    faces = make_faces(["test"], ["fear"])
    with pytest.raises(InvalidInputError, match="face_9"):
        evaluation_sets(fer_plus=(predictions(["face_0", "face_9"]), faces))
