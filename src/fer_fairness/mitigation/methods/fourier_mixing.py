"""Fourier mixing: an image takes on part of the light and contrast of a face of another group."""

from dataclasses import replace
from typing import ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.mitigation.partners import PartnerMethod, drawn_partners, of_another_group
from fer_fairness.modeling import GROUP
from fer_fairness.modeling.batches import Batch
from fer_fairness.params.training import TrainingParameters

_NOTHING: Final = 1e-5
"""Amplitudes below this share of the largest have no phase of their own."""


class FourierMixing(PartnerMethod):
    """Mixes the amplitudes of two images' spectra, (1 - t) |A| + t |A'|, and keeps the phases.

    The partner is any face of another group in the batch, t is from 0 to `largest`, uniformly, and
    the emotion stays. Phases hold where edges are, amplitudes how strong they are: light, contrast,
    sharpness. So what a group's pictures have in common there is mixed, and the face is kept.

    The paper learns from every image as it is and mixed; here a face is mixed with the
    `probability` of one half, which is the same in the mean. Its teacher, which has to agree with
    the model on both, is left out. Images are mixed before the online augmentation, and rounded to
    whole grey values within 0 to 255. A face for which the batch has no partner stays as it is, as
    do those of unknown group. Mixup comes on top where training asks for it.
    """

    label: ClassVar[str] = "Fourier mixing"
    source: ClassVar[str] = "Xu et al. 2021, arXiv 2105.14067 (FACT, its amplitude mix)"
    neutral: ClassVar = {"probability": 0.0}
    search: ClassVar = {**LEARNING_RATES, "largest": (0.5, 1.0), "probability": (0.25, 0.5, 1.0)}

    method: Literal["fourier_mixing"] = "fourier_mixing"
    largest: float = Field(
        default=1.0, gt=0.0, le=1.0, description="Largest share t of the partner's amplitudes."
    )
    probability: float = Field(
        default=0.5, ge=0.0, le=1.0, description="Share of faces that are mixed; 0: none."
    )

    def mix(
        self, batch: Batch, params: TrainingParameters, generator: np.random.Generator
    ) -> Batch:
        """Give faces amplitudes of others, then mix as plain training does."""
        suits = of_another_group(batch.inputs[GROUP])
        if self.probability == 0 or not suits.any():
            return super().mix(batch, params, generator)
        share = generator.uniform(0, self.largest, len(suits)).astype(np.float32)
        is_mixed = generator.random(len(suits)) < self.probability
        partner, has_one = drawn_partners(suits, generator)
        rows = np.flatnonzero(has_one & is_mixed)
        images = batch.inputs["images"].copy()
        images[rows] = amplitudes_mixed(images[rows], images[partner[rows]], share[rows])
        changed = replace(batch, inputs=batch.inputs | {"images": images})
        return super().mix(changed, params, generator)


def amplitudes_mixed(
    images: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8], share: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """Images with part of the amplitudes of others.

    Args:
        images: `(n, height, width, channels)`.
        others: Likewise.
        share: Of the others' amplitudes, 0 to 1, `(n,)`.
    """
    from scipy.fft import irfft2, rfft2

    own, foreign = (rfft2(one.astype(np.float32), axes=(1, 2)) for one in (images, others))
    size, share = np.abs(own), share.reshape(-1, 1, 1, 1)
    # Where an image has nothing of a frequency, rounding alone would decide about the phase.
    is_there = size > _NOTHING * size.max(axis=(1, 2), keepdims=True)
    phase = np.divide(own, size, out=np.ones_like(own), where=is_there)
    spectrum = ((1 - share) * size + share * np.abs(foreign)) * phase
    found = irfft2(spectrum, s=images.shape[1:3], axes=(1, 2))
    return np.asarray(np.clip(np.rint(found), 0, 255).astype(np.uint8))
