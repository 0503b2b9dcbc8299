"""LISA: faces are mixed with others that differ in emotion or in group, but not in both."""

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.mitigation.partners import PartnerMethod, drawn_partners
from fer_fairness.modeling import GROUP
from fer_fairness.modeling.batches import Batch, mixed
from fer_fairness.params.training import TrainingParameters


class Lisa(PartnerMethod):
    """Mixup of chosen pairs: same emotion and another group, or same group and another emotion.

    A face is of the first kind with the probability `same_emotion`, else of the second. Its partner
    is any face of its batch that suits, it keeps the share t of itself, t from Beta(alpha, alpha),
    and its target likewise. So what tells groups apart is mixed while the emotion stays, and the
    other way round.

    The paper looks for partners in the whole training set, its authors draw batches of four cells,
    all equally often; here batches are those of plain training, partners are in the batch, and a
    face for which the batch has none stays unmixed, the more often the smaller its cell and the
    batch are. A face's emotion is the largest share of its target. Faces of unknown group stay
    unmixed and are nobody's partner. It takes the place of mixup where training asks for that; a
    batch of which no group is known is one of plain training.
    """

    label: ClassVar[str] = "LISA"
    source: ClassVar[str] = "Yao et al. 2022, arXiv 2201.00299"
    neutral: ClassVar = {"probability": 0.0}
    search: ClassVar = {**LEARNING_RATES, "alpha": (0.5, 2.0), "same_emotion": (0.0, 0.5, 1.0)}

    method: Literal["lisa"] = "lisa"
    alpha: float = Field(default=2.0, gt=0.0, description="Of the Beta distribution of t.")
    same_emotion: float = Field(
        default=0.5, ge=0.0, le=1.0, description="Share of faces mixed within their emotion."
    )
    probability: float = Field(
        default=1.0, ge=0.0, le=1.0, description="Share of faces that are mixed; 0: none."
    )

    def mix(
        self, batch: Batch, params: TrainingParameters, generator: np.random.Generator
    ) -> Batch:
        """Mix each face with a partner that suits it."""
        groups = batch.inputs[GROUP]
        if self.probability == 0 or (groups < 0).all():
            return super().mix(batch, params, generator)
        n = len(groups)
        share = generator.beta(self.alpha, self.alpha, n).astype(np.float32)
        within_emotion = generator.random(n) < self.same_emotion
        is_mixed = generator.random(n) < self.probability
        suits = suitable(groups, batch.targets.argmax(axis=1), within_emotion)
        partner, has_one = drawn_partners(suits, generator)
        share[~(has_one & is_mixed)] = 1
        return mixed(batch, share, partner)


def suitable(
    groups: npt.NDArray[np.int32],
    emotions: npt.NDArray[np.int64],
    within_emotion: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Which face of a batch may be mixed with which, `(n, n)`: row i for the partners of face i.

    Args:
        groups: Codes, `(n,)`, -1 where not known.
        emotions: Codes, `(n,)`.
        within_emotion: Of each face, whether its partners have its emotion and another group, or
            else its group and another emotion.
    """
    is_known = groups >= 0
    same_group = groups[:, None] == groups
    same_emotion = emotions[:, None] == emotions
    wanted = np.where(
        within_emotion[:, None], same_emotion & ~same_group, same_group & ~same_emotion
    )
    return np.asarray(wanted & is_known[:, None] & is_known)
