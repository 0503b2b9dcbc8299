"""Targeted augmentation by perceived demographics: the same for cells of emotion and group."""

from typing import ClassVar, Literal

from fer_fairness.mitigation.method import Need
from fer_fairness.mitigation.targeted_augmentation import TargetedAugmentation
from fer_fairness.params.augmentation import AugmentationParameters


class DemographicAugmentation(TargetedAugmentation):
    """Adds varied copies of faces of groups that are rare or badly recognised in an emotion."""

    label: ClassVar[str] = "Demographic augmentation"
    needs: ClassVar[frozenset[Need]] = frozenset({"groups"})
    pipeline: ClassVar[str] = "demographic_augmentation"

    method: Literal["demographic_augmentation"] = "demographic_augmentation"
    augmentation: AugmentationParameters = AugmentationParameters(
        by=("emotion", "gender", "age_group")
    )
