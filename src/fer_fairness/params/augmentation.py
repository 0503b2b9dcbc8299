"""Parameters of targeted augmentation: which cells get how many variants, and how strong.

`docs/augmentation.md` tells how they work together.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from fer_fairness.params.base import Parameters
from fer_fairness.params.image_changes import ImageChanges
from fer_fairness.params.lists import ListOf

WRITTEN_RANGES: Final[Mapping[str, float]] = MappingProxyType(
    {
        "flip": True,
        "rotation_degrees": 20.0,
        "shift_share": 0.12,
        "scale_share": 0.15,
        "brightness": 0.12,
        "contrast": 0.25,
        "gamma": 0.3,
        "blur_sigma": 1.0,
        "noise": 0.04,
        "erased_share": 0.08,
    }
)
"""Defaults of `TransformRanges`."""


class SeverityTier(Parameters):
    """A degree of imbalance and the strength of the transforms that it is met with."""

    below: float = Field(
        gt=0.0, le=1.0, description="The tier holds cells smaller than this share of the reference."
    )
    strength: float = Field(
        ge=0.0, le=1.0, description="Strength of the transforms: 0 copies, 1 uses the full ranges."
    )


class TransformRanges(ImageChanges):
    """How far the written variants of targeted augmentation are changed, each drawn once.

    What is not named has the range of `WRITTEN_RANGES`.
    """

    @model_validator(mode="before")
    @classmethod
    def _from_own_defaults(cls, values: object) -> object:
        return {**WRITTEN_RANGES, **values} if isinstance(values, Mapping) else values


class AugmentationParameters(Parameters):
    """Which cells of the training split get how many new variants of their own faces."""

    mode: Literal["written", "on_the_fly"] = Field(
        default="written",
        description=(
            "written: each variant is made once and saved. on_the_fly: the same faces are repeated "
            "in the training set, and every epoch varies them anew by training.online_augmentation."
        ),
    )
    on_the_fly_base: float = Field(
        default=1.0,
        ge=0.0,
        description=(
            "On the fly, ranges are multiplied by this plus the strength of the tier. Originals "
            "have 1, so that 1 varies repeated faces more than originals, 0 less."
        ),
    )
    by: ListOf[Literal["emotion", "gender", "race", "age_group"]] = Field(
        default=("emotion",), min_length=1, description="Columns whose combinations are the cells."
    )
    reference: Literal["largest", "median"] = Field(
        default="largest", description="Cell size that shares below are shares of."
    )
    target_share: float = Field(
        default=0.5,
        gt=0.0,
        le=1.0,
        description="Every cell is brought up to this share of the reference, caps permitting.",
    )
    mild: SeverityTier = SeverityTier(below=0.5, strength=0.4)
    moderate: SeverityTier = SeverityTier(below=0.25, strength=0.6)
    severe: SeverityTier = SeverityTier(below=0.1, strength=0.9)
    max_copies_per_image: int = Field(
        default=5, ge=0, description="Variants that one face may give at most."
    )
    max_added_share: float = Field(
        default=0.5,
        ge=0.0,
        description="All variants together, as a share of the training faces, at most.",
    )
    recall_weight: float = Field(
        default=0.0,
        ge=0.0,
        description=(
            "Raises the target of cells recalled worse than the mean: by this much times the "
            "relative shortfall of their validation recall."
        ),
    )
    recall_prior_faces: float = Field(
        default=10.0,
        ge=0.0,
        description=(
            "Validation recall of a cell is drawn towards that of its emotion as if by so many "
            "further faces, and that of an emotion towards the mean; 0 takes it at face value."
        ),
    )
    critical_recall_shortfall: float = Field(
        default=0.3,
        ge=0.0,
        le=1.0,
        description=(
            "A cell is critical if its recall lies more than this share below the mean of the "
            "cells; so are cells that are severe, too few or empty, whatever their recall."
        ),
    )
    minimum_cell_size: int = Field(
        default=10,
        ge=1,
        description="Cells with fewer faces are listed, not augmented: too few to vary.",
    )
    agreement_power: float = Field(
        default=1.0,
        ge=0.0,
        description=(
            "Faces are drawn in proportion to the agreement of their annotators to this power; "
            "0 ignores the votes."
        ),
    )
    transforms: TransformRanges = TransformRanges()

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if len(set(self.by)) != len(self.by):
            raise ValueError(f"by names a column twice: {list(self.by)}.")
        tiers = (self.mild, self.moderate, self.severe)
        if not tiers[0].below > tiers[1].below > tiers[2].below:
            raise ValueError(
                "below must fall from mild over moderate to severe, found "
                f"{[tier.below for tier in tiers]}."
            )
        if not tiers[0].strength <= tiers[1].strength <= tiers[2].strength:
            raise ValueError(
                "strength must not fall from mild over moderate to severe, found "
                f"{[tier.strength for tier in tiers]}."
            )
        return self
