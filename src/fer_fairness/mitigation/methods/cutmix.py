"""CutMix: a box of another face is pasted into each, and the targets are mixed by area."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.method import LEARNING_RATES, Method
from fer_fairness.modeling.batches import Batch, pasted
from fer_fairness.params.training import TrainingParameters


class CutMix(Method):
    """Trains on images with a box of another one, and on targets t y + (1 - t) y'.

    With u from Beta(alpha, alpha) the box has the sides H sqrt(1 - u) and W sqrt(1 - u) in whole
    pixels, its centre is anywhere in the image, and what lies outside is cut off; t is the share of
    the area that the box then really leaves. Where the box lies the partner's pixels are those of
    the same place, changed as the partner is.

    Every image has a box and a partner of its own; the authors draw one box and one u for a whole
    batch. It takes the place of mixup where training asks for that. A box of a face's mouth may
    carry all of its emotion, whatever its area.
    """

    label: ClassVar[str] = "CutMix"
    source: ClassVar[str] = "Yun et al. 2019, arXiv 1905.04899"
    neutral: ClassVar = {"probability": 0.0}
    search: ClassVar = {**LEARNING_RATES, "alpha": (0.2, 1.0), "probability": (0.25, 0.5, 1.0)}

    method: Literal["cutmix"] = "cutmix"
    alpha: float = Field(default=1.0, gt=0.0, description="Of the Beta distribution of u.")
    probability: float = Field(
        default=0.5, ge=0.0, le=1.0, description="Share of the images that have a box; 0: none."
    )

    def mixes(self, params: TrainingParameters) -> bool:
        """Whether it does anything."""
        return self.probability > 0 or super().mixes(params)

    def mix(
        self, batch: Batch, params: TrainingParameters, generator: np.random.Generator
    ) -> Batch:
        """Paste boxes."""
        if self.probability == 0:
            return super().mix(batch, params, generator)
        n = len(batch.targets)
        box = draw_boxes(generator, n, batch.inputs["images"].shape[1:3], self.alpha)
        box[generator.random(n) >= self.probability] = 0
        return pasted(batch, box, generator.permutation(n).astype(np.int32))


def draw_boxes(
    generator: np.random.Generator, n: int, image_shape: tuple[int, ...], alpha: float
) -> np.ndarray:
    """Boxes as in the paper, cut off at the border.

    Args:
        generator: Draws sizes and places.
        n: How many.
        image_shape: Height and width in pixels.
        alpha: Of the distribution of their sizes.

    Returns:
        int64 `(n, 4)`: top, bottom, left and right edge.
    """
    part = np.sqrt(1 - generator.beta(alpha, alpha, n))
    edges = []
    for side in image_shape:
        length = (part * side).astype(np.int64)
        start = generator.integers(side, size=n) - length // 2
        edges += [np.clip(start, 0, side), np.clip(start + length, 0, side)]
    return np.stack(edges, axis=1)
