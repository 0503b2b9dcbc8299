"""What a model is trained on: images, target distributions, and columns of numbers beside them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import InvalidInputError

WEIGHT: Final = "weight"
"""The column that weighs each face's loss: float32, not negative."""

STRENGTH: Final = "strength"
"""The column that multiplies the ranges of each face's online augmentation: float32, at least 0."""

GROUP: Final = "group"
"""The column of group codes: int32 from 0, and -1 where a face's group is not known."""

_WHERE_ABSENT: Final = MappingProxyType(
    {WEIGHT: np.float32(1), STRENGTH: np.float32(1), GROUP: np.int32(-1)}
)
"""What a face has in a column that its set does not have."""

_IMAGES_A_BLOCK: Final = 4096


class Maps(Protocol):
    """Maps that are read like an array of images."""

    ndim: int
    dtype: np.dtype[Any]
    shape: tuple[int, int, int, int]

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, rows: Any) -> np.ndarray:  # noqa: ANN401  whatever NumPy takes
        """Some of them."""
        ...


Images: TypeAlias = "np.ndarray | StackedImages | Maps"


class StackedImages:
    """Several uint8 image arrays read as one, without copying them; each may be memory-mapped.

    Attributes:
        shape: Of all images together, `(n, height, width, channels)`.
        ndim: 4.
        dtype: uint8.
    """

    ndim = 4
    dtype = np.dtype(np.uint8)

    def __init__(self, parts: Sequence[Images]) -> None:
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


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Images with their targets; the images may be a memory-mapped array.

    Attributes:
        images: uint8, shape `(m, height, width, channels)`, values 0 to 255; read batch by batch.
            Or float16: what the frozen first layers of a model make of them.
        image_index: int64, shape `(n,)`: the rows of `images` that belong to the set; a row may
            occur several times.
        targets: float32, shape `(n, k)`, at least 0: of the emotion model one distribution over the
            k classes a face; what else it may be is told by the objective.
        columns: Further numbers of each face by name, each of shape `(n,)`: `WEIGHT`, `STRENGTH`,
            `GROUP`, and whatever a method's loss or sampler reads. Where one of the three is not
            there, every face has weight 1, strength 1 and no known group.
        n_original: How many faces, the first of the set, were there before others were added: an
            epoch has as many gradient steps as these need, whatever was added. None: all.

    Raises:
        InvalidInputError: If shapes, types or values are not as above.
    """

    images: Images
    image_index: np.ndarray
    targets: np.ndarray
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    n_original: int | None = None

    def __post_init__(self) -> None:
        check_images(self.images, self.image_index, dtypes=(np.uint8, np.float16))
        n_faces = len(self.image_index)
        _check_targets(self.targets, n_faces)
        for name, values in self.columns.items():
            _check_column(name, values, n_faces)
        weights = self.columns.get(WEIGHT)
        if weights is not None and not weights.any():
            raise InvalidInputError("All sample weights are 0: nothing would be learned.")

    def __len__(self) -> int:
        return len(self.image_index)

    def column(self, name: str) -> np.ndarray:
        """One of `WEIGHT`, `STRENGTH`, `GROUP`, also where the set does not have it, or another."""
        if name in self.columns:
            return self.columns[name]
        return np.full(len(self), _WHERE_ABSENT[name])

    @property
    def epoch_size(self) -> int:
        """How many faces an epoch shows."""
        return len(self) if self.n_original is None else self.n_original

    def image_blocks(self) -> Iterator[np.ndarray]:
        """The images of the faces in their order, some thousand at a time."""
        for start in range(0, len(self), _IMAGES_A_BLOCK):
            yield self.images[self.image_index[start : start + _IMAGES_A_BLOCK]]

    def class_shares(self) -> np.ndarray:
        """Share of each class in the targets, weighted; float64, shape `(k,)`, summing to 1."""
        weights = self.columns.get(WEIGHT)
        totals = np.average(self.targets.astype(np.float64), axis=0, weights=weights)
        return np.asarray(totals / totals.sum())

    def extended(self, other: "TrainingSet") -> "TrainingSet":
        """This set followed by `other`, whose images may lie in another array; none is copied.

        Where only one of them has weights, strengths or groups, the other has what `columns` says.

        Raises:
            InvalidInputError: If the sizes of images or the numbers of classes differ, or only one
                has a column of another name.
        """
        if self.targets.shape[1] != other.targets.shape[1]:
            raise InvalidInputError(
                f"Cannot join targets of {self.targets.shape[1]} and {other.targets.shape[1]} "
                "classes: both must agree."
            )
        names = {*self.columns, *other.columns}
        alone = {*self.columns} ^ {*other.columns}
        if alone - {*_WHERE_ABSENT}:
            raise InvalidInputError(
                f"Cannot join sets of which only one has the columns {sorted(alone)}: give both "
                "the same columns."
            )
        return TrainingSet(
            images=StackedImages([self.images, other.images]),
            image_index=np.concatenate([self.image_index, other.image_index + len(self.images)]),
            targets=np.concatenate([self.targets, other.targets]),
            columns={
                name: np.concatenate([self.column(name), other.column(name)])
                for name in sorted(names)
            },
            n_original=self.epoch_size,
        )


def check_images(
    images: Images,
    image_index: np.ndarray,
    *,
    dtypes: Sequence[npt.DTypeLike] = (np.uint8,),
) -> None:
    """Raise InvalidInputError unless `images` is uint8 of rank 4 and `image_index` points into it.

    Args:
        images: What should be images.
        image_index: Rows of them.
        dtypes: What they may be of instead.

    Raises:
        InvalidInputError: Naming what was found and what is expected.
    """
    if images.ndim != 4 or images.dtype not in dtypes:
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


def refuse_first_target(is_wrong: np.ndarray, targets: np.ndarray, expected: str) -> None:
    """Refuse targets of which any row is wrong.

    Args:
        is_wrong: bool `(n,)`.
        targets: `(n, k)`.
        expected: What a row has to be, and what to do about one that is not.

    Raises:
        InvalidInputError: Naming the first wrong row, and how many are wrong.
    """
    if is_wrong.any():
        row = int(np.flatnonzero(is_wrong)[0])
        raise InvalidInputError(
            f"Targets of row {row} are {targets[row].tolist()}: expected {expected}. "
            f"{int(is_wrong.sum())} of {len(targets)} rows are wrong."
        )


def _check_targets(targets: np.ndarray, n_faces: int) -> None:
    if n_faces == 0:
        raise InvalidInputError("The set has no faces: check the split and the exclusions.")
    if targets.ndim != 2 or len(targets) != n_faces or targets.dtype != np.float32:
        raise InvalidInputError(
            f"Targets have shape {targets.shape} and type {targets.dtype}: expected float32 of "
            f"shape ({n_faces}, number of classes)."
        )
    is_wrong = (~np.isfinite(targets) | (targets < 0)).any(axis=1)
    refuse_first_target(
        is_wrong, targets, "finite numbers of at least 0. Leave out faces without target"
    )


def _check_column(name: str, values: np.ndarray, n_faces: int) -> None:
    expected = np.dtype(type(_WHERE_ABSENT.get(name, np.float32(0))))
    if values.shape != (n_faces,) or values.dtype != expected:
        raise InvalidInputError(
            f"The column {name!r} of the training set has shape {values.shape} and type "
            f"{values.dtype}: expected {expected} of shape ({n_faces},)."
        )
    least = -1 if name == GROUP else 0 if name in _WHERE_ABSENT else -np.inf
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= least)))
    if bad.size:
        row = int(bad[0])
        raise InvalidInputError(
            f"The {name} of row {row} is {values[row]}: expected a finite number, at least {least}."
        )
