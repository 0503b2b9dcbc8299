"""DFR: the last layer is fitted to faces of which every group with every emotion is drawn alike."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.last_layer import LastLayerMethod, class_kernel
from fer_fairness.mitigation.method import LEARNING_RATES, Need
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters
from fer_fairness.taxonomy import Attribute

if TYPE_CHECKING:
    import keras


class Dfr(LastLayerMethod):
    """Deep feature reweighting: minimises L + l1 sum |W| over the last layer's weights W alone.

    L is the loss on faces of which every cell of group and emotion is drawn equally often. All
    other layers stay as they are, batch statistics included.

    The paper fits a logistic regression with that penalty on standardised features of held-out
    faces, on 10 or 20 subsets in which all cells are as large as the smallest, and takes the mean
    of the weights. Here training faces are used (its DFR-Tr), drawn with replacement, which uses
    all of them; gradient steps start from the last layer as it is and end with the budget, which is
    before the optimum of this convex problem; features are not standardised, and move with online
    augmentation where that is on. Its C on n faces is `l1` 1 / (C n): with 0.1 all weights
    are 0. Faces without a cell, because nobody knows their group or their votes have no majority,
    are seen as often as in plain training.
    """

    label: ClassVar[str] = "Last layer on balanced cells (DFR)"
    source: ClassVar[str] = "Kirichenko et al. 2023, arXiv 2204.02937"
    needs: ClassVar[frozenset[Need]] = frozenset({"groups"})
    neutral: ClassVar[Mapping[str, Any]] = {"last_layer_only": False, "strength": 0.0, "l1": 0.0}
    in_words: ClassVar[str] = "group and emotion"
    search: ClassVar = {**LEARNING_RATES, "l1": (0.0, 0.001, 0.01)}

    method: Literal["dfr"] = "dfr"
    attribute: Attribute = Field(default="gender", description="Attribute of the groups.")
    l1: float = Field(
        default=0.001, ge=0.0, description="Penalty on the last layer's weights without biases."
    )

    def cell_columns(self) -> Sequence[str]:
        """Groups with emotions."""
        return [str(self.attribute), "emotion"]

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The loss of faces as they are drawn, with the penalty."""
        if self.l1 == 0:
            return super().objective(training, params)
        return DfrObjective(params, self.shares_drawn(training), l1=self.l1)


class DfrObjective(Objective):
    """See `Dfr`."""

    _kernel: Tensor

    def __init__(self, params: TrainingParameters, class_shares: np.ndarray, *, l1: float) -> None:
        """Take the settings of the loss.

        Args:
            params: As `Objective`.
            class_shares: As `Objective`.
            l1: The penalty.
        """
        super().__init__(params, class_shares)
        self._l1 = l1

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Find the weights that are penalised."""
        self._kernel = class_kernel(graph.model)

    def loss(self, seen: Seen) -> Tensor:
        """The plain loss plus the penalty."""
        from keras import ops

        return super().loss(seen) + self._l1 * ops.sum(ops.abs(self._kernel))
