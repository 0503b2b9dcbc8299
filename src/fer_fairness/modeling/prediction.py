"""Logits, probabilities and the table of predictions."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.inspection import with_features
from fer_fairness.modeling.training_set import Images, check_images
from fer_fairness.progress import track
from fer_fairness.tables import PREDICTIONS_SCHEMA, PROBABILITY_COLUMNS, has_majority_emotion
from fer_fairness.taxonomy import EMOTIONS

if TYPE_CHECKING:
    import keras


def predict_logits(
    model: "keras.Model",
    images: Images,
    image_index: np.ndarray,
    *,
    batch_size: int,
    description: str,
    average_mirrored: bool = False,
    average_shifted_px: int = 0,
) -> np.ndarray:
    """Run `model` over images in inference mode, with a progress bar.

    Args:
        model: Takes images with values 0 to 255, gives one row of logits each.
        images: uint8, shape `(m, height, width, channels)`; may be memory-mapped.
        image_index: Integers, shape `(n,)`: the rows of `images` to predict, in this order.
        batch_size: Images at a time.
        description: What the progress bar says.
        average_mirrored: Whether to show each face mirrored too and give the mean of all outputs.
        average_shifted_px: By how many pixels to move each face in four directions, borders
            repeated, and give the mean of all outputs; 0 shows it only where it is.

    Returns:
        float32, shape `(n, number of outputs)`.

    Raises:
        InvalidInputError: If images and index are not as above or do not fit the model, or faces
            would be moved by half of their side or more.
    """
    check_images(images, image_index)
    check_fits(model, images)
    if 2 * average_shifted_px >= min(images.shape[1:3]):
        raise InvalidInputError(
            f"average_shifted_px is {average_shifted_px}, and images of {images.shape[1]}x"
            f"{images.shape[2]} would be moved half out of sight: give 0 to 3."
        )
    batches = inference_batches(
        model,
        images,
        image_index,
        batch_size=batch_size,
        average_mirrored=average_mirrored,
        average_shifted_px=average_shifted_px,
    )
    n_batches = -(-len(image_index) // batch_size)
    logits = np.empty((len(image_index), model.output_shape[-1]), dtype=np.float32)
    for number, batch in enumerate(track(batches, description=description, total=n_batches)):
        logits[number * batch_size : (number + 1) * batch_size] = batch
    return logits


def predict_features(
    model: "keras.Model", images: Images, image_index: np.ndarray, *, batch_size: int
) -> np.ndarray:
    """What enters the last layer of `model` that has weights, averaged over positions.

    Args:
        model: Images 0 to 255 to logits.
        images: uint8 `(m, height, width, 1)`.
        image_index: The rows of `images` that are asked about, integers `(n,)`.
        batch_size: Images at a time.

    Returns:
        float32 `(n, n_features)`, in inference mode.

    Raises:
        InvalidInputError: As `predict_logits`.
    """
    import keras

    both = with_features(model)
    features = keras.Model(both.inputs, both.outputs[1])
    return predict_logits(
        features, images, image_index, batch_size=batch_size, description="Features"
    )


def inference_batches(
    model: "keras.Model",
    images: Images,
    image_index: np.ndarray,
    *,
    batch_size: int,
    average_mirrored: bool = False,
    average_shifted_px: int = 0,
) -> Iterator[np.ndarray]:
    """Outputs of `model` in inference mode, batch by batch in the order of `image_index`."""
    for start in range(0, len(image_index), batch_size):
        rows = image_index[start : start + batch_size]
        # Filled up with its last image: a batch of another size would be compiled anew.
        n_missing = batch_size - len(rows) if start else 0
        batch = images[np.pad(rows, (0, n_missing), mode="edge")].astype(np.float32)
        views = list(_shifted(batch, average_shifted_px))
        if average_mirrored:
            views += [view[:, :, ::-1] for view in views]
        outputs = [model.predict_on_batch(np.ascontiguousarray(view)) for view in views]
        yield np.mean(outputs, axis=0)[: len(rows)]


def _shifted(images: np.ndarray, shift_px: int) -> Iterator[np.ndarray]:
    """The images as they are and, for a shift above 0, moved in four directions."""
    yield images
    if shift_px == 0:
        return
    height, width = images.shape[1:3]
    framed = np.pad(images, ((0, 0), (shift_px,) * 2, (shift_px,) * 2, (0, 0)), mode="edge")
    for top, left in ((0, 1), (1, 0), (1, 2), (2, 1)):
        down, right = top * shift_px, left * shift_px
        yield framed[:, down : down + height, right : right + width]


def check_fits(model: "keras.Model", images: Images) -> None:
    """Raise InvalidInputError unless `model` takes images of this shape.

    Raises:
        InvalidInputError: Naming the shape found and the shape expected.
    """
    expected = tuple(model.input_shape[1:])
    sides = zip(expected, images.shape[1:], strict=False)
    if len(expected) != 3 or any(side not in (None, found) for side, found in sides):
        raise InvalidInputError(
            f"Model {model.name!r} takes images of shape {expected}, found {images.shape[1:]}: "
            "prepare the images for this model, or give another one."
        )


def probabilities(logits: np.ndarray, emotions: Sequence[str]) -> np.ndarray:
    """Softmax over the logits of `emotions`; the others take no part and get exactly 0.

    Args:
        logits: Shape `(n, 8)` in the order of `taxonomy.EMOTIONS`.
        emotions: Emotions that the dataset knows, in any order, none twice.

    Returns:
        float64, shape `(n, 8)`; every row sums to 1.

    Raises:
        InvalidInputError: If a logit is not finite, the shape is another, or an emotion unknown.
    """
    if logits.ndim != 2 or logits.shape[1] != len(EMOTIONS):
        raise InvalidInputError(
            f"Logits have shape {logits.shape}: expected (n, {len(EMOTIONS)}), one column each for "
            f"{', '.join(EMOTIONS)}."
        )
    if not emotions or len(set(emotions)) != len(emotions) or set(emotions) - set(EMOTIONS):
        raise InvalidInputError(
            f"Emotions to score are {list(emotions)}: expected some of {list(EMOTIONS)}, each once."
        )
    broken = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if broken.size:
        raise InvalidInputError(
            f"Logits of row {broken[0]} are {logits[broken[0]].tolist()}: expected finite numbers. "
            f"{broken.size} of {len(logits)} rows are affected; the model has diverged."
        )
    known = np.array([emotion in emotions for emotion in EMOTIONS])
    shifted = np.where(known, logits.astype(np.float64), -np.inf)
    shifted -= shifted.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def predictions_table(
    faces: pd.DataFrame, logits: np.ndarray, *, variant: str, seed: int, emotions: Sequence[str]
) -> pd.DataFrame:
    """One row a scored face: its label, the predicted emotion and all probabilities.

    Args:
        faces: A `faces` table, all of whose rows have a majority emotion and are not excluded.
        logits: Shape `(n, 8)`, one row for each row of `faces`.
        variant: Name of the model.
        seed: Seed it was trained with.
        emotions: Emotions that the dataset knows.

    Returns:
        A table valid under `tables.PREDICTIONS_SCHEMA`; of equal probabilities the first in the
        order of `taxonomy.EMOTIONS` is the prediction.

    Raises:
        InvalidInputError: If rows do not match, a face has no label to score against, or one that
            is not among `emotions`.
    """
    if len(faces) != len(logits):
        raise InvalidInputError(f"{len(faces)} faces but {len(logits)} rows of logits.")
    unscored = ~has_majority_emotion(faces) | ~faces["emotion"].isin(list(emotions))
    if unscored.any():
        first = faces.loc[unscored].iloc[0]
        raise InvalidInputError(
            f"{int(unscored.sum())} faces cannot be scored; the first is {first['sample_id']!r}, "
            f"emotion {first['emotion']!r}, excluded_reason {first['excluded_reason']!r}. Keep "
            f"only faces with a majority label among {', '.join(emotions)}."
        )
    shares = probabilities(logits, emotions)
    table = pd.DataFrame(shares, columns=list(PROBABILITY_COLUMNS))
    table.insert(0, "sample_id", faces["sample_id"].to_numpy())
    table.insert(1, "variant", variant)
    table.insert(2, "seed", seed)
    table.insert(3, "emotion", faces["emotion"].to_numpy())
    table.insert(4, "predicted_emotion", np.array(EMOTIONS, dtype=object)[shares.argmax(axis=1)])
    return PREDICTIONS_SCHEMA.validate(table)
