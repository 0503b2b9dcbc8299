from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign import ForeignModel
from fer_fairness.foreign.class_names import resolve_class_names
from fer_fairness.foreign.foreign_scoring import (
    Scoring,
    foreign_predictions,
    foreign_probabilities,
    model_outputs,
)
from fer_fairness.foreign.pixel_values import InputScale
from fer_fairness.foreign.preparation import (
    fitting_batch,
    prepare_batch,
    told_input_scale,
)
from fer_fairness.tables import PREDICTIONS_SCHEMA
from fer_fairness.taxonomy import EMOTIONS

FER2013 = ("angry", "Disgust", "fear", "happy", "sad", "surprise", "neutral")
LABELS = ["neutral", "happiness", "fear", "anger", "sadness"]
FACTORS = {"0-1": (1 / 255, 0.0), "0-255": (1.0, 0.0), "-1-1": (2 / 255, -1.0)}


def pixels(n: int = 5, side: int = 8, channels: int = 1) -> np.ndarray:
    generator = np.random.default_rng(1)
    return generator.integers(0, 256, (n, side, side, channels)).astype(np.uint8)


def foreign_of(
    model: Any, n_classes: int = 8, *, outputs: Any = "probabilities", shape: Any = (8, 8, 1)
) -> ForeignModel:
    return ForeignModel(model, outputs, n_classes, shape, ())


def linear(n_classes: int = 8, *before: Any, shape: tuple[Any, ...] = (8, 8, 1)) -> Any:
    """Outputs in proportion to the mean of the input, class by class."""
    layers = [keras.Input(shape), *before, keras.layers.GlobalAveragePooling2D()]
    kernel = keras.initializers.Constant(np.linspace(-2, 2, n_classes))
    head = keras.layers.Dense(n_classes, kernel_initializer=kernel)
    return keras.Sequential([*layers, head])


def constant(values: np.ndarray) -> Any:
    """Gives the same outputs for every face."""
    zero = keras.layers.Dense(len(values), kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.GlobalAveragePooling2D(), zero])
    zero.bias.assign(values)
    return model


def score(foreign: ForeignModel, images: np.ndarray, scale: Any = "0-1") -> np.ndarray:
    index = np.arange(len(images))
    return foreign_probabilities(
        foreign, images, index, input_scale=scale, batch_size=2, description="Scoring"
    )


def predict(
    foreign: ForeignModel,
    faces: pd.DataFrame,
    images: np.ndarray,
    class_names: tuple[str, ...] | None,
    **more: Any,
) -> pd.DataFrame:
    index = faces["image_index"].to_numpy()
    scoring = Scoring(input_scale="0-1")
    outputs = model_outputs(foreign, images, index, name="theirs", scoring=scoring)
    names = class_names or EMOTIONS
    return foreign_predictions(outputs, faces, class_names=names, name="theirs", **more)


@pytest.fixture
def faces(make_faces: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    return make_faces(["test"] * len(LABELS), LABELS)


@pytest.mark.parametrize("scale", tuple(FACTORS))
def test_a_model_gets_pixels_in_its_scale(scale: InputScale) -> None:
    factor, offset = FACTORS[scale]
    batch = prepare_batch(pixels(), foreign_of(None), scale)
    assert batch.dtype == np.float32
    np.testing.assert_allclose(batch, pixels() * factor + offset, atol=1e-6)


def test_grey_is_repeated_and_colour_becomes_its_luminance() -> None:
    grey, colour = pixels(channels=1), pixels(channels=3)
    repeated = prepare_batch(grey, foreign_of(None, shape=(8, 8, 3)), "0-255")
    np.testing.assert_array_equal(repeated, np.repeat(grey, 3, axis=3))
    luminance = prepare_batch(colour, foreign_of(None), "0-255")
    pillow = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in colour])
    np.testing.assert_allclose(luminance[..., 0], pillow, atol=1.0)


@pytest.mark.parametrize("side", [5, 20])
def test_another_size_is_reached_as_pillow_does_it(side: int) -> None:
    resized = prepare_batch(pixels(), foreign_of(None, shape=(side, side, 1)), "0-255")
    bilinear = Image.Resampling.BILINEAR
    pillow = [
        np.asarray(Image.fromarray(image[..., 0]).resize((side, side), bilinear))
        for image in pixels()
    ]
    np.testing.assert_allclose(resized[..., 0], np.stack(pillow), atol=1.5)


def test_sides_that_a_model_leaves_open_stay_as_they_are() -> None:
    batch = prepare_batch(pixels(side=9), foreign_of(None, shape=(None, None, 1)), "0-1")
    assert batch.shape == (5, 9, 9, 1)


