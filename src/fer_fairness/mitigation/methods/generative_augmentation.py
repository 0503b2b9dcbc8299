"""Generative augmentation: cells with few faces are filled with faces that a generator makes."""

import logging
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import field_validator

from fer_fairness.augmentation import Augmented
from fer_fairness.augmentation.generation import made_faces
from fer_fairness.mitigation.composition import no_variants
from fer_fairness.mitigation.method import LEARNING_RATES, Given, Need
from fer_fairness.mitigation.targeted_augmentation import TargetedAugmentation
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.params.generation import GeneratorParameters

logger = logging.getLogger(__name__)


class GenerativeAugmentation(TargetedAugmentation):
    """Adds faces made by a conditional generator to cells of emotion and group that have few.

    The generator is trained here, on training faces alone: a flow between noise and the first
    principal components of faces, told of emotion and group (`augmentation.generation`). A made
    face begins with a real one of its cell, whose components are mostly replaced by noise
    (`departure`) and made anew, and has its votes. What is finer than the components stays: without
    it faces are too blurred for their emotion to be told. How many each cell gets is told by the
    parameters of targeted augmentation; with `max_copies_per_image` 1 no more than it has.

    Made faces that are nearer to a training face than other training faces are, are copies and left
    out. The log tells how many; C_T, whether made faces are too near to training faces, by looks
    and by features; the Frechet distance, density and coverage, beside those of real faces; and of
    how many the starting model recognises the emotion, which is low where the generator has not
    learned a cell. The sources make faces from noise alone, by large generators trained on
    many more faces, and keep all of them.

    Faces of unknown group are learned from and not multiplied. Where no cell is to be filled, as
    where no group is known, it is plain training, and no generator is trained.
    """

    label: ClassVar[str] = "Generative augmentation"
    source: ClassVar[str] = (
        "Ramaswamy et al. 2021, arXiv 2012.01469 (augmentation by a generator, per group); Lipman "
        "et al. 2023, arXiv 2210.02747 (the generator); Meehan et al. 2020, arXiv 2004.05675 (C_T)"
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"groups", "starting_model"})
    search: ClassVar = {**LEARNING_RATES, "generator.departure": (0.5, 0.8, 1.0)}

    method: Literal["generative_augmentation"] = "generative_augmentation"
    augmentation: AugmentationParameters = AugmentationParameters(
        by=("emotion", "gender"), max_copies_per_image=1
    )
    generator: GeneratorParameters = GeneratorParameters()

    @field_validator("augmentation")
    @classmethod
    def _is_written(cls, augmentation: AugmentationParameters) -> AugmentationParameters:
        if augmentation.mode != "written":
            raise ValueError(
                f"mode is {augmentation.mode}, and made faces are saved: give mode written, or use "
                "demographic_augmentation."
            )
        return augmentation

    def added(
        self, faces: pd.DataFrame, images: np.ndarray, plan: pd.DataFrame, given: Given
    ) -> tuple[Augmented, pd.DataFrame]:
        """The faces that are made, and the plan, whose reasons tell what became of them."""
        if not plan["n_to_add"].sum():
            logger.info("%s: no known cell has too few faces: this is plain training", self.label)
            return no_variants(images.shape[1:]), plan
        params = self.augmentation, self.generator
        made, plan, facts = made_faces(faces, images, plan, params, given.model, seed=given.seed)
        logger.info("%s: %s", self.label, facts)
        return made, plan
