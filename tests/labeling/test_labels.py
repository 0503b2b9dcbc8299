from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.datasets import NumpyArrayDataset
from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling import (
    DemographicLabeller,
    held_out_labels,
    label_array,
    one_group_a_person,
    refuse_constant_labels,
)
from fer_fairness.taxonomy import ATTRIBUTES, COARSE_RACES

FairFace = tuple[pd.DataFrame, np.ndarray]
Maker = Callable[..., FairFace]


class TestHeldOutLabels:
    def test_it_is_what_predict_says_beside_the_truth(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        table = held_out_labels(unsure_labeller, embeddings, faces)
        labels = unsure_labeller.predict(embeddings, list(faces["sample_id"]))
        assert list(table["sample_id"]) == list(faces["sample_id"])
        for attribute in ATTRIBUTES:
            true = unsure_labeller.true_labels(faces, attribute)
            assert list(table[f"true_{attribute}"]) == list(true)
            given = ~labels[f"{attribute}_abstained"]
            assert list(table[f"predicted_{attribute}"].notna()) == list(given)
            assert list(table.loc[given, f"predicted_{attribute}"]) == list(
                labels.loc[given, attribute]
            )
        assert labels["race_abstained"].any()
        for column in (
            "race_confidence",
            *(f"probability_race_{group}" for group in COARSE_RACES),
        ):
            np.testing.assert_allclose(table[column], labels[column])

    def test_excluded_and_unannotated_faces_are_left_out(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        faces.loc[0, "excluded_reason"] = "duplicate"
        faces.loc[1, list(ATTRIBUTES)] = None
        faces.loc[2, "race"] = None
        embeddings[3] = np.nan
        table = held_out_labels(unsure_labeller, embeddings, faces)
        assert list(table["sample_id"]) == list(faces["sample_id"])[2:]
        assert np.flatnonzero(table["true_race"].isna()).tolist() == [0]
        assert not table["true_gender"].isna().any()
        assert table["predicted_race"].isna()[1]
        assert np.flatnonzero(table["race_confidence"].isna()).tolist() == [1]


def varied_labels(n: int, **constant: str | None) -> pd.DataFrame:
    varied = {
        "gender": ["female", "male"] * (n // 2),
        "race": ["asian", "black"] * (n // 2),
        "age_group": ["0-19", "20-39"] * (n // 2),
    }
    return pd.DataFrame({**varied, **constant})


class TestRefuseConstantLabels:
    @pytest.mark.parametrize("attribute", ["gender", "race", "age_group"])
    def test_one_value_over_a_whole_set_is_refused(self, attribute: str) -> None:
        with pytest.raises(
            InvalidInputError, match=f"All 40 faces were labelled {attribute} = 'same'"
        ):
            refuse_constant_labels(varied_labels(40, **{attribute: "same"}))

    def test_two_values_pass(self) -> None:
        refuse_constant_labels(varied_labels(40))

    def test_a_handful_of_faces_may_be_alike(self) -> None:
        refuse_constant_labels(varied_labels(10, gender="female"))

    def test_missing_labels_are_not_a_second_value(self) -> None:
        some = varied_labels(60, gender="female")
        some.loc[:9, "gender"] = None
        with pytest.raises(InvalidInputError, match="All 50 faces were labelled gender"):
            refuse_constant_labels(some)

    def test_a_set_without_any_embedding_is_refused(self) -> None:
        with pytest.raises(InvalidInputError, match="None of 40 faces has an embedding"):
            refuse_constant_labels(varied_labels(40, race=None))


@pytest.fixture
def labels() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample_id": ["fairface-train-0", "fairface-train-1"],
            "gender": ["female", "male"],
            "race": ["asian", "black"],
            "race_confidence": [0.5, 0.75],
            "age_group": ["0-19", "70+"],
            "gender_abstained": [False, False],
            "race_abstained": [False, False],
            "age_group_abstained": [False, False],
        }
    )


def test_the_array_is_saved_without_pickle(
    labels: pd.DataFrame, fairface: Maker, tmp_path: Path
) -> None:
    faces, _ = fairface(2, seed=0)
    faces["emotion"] = ["fear", None]
    dataset = NumpyArrayDataset(filepath=str(tmp_path / "labels.npy"))
    dataset.save(label_array(labels, faces))
    array = dataset.load()
    assert array.dtype.names == (
        "sample_id",
        "emotion",
        "race",
        "race_confidence",
        "gender",
        "age_group",
    )
    assert array[0].tolist() == ("fairface-train-0", "fear", "asian", 0.5, "female", "0-19")
    assert array[1].tolist() == ("fairface-train-1", "", "black", 0.75, "male", "70+")


def test_what_the_labeller_abstained_from_is_empty(labels: pd.DataFrame, fairface: Maker) -> None:
    faces, _ = fairface(2, seed=0)
    labels["race_abstained"] = [True, False]
    labels.loc[1, ["gender", "race_confidence"]] = None
    labels["gender_abstained"] = [False, True]
    array = label_array(labels, faces)
    assert array["race"].tolist() == ["", "black"]
    assert array["gender"].tolist() == ["female", ""]
    assert array["race_confidence"][0] == np.float32(0.5)
    assert np.isnan(array["race_confidence"][1])


def test_no_faces_give_an_array_without_rows(
    labels: pd.DataFrame, fairface: Maker, tmp_path: Path
) -> None:
    faces, _ = fairface(2, seed=0)
    dataset = NumpyArrayDataset(filepath=str(tmp_path / "labels.npy"))
    dataset.save(label_array(labels.iloc[:0], faces.iloc[:0]))
    assert dataset.load().shape == (0,)


def test_other_faces_are_refused(labels: pd.DataFrame, fairface: Maker) -> None:
    faces, _ = fairface(2, seed=0)
    with pytest.raises(InvalidInputError, match="not the same faces"):
        label_array(labels, faces.iloc[::-1])


FACE = st.tuples(
    st.sampled_from([None, "A", "B", "C"]),
    st.sampled_from([None, "female", "male"]),
    st.integers(50, 100),
)


@given(faces=st.lists(FACE, min_size=1, max_size=20))
def test_everybody_has_the_group_that_most_confidence_is_in(
    faces: list[tuple[str | None, str | None, int]],
) -> None:
    table = pd.DataFrame(faces, columns=["person", "group", "confidence"])
    table["confidence"] /= 100
    whole = one_group_a_person(table["person"], table["group"], table["confidence"])
    assert list(whole.index) == list(table.index)
    for row, (person, group, _) in enumerate(faces):
        own = table[table["person"] == person].dropna() if person else table.iloc[:0]
        if own.empty:
            assert whole["group"][row] == group or pd.isna(whole["group"][row])
            assert whole["confidence"][row] == table["confidence"][row]
            continue
        sums = own.groupby("group")["confidence"].sum()
        chosen = str(whole["group"][row])
        assert sums[chosen] == pytest.approx(sums.max())
        expected = own.loc[own["group"] == chosen, "confidence"].mean()
        assert whole["confidence"][row] == pytest.approx(expected)
