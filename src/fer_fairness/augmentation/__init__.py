"""Targeted augmentation: count the cells, plan the additions, carry the plan out, show it.

`distribution` and `recall` say what there is, `plan` and `critical` what is wanted, `draw` which
faces are varied, `augment` and `on_the_fly` how that reaches training.
"""

from fer_fairness.augmentation.augment import AUGMENTED_FACES_SCHEMA, Augmented, augment
from fer_fairness.augmentation.critical import critical_cells, describe_critical
from fer_fairness.augmentation.distribution import (
    UNKNOWN,
    distribution,
    distribution_before_after,
)
from fer_fairness.augmentation.draw import agreement, draw_sources
from fer_fairness.augmentation.on_the_fly import check_online_augmentation, with_variants
from fer_fairness.augmentation.plan import PLAN_COLUMNS, plan_augmentation
from fer_fairness.augmentation.recall import validation_recall
from fer_fairness.augmentation.sheet import example_sheet
from fer_fairness.augmentation.transforms import transform_images

__all__ = [
    "AUGMENTED_FACES_SCHEMA",
    "PLAN_COLUMNS",
    "UNKNOWN",
    "Augmented",
    "agreement",
    "augment",
    "check_online_augmentation",
    "critical_cells",
    "describe_critical",
    "distribution",
    "distribution_before_after",
    "draw_sources",
    "example_sheet",
    "plan_augmentation",
    "transform_images",
    "validation_recall",
    "with_variants",
]
