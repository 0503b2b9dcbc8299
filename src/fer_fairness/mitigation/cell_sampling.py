"""What methods share that draw faces by cells, with a loss that knows how often each is drawn."""

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.cells import class_shares_drawn, drawing_shares
from fer_fairness.mitigation.method import Method
from fer_fairness.modeling import GROUP, Objective, TrainingSet
from fer_fairness.params.training import TrainingParameters


class CellSampling(Method):
    """Draws faces with replacement so that all cells are seen alike, the codes being in `GROUP`.

    Faces without a cell are seen as often as in plain training, and where no face has one it is
    plain training. Logit adjustment, where training asks for it, is to the emotions' shares among
    faces as they are drawn.
    """

    strength: float = Field(
        default=1.0,
        ge=0.0,
        le=1.0,
        description="A face of a cell of m is drawn in proportion to m ** -strength: 1 draws all "
        "cells alike, 0 all faces.",
    )

    def draws(self, training: TrainingSet) -> bool:
        """Whether faces are drawn otherwise than in plain training."""
        return self.strength > 0 and bool((training.column(GROUP) >= 0).any())

    def order(self, training: TrainingSet, generator: np.random.Generator) -> np.ndarray:
        """As many rows as there are faces."""
        if not self.draws(training):
            return super().order(training, generator)
        drawn = drawing_shares(training.column(GROUP), self.strength)
        return generator.choice(len(training), len(training), p=drawn)

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss, which knows how often each emotion is drawn."""
        return Objective(params, self.shares_drawn(training))

    def shares_drawn(self, training: TrainingSet) -> np.ndarray:
        """Share of each class among the faces as they are drawn, `(k,)`."""
        if not self.draws(training):
            return training.class_shares()
        return class_shares_drawn(training, drawing_shares(training.column(GROUP), self.strength))
