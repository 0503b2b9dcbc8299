"""Variants of training faces: written once, or repeats that every epoch varies anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from fer_fairness.augmentation.source_faces import draw_sources
from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import STRENGTH, TrainingSet
from fer_fairness.modeling.image_changes import change_images
from fer_fairness.modeling.image_draws import GeneratorPerImage
from fer_fairness.modeling.training_set import check_images
from fer_fairness.params.augmentation import AugmentationParameters, TransformRanges
from fer_fairness.params.training import OnlineAugmentationParameters
from fer_fairness.progress import track
from fer_fairness.tables import FACES_SCHEMA, TARGET_COLUMNS

Images = npt.NDArray[np.uint8]

AUGMENTED_FACES_SCHEMA: Final = FACES_SCHEMA.update_column("image_index", unique=False).add_columns(
    {
        "source_sample_id": pa.Column(str),
        "augmentation_cell": pa.Column(str),
        "augmentation_strength": pa.Column("float64", pa.Check.ge(0.0)),
        "augmentation_copy": pa.Column("int64", pa.Check.ge(0)),
        "augmentation_mode": pa.Column(str, pa.Check.isin(("written", "on_the_fly"))),
    }
)
"""A `faces` table of variants: each with its source, the cell it was made for ("fear, male") and
its number among the variants of its source.

What a row stands for is told by `augmentation_mode`. "written": a variant that was made once;
`image_index` is its row in the augmented images, `augmentation_strength` (0 to 1) multiplied
`augmentation.transforms`, and is 0 where a generator made it. "on_the_fly": one more showing of its
source in every epoch, varied anew each time; `image_index` is the source's row in the training
images and may occur several times, `augmentation_strength` multiplies the ranges of the training's
`online_augmentation`.
"""

_IMAGES_AT_ONCE = 256


@dataclass(frozen=True)
class Augmented:
    """Variants of training faces, to be trained on beside the originals.

    Attributes:
        faces: Table after `AUGMENTED_FACES_SCHEMA`.
        images: uint8 (n, height, width, 1), the written variants; n is 0 on the fly.
    """

    faces: pd.DataFrame
    images: Images


def augment(
    faces: pd.DataFrame,
    images: Images,
    plan: pd.DataFrame,
    params: AugmentationParameters,
    *,
    seed: int,
) -> Augmented:
    """Make the variants that a plan asks for, or on the fly, say what is to be varied.

    Both modes draw the same faces. A written variant depends on the seed, its source, its number
    among the variants of that source and its strength only, not on the rest of the plan.

    Args:
        faces: The `faces` table that the plan was made from.
        images: uint8 (m, height, width, 1), the array behind its `image_index`.
        plan: What `plan_augmentation` gave.
        params: The parameters that the plan was made with.
        seed: Seed of the draw and of the transforms.

    Returns:
        As many variants of each cell as planned, with the targets, emotion, votes and attributes
        of their sources, named `<source>_aug<number>`.

    Raises:
        InvalidInputError: If the plan does not fit the faces or the parameters, or images and
            faces do not belong together.
    """
    drawn = draw_sources(faces, plan, params, seed=seed).assign(augmentation_mode=params.mode)
    check_images(images, drawn["image_index"].to_numpy())
    if params.mode == "on_the_fly":
        strength = drawn["augmentation_strength"] + params.on_the_fly_base
        made = np.empty((0, *images.shape[1:]), dtype=np.uint8)
        variants = drawn.assign(augmentation_strength=strength)
    else:
        made = _written(drawn, images, params.transforms, seed=seed)
        variants = drawn.assign(image_index=np.arange(len(drawn)))
    return Augmented(faces=AUGMENTED_FACES_SCHEMA.validate(variants), images=made)


def with_variants(
    training: TrainingSet,
    augmented: Augmented,
    images: Images,
    *,
    columns: Mapping[str, np.ndarray] | None = None,
) -> TrainingSet:
    """Add variants to the training faces that they were made from.

    Args:
        training: The original training faces.
        augmented: What `augment` gave for them.
        images: uint8 (m, height, width, 1), the array that `augmented` was made from.
        columns: Columns of the variants, as of a `TrainingSet`; their strength is added.

    Returns:
        `training`, followed by the variants with the targets of their sources. Written variants
        are read from their own images and varied by online augmentation like every other face; on
        the fly, rows of `images` are repeated and varied by their `augmentation_strength`. Without
        variants, `training` itself.

    Raises:
        InvalidInputError: If images and table do not belong together.
    """
    faces = augmented.faces
    if faces.empty:
        return training
    on_the_fly = faces["augmentation_mode"].iloc[0] == "on_the_fly"
    strength = {STRENGTH: faces["augmentation_strength"].to_numpy(dtype=np.float32)}
    added = TrainingSet(
        images=images if on_the_fly else augmented.images,
        image_index=faces["image_index"].to_numpy(dtype=np.int64),
        targets=faces[list(TARGET_COLUMNS)].to_numpy(dtype=np.float32),
        columns={**(columns or {}), **(strength if on_the_fly else {})},
    )
    return training.extended(added)


def check_online_augmentation(
    params: AugmentationParameters, online: OnlineAugmentationParameters
) -> None:
    """Refuse a plan on the fly where online augmentation would leave the repeats as they are.

    Raises:
        InvalidInputError: If the mode is `on_the_fly` and every change of `online` is off, or
            `on_the_fly_base` and the strength of a tier are both 0.
    """
    tiers = (params.mild, params.moderate, params.severe)
    if params.mode == "on_the_fly" and params.on_the_fly_base + min(t.strength for t in tiers) == 0:
        raise InvalidInputError(
            "augmentation.on_the_fly_base and the strength of a tier are 0: its faces would be "
            "repeated unchanged. Raise one of them."
        )
    if params.mode == "on_the_fly" and online.is_off:
        raise InvalidInputError(
            "augmentation.mode is on_the_fly, but every range of "
            "fine_tuning.training.online_augmentation is 0: faces would be repeated unchanged. "
            "Turn changes on there (flip, shift_share, ...), or use the mode written."
        )


def _written(drawn: pd.DataFrame, images: Images, ranges: TransformRanges, *, seed: int) -> Images:
    source = drawn["image_index"].to_numpy(dtype=np.int64)
    copy = drawn["augmentation_copy"].to_numpy(dtype=np.int64)
    strength = drawn["augmentation_strength"].to_numpy(dtype=np.float32)
    made = np.empty((len(source), *images.shape[1:]), dtype=np.uint8)
    starts = range(0, len(source), _IMAGES_AT_ONCE)
    for start in track(starts, description="Augmented images"):
        # The last batch is filled up from the front: the size of a batch decides the last digit of
        # sums of float32, and a variant must not depend on how many there are.
        rows = np.arange(start, start + _IMAGES_AT_ONCE) % len(source)
        generators = [
            np.random.default_rng((seed, index, number))
            for index, number in zip(source[rows].tolist(), copy[rows].tolist(), strict=True)
        ]
        made[rows] = change_images(
            GeneratorPerImage(generators), images[source[rows]], strength[rows], ranges
        )
    return made
