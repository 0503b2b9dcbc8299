"""How far an image may be changed: the ranges of the one augmenter, `modeling.image_changes`."""

from pydantic import Field

from fer_fairness.params.base import Parameters


class ImageChanges(Parameters):
    """Ranges at strength 1, from which each image's changes are drawn; 0 turns a change off."""

    flip: bool = Field(default=False, description="Mirror a random half left to right.")
    rotation_degrees: float = Field(
        default=0.0, ge=0.0, le=180.0, description="Largest turn, either way."
    )
    shift_share: float = Field(
        default=0.0, ge=0.0, le=0.5, description="Shift as a share of the side, each direction."
    )
    scale_share: float = Field(
        default=0.0, ge=0.0, le=0.9, description="The face is scaled by 1 plus or minus this."
    )
    brightness: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description=(
            "Offset as a share of the grey range of 255. Much above 0.1 turns parts of many faces "
            "all black or all white."
        ),
    )
    contrast: float = Field(
        default=0.0, ge=0.0, lt=1.0, description="Contrast is multiplied by 1 plus or minus this."
    )
    gamma: float = Field(
        default=0.0, ge=0.0, le=2.0, description="Exponent is exp of plus or minus this."
    )
    blur_sigma: float = Field(
        default=0.0, ge=0.0, le=5.0, description="Standard deviation of the blur, in pixels."
    )
    noise: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Standard deviation of the noise as a share of 255.",
    )
    degraded_share: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Share of the images that are made grey, and shrunk to 48 pixels and back, as "
        "FER+'s are. It does not grow with the strength.",
    )
    erased_share: float = Field(
        default=0.0,
        ge=0.0,
        le=0.9,
        description=(
            "Largest share of the area that one erased box covers. A box of 0.15 may hide a whole "
            "mouth, and with it what the label is about."
        ),
    )
    erased_probability: float = Field(
        default=0.5, ge=0.0, le=1.0, description="Share of the images that have a box erased."
    )

    n_operations: int | None = Field(
        default=None,
        ge=1,
        description=(
            "So many of the changes that are on are drawn for each image, and each goes to an end "
            "of its range (RandAugment, Cubuk et al. 2020, arXiv 1909.13719); flip and "
            "degraded_share are beside them. null: every change that is on, within its range."
        ),
    )

    @property
    def is_geometric(self) -> bool:
        """Whether any change moves pixels."""
        ranges = (self.rotation_degrees, self.shift_share, self.scale_share)
        return self.flip or any(value > 0 for value in ranges)

    @property
    def is_tonal(self) -> bool:
        """Whether brightness or contrast change."""
        return self.brightness > 0 or self.contrast > 0

    @property
    def erases(self) -> bool:
        """Whether boxes are erased."""
        return self.erased_share > 0 and self.erased_probability > 0

    @property
    def is_off(self) -> bool:
        """Whether every image stays as it is."""
        others = (self.gamma, self.blur_sigma, self.noise, self.degraded_share)
        return not (self.is_geometric or self.is_tonal or self.erases or any(others))
