from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_fairness.datasets import NumpyArrayDataset
from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling import label_array

Maker = Callable[..., tuple[pd.DataFrame, np.ndarray]]


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