@pytest.mark.parametrize("scale", tuple(FACTORS))
def test_the_scale_is_read_from_a_trained_normalisation(scale: InputScale) -> None:
    images = pixels(64)
    normalisation = keras.layers.BatchNormalization()
    model = linear(8, keras.layers.Conv2D(4, 3), normalisation)
    factor, offset = FACTORS[scale]
    seen = np.asarray(model.layers[0](images * np.float32(factor) + np.float32(offset)))
    normalisation.moving_mean.assign(seen.mean(axis=(0, 1, 2)))
    normalisation.moving_variance.assign(seen.var(axis=(0, 1, 2)))
    guess = told_input_scale(foreign_of(model), images, np.arange(64))
    assert guess is not None
    assert guess.scale == scale
    assert "far from" not in guess.reason

    normalisation.moving_variance.assign(seen.var(axis=(0, 1, 2)) * 1e6)
    normalisation.moving_mean.assign(seen.mean(axis=(0, 1, 2)) + 1e4)
    guess = told_input_scale(foreign_of(model), images, np.arange(64))
    assert guess is not None
    assert "far from" in guess.reason


def test_a_frozen_normalisation_counts_only_where_none_was_trained() -> None:
    frozen, trained = keras.layers.BatchNormalization(), keras.layers.BatchNormalization()
    model = linear(8, frozen, trained)
    images = pixels(64)
    small = images / 255
    frozen.moving_mean.assign([images.mean()])
    frozen.moving_variance.assign([images.var()])
    frozen.trainable = False
    inner = np.asarray(frozen(small.astype(np.float32)))
    trained.moving_mean.assign([inner.mean()])
    trained.moving_variance.assign([inner.var()])
    guess = told_input_scale(foreign_of(model), images, np.arange(64))
    assert guess is not None
    assert guess.scale == "0-1"
    trained.trainable = False
    guess = told_input_scale(foreign_of(model), images, np.arange(64))
    assert guess is not None
    assert guess.scale == "0-255"
    assert "frozen" in guess.reason


def test_without_a_normalisation_a_rescaling_layer_decides_the_scale() -> None:
    rescaled = foreign_of(linear(8, keras.layers.Rescaling(1 / 255)))
    guess = told_input_scale(rescaled, pixels(), np.arange(5))
    assert guess is not None
    assert guess.scale == "0-255"
    assert told_input_scale(foreign_of(linear()), pixels(), np.arange(5)) is None


def brightness_model(threshold: float) -> keras.Model:
    """Class 0 for images that are darker than a threshold, in the scale that it takes, else 1."""
    pixel = keras.Input((8, 8, 1))
    mean = keras.layers.GlobalAveragePooling2D()(pixel)
    model = keras.Model(pixel, keras.layers.Dense(2, activation="softmax")(mean))
    model.layers[-1].set_weights([np.array([[0.0, 40.0]]), np.array([40 * threshold, 0.0])])
    return model


def dark_and_bright(n: int = 80) -> tuple[np.ndarray, tuple[str, ...]]:
    images = np.where(np.arange(n) % 2, 200, 60)[:, None, None, None] + np.zeros((n, 8, 8, 1))
    return images.astype(np.uint8), ("anger", "happiness") * (n // 2)


@pytest.mark.parametrize(("threshold", "scale"), [(0.65, "0-1"), (130, "0-255"), (0.01, "-1-1")])
def test_labelled_faces_tell_the_scale_of_a_model_that_does_not(
    threshold: float, scale: str
) -> None:
    images, true = dark_and_bright()
    scoring = Scoring(true_emotions=true, class_names=("angry", "happy"))
    foreign = foreign_of(brightness_model(threshold), 2)
    outputs = model_outputs(foreign, images, np.arange(80), name="theirs", scoring=scoring)
    assert outputs.scale.scale == scale
    assert "mean recall by scale" in outputs.scale.reason


def test_a_scale_that_the_model_tells_and_labels_contradict_is_refused() -> None:
    images, true = dark_and_bright()
    model = brightness_model(0.5)
    rescaling = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Rescaling(1.0), model])
    scoring = Scoring(true_emotions=true, class_names=("angry", "happy"))
    with pytest.raises(InvalidInputError, match=r"(?s)disagree.*0-1 100%, 0-255 50%"):
        model_outputs(foreign_of(rescaling, 2), images, np.arange(80), name="a", scoring=scoring)


def test_scales_at_which_as_many_are_recognised_are_told_by_answers_or_refused() -> None:
    images, true = dark_and_bright()
    chance = tuple(np.roll(true, 1)[:40]) + true[40:]
    scoring = Scoring(true_emotions=chance, class_names=("angry", "happy"))
    foreign = foreign_of(brightness_model(0.01), 2)
    told = model_outputs(foreign, images, np.arange(80), name="a", scoring=scoring).scale
    assert "tells images apart best" in told.reason


