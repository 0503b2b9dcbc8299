"""What a model is trained on, and the batches it is cut into."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import log_softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.online_augmentation import draw_changes
from fer_fairness.params.training import TrainingParameters

_TARGET_TOLERANCE = 1e-3

# What random numbers are for comes first in their seeds, so that no two purposes share a stream.
_ORDER, _CHANGES = 1, 2


class StackedImages:
    """Several uint8 image arrays read as one, without copying them; each may be memory-mapped.

    Attributes:
        shape: Of all images together, `(n, height, width, channels)`.
        ndim: 4.
        dtype: uint8.
    """

    ndim = 4
    dtype = np.dtype(np.uint8)

    def __init__(self, parts: "Sequence[np.ndarray | StackedImages]") -> None:
        """Stack `parts`.

        Raises:
            InvalidInputError: If the images of the parts differ in size.
        """
        sizes = {part.shape[1:] for part in parts}
        if len(sizes) != 1:
            raise InvalidInputError(
                f"Cannot join images of shapes {sorted(sizes)}: all must have the same size."
            )
        self._parts = list(parts)
        self._starts = np.cumsum([0, *(len(part) for part in parts)])
        height, width, channels = sizes.pop()
        self.shape: tuple[int, int, int, int] = (int(self._starts[-1]), height, width, channels)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """The images of `rows`, integers of shape `(m,)`, in this order."""
        chosen = np.empty((len(rows), *self.shape[1:]), dtype=self.dtype)
        for part, start, end in zip(self._parts, self._starts, self._starts[1:], strict=False):
            here = (rows >= start) & (rows < end)
            chosen[here] = part[rows[here] - start]
        return chosen


Images: TypeAlias = np.ndarray | StackedImages


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Images with their target distributions; the images may be a memory-mapped array.

    Attributes:
        images: uint8, shape `(m, height, width, channels)`, values 0 to 255; read batch by batch.
        image_index: int64, shape `(n,)`: the rows of `images` that belong to the set; a row may
            occur several times.
        targets: float32, shape `(n, k)`: one distribution over the k classes a face, summing to 1.
        sample_weight: float32, shape `(n,)`, not negative; None weighs all faces alike.
        augmentation_strength: float32, shape `(n,)`, not negative: multiplies the ranges of the
            online augmentation of each face; None: 1 for all.

    Raises:
        InvalidInputError: If shapes, types or values are not as above.
    """

    images: Images
    image_index: np.ndarray
    targets: np.ndarray
    sample_weight: np.ndarray | None = None
    augmentation_strength: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_images(self.images, self.image_index)
        n_faces = len(self.image_index)
        _check_targets(self.targets, n_faces)
        if self.sample_weight is not None:
            _check_values("sample weight", self.sample_weight, n_faces)
            if not self.sample_weight.any():
                raise InvalidInputError("All sample weights are 0: nothing would be learned.")
        if self.augmentation_strength is not None:
            _check_values("augmentation strength", self.augmentation_strength, n_faces)

    def __len__(self) -> int:
        return len(self.image_index)

    def class_shares(self) -> np.ndarray:
        """Share of each class in the targets, weighted; float64, shape `(k,)`, summing to 1."""
        totals = np.average(self.targets.astype(np.float64), axis=0, weights=self.sample_weight)
        return np.asarray(totals / totals.sum())

    def extended(self, other: "TrainingSet") -> "TrainingSet":
        """This set followed by `other`, whose images may lie in another array; none is copied.

        Where only one of them has sample weights or strengths, those of the other are 1.

        Raises:
            InvalidInputError: If the sizes of images or the numbers of classes differ.
        """
        if self.targets.shape[1] != other.targets.shape[1]:
            raise InvalidInputError(
                f"Cannot join targets of {self.targets.shape[1]} and {other.targets.shape[1]} "
                "classes: both must agree."
            )
        return TrainingSet(
            images=StackedImages([self.images, other.images]),
            image_index=np.concatenate([self.image_index, other.image_index + len(self.images)]),
            targets=np.concatenate([self.targets, other.targets]),
            sample_weight=_joined(self, other, "sample_weight"),
            augmentation_strength=_joined(self, other, "augmentation_strength"),
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """One gradient step's faces, ready for the graph of `training_graph`.

    Attributes:
        inputs: `images` uint8 `(n, height, width, channels)` and, where they are on, what
            `draw_changes` drew; `mixing_share` float32 `(n,)` and `partner` int32 `(n,)`: an image
            becomes that share of itself and the rest of its partner in the batch; and
            `teacher_logits` float32 `(n, k)`, mixed as the images.
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
    """

    def __init__(
        self,
        training: TrainingSet,
        params: TrainingParameters,
        *,
        seed: int,
        teacher_logits: np.ndarray | None = None,
    ) -> None:
        """Cut `training` into batches.

        Args:
            training: The faces.
            params: Batch size, online augmentation, mixup.
            seed: Decides the order and all that is drawn.
            teacher_logits: float32 `(n, k)`, what teachers say of each face.
        """
        self._training = training
        self._teacher_logits = teacher_logits
        self._params = params
        self._seed = seed

    def __len__(self) -> int:
        """Number of batches in an epoch; the last may be smaller."""
        return math.ceil(len(self._training) / self._params.batch_size)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of `epoch`, counted from 0."""
        generator = np.random.default_rng([_ORDER, self._seed, epoch])
        order = generator.permutation(len(self._training))
        size = self._params.batch_size
        for number in range(len(self)):
            generator = np.random.default_rng([_CHANGES, self._seed, epoch, number])
            yield self._batch(order[number * size : (number + 1) * size], generator)

    def _batch(self, rows: np.ndarray, generator: np.random.Generator) -> Batch:
        training, params = self._training, self._params
        images = training.images[training.image_index[rows]]
        strength = training.augmentation_strength
        strengths = np.ones(len(rows), np.float32) if strength is None else strength[rows]
        changes = draw_changes(generator, images.shape[1:3], strengths, params.online_augmentation)
        inputs: dict[str, np.ndarray] = {"images": images, **changes}
        targets = training.targets[rows]
        weights = None if training.sample_weight is None else training.sample_weight[rows]
        if self._teacher_logits is not None:
            inputs["teacher_logits"] = self._teacher_logits[rows]
        if params.mixup_alpha > 0:
            share, partner = _draw_mixture(generator, len(rows), params.mixup_alpha)
            if self._teacher_logits is not None:
                inputs["teacher_logits"] = _mixed_logits(inputs["teacher_logits"], share, partner)
            inputs |= {"mixing_share": share, "partner": partner}
            targets, weights = _mixed(targets, weights, share, partner)
        return Batch(inputs, targets, weights)


def _mixed(
    targets: np.ndarray, weights: np.ndarray | None, share: np.ndarray, partner: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Targets and weights of mixed images: each face counts by its share times its own weight."""
    own = share if weights is None else share * weights
    others = 1 - share if weights is None else (1 - share) * weights[partner]
    total = own + others
    part = np.divide(own, total, out=np.ones_like(own), where=total > 0)[:, None]
    mixed = (part * targets + (1 - part) * targets[partner]).astype(np.float32)
    return mixed, None if weights is None else total.astype(np.float32)


def _mixed_logits(logits: np.ndarray, share: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """Logits of the probabilities mixed as the labels are; a share of 0 takes no part."""
    own = log_softmax(logits, axis=1)
    with np.errstate(divide="ignore"):
        weights = np.log(share)[:, None], np.log1p(-share)[:, None]
    return np.asarray(np.logaddexp(weights[0] + own, weights[1] + own[partner]), dtype=np.float32)


def _draw_mixture(
    generator: np.random.Generator, n: int, alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """Share that each image keeps, at least one half, and the image that it is mixed with."""
    share = generator.beta(alpha, alpha, n)
    partner = generator.permutation(n).astype(np.int32)
    return np.maximum(share, 1 - share).astype(np.float32), partner


def check_images(images: Images, image_index: np.ndarray) -> None:
    """Raise InvalidInputError unless `images` is uint8 of rank 4 and `image_index` points into it.

    Raises:
        InvalidInputError: Naming what was found and what is expected.
    """
    if images.ndim != 4 or images.dtype != np.uint8:
        raise InvalidInputError(
            f"Images have shape {images.shape} and type {images.dtype}: expected uint8 of shape "
            "(n, height, width, channels), values 0 to 255; the model scales them."
        )
    if image_index.ndim != 1 or not np.issubdtype(image_index.dtype, np.integer):
        raise InvalidInputError(
            f"image_index has shape {image_index.shape} and type {image_index.dtype}: expected "
            "integers of shape (n,)."
        )
    outside = np.flatnonzero((image_index < 0) | (image_index >= len(images)))
    if outside.size:
        row = int(outside[0])
        raise InvalidInputError(
            f"image_index[{row}] is {image_index[row]}, outside the {len(images)} images: the "
            "table and the image array do not belong together."
        )


def _check_targets(targets: np.ndarray, n_faces: int) -> None:
    if n_faces == 0:
        raise InvalidInputError("The set has no faces: check the split and the exclusions.")
    if targets.ndim != 2 or len(targets) != n_faces or targets.dtype != np.float32:
        raise InvalidInputError(
            f"Targets have shape {targets.shape} and type {targets.dtype}: expected float32 of "
            f"shape ({n_faces}, number of classes)."
        )
    bad = (targets < 0).any(axis=1) | ~(np.abs(targets.sum(axis=1) - 1) <= _TARGET_TOLERANCE)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InvalidInputError(
            f"Targets of row {row} are {targets[row].tolist()}: expected shares of at least 0 "
            f"that sum to 1. {int(bad.sum())} of {n_faces} rows are wrong; leave out faces "
            "without target."
        )


def _check_values(name: str, values: np.ndarray, n_faces: int) -> None:
    if values.shape != (n_faces,) or values.dtype != np.float32:
        raise InvalidInputError(
            f"The {name}s have shape {values.shape} and type {values.dtype}: expected float32 of "
            f"shape ({n_faces},)."
        )
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if bad.size:
        row = int(bad[0])
        raise InvalidInputError(
            f"The {name} of row {row} is {values[row]}: expected a finite number, at least 0."
        )


def _joined(
    first: TrainingSet, second: TrainingSet, name: Literal["sample_weight", "augmentation_strength"]
) -> np.ndarray | None:
    values = [getattr(part, name) for part in (first, second)]
    if all(value is None for value in values):
        return None
    sizes = (len(first), len(second))
    return np.concatenate(
        [
            np.ones(size, dtype=np.float32) if value is None else value
            for value, size in zip(values, sizes, strict=True)
        ]
    )
