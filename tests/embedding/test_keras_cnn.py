from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.embedding import KerasEmbedder, fit_keras_embedder
from fer_fairness.embedding import keras_cnn as room
from fer_fairness.embedding.architecture import HEADS, build_embedder_network
from fer_fairness.embedding.material import split_faces
from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.params.embedding import EmbedderParameters

if TYPE_CHECKING:
    import keras

# Keras 3.15 over TensorFlow asks a variable for its values in NumPy 1's way.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

Maker = Callable[..., tuple[pd.DataFrame, np.ndarray]]


def weights_differ(one: "keras.Model", other: "keras.Model") -> float:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


class TestNetwork:
    def test_the_default_has_about_170_thousand_weights(self) -> None:
        model = build_embedder_network(EmbedderParameters(), seed=0)
        assert 165_000 < model.count_params() < 175_000
        assert {name: logits.shape[-1] for name, logits in model.output.items()} == {
            attribute: len(groups) for attribute, groups in HEADS.items()
        }

    def test_the_seed_decides_the_weights(self, small: EmbedderParameters) -> None:
        one, same, other = (build_embedder_network(small, seed=seed) for seed in (1, 1, 2))
        assert weights_differ(one, same) == 0.0
        assert weights_differ(one, other) > 0.0


class TestFit:
    def test_what_is_visible_is_learnt(self, fairface: Maker, small: EmbedderParameters) -> None:
        faces, images = fairface(200)
        params = small.model_copy(update={"epochs": 8})
        model = fit_keras_embedder(faces, images, params, seed=0, checkpoint_folder=None)
        unseen, unseen_images = fairface(60, seed=1)
        gender = np.asarray(model.predict_on_batch(unseen_images)["gender"]).argmax(axis=1)
        assert (np.array(HEADS["gender"])[gender] == unseen["gender"]).mean() > 0.95

    def test_the_seed_decides_the_result(self, fairface: Maker, small: EmbedderParameters) -> None:
        faces, images = fairface(60)
        one, same, other = (
            fit_keras_embedder(faces, images, small, seed=seed, checkpoint_folder=None)
            for seed in (1, 1, 2)
        )
        assert weights_differ(one, same) < 1e-4
        assert weights_differ(one, other) > 1e-2

    def test_a_killed_training_is_taken_up(
        self,
        fairface: Maker,
        small: EmbedderParameters,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        faces, images = fairface(60)
        whole = fit_keras_embedder(faces, images, small, seed=0, checkpoint_folder=None)
        epochs_trained: list[int] = []
        train_epoch = room._train_epoch

        def counting(*arguments: Any) -> None:
            if len(epochs_trained) == 2:
                raise KeyboardInterrupt
            epochs_trained.append(1)
            train_epoch(*arguments)

        monkeypatch.setattr(room, "_train_epoch", counting)
        with pytest.raises(KeyboardInterrupt):
            fit_keras_embedder(faces, images, small, seed=0, checkpoint_folder=tmp_path)
        epochs_trained[:] = [1]  # one more is allowed
        resumed = fit_keras_embedder(faces, images, small, seed=0, checkpoint_folder=tmp_path)
        assert weights_differ(resumed, whole) < 1e-4
        assert list(tmp_path.iterdir()) == []

    def test_a_loss_that_is_no_number_stops_training(
        self, fairface: Maker, small: EmbedderParameters, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        faces, images = fairface(40)
        monkeypatch.setattr(room, "held_out_loss", lambda *_: float("nan"))
        with pytest.raises(TrainingError, match=r"nan after epoch 1.*embedder\.learning_rate"):
            fit_keras_embedder(faces, images, small, seed=0, checkpoint_folder=None)

    def test_the_epoch_with_the_lowest_loss_is_kept(
        self, fairface: Maker, small: EmbedderParameters, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        faces, images = fairface(40)
        params = small.model_copy(update={"patience": 1})
        losses = iter([2.0, 3.0])
        kept: list[list[np.ndarray]] = []

        def told(model: "keras.Model", *_: object) -> float:
            kept.append(model.get_weights())
            return next(losses)

        monkeypatch.setattr(room, "held_out_loss", told)
        model = fit_keras_embedder(faces, images, params, seed=0, checkpoint_folder=None)
        assert len(kept) == 2
        for expected, found in zip(kept[0], model.get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("colour", [False, True])
def test_images_of_another_shape_do_not_train(
    fairface: Maker, small: EmbedderParameters, *, colour: bool
) -> None:
    faces, images = fairface(40)
    params = small.model_copy(update={"side_px": 48 if colour else 64, "colour": colour})
    message = r"uint8 \(40, 48, 48, 1\); .*\(n, 48, 48, 3\)" if colour else r"\(n, 64, 64, 1\)"
    with pytest.raises(InvalidInputError, match=message):
        fit_keras_embedder(faces, images, params, seed=0, checkpoint_folder=None)


def test_held_out_loss_of_a_model_that_knows_nothing(
    fairface: Maker, small: EmbedderParameters
) -> None:
    faces, images = fairface(60)
    _, held_out = split_faces(faces, small, 0)
    model = build_embedder_network(small, seed=0)
    model.set_weights([np.zeros_like(weights) for weights in model.get_weights()])
    expected = sum(np.log(len(groups)) for groups in HEADS.values())
    assert room.held_out_loss(model, held_out, images) == pytest.approx(expected)


class TestKerasEmbedder:
    def test_a_face_and_its_mirror_image_share_an_embedding(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        _, images = fairface(5)
        embedder = KerasEmbedder(build_embedder_network(small, seed=0))
        faces = list(np.repeat(images, 3, axis=3))
        embeddings, problems = embedder.embed(faces)
        assert embeddings.dtype == np.float32
        assert (embeddings.shape, problems) == ((5, 8), {})
        mirrored, _ = embedder.embed([face[:, ::-1] for face in faces])
        np.testing.assert_allclose(embeddings, mirrored, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("colour", [False, True])
    def test_images_of_any_size_are_brought_to_the_network_s(
        self, *, colour: bool, small: EmbedderParameters
    ) -> None:
        params = small.model_copy(update={"side_px": 64, "colour": colour})
        embedder = KerasEmbedder(build_embedder_network(params, seed=0))
        plain = [np.full((*size, 3), (200, 40, 20), np.uint8) for size in ((64, 64), (20, 90))]
        embeddings, _ = embedder.embed(plain)
        np.testing.assert_allclose(embeddings[0], embeddings[1], rtol=1e-4, atol=1e-5)
        grey, _ = embedder.embed([np.full((64, 64, 3), 86, np.uint8)])
        assert np.allclose(grey[0], embeddings[0], atol=1e-4) != colour

    def test_other_channels_are_refused(self, small: EmbedderParameters) -> None:
        embedder = KerasEmbedder(build_embedder_network(small, seed=0))
        with pytest.raises(InvalidInputError, match=r"uint8 \(48, 48, 1\)"):
            embedder.embed([np.zeros((48, 48, 1), np.uint8)])

    def test_another_model_is_refused(self) -> None:
        import keras

        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="other")
        with pytest.raises(InvalidInputError, match="Model other has no layer called 'embedding'"):
            KerasEmbedder(model)
