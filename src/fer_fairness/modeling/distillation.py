"""What trained models say of the training faces, for a model that learns from them as well."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import log_softmax, logsumexp

from fer_fairness.errors import InvalidInputError
from fer_fairness.files import replacing
from fer_fairness.modeling.fingerprints import add_arrays, room_source
from fer_fairness.modeling.graph import teaching_graph
from fer_fairness.modeling.image_draws import Floats, draw_changes
from fer_fairness.modeling.precision import precision_here
from fer_fairness.modeling.prediction import predict_logits
from fer_fairness.modeling.training_set import STRENGTH, TrainingSet
from fer_fairness.params.training import TrainingParameters
from fer_fairness.progress import track

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

_BATCH_SIZE = 256
_VIEWS: Final = 3
"""First of the seeds of views, so that no other purpose shares their random numbers."""


@dataclass(frozen=True)
class Teaching:
    """What teachers say of the training faces, asked before the first epoch.

    Attributes:
        logits: Shape `(n_views, n, k)`: the logarithm of the teachers' mean probabilities.
        has_views: Whether epochs show the faces in those views; else there is one answer, whatever
            epochs show.
    """

    logits: np.ndarray
    has_views: bool

    def view(self, epoch: int) -> int:
        """The view that `epoch`, counted from 0, is taught by."""
        return epoch % len(self.logits)


def ask_teachers(
    teachers: "Sequence[keras.Model]",
    training: TrainingSet,
    params: TrainingParameters,
    *,
    folder: Path | None,
    description: str,
) -> Teaching:
    """Ask each teacher about each training face, once or in each of `n_views` views.

    What is said is the mean over a face and its mirror image where faces are flipped online, and
    over teachers, whose probabilities are averaged (Hinton et al. 2015, arXiv 1503.02531, section
    3); unless epochs show the views, over these too. Probabilities are averaged throughout, but for
    a face that is asked about once, of which logits are averaged with those of its mirror image, as
    in prediction.

    Args:
        teachers: At least one model that takes the images and gives logits of the same classes.
        training: The faces.
        params: Online augmentation, and how many views are asked about.
        folder: Where what is said of views is kept, a file a view: asking goes on after a kill, and
            runs of other seeds need not ask. None keeps nothing.
        description: What the progress bar says.
    """
    n_views = params.distillation.n_views
    if n_views is None:
        unmoved = _of_unmoved_faces(teachers, training, params, description)
        return Teaching(unmoved[None], has_views=False)
    if folder is not None:
        folder /= f"teaching_{_fingerprint(teachers, training, params)}"
        folder.mkdir(parents=True, exist_ok=True)
    asked = [
        _of_view(
            teachers, training, params, view, folder, f"{description}: asking, view {view + 1}"
        )
        for view in range(n_views)
    ]
    if params.distillation.same_views:
        return Teaching(np.stack(asked), has_views=True)
    mean = logsumexp(np.stack(asked).astype(np.float64), axis=0) - np.log(n_views)
    return Teaching(mean[None].astype(np.float32), has_views=False)


def draw_view(view: int, training: TrainingSet, params: TrainingParameters) -> dict[str, Floats]:
    """The changes that make `view` of every training face, arrays by name as of `draw_changes`.

    They depend on the number of the view alone, so that every seed has the same views.
    """
    generator = np.random.default_rng([_VIEWS, view])
    shape = training.images.shape[1:3]
    return draw_changes(generator, shape, training.column(STRENGTH), params.online_augmentation)


def _of_unmoved_faces(
    teachers: "Sequence[keras.Model]",
    training: TrainingSet,
    params: TrainingParameters,
    description: str,
) -> np.ndarray:
    """Float32 `(n, k)`."""
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


def _of_view(
    teachers: "Sequence[keras.Model]",
    training: TrainingSet,
    params: TrainingParameters,
    view: int,
    folder: Path | None,
    description: str,
) -> np.ndarray:
    """Float16 `(n, k)`: what the teachers say of one view, read where it is kept."""
    kept = None if folder is None else folder / f"view_{view:03d}.npy"
    if kept is not None and kept.is_file():
        said: np.ndarray = np.load(kept)
        return said
    mirrored = params.online_augmentation.flip
    graph = teaching_graph(teachers, precision_here(params.precision), mirrored=mirrored)
    changes = draw_view(view, training, params)
    batches = []
    for start in track(range(0, len(training), _BATCH_SIZE), description=description):
        rows = np.arange(start, min(start + _BATCH_SIZE, len(training)))
        batch = {name: values[rows] for name, values in changes.items()}
        batch["images"] = training.images[training.image_index[rows]]
        batches.append(graph.predict_on_batch(batch))
    logits = np.concatenate(batches).astype(np.float16)
    if kept is not None:
        with replacing(kept) as path:
            np.save(path, logits)
    return logits


def _fingerprint(
    teachers: "Sequence[keras.Model]", training: TrainingSet, params: TrainingParameters
) -> str:
    """Of all that decides what the teachers say of a view, this room's code included.

    Every run draws its views again: answers that other code was given may be to other views.
    """
    import keras

    back_end = keras.backend.backend()
    changes = params.online_augmentation.model_dump_json()
    told = f"{changes} {precision_here(params.precision)} {back_end}"
    digest = hashlib.sha256(told.encode() + room_source())
    for teacher in teachers:
        digest.update(teacher.to_json().encode())
        add_arrays(digest, teacher.get_weights())
    add_arrays(digest, [training.column(STRENGTH), *training.image_blocks()])
    return digest.hexdigest()[:12]


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
