"""The batches that a training set is cut into."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_softmax

from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.modeling.backend import n_sharing_devices
from fer_fairness.modeling.distillation import Teaching, draw_view
from fer_fairness.modeling.image_changes import CHANGES
from fer_fairness.modeling.image_draws import draw_changes
from fer_fairness.modeling.training_set import STRENGTH, WEIGHT, TrainingSet
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    from fer_fairness.modeling.procedure import Procedure

# What random numbers are for comes first in their seeds, so that no two purposes share a stream.
_ORDER, _CHANGES = 1, 2

_NAMES_OF_THE_GRAPH = {
    "images",
    "mixing_share",
    "pasted_box",
    "partner",
    "seen_images",
    "teacher_logits",
    *CHANGES,
}


@dataclass(frozen=True)
class Batch:
    """One gradient step's faces, ready for the graph of `training_graph`.

    Attributes:
        inputs: `images` uint8 `(n, height, width, channels)`; what `draw_changes` drew; columns of
            the training set but for weight and strength; where images are mixed, `mixing_share`
            float32 `(n,)` and `partner` int32 `(n,)`: an image becomes that share of itself and the
            rest of its partner in the batch; where they are pasted into one another, `pasted_box`
            float32 `(n, 4)`, top, bottom, left and right edge in pixels, and `partner`, whose
            pixels an image has within its box; and `teacher_logits` float32 `(n, k)`, mixed as the
            images.
        targets: float32 `(n, k)`, mixed in the same proportion times the faces' weights.
        sample_weight: float32 `(n,)` or None.
    """

    inputs: dict[str, np.ndarray]
    targets: np.ndarray
    sample_weight: np.ndarray | None


class TrainingBatches:
    """The batches of every epoch, shuffled and augmented as a function of seed and epoch alone.

    Nothing is carried from batch to batch, so that a run taken up again after a kill sees what it
    would have seen. Images stay uint8, and only those of one batch are read at a time.

    Attributes:
        epoch_size: How many faces an epoch shows.
    """

    def __init__(
        self,
        training: TrainingSet,
        params: TrainingParameters,
        procedure: "Procedure",
        *,
        seed: int,
        teaching: Teaching | None = None,
    ) -> None:
        """Cut `training` into batches.

        Args:
            training: The faces.
            params: Batch size, online augmentation, steps of an epoch.
            procedure: The order of the faces, and how they are mixed.
            seed: Decides the order and all that is drawn.
            teaching: What teachers say of each face; it may have views of the faces, which epochs
                then show.

        Raises:
            InvalidInputError: A column of the set has a name that the graph has for something else.
        """
        taken = set(training.columns) & _NAMES_OF_THE_GRAPH
        if taken:
            raise InvalidInputError(
                f"The training set has columns called {sorted(taken)}, names that the training "
                "graph has for images and their changes: call them otherwise."
            )
        self._training = training
        self._teaching = teaching
        self._params = params
        self._procedure = procedure
        self._seed = seed
        self.epoch_size = _epoch_size(training, params)

    def __len__(self) -> int:
        """Number of batches in an epoch; the last may be smaller."""
        return steps_an_epoch(self._training, self._params)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of `epoch`, counted from 0."""
        rows = self._rows(np.random.default_rng([_ORDER, self._seed, epoch]))
        size = self._params.batch_size
        known = self._known(epoch)
        for number in range(len(self)):
            generator = np.random.default_rng([_CHANGES, self._seed, epoch, number])
            in_batch = rows[number * size : (number + 1) * size]
            yield self._batch(in_batch, generator, known, strength=self._strength(epoch))

    def _known(self, epoch: int) -> dict[str, np.ndarray]:
        """What is known of every face in `epoch` before batches are drawn: views, and teachers."""
        teaching = self._teaching
        if teaching is None:
            return {}
        view = teaching.view(epoch)
        known = {"teacher_logits": teaching.logits[view].astype(np.float32)}
        if teaching.has_views:
            known |= draw_view(view, self._training, self._params)
        return known

    def _strength(self, epoch: int) -> float:
        """What the changes of all images are multiplied by in `epoch`."""
        params = self._params
        n_weaker = min(params.weaker_epochs, params.max_epochs // 2)
        return params.weaker_strength if epoch >= params.max_epochs - n_weaker else 1.0

    def _rows(self, generator: np.random.Generator) -> np.ndarray:
        rows = self._procedure.order(self._training, generator)
        while len(rows) < self.epoch_size:
            more = self._procedure.order(self._training, generator)
            if not len(more):
                raise TrainingError(
                    f"{type(self._procedure).__name__}.order gives no rows: an epoch shows "
                    f"{self.epoch_size} faces. Let it give at least one."
                )
            rows = np.concatenate([rows, more])
        return rows[: self.epoch_size]

    def _batch(
        self,
        rows: np.ndarray,
        generator: np.random.Generator,
        known: dict[str, np.ndarray],
        *,
        strength: float,
    ) -> Batch:
        training, params = self._training, self._params
        images = training.images[training.image_index[rows]]
        columns = {name: values[rows] for name, values in training.columns.items()}
        weight = columns.pop(WEIGHT, None)
        strengths = columns.pop(STRENGTH, np.ones(len(rows), np.float32)) * np.float32(strength)
        changes = draw_changes(generator, images.shape[1:3], strengths, params.online_augmentation)
        inputs: dict[str, np.ndarray] = {**columns, "images": images, **changes}
        inputs |= {name: values[rows] for name, values in known.items()}
        batch = Batch(inputs, training.targets[rows], weight)
        return self._procedure.mix(batch, params, generator)


def steps_an_epoch(training: TrainingSet, params: TrainingParameters) -> int:
    """How many gradient steps an epoch of `training` has."""
    return math.ceil(_epoch_size(training, params) / params.batch_size)


def _epoch_size(training: TrainingSet, params: TrainingParameters) -> int:
    """Faces of an epoch: as many as devices can share, which may leave out the last few drawn.

    Raises:
        InvalidInputError: Batches cannot be shared.
    """
    n_devices = n_sharing_devices()
    if params.batch_size % n_devices:
        raise InvalidInputError(
            f"training.batch_size is {params.batch_size}, and {n_devices} devices share each "
            f"batch: give a multiple of {n_devices}, or let JAX see one device."
        )
    if params.steps_per_epoch is not None:
        return params.steps_per_epoch * params.batch_size
    return training.epoch_size - training.epoch_size % n_devices


def draw_mixture(
    generator: np.random.Generator, n: int, alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """Share that each of n images keeps, at least one half, and the image that it is mixed with.

    Returns:
        float32 and int32, both `(n,)`.
    """
    share = generator.beta(alpha, alpha, n)
    partner = generator.permutation(n).astype(np.int32)
    return np.maximum(share, 1 - share).astype(np.float32), partner


def mixed(batch: Batch, share: np.ndarray, partner: np.ndarray) -> Batch:
    """A batch whose images are to be mixed, with targets, weights and teachers mixed alike.

    Each face counts by its share times its own weight, in the targets and in the weight.

    Args:
        batch: Not mixed yet.
        share: float32 `(n,)`: of each image, what it keeps of itself.
        partner: int32 `(n,)`: the row of the batch that the rest is taken from.
    """
    return _mixed(batch, {"mixing_share": share, "partner": partner}, share)


def pasted(batch: Batch, box: np.ndarray, partner: np.ndarray) -> Batch:
    """A batch whose images are to be pasted into one another, with all else mixed by area.

    As `mixed`, where an image keeps of itself the share of its area that lies outside of its box.

    Args:
        batch: Not mixed yet.
        box: `(n, 4)`: top, bottom, left and right edge in whole pixels within the image.
        partner: int32 `(n,)`: the row of the batch whose pixels are in the box.
    """
    top, bottom, left, right = box.T
    height, width = batch.inputs["images"].shape[1:3]
    share = (1 - (bottom - top) * (right - left) / (height * width)).astype(np.float32)
    return _mixed(batch, {"pasted_box": box.astype(np.float32), "partner": partner}, share)


def _mixed(batch: Batch, mixture: dict[str, np.ndarray], share: np.ndarray) -> Batch:
    """What the graph is told of a mixture, and all that is not pixels mixed in these shares."""
    partner = mixture["partner"]
    weight = batch.sample_weight
    own = share if weight is None else share * weight
    others = 1 - share if weight is None else (1 - share) * weight[partner]
    total = own + others
    part = np.divide(own, total, out=np.ones_like(own), where=total > 0)[:, None]
    targets = (part * batch.targets + (1 - part) * batch.targets[partner]).astype(np.float32)
    inputs = batch.inputs | mixture
    if "teacher_logits" in inputs:
        inputs["teacher_logits"] = _mixed_logits(inputs["teacher_logits"], share, partner)
    mixed_weight = None if weight is None else total.astype(np.float32)
    return replace(batch, inputs=inputs, targets=targets, sample_weight=mixed_weight)


def _mixed_logits(logits: np.ndarray, share: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """Logits of the probabilities mixed as the labels are; a share of 0 takes no part."""
    own = log_softmax(logits, axis=1)
    with np.errstate(divide="ignore"):
        weights = np.log(share)[:, None], np.log1p(-share)[:, None]
    return np.asarray(np.logaddexp(weights[0] + own, weights[1] + own[partner]), dtype=np.float32)
