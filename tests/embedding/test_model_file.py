from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.embedding.models import model_file

from fer_fairness.embedding import model_file as room
from fer_fairness.embedding.model_file import open_keras_file
from fer_fairness.errors import InvalidInputError


def write_keras(path: Path, *, side: int | None = 8, channels: int = 3) -> Path:
    """A classifier of means: image -> `means` -> `features` (2 numbers) -> `classes` (4)."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((side, side, channels)),
            layers.GlobalAveragePooling2D(name="means"),
            layers.Dense(2, kernel_initializer="ones", name="features"),
            layers.Dense(4, activation="softmax", name="classes"),
        ]
    )
    model.save(path)
    return path


def faces(n: int = 3) -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 255, (n, 8, 8, 3), np.uint8))


def embedded(path: Path, **options: Any) -> np.ndarray:
    embedder = open_keras_file(model_file(path, **{"side_px": 8, **options}))
    embeddings = embedder.embed(faces())
    assert embeddings.dtype == np.float32
    assert embedder.dimension == embeddings.shape[1]
    return embeddings


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
@pytest.mark.filterwarnings("ignore::UserWarning")  # Keras advises against .h5
def test_the_embedding_is_what_enters_the_last_layer(name: str, tmp_path: Path) -> None:
    import logging

    logging.getLogger("absl").setLevel(logging.ERROR)
    found = embedded(write_keras(tmp_path / name))
    sums = np.mean(faces(), axis=(1, 2)).sum(axis=1)
    np.testing.assert_allclose(found, np.stack([sums, sums], axis=1), rtol=1e-4)


def test_a_layer_can_be_named(tmp_path: Path) -> None:
    path = write_keras(tmp_path / "model.keras")
    means = np.mean(faces(), axis=(1, 2))
    np.testing.assert_allclose(embedded(path, layer="means"), means, rtol=1e-4)
    np.testing.assert_allclose(embedded(path, layer="classes").sum(axis=1), 1.0, rtol=1e-5)
    with pytest.raises(InvalidInputError, match=r"no layer 'mean'; it has .*means, features, cl"):
        embedded(path, layer="mean")


def test_scaling_and_order_are_as_the_parameters_say(tmp_path: Path) -> None:
    path = write_keras(tmp_path / "model.keras", side=None)
    found = embedded(path, layer="means", scaling="-1..1", channel_order="bgr", side_px=8)
    expected = np.mean(faces(), axis=(1, 2))[:, ::-1] / 127.5 - 1
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("options", [{"side_px": 9}, {"colour": False}])
def test_a_model_for_other_images_is_refused(options: dict[str, Any], tmp_path: Path) -> None:
    path = write_keras(tmp_path / "model.keras")
    with pytest.raises(InvalidInputError, match=r"shape \(8, 8, 3\) .*correct its side_px and col"):
        embedded(path, **options)


def test_another_file_than_the_one_named_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = model_file(write_keras(tmp_path / "model.keras"), side_px=8)
    write_keras(tmp_path / "model.keras", channels=1)
    monkeypatch.setattr(room, "load_foreign_model", lambda _: pytest.fail("it was opened"))
    with pytest.raises(InvalidInputError, match=rf"expected {params.sha256}.*sha256sum"):
        open_keras_file(params)


def test_a_layer_of_maps_is_no_embedding(tmp_path: Path) -> None:
    import keras
    from keras import layers

    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(2, 3, name="maps"), layers.Flatten()]
    )
    model.save(tmp_path / "model.keras")
    with pytest.raises(InvalidInputError, match=r"shape \(1, 6, 6, 2\) .*embedder\.file\.layer"):
        embedded(tmp_path / "model.keras")
