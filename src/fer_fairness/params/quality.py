"""Parameters of the checks that a dataset passes before anything is trained on it."""

from typing import Literal, Self

from pydantic import Field, model_validator

from fer_fairness.params.base import Parameters


class QualityParameters(Parameters):
    """What is looked for in a dataset, and what happens to what is found.

    The default differences come from FER2013: of its pairs of distinct images whose thumbnails
    correlate above 0.97, 72 to 85 % carry the same label at every pixel difference up to 30 grey
    levels (chance: 17 %), so the thumbnail does the telling and the pixel difference guards it.
    """

    cross_split_duplicates: Literal["keep", "drop_from_training", "stop"] = Field(
        default="drop_from_training",
        description=(
            "What to do about pixel-identical images in two splits. drop_from_training excludes "
            "the copies in train (and those in validation whose twin is in test); stop refuses "
            "the dataset; keep only reports them."
        ),
    )
    near_duplicates: bool = Field(
        default=True, description="Also search for images that are nearly the same."
    )
    drop_near_duplicates: bool = Field(
        default=False,
        description=(
            "Exclude near duplicates across splits as well, by the rule of drop_from_training."
        ),
    )
    near_duplicate_min_correlation: float = Field(
        default=0.97,
        gt=0.5,
        le=1.0,
        description="Least Pearson correlation of two images shrunk to 12 x 12 pixels.",
    )
    near_duplicate_max_difference: float = Field(
        default=8.0,
        ge=0.0,
        le=255.0,
        description="Largest mean absolute difference of their pixels, in grey levels.",
    )
    near_duplicate_max_candidates: int = Field(
        default=2_000_000,
        gt=0,
        description=(
            "Pairs to compare pixel by pixel at most; where more thumbnails agree, the search "
            "stops early and the report says so."
        ),
    )
    constant_images: Literal["keep", "exclude"] = Field(
        default="exclude", description="What to do with images of a single grey level."
    )
    max_listed: int = Field(
        default=200, ge=0, description="Pairs or faces that each list of the report names at most."
    )

    @model_validator(mode="after")
    def _drops_only_what_is_searched(self) -> Self:
        if self.drop_near_duplicates and not self.near_duplicates:
            raise ValueError("drop_near_duplicates needs near_duplicates: true.")
        if self.drop_near_duplicates and self.cross_split_duplicates != "drop_from_training":
            raise ValueError(
                "drop_near_duplicates needs cross_split_duplicates: drop_from_training, "
                f"found {self.cross_split_duplicates}."
            )
        return self
