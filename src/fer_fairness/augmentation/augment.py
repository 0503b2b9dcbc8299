"""Carry a plan out: draw the faces to vary, make the variants, and say whose variants they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from fer_fairness.augmentation.distribution import cell_values, training_faces
from fer_fairness.augmentation.transforms import transform_images
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.progress import track
from fer_fairness.tables import FACES_SCHEMA, VOTES_COLUMNS
from fer_fairness.taxonomy import EMOTIONS, votes_column

Images = npt.NDArray[np.uint8]

AUGMENTED_FACES_SCHEMA: Final = FACES_SCHEMA.add_columns(
    {
        "source_sample_id": pa.Column(str),
        "augmentation_cell": pa.Column(str),
        "augmentation_strength": pa.Column("float64", pa.Check.in_range(0.0, 1.0)),
    }
)
"""A `faces` table of variants, each with its source, the cell it was made for ("fear, male") and
the strength of its transforms."""

_IMAGES_AT_ONCE = 512
_LEAST_AGREEMENT = 0.05
_REPEAT_DISCOUNT = 0.5
"""A further variant of the same face is half as likely to be drawn as the one before it."""


@dataclass(frozen=True)
class Augmented:
    """Variants of training faces, to be trained on beside the originals.

    Attributes:
        faces: Table after `AUGMENTED_FACES_SCHEMA`; `image_index` is the row in `images`.
        images: uint8 (n, height, width, 1).
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
    """Make the variants that a plan asks for.

    Faces on whose emotion the annotators agree are drawn more often, since a variant repeats its
    source's label, right or wrong. A variant depends on the seed, its source, its number among
    the variants of that source and its strength only, not on the rest of the plan.

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
    training = training_faces(faces)
    cells = cell_values(training, params.by)
    _check_plan(plan, params.by)
    by_cell = cells.groupby(list(params.by)).indices
    rng = np.random.default_rng(seed)
    sources = [training.iloc[:0].assign(augmentation_cell="", augmentation_strength=0.0)]
    for cell in plan[plan["n_to_add"] > 0].to_dict("records"):
        key = tuple(cell[column] for column in params.by)
        members = by_cell.get(key if len(key) > 1 else key[0], np.empty(0, dtype=np.int64))
        _check_cell(key, len(members), int(cell["n_to_add"]), params)
        weights = _agreement(training.iloc[members]) ** params.agreement_power
        copies = _draw_copies(weights, int(cell["n_to_add"]), params.max_copies_per_image, rng)
        sources.append(
            training.iloc[np.repeat(members, copies)].assign(
                augmentation_cell=", ".join(str(value) for value in key),
                augmentation_strength=float(cell["strength"]),
            )
        )
    variants = _variant_table(pd.concat(sources))
    return Augmented(
        faces=AUGMENTED_FACES_SCHEMA.validate(
            variants.drop(columns="copy").assign(image_index=np.arange(len(variants)))
        ),
        images=_make_images(variants, images, params, seed=seed),
    )


def _check_plan(plan: pd.DataFrame, by: Sequence[str]) -> None:
    missing = [name for name in (*by, "strength", "n_to_add") if name not in plan.columns]
    if missing:
        raise InvalidInputError(
            f"The plan lacks the columns {missing}; expected the result of plan_augmentation "
            f"with by = {list(by)}, found {list(plan.columns)}."
        )


def _check_cell(
    key: tuple[object, ...], n_members: int, n_to_add: int, params: AugmentationParameters
) -> None:
    if n_to_add > n_members * params.max_copies_per_image:
        raise InvalidInputError(
            f"The plan asks for {n_to_add} variants of the cell {key}, but its {n_members} "
            f"training faces may give {params.max_copies_per_image} each. Plan again with these "
            "faces and parameters."
        )


def _agreement(faces: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Share of all votes that the most chosen emotion has; 1 where nobody voted."""
    top = faces[[votes_column(emotion) for emotion in EMOTIONS]].max(axis=1)
    share = (top / faces[list(VOTES_COLUMNS)].sum(axis=1, min_count=1)).fillna(1.0)
    return share.clip(lower=_LEAST_AGREEMENT).to_numpy(dtype=np.float64)


def _draw_copies(
    weights: npt.NDArray[np.float64], n: int, max_copies: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Number of variants of each face: a weighted draw without replacement of (face, repeat).

    The n largest of log weight plus Gumbel noise are such a draw (Efraimidis and Spirakis 2006,
    in the form of Vieira 2014).
    """
    repeats = np.arange(max_copies) * np.log(_REPEAT_DISCOUNT)
    keys = np.log(weights)[:, None] + repeats + rng.gumbel(size=(len(weights), max_copies))
    chosen = np.argsort(-keys, axis=None, kind="stable")[:n]
    return np.bincount(chosen // max_copies, minlength=len(weights)).astype(np.int64)


def _variant_table(sources: pd.DataFrame) -> pd.DataFrame:
    copy = sources.groupby("sample_id").cumcount()
    names = sources["sample_id"] + "_aug" + copy.astype(str)
    return sources.assign(
        source_sample_id=sources["sample_id"], sample_id=names, copy=copy
    ).reset_index(drop=True)


def _make_images(
    variants: pd.DataFrame,
    images: Images,
    params: AugmentationParameters,
    *,
    seed: int,
) -> Images:
    source = variants["image_index"].to_numpy(dtype=np.int64)
    copy = variants["copy"].to_numpy(dtype=np.int64)
    strength = variants["augmentation_strength"].to_numpy(dtype=np.float64)
    if source.size and source.max() >= len(images):
        raise InvalidInputError(
            f"A face points to image {source.max()}, but there are {len(images)} images. Table "
            "and images must come from the same run."
        )
    made = np.empty((len(source), *images.shape[1:]), dtype=np.uint8)
    starts = range(0, len(source), _IMAGES_AT_ONCE)
    for start in track(starts, description="Augmented images"):
        part = slice(start, start + _IMAGES_AT_ONCE)
        generators = [
            np.random.default_rng((seed, int(index), int(number)))
            for index, number in zip(source[part], copy[part], strict=True)
        ]
        made[part] = transform_images(
            images[source[part]], strength[part], params.transforms, generators
        )
    return made
