"""Targeted augmentation: count the cells, plan the additions, make the variants, show them."""

from fer_fairness.augmentation.augment import AUGMENTED_FACES_SCHEMA, Augmented, augment
from fer_fairness.augmentation.distribution import (
    UNKNOWN,
    distribution,
    distribution_before_after,
)
from fer_fairness.augmentation.plan import plan_augmentation
from fer_fairness.augmentation.sheet import example_sheet
from fer_fairness.augmentation.transforms import transform_images

__all__ = [
    "AUGMENTED_FACES_SCHEMA",
    "UNKNOWN",
    "Augmented",
    "augment",
    "distribution",
    "distribution_before_after",
    "example_sheet",
    "plan_augmentation",
    "transform_images",
]
