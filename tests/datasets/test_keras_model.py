from pathlib import Path

import numpy as np
import pytest
from kedro.io.core import DatasetError

from fer_fairness.datasets import KerasModelDataset

# Keras 3.15 over TensorFlow asks a variable for its values in NumPy 1's way.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


def test_round_trip_predicts_the_same(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.ReLU()])
    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"))
    dataset.save(model)
    loaded = dataset.load()
    inputs = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(loaded(inputs)), np.asarray(model(inputs)))
    assert not loaded.compiled


def test_a_model_that_carries_code_is_refused(tmp_path: Path) -> None:
    import keras

    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"))
    dataset.save(keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x + 1)]))
    with pytest.raises(DatasetError, match=r"Lambda layer.*--only-missing-outputs"):
        dataset.load()


def test_formats_that_can_carry_code_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"must end in \.keras"):
        KerasModelDataset(filepath=str(tmp_path / "model.h5"))
