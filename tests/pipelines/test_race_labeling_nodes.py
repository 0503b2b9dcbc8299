"""Nodes of race_labeling: annotated and predicted demographics stay apart."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fer_fairness.evaluation_sets import CONDITIONS, EVALUATION_SETS, TRAINED_ON
from fer_fairness.pipelines.race_labeling import nodes
from fer_fairness.pipelines.race_labeling.nodes import (
    attach_demographics,
    choose_demographic_dataset,
    measure_agreement,
)
from fer_fairness.tables import FACES_SCHEMA, empty_table

FacesBuilder = Callable[..., pd.DataFrame]

ANNOTATED = next(part.name for part in EVALUATION_SETS.values() if part.annotates_demographics)


@pytest.fixture
def labels() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample_id": ["face_1", "face_0"],
            "gender": ["male", "female"],
            "gender_confidence": [0.9, 0.6],
            "gender_abstained": [False, False],
            "race": ["black", "white"],
            "race_confidence": [0.8, 0.7],
            "race_abstained": [False, False],
            "age_group": ["0-19", "20-39"],
            "age_group_confidence": [0.5, 0.4],
            "age_group_abstained": [False, False],
        }
    )


def test_unlabelled_faces_get_predictions_marked_as_such(
    make_faces: FacesBuilder, labels: pd.DataFrame
) -> None:
    labelled = attach_demographics(make_faces(["train"] * 2, ["fear"] * 2), labels)
    assert list(labelled["gender"]) == ["female", "male"]
    assert list(labelled["race_confidence"]) == [0.7, 0.8]
    assert (labelled["age_group_source"] == "predicted").all()
    FACES_SCHEMA.validate(labelled)


def test_annotations_are_never_overwritten_nor_mixed_with_predictions(
    make_faces: FacesBuilder, labels: pd.DataFrame
) -> None:
    faces = make_faces(["train"] * 2, ["fear"] * 2, gender=["male", None])
    faces["gender_source"] = "annotated"
    labelled = attach_demographics(faces, labels)
    assert labelled["gender"].iloc[0] == "male"
    assert pd.isna(labelled["gender"].iloc[1])
    assert (labelled["gender_source"] == "annotated").all()
    assert (labelled["race_source"] == "predicted").all()


def test_abstaining_leaves_the_group_open_and_an_unseen_face_has_no_source(
    make_faces: FacesBuilder, labels: pd.DataFrame
) -> None:
    labels.loc[labels["sample_id"] == "face_0", "race_abstained"] = True
    labels.loc[labels["sample_id"] == "face_1", ["gender_confidence"]] = np.nan
    labels.loc[labels["sample_id"] == "face_1", ["gender_abstained"]] = True
    labelled = attach_demographics(make_faces(["test"] * 2, ["fear"] * 2), labels)
    assert list(labelled["race"].isna()) == [True, False]
    assert list(labelled["race_source"]) == ["predicted", "predicted"]
    assert list(labelled["race_confidence"]) == [0.7, 0.8]
    assert list(labelled["gender_source"]) == ["predicted", "none"]
    assert list(labelled["gender"].isna()) == [False, True]
    FACES_SCHEMA.validate(labelled)


def test_all_faces_of_a_person_get_one_predicted_group(
    make_faces: FacesBuilder, labels: pd.DataFrame
) -> None:
    faces = make_faces(["test"] * 2, ["fear"] * 2)
    one = attach_demographics(faces.assign(person="somebody"), labels)
    assert list(one["gender"]) == ["male"] * 2, "more sure of it"
    assert list(one["gender_confidence"]) == [0.9] * 2
    two = attach_demographics(
        faces.assign(person=pd.Series(["somebody", None], dtype=object)), labels
    )
    assert list(two["gender"]) == ["female", "male"]
    FACES_SCHEMA.validate(one)


def test_conditions_are_told_apart_in_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def held_out(labeller: str, embeddings: str, _faces: object) -> str:
        return f"{labeller} on {embeddings}"

    def measure(assessed: str) -> pd.DataFrame:
        return pd.DataFrame({"measured": [assessed]})

    monkeypatch.setattr(nodes, "held_out_labels", held_out)
    monkeypatch.setattr(nodes, "assess", held_out)
    monkeypatch.setattr(nodes, "_ASSESSMENTS", {"one": measure})
    monkeypatch.setattr(nodes, "selection_table", lambda labeller: measure(f"{labeller}"))
    labellers, embeddings = ([f"{what}_{c}" for c in CONDITIONS] for what in ("by", "of"))
    found = nodes.measure_labellers(pd.DataFrame(), *labellers, *embeddings)
    expected = [f"by_{condition} on of_{condition}" for condition in CONDITIONS]
    assert list(found[: len(CONDITIONS)]) == expected
    assert len(found) == len(CONDITIONS) + 2
    for table in found[len(CONDITIONS) :]:
        assert list(table["condition"]) == list(CONDITIONS)
    assert list(found[-2]["measured"]) == expected
    assert list(found[-1]["measured"]) == labellers


def test_agreement_counts_both_parts_of_every_set_that_is_annotated(
    make_faces: FacesBuilder, labels: pd.DataFrame
) -> None:
    faces = make_faces(["train"] * 2, ["fear"] * 2, gender=["female", "female"])
    labels = labels.assign(probability_gender_female=0.5, probability_gender_male=0.5)
    annotated = (labels.iloc[[1]], labels.iloc[[0]], faces.iloc[[0]], faces.iloc[[1]])
    nothing = (
        labels.iloc[:0],
        labels.iloc[:0],
        empty_table(FACES_SCHEMA),
        empty_table(FACES_SCHEMA),
    )
    given = dict.fromkeys(EVALUATION_SETS, nothing) | {ANNOTATED: annotated}
    summary, counts = measure_agreement(*(table for tables in given.values() for table in tables))
    gender = summary[summary["attribute"] == "gender"].iloc[0]
    assert gender["n_comparable"] == 2
    assert gender["agreement"] == 0.5
    assert set(counts["dataset"]) == set(summary["dataset"]) == {ANNOTATED}


def test_agreement_of_no_faces_is_empty(labels: pd.DataFrame) -> None:
    nothing = (
        labels.iloc[:0],
        labels.iloc[:0],
        empty_table(FACES_SCHEMA),
        empty_table(FACES_SCHEMA),
    )
    summary, counts = measure_agreement(*nothing * len(EVALUATION_SETS))
    assert len(summary) == 0
    assert len(counts) == 0


def test_no_faces_need_no_labels(labels: pd.DataFrame) -> None:
    assert len(attach_demographics(empty_table(FACES_SCHEMA), labels.iloc[:0])) == 0


@pytest.mark.parametrize(
    ("wanted", "present", "expected"),
    [
        ("auto", tuple(EVALUATION_SETS), ANNOTATED),
        ("auto", (TRAINED_ON,), TRAINED_ON),
        ("train_on", tuple(EVALUATION_SETS), TRAINED_ON),
        (TRAINED_ON, tuple(EVALUATION_SETS), TRAINED_ON),
        (ANNOTATED, tuple(EVALUATION_SETS), ANNOTATED),
    ],
)
def test_demographic_dataset_falls_back_only_where_no_annotated_set_is_there(
    make_faces: FacesBuilder, wanted: str, present: tuple[str, ...], expected: str
) -> None:
    given: list[object] = []
    for place, name in enumerate(EVALUATION_SETS, start=1):
        n = place if name in present else 0
        given += [make_faces(["train"] * n, ["fear"] * n), np.full((n, 48, 48, 1), place)]
    faces, images = choose_demographic_dataset(wanted, TRAINED_ON, *given)
    place = 1 + list(EVALUATION_SETS).index(expected)
    assert len(faces) == place
    assert (images == place).all()
