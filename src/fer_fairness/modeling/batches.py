"""What a model is trained on, and the batches it is cut into."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.modeling import TrainingParameters

_TARGET_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Images with their target distributions; the images may be a memory-mapped array.

    Attributes:
        images: uint8, shape `(m, height, width, channels)`, values 0 to 255; read batch by batch.
        image_index: int64, shape `(n,)`: the rows of `images` that belong to the set.
        targets: float32, shape `(n, k)`: one distribution over the k classes a face, summing to 1.
        sample_weight: float32, shape `(n,)`, not negative; None weighs all faces alike.

    Raises:
        InvalidInputError: If shapes, types or values are not as above.
    """

    images: np.ndarray
    image_index: np.ndarray
    targets: np.ndarray
    sample_weight: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_images(self.images, self.image_index)
        _check_targets(self.targets, len(self.image_index))
        if self.sample_weight is not None:
            _check_weights(self.sample_weight, len(self.image_index))

    def __len__(self) -> int:
        return len(self.image_index)

    def extended(self, other: "TrainingSet") -> "TrainingSet":
        """This set followed by `other`, whose images may lie in another array.

        The images of both are copied into one uint8 array in memory, 2.3 kB a face of 48 px.
        Where only one of them has sample weights, those of the other are 1.

        Raises:
            InvalidInputError: If the sizes of images or the numbers of classes differ.
        """
        mine, others = self.images.shape[1:], other.images.shape[1:]
        if mine != others or self.targets.shape[1] != other.targets.shape[1]:
            raise InvalidInputError(
                f"Cannot join images of shape {mine} and {others} with {self.targets.shape[1]} and "
                f"{other.targets.shape[1]} classes: both must agree."
            )
        weights = None
        if self.sample_weight is not None or other.sample_weight is not None:
            weights = np.concatenate([_weights_or_ones(self), _weights_or_ones(other)])
        return TrainingSet(
            images=np.concatenate([part.images[part.image_index] for part in (self, other)]),
            image_index=np.arange(len(self) + len(other)),
            targets=np.concatenate([self.targets, other.targets]),
            sample_weight=weights,
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """Images as float32 0 to 255, with their targets and weights, ready for Keras."""

    images: np.ndarray
    targets: np.ndarray
    sample_weight: np.ndarray | None


class TrainingBatches:
    """The batches of every epoch, shuffled and augmented as a function of seed and epoch alone.

    Nothing is carried from batch to batch, so that a run taken up again after a kill sees what it
    would have seen. Only one batch at a time is held as float32.
    """

    def __init__(self, training: TrainingSet, params: TrainingParameters, *, seed: int) -> None:
        self._training = training
        self._params = params
        self._seed = seed

    def __len__(self) -> int:
        """Number of batches in an epoch; the last may be smaller."""
        return math.ceil(len(self._training) / self._params.batch_size)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of `epoch`, counted from 0."""
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._training))
        size = self._params.batch_size
        for number in range(len(self)):
            generator = np.random.default_rng([self._seed, epoch, number])
            yield self._batch(order[number * size : (number + 1) * size], generator)

    def _batch(self, rows: np.ndarray, generator: np.random.Generator) -> Batch:
        training, params = self._training, self._params
        images = flip_and_shift(
            training.images[training.image_index[rows]],
            generator,
            random_flip=params.random_flip,
            random_shift_px=params.random_shift_px,
        )
        weights = training.sample_weight
        return Batch(
            images=images.astype(np.float32),
            targets=training.targets[rows],
            sample_weight=None if weights is None else weights[rows],
        )


def flip_and_shift(
    images: np.ndarray,
    generator: np.random.Generator,
    *,
    random_flip: bool,
    random_shift_px: int,
) -> np.ndarray:
    """Mirror a random half of the images and shift each, repeating the pixels of the border.

    Args:
        images: Shape `(n, height, width, channels)`, any type.
        generator: Where the random numbers come from.
        random_flip: Whether to mirror left to right, each image with probability one half.
        random_shift_px: Largest shift in each direction, uniform over whole pixels.

    Returns:
        An array of the same shape and type.
    """
    n, height, width = images.shape[:3]
    down, right = generator.integers(-random_shift_px, random_shift_px, (2, n, 1), endpoint=True)
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    if random_flip:
        columns = np.where(generator.random((n, 1)) < 0.5, width - 1 - columns, columns)
    chosen: np.ndarray = images[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return chosen


def check_images(images: np.ndarray, image_index: np.ndarray) -> None:
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


def _check_weights(weights: np.ndarray, n_faces: int) -> None:
    if weights.shape != (n_faces,) or weights.dtype != np.float32:
        raise InvalidInputError(
            f"Sample weights have shape {weights.shape} and type {weights.dtype}: expected float32 "
            f"of shape ({n_faces},)."
        )
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if bad.size:
        row = int(bad[0])
        raise InvalidInputError(
            f"The sample weight of row {row} is {weights[row]}: expected a finite number, at "
            "least 0."
        )
    if not weights.any():
        raise InvalidInputError("All sample weights are 0: nothing would be learned.")


def _weights_or_ones(part: TrainingSet) -> np.ndarray:
    if part.sample_weight is None:
        return np.ones(len(part), dtype=np.float32)
    return part.sample_weight
