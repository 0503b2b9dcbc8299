import json
from collections.abc import Callable

import pandas as pd
import pytest

from fer_fairness.quality.distributions import count_faces, measure_dataset_bias
from fer_fairness.tables import FACES_SCHEMA, empty_table

FacesBuilder = Callable[..., pd.DataFrame]


def test_counts_are_by_split_over_usable_faces(make_faces: FacesBuilder) -> None:
    faces = make_faces(
        ["train"] * 4 + ["test"],
        ["fear", "anger", "fear", None, "neutral"],
        gender=["female", "male", None, "female", "male"],
        excluded_reason=["not_a_face", None, None, None, None],
    )
    counts = json.loads(json.dumps(count_faces(faces)))
    assert list(counts) == ["train", "test"]
    train = counts["train"]
    assert (train["n_faces"], train["n_usable"], train["n_with_target"]) == (4, 3, 2)
    assert train["n_with_majority_emotion"] == 2
    assert train["excluded"] == {"not_a_face": 1}
    assert train["emotion"] == {"anger": 1, "fear": 1, "missing": 1}
    assert train["gender"] == {"female": 1, "male": 1, "missing": 1}
    assert train["race"] == {"missing": 3}


def test_a_planted_stereotype_is_measured(make_faces: FacesBuilder) -> None:
    faces = make_faces(
        ["train"] * 40,
        ["happiness"] * 20 + ["anger"] * 20,
        gender=["female"] * 20 + ["male"] * 20,
        race=(["white"] * 5 + ["black"] * 5) * 4,
    )
    train = json.loads(json.dumps(measure_dataset_bias(faces), allow_nan=False))["train"]
    assert train["gender"]["cramers_phi_c"] == pytest.approx(1)
    assert train["gender"]["local_z"]["female"] == {"happiness": 1.0, "anger": -1.0}
    assert train["gender"]["npmi"]["male"] == {"happiness": -1.0, "anger": pytest.approx(1)}
    assert train["race"]["cramers_phi_c"] == pytest.approx(0, abs=1e-12)
    assert train["race"]["local_z"]["white"] == {"happiness": 0.0, "anger": 0.0}
    assert train["emotion"]["effective_number_of_species"] == pytest.approx(2)


def test_an_attribute_that_nobody_knows_is_left_out(make_faces: FacesBuilder) -> None:
    faces = make_faces(["test"] * 2, ["fear", "anger"], gender=["female", None])
    test = json.loads(json.dumps(measure_dataset_bias(faces), allow_nan=False))["test"]
    assert set(test) == {"emotion", "gender"}
    assert test["gender"]["n_faces"] == 1
    assert test["gender"]["shannon_evenness"] is None
    assert test["gender"]["cramers_phi_c"] is None


def test_values_of_a_model_are_counted_as_such(make_faces: FacesBuilder) -> None:
    faces = make_faces(
        ["test"] * 3,
        ["fear"] * 3,
        gender=["female", "male", "male"],
        gender_source=["annotated", "predicted", "predicted"],
    )
    test = json.loads(json.dumps(measure_dataset_bias(faces)))["test"]
    assert test["gender"]["n_predicted"] == 2


def test_excluded_faces_and_empty_tables_are_not_measured(make_faces: FacesBuilder) -> None:
    excluded = make_faces(["train"], ["fear"], excluded_reason=["not_a_face"])
    assert measure_dataset_bias(excluded) == {}
    assert measure_dataset_bias(empty_table(FACES_SCHEMA)) == {}
    assert count_faces(empty_table(FACES_SCHEMA)) == {}
