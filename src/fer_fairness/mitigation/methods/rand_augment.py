"""RandAugment: strong standard augmentation, a few changes of each image at one magnitude."""

from typing import ClassVar, Final, Literal

from pydantic import Field

from fer_fairness.mitigation.method import LEARNING_RATES, Method
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.training import TrainingParameters

LARGEST_MAGNITUDE: Final = 30.0

_RANGES: Final = {
    "rotation_degrees": 30.0,
    "shift_share": 0.45,
    "scale_share": 0.3,
    "contrast": 0.9,
    "brightness": 0.3,
    "gamma": 0.9,
    "blur_sigma": 3.0,
    "noise": 0.2,
    "erased_share": 0.3,
}
"""The changes at the largest magnitude."""


class RandAugment(Method):
    """Changes each image by `n_operations` operations, drawn alike, of the one `magnitude`.

    The operations are those of the one augmenter: turn, scale, shift along either axis, contrast,
    brightness, gamma, blur, noise, one erased box. Each that is drawn goes to an end of its range,
    which is `magnitude` thirtieths of the largest; two-sided ones to either end alike. Turn, shifts
    and contrast have torchvision's ranges; scaling stands for its shears, gamma for solarising,
    posterising and equalising, blur for sharpness. Noise and the erased box are not in the paper;
    its identity and automatic contrast are not here, so every operation drawn changes the image.

    They are drawn without replacement, where the paper may do one twice, and done in the
    augmenter's order. Flips, and images made like FER2013's, are as training has them; other
    ranges there are not used.
    """

    label: ClassVar[str] = "RandAugment"
    source: ClassVar[str] = "Cubuk et al. 2020, arXiv 1909.13719"
    neutral: ClassVar = {"n_operations": 0}
    search: ClassVar = {**LEARNING_RATES, "n_operations": (1, 2, 3), "magnitude": (5.0, 9.0, 13.0)}

    method: Literal["rand_augment"] = "rand_augment"
    n_operations: int = Field(
        default=2, ge=0, description="N: changes of an image; 0: images change as training says."
    )
    magnitude: float = Field(
        default=9.0, gt=0.0, le=LARGEST_MAGNITUDE, description="M: how far each goes, up to 30."
    )

    def training_parameters(self, fine_tuning: FineTuningParameters) -> TrainingParameters:
        """How it is trained: with these changes on the fly."""
        training = super().training_parameters(fine_tuning)
        if self.n_operations == 0:
            return training
        part = self.magnitude / LARGEST_MAGNITUDE
        ranges = {name: part * largest for name, largest in _RANGES.items()}
        changes = training.online_augmentation.model_copy(
            update={**ranges, "erased_probability": 1.0, "n_operations": self.n_operations}
        )
        return training.model_copy(update={"online_augmentation": changes})
