"""What trained models say of the training faces, for a model that learns from them as well."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.prediction import predict_logits
from fer_fairness.modeling.training_set import TrainingSet
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

_BATCH_SIZE = 256


def teacher_logits(
    teachers: "Sequence[keras.Model]",
    training: TrainingSet,
    params: TrainingParameters,
    *,
    description: str,
) -> np.ndarray:
    """Ask each teacher once about each training face, and average.

    The teachers see the face as it is in `training`, before online augmentation, so that even an
    ensemble costs one prediction of the set and nothing in a step; where faces are flipped online,
    it is the mean of what they say of the face and of its mirror image.

    Args:
        teachers: At least one model that takes the images and gives logits of the same classes.
        training: The faces.
        params: Whether faces are flipped online.
        description: What the progress bar says.

    Returns:
        float32, shape `(n, k)`: the logarithm of the teachers' mean probabilities
        (Hinton et al. 2015, arXiv 1503.02531, section 3).
    """
    rows, places = np.unique(training.image_index, return_inverse=True)
    total = np.full((len(rows), training.targets.shape[1]), -np.inf)
    for number, teacher in enumerate(teachers, start=1):
        logits = predict_logits(
            teacher,
            training.images,
            rows,
            batch_size=_BATCH_SIZE,
            description=f"{description}: asking teacher {number} of {len(teachers)}",
            average_mirrored=params.online_augmentation.flip,
        ).astype(np.float64)
        total = np.logaddexp(total, log_softmax(logits, axis=1))
    return np.asarray((total - np.log(len(teachers)))[places], dtype=np.float32)


def check_teachers(
    model: "keras.Model", teachers: "Sequence[keras.Model]", params: TrainingParameters
) -> None:
    """Refuse distillation without a teacher, and teachers of other inputs or outputs.

    Raises:
        InvalidInputError: Naming what was found and what is expected.
    """
    if params.distillation.weight == 0:
        return
    if not teachers:
        raise InvalidInputError(
            f"distillation.weight is {params.distillation.weight}, but there is no teacher: name "
            "trained models in distillation.teachers, distil in a fine-tuning, whose starting "
            "model is the teacher, or set the weight to 0."
        )
    for teacher in teachers:
        mine, others = ((one.input_shape[1:], one.output_shape[1:]) for one in (model, teacher))
        if mine != others:
            raise InvalidInputError(
                f"The teacher {teacher.name!r} takes and gives {others}, the model {model.name!r} "
                f"{mine}: both must be the same."
            )
