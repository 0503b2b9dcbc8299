"""What a model that somebody calls from Python says of faces: any function will do."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.progress import track
from fer_fairness.taxonomy import EMOTION_ALIASES, EMOTIONS, NO_CLASS, probability_column

Predict: TypeAlias = Callable[[npt.NDArray[np.uint8]], Any]
"""A batch of images to one row of probabilities, or of logits, an image."""

PREDICTED: Final = "predicted_emotion"

_SUM_TOLERANCE: Final = 1e-3


def answers(
    predict: Predict,
    images: npt.NDArray[np.uint8],
    class_names: Sequence[str] | None,
    emotions: Collection[str] | None,
    *,
    batch_size: int,
) -> pd.DataFrame:
    """Ask a model for the emotion of every face.

    Args:
        predict: Takes uint8 of shape `(batch, height, width, 1 or 3)`, values 0 to 255, and gives
            an array, or what NumPy takes for one, of shape `(batch, classes)`.
        images: uint8, shape `(n, height, width, 1 or 3)`; may be memory-mapped.
        class_names: Names of its outputs, in their order, "-" for one that is no class; None: the
            eight of `taxonomy.EMOTIONS` for a model of eight.
        emotions: Those that the dataset labels: a model is scored over these. None: all.
        batch_size: Images at a time.

    Returns:
        One row an image: `predicted_emotion`, and `probability_<class>` in [0, 1]; percentages
        and shares were divided by their sum, and other rows taken for logits.

    Raises:
        InvalidInputError: Images, outputs or names are not as above.
    """
    _check_images(images)
    parts = [
        _outputs(predict, np.asarray(images[start : start + batch_size]), start)
        for start in track(range(0, len(images), batch_size), description="Asking the model")
    ]
    widths = {part.shape[1] for part in parts}
    if len(widths) > 1:
        raise InvalidInputError(
            f"The model gives {' and '.join(map(str, sorted(widths)))} outputs for different "
            "batches: expected one number a class for every image."
        )
    outputs = np.concatenate(parts)
    every = _names(class_names, outputs.shape[1])
    left = [name != NO_CLASS and (emotions is None or _plain(name) in emotions) for name in every]
    names = [name for name, is_left in zip(every, left, strict=True) if is_left]
    if len(names) < 2:
        raise InvalidInputError(
            f"The model's outputs are {', '.join(every)}, and the dataset has "
            f"{', '.join(emotions or ())}: expected two in common at least. Correct class_names."
        )
    of_classes = [name != NO_CLASS for name in every]
    are_shares = _are_shares(outputs[:, of_classes], outputs)
    outputs = outputs[:, left]
    shares = _shares(outputs) if are_shares else np.asarray(softmax(outputs, axis=1))
    columns = {probability_column(name): shares[:, i] for i, name in enumerate(names)}
    return pd.DataFrame({PREDICTED: np.array(names)[outputs.argmax(axis=1)], **columns})


def _check_images(images: npt.NDArray[np.uint8]) -> None:
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise InvalidInputError(
            f"The images are {images.dtype} of shape {images.shape}, expected uint8 of shape "
            "(n, height, width, 1 or 3), values 0 to 255."
        )
    if not len(images):
        raise InvalidInputError("There are no images: give one face at least.")


def _outputs(predict: Predict, batch: npt.NDArray[np.uint8], start: int) -> npt.NDArray[np.float64]:
    given = predict(batch)
    try:
        outputs = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidInputError(
            f"The model gives a {type(given).__name__} that NumPy cannot read ({error}): expected "
            "an array of one row an image. Of PyTorch give .detach().cpu().numpy()."
        ) from error
    if outputs.ndim != 2 or len(outputs) != len(batch) or outputs.shape[1] < 2:
        raise InvalidInputError(
            f"The model gives an array of shape {outputs.shape} for {len(batch)} images, expected "
            f"({len(batch)}, classes)."
        )
    broken = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
    if len(broken):
        raise InvalidInputError(
            f"The model gives {outputs[broken[0]].tolist()} for image {start + broken[0]}, counted "
            f"from 0, and {len(broken)} of these {len(batch)} images have such outputs: expected "
            "finite numbers."
        )
    return outputs


def _names(class_names: Sequence[str] | None, n_classes: int) -> tuple[str, ...]:
    if class_names is None and n_classes == len(EMOTIONS):
        return EMOTIONS
    if class_names is None:
        raise InvalidInputError(
            f"The model has {n_classes} outputs and nothing tells their names. Datasets order "
            "emotions differently: give class_names, one for each output, in their order."
        )
    names = tuple(class_names)
    classes = [name for name in names if name != NO_CLASS]
    if len(names) != n_classes or len(set(classes)) < len(classes) or len(classes) < 2:
        raise InvalidInputError(
            f"class_names has {len(names)} names ({', '.join(names)}) and the model {n_classes} "
            "outputs: expected another name for each, or '-' for one that is no class."
        )
    return names


def _plain(name: str) -> str:
    """The taxonomy's name of an emotion."""
    known = name.strip().casefold()
    return EMOTION_ALIASES.get(known, known)


def _are_shares(classes: npt.NDArray[np.float64], outputs: npt.NDArray[np.float64]) -> bool:
    """Whether outputs are shares or percentages rather than logits.

    Shares need not sum to 1: an output that is no class may be left out, or each class has its own.

    Args:
        classes: Those that are classes, whether they are scored or not.
        outputs: All, of which percentages may sum to 100 as well.
    """
    is_share = (classes >= 0).all() and (classes <= 1 + _SUM_TOLERANCE).all()
    is_percentage = [
        (whole >= 0).all() and (np.abs(whole.sum(axis=1) - 100) <= 100 * _SUM_TOLERANCE).all()
        for whole in (classes, outputs)
    ]
    has_answer = (classes != 0).any(axis=1).all() or (outputs != 0).any(axis=1).all()
    return bool((is_share or any(is_percentage)) and has_answer)


def _shares(outputs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Shares or percentages so that they sum to 1; alike where all is on what is not scored."""
    sums = outputs.sum(axis=1, keepdims=True)
    is_elsewhere = sums == 0
    return np.where(is_elsewhere, 1 / outputs.shape[1], outputs / np.where(is_elsewhere, 1.0, sums))
