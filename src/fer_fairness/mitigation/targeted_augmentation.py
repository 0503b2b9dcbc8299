"""Targeted augmentation: faces of rare or badly recognised cells are repeated, varied."""

import logging
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import field_validator

from fer_fairness.augmentation import (
    Augmented,
    augment,
    check_online_augmentation,
    describe_critical,
    plan_augmentation,
    validation_recall,
)
from fer_fairness.mitigation.composition import Composition
from fer_fairness.mitigation.method import LEARNING_RATES, Given, Method
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.training import TrainingParameters

logger = logging.getLogger(__name__)


class TargetedAugmentation(Method):
    """Adds varied copies of faces to the cells that its parameters name."""

    source: ClassVar[str] = "this project's first source document; docs/augmentation.md"
    neutral: ClassVar = {"augmentation": {"max_added_share": 0.0}}
    search: ClassVar = {
        **LEARNING_RATES,
        "augmentation.target_share": (0.25, 0.5, 1.0),
        "augmentation.recall_weight": (0.0, 1.0),
    }

    augmentation: AugmentationParameters = AugmentationParameters()

    @field_validator("augmentation", mode="before")
    @classmethod
    def _over_own_defaults(cls, given: object) -> object:
        """What a block does not name is as the method has it, not as the parameters have it."""
        own = cls.model_fields["augmentation"].default.model_dump(exclude_unset=True)
        return {**own, **given} if isinstance(given, Mapping) else given

    def training_set(self, faces: pd.DataFrame, images: np.ndarray, given: Given) -> Composition:
        """All training faces, and what the plan adds.

        The plan is made from the size of each cell and the starting model's recall on its
        validation faces.
        """
        recall = validation_recall(faces, given.predictions, self.augmentation.by)
        plan = plan_augmentation(faces, self.augmentation, recall=recall)
        logger.info(describe_critical(plan, self.augmentation.by))
        added, plan = self.added(faces, images, plan, given)
        return Composition(super().training_set(faces, images, given).columns, added, plan)

    def added(
        self, faces: pd.DataFrame, images: np.ndarray, plan: pd.DataFrame, given: Given
    ) -> tuple[Augmented, pd.DataFrame]:
        """The faces that a plan asks for, and the plan with what became of it."""
        return augment(faces, images, plan, self.augmentation, seed=given.seed), plan

    def training_parameters(self, fine_tuning: FineTuningParameters) -> TrainingParameters:
        """How it is trained.

        Raises:
            InvalidInputError: Copies are to be varied on the fly, and nothing varies them.
        """
        training = super().training_parameters(fine_tuning)
        check_online_augmentation(self.augmentation, training.online_augmentation)
        return training
