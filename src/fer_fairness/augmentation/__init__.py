"""Targeted augmentation: count the cells, plan the additions, carry the plan out, show it.

`cells` and `recall` say what there is, `plan` what is wanted, `source_faces` which faces are
varied, `copies` makes and adds their variants, `examples` shows some.
"""

from fer_fairness.augmentation.cells import UNKNOWN, distribution, distribution_before_after
from fer_fairness.augmentation.copies import (
    AUGMENTED_FACES_SCHEMA,
    Augmented,
    augment,
    check_online_augmentation,
    with_variants,
)
from fer_fairness.augmentation.examples import example_sheet
from fer_fairness.augmentation.plan import (
    PLAN_COLUMNS,
    critical_cells,
    describe_critical,
    plan_augmentation,
)
from fer_fairness.augmentation.recall import validation_recall
from fer_fairness.augmentation.source_faces import agreement, draw_sources

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
    "validation_recall",
    "with_variants",
]