def test_predictions_stand_in_the_columns_of_their_classes(faces: pd.DataFrame) -> None:
    given_shares = np.array([0.05, 0.1, 0.15, 0.4, 0.1, 0.12, 0.08], np.float32)
    table = predict(foreign_of(constant(given_shares), 7), faces, pixels(), FER2013)
    PREDICTIONS_SCHEMA.validate(table)
    assert table["sample_id"].tolist() == faces["sample_id"].tolist()
    assert set(table["variant"]) == {"theirs"}
    assert set(table["predicted_emotion"]) == {"happiness"}
    columns = [f"probability_{name}" for name in resolve_class_names(FER2013, 7)]
    np.testing.assert_allclose(table[columns], np.tile(given_shares, (5, 1)), atol=1e-6)
    assert (table["probability_contempt"] == 0).all()


def test_only_the_emotions_of_the_dataset_are_predicted(faces: pd.DataFrame) -> None:
    shares = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3], np.float32)
    table = predict(foreign_of(constant(shares)), faces, pixels(), None, emotions=EMOTIONS[:7])
    assert "contempt" not in set(table["predicted_emotion"])
    np.testing.assert_allclose(table["probability_fear"], 1 / 7, atol=1e-6)


def test_each_face_gets_the_outputs_of_its_own_image(faces: pd.DataFrame) -> None:
    foreign = foreign_of(linear(), outputs="logits")
    images = np.sort(pixels(9), axis=0)
    shuffled = faces.assign(image_index=[7, 0, 8, 2, 5])
    table = predict(foreign, shuffled, images, None)
    expected = score(foreign, images)[[7, 0, 8, 2, 5]]
    found = table[[f"probability_{emotion}" for emotion in EMOTIONS]].to_numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_notes_say_what_was_done_to_the_images() -> None:
    model = linear(7, shape=(20, 10, 3))
    foreign = foreign_of(model, 7, outputs="logits", shape=(20, 10, 3))

    def notes(scoring: Scoring | None = None) -> tuple[str, ...]:
        return model_outputs(foreign, pixels(), np.arange(5), name="theirs", scoring=scoring).notes

    said = notes(Scoring(input_scale="0-1"))
    assert any("repeated three times" in note for note in said)
    assert any("8 x 8 px were resized to the 20 x 10 px" in note for note in said)
    assert notes(Scoring(input_scale="-1-1"))[0] == (
        "The model was given pixel values scaled to -1 to 1, as configured."
    )


def test_images_go_one_by_one_through_a_model_whose_layers_are_large() -> None:
    wide = linear(8, keras.layers.UpSampling2D(2000), shape=(8, 8, 1))
    assert fitting_batch(wide, 128) == 1
    assert fitting_batch(linear(), 128) == 128


def test_a_model_that_fails_on_these_images_is_refused() -> None:
    class Failing:
        def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
            raise ValueError(f"expected 3 images, found {len(images)}")

    with pytest.raises(InvalidInputError, match=r"cannot be run on images of shape .*3 images"):
        score(foreign_of(Failing()), pixels())


@pytest.mark.parametrize(
    ("values", "outputs", "message"),
    [
        ([np.nan] * 8, "logits", "for image 0 are .*finite.* 5 of 5 images"),
        ([-0.1] + [1.1 / 7] * 7, "probabilities", "row 0 .*at least 0"),
    ],
)
def test_outputs_that_cannot_be_used_are_refused(
    values: list[float], outputs: str, message: str
) -> None:
    foreign = foreign_of(constant(np.array(values, np.float32)), outputs=outputs)
    with pytest.raises(InvalidInputError, match=message):
        score(foreign, pixels())


def test_an_unknown_scale_and_four_channels_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="input_scale is '0-2'"):
        score(foreign_of(linear()), pixels(), "0-2")
    with pytest.raises(InvalidInputError, match="4 channels"):
        score(foreign_of(linear()), pixels(channels=4))


def test_a_face_of_an_emotion_that_the_model_does_not_know_is_named(faces: pd.DataFrame) -> None:
    two = foreign_of(constant(np.array([0.5, 0.5], np.float32)), 2)
    with pytest.raises(InvalidInputError, match="3 faces cannot be scored; the first is 'face_2'"):
        predict(two, faces, pixels(), ("neutral", "happy"))
    with pytest.raises(InvalidInputError, match="none of which is to be scored"):
        predict(two, faces, pixels(), ("neutral", "happy"), emotions=("fear",))
