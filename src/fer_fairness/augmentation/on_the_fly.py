"""Variants in training: rows that are added to a training set, and what an epoch makes of them."""

from collections.abc import Mapping

import numpy as np

from fer_fairness.augmentation.augment import Augmented, Images
from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.online_augmentation import apply_changes, draw_changes
from fer_fairness.modeling.training_set import STRENGTH, TrainingSet
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.params.training import OnlineAugmentationParameters
from fer_fairness.tables import TARGET_COLUMNS


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
    changes_something = online.is_geometric or online.is_tonal or online.erases
    if params.mode == "on_the_fly" and not changes_something:
        raise InvalidInputError(
            "augmentation.mode is on_the_fly, but every range of training.online_augmentation is "
            "0: faces would be repeated unchanged. Turn changes on there (flip, shift_share, ...), "
            "or use the mode written."
        )


def online_examples(
    images: Images, strength: float, online: OnlineAugmentationParameters, *, seed: int
) -> Images:
    """Vary images as a training epoch does, to be looked at.

    Args:
        images: uint8 (n, height, width, 1).
        strength: Multiplies the ranges.
        online: The ranges at strength 1.
        seed: Seed of the draw; training draws from other seeds, by the same rules.

    Returns:
        uint8 (n, height, width, 1).
    """
    prepare_backend()
    from keras import ops

    strengths = np.full(len(images), strength, dtype=np.float32)
    generator = np.random.default_rng(seed)
    changes = draw_changes(generator, (images.shape[1], images.shape[2]), strengths, online)
    changed = apply_changes(
        ops.convert_to_tensor(images.astype(np.float32)),
        {name: ops.convert_to_tensor(values) for name, values in changes.items()},
    )
    made: Images = np.rint(ops.convert_to_numpy(changed)).astype(np.uint8)
    return made
