"""Score faces with a model that was not trained here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign.class_names import named_classes, resolve_class_names, taxonomy_name
from fer_fairness.foreign.class_order import Order, known_orders
from fer_fairness.foreign.loading import ForeignModel
from fer_fairness.foreign.pixel_values import (
    INPUT_SCALES,
    InputScale,
    ScaleGuess,
    Standardisation,
    scale_of_standardisation,
    scale_words,
)
from fer_fairness.foreign.preparation import (
    fitting_batch,
    preparation_notes,
    prepare_batch,
    told_input_scale,
)
from fer_fairness.foreign.scale_by_answers import guess_by_answers, guess_by_labels
from fer_fairness.modeling import predictions_table
from fer_fairness.modeling.keras_file import first_line
from fer_fairness.modeling.training_set import Images, check_images
from fer_fairness.progress import track
from fer_fairness.taxonomy import EMOTIONS

_SMALLEST_PROBABILITY = 1e-30
_N_ASKED = 512


@dataclass(frozen=True)
class Scoring:
    """How a foreign model is given images and read.

    Attributes:
        input_scale: What pixel values 0 to 255 become; None finds out.
        standardisation: What is done to them then; None: nothing.
        scale_reason: How the scale was found, a sentence; None: it was configured.
        true_emotions: The emotion of each face, where the scale may be found by them: none of these
            faces may be one that is scored later. None: they are not looked at.
        class_names: Names of the model's classes in their order; None: an order in use.
        batch_size: Images at a time, at most: fewer where layers are large.
    """

    input_scale: InputScale | None = None
    standardisation: Standardisation | None = None
    scale_reason: str | None = None
    true_emotions: tuple[str, ...] | None = None
    class_names: tuple[str, ...] | None = None
    batch_size: int = 128


@dataclass(frozen=True)
class ModelOutputs:
    """What a foreign model said of faces.

    Attributes:
        shares: float64, shape `(n, n_classes)`, rows summing to 1, in the model's class order.
        notes: How the model was loaded and run, in sentences for a report.
        scale: What pixel values 0 to 255 became, and why.
    """

    shares: np.ndarray
    notes: tuple[str, ...]
    scale: ScaleGuess


def foreign_probabilities(
    foreign: ForeignModel,
    images: Images,
    image_index: np.ndarray,
    *,
    input_scale: InputScale,
    batch_size: int,
    description: str,
    standardisation: Standardisation | None = None,
) -> np.ndarray:
    """Run the model over images, with a progress bar.

    Args:
        foreign: The model.
        images: uint8, shape `(m, height, width, 1 or 3)`; may be memory-mapped. Brought to the
            size and channels of the model batch by batch.
        image_index: Integers, shape `(n,)`: the rows of `images` to score, in this order.
        input_scale: What pixel values 0 to 255 become.
        batch_size: Images at a time.
        description: What the progress bar says.
        standardisation: What is done to the scaled values.

    Returns:
        float64, shape `(n, foreign.n_classes)`, rows summing to 1, in the model's class order.

    Raises:
        InvalidInputError: If images, index or scale are not as above, or the model's outputs are
            not finite or, being probabilities, below 0.
    """
    check_images(images, image_index)
    if images.shape[3] not in (1, 3):
        raise InvalidInputError(f"Images have {images.shape[3]} channels: expected 1 or 3.")
    if input_scale not in INPUT_SCALES:
        raise InvalidInputError(
            f"input_scale is {input_scale!r}: expected one of {', '.join(INPUT_SCALES)}."
        )
    starts = range(0, len(image_index), batch_size)
    outputs = np.empty((len(image_index), foreign.n_classes))
    for start in track(starts, description=description):
        rows = image_index[start : start + batch_size]
        batch = prepare_batch(images[rows], foreign, input_scale, standardisation)
        outputs[start : start + batch_size] = _run(foreign, batch)
    return _shares(outputs, foreign, image_index)


def _run(foreign: ForeignModel, batch: np.ndarray) -> np.ndarray:
    try:
        return np.asarray(foreign.model.predict_on_batch(batch))
    except Exception as error:  # whatever a layer makes of these images
        raise InvalidInputError(
            f"The model cannot be run on images of shape {batch.shape[1:]} "
            f"({type(error).__name__}: {first_line(error)}). Give a model that takes a batch of "
            "any number of images."
        ) from error


def model_outputs(
    foreign: ForeignModel,
    images: Images,
    image_index: np.ndarray,
    *,
    name: str,
    scoring: Scoring | None = None,
) -> ModelOutputs:
    """Run a foreign model over faces, and say how.

    Args:
        foreign: The model.
        images: uint8, shape `(m, height, width, 1 or 3)`; may be memory-mapped.
        image_index: Integers, shape `(n,)`: the rows of `images` to score, in this order.
        name: Name of the model, for the progress bar.
        scoring: Scale of inputs, batch size; None is the defaults.

    Raises:
        InvalidInputError: If images, index or outputs cannot be used, or the scale is not told.
    """
    scoring = scoring or Scoring()
    check_images(images, image_index)
    guess = _scale(foreign, images, image_index, scoring)
    shares = foreign_probabilities(
        foreign,
        images,
        image_index,
        input_scale=guess.scale,
        batch_size=fitting_batch(foreign.model, scoring.batch_size),
        description=f"Scoring {name}",
        standardisation=scoring.standardisation,
    )
    notes = (*foreign.notes, guess.reason, *preparation_notes(images, foreign))
    return ModelOutputs(shares, notes, guess)


def foreign_predictions(
    outputs: ModelOutputs,
    faces: pd.DataFrame,
    *,
    class_names: Sequence[str],
    name: str,
    seed: int = 0,
    emotions: Sequence[str] | None = None,
) -> pd.DataFrame:
    """What a foreign model said of faces: the table that the audit takes.

    Args:
        outputs: Of `model_outputs` for the faces' `image_index`.
        faces: A `faces` table, all of whose rows have a majority emotion among those scored and are
            not excluded.
        class_names: The taxonomy's names of the outputs, in their order.
        name: Name of the model, the table's `variant`.
        seed: The table's `seed`.
        emotions: Emotions that the dataset knows, of which one is predicted; None is all that the
            model knows.

    Returns:
        A table valid under `tables.PREDICTIONS_SCHEMA`. Emotions that the model does not know, or
        that are not scored, have probability 0 and the others sum to 1.

    Raises:
        InvalidInputError: If class names, emotions or faces cannot be used.
    """
    names = resolve_class_names(class_names, outputs.shares.shape[1])
    scored = _scored_emotions(names, emotions)
    logits = np.zeros((len(outputs.shares), len(EMOTIONS)))
    columns = [EMOTIONS.index(emotion) for emotion in names]
    logits[:, columns] = np.log(np.maximum(outputs.shares, _SMALLEST_PROBABILITY))
    return predictions_table(faces, logits, variant=name, seed=seed, emotions=scored)


def _scale(
    foreign: ForeignModel, images: Images, index: np.ndarray, scoring: Scoring
) -> ScaleGuess:
    if scoring.input_scale is not None:
        then = ", standardised by the mean and deviation given" if scoring.standardisation else ""
        said = f"The model was given {scale_words(scoring.input_scale)}{then}, as configured."
        return ScaleGuess(scoring.input_scale, scoring.scale_reason or said)
    places = np.unique(np.linspace(0, len(index) - 1, min(_N_ASKED, len(index))).astype(int))
    sample = index[places]
    if scoring.standardisation is not None:
        pixels = prepare_batch(images[sample], foreign, "0-255")
        return scale_of_standardisation(pixels, scoring.standardisation)
    told = told_input_scale(foreign, images, index)
    if told is not None and scoring.true_emotions is None:
        return told
    batch_size = fitting_batch(foreign.model, scoring.batch_size)
    # A network of grey faces does not know ImageNet.
    shares = {
        scale: foreign_probabilities(
            foreign,
            images,
            sample,
            input_scale=scale,
            batch_size=batch_size,
            description=f"Trying the scale {scale}",
        )
        for scale in INPUT_SCALES
        if foreign.input_shape[2] > 1 or scale != "imagenet"
    }
    if scoring.true_emotions is not None:
        true = [scoring.true_emotions[place] for place in places]
        told = guess_by_labels(shares, true, _orders(foreign, scoring), told)
    return told or guess_by_answers(shares)


def _orders(foreign: ForeignModel, scoring: Scoring) -> tuple[Order, ...]:
    if scoring.class_names is None:
        return known_orders(foreign.n_classes)
    names = named_classes([taxonomy_name(name) for name in scoring.class_names])
    return (Order(names, "class_names"),)


def _scored_emotions(names: tuple[str, ...], emotions: Sequence[str] | None) -> tuple[str, ...]:
    unknown = sorted(set(emotions or ()) - set(EMOTIONS))
    if unknown:
        raise InvalidInputError(
            f"Emotions to score {unknown} are not known: expected some of {', '.join(EMOTIONS)}."
        )
    scored = tuple(
        emotion
        for emotion in EMOTIONS
        if emotion in names and (emotions is None or emotion in emotions)
    )
    if not scored:
        raise InvalidInputError(
            f"The model knows {', '.join(names)}, none of which is to be scored "
            f"({', '.join(emotions or ())}): give emotions that both have."
        )
    return scored


def _shares(outputs: np.ndarray, foreign: ForeignModel, image_index: np.ndarray) -> np.ndarray:
    broken = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
    if broken.size:
        row = int(broken[0])
        raise InvalidInputError(
            f"The model's outputs for image {image_index[row]} are {outputs[row].tolist()}: "
            f"expected finite numbers. {broken.size} of {len(outputs)} images are affected; check "
            "the model and the scale of its inputs."
        )
    if foreign.outputs == "logits":
        return np.asarray(softmax(outputs, axis=1))
    sums = outputs.sum(axis=1, keepdims=True)
    bad = np.flatnonzero((outputs < 0).any(axis=1) | (sums[:, 0] <= 0))
    if bad.size:
        raise InvalidInputError(
            f"The model's outputs of row {bad[0]} are {outputs[bad[0]].tolist()}: expected "
            f"probabilities, at least 0 and not all 0. {bad.size} rows are affected."
        )
    return np.asarray(outputs / sums)
