"""MMD: within each emotion, the features of the groups shall be distributed alike."""

from typing import ClassVar, Final, Literal

from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, PenalisedObjective, pair_trust
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

_KERNEL_RATES: Final = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3)


class Mmd(GroupMethod):
    """Adds strength x the mean over emotions and pairs of groups of a distance of their features.

    It is the squared maximum mean discrepancy, K(g, g) + K(h, h) - 2 K(g, h), without a root, K
    being the mean over pairs of faces of the sum over s in 0.001, 0.01, ... 1000 of
    exp(-s d ** 2), d their distance; pairs of a face with itself are among them.

    The kernel is DomainBed's, which compares domains whatever the class; here groups are
    compared within an emotion, so that the mix of emotions of a group is not taken from it. A
    batch has few faces of a cell: MMD of small samples is above 0 where nothing differs.

    Votes and probabilities of predicted groups weigh faces; a pair one of whose cells has less
    than a whole face counts by what it has. Faces of unknown group are in no cell.
    """

    label: ClassVar[str] = "Matching of features (MMD)"
    source: ClassVar[str] = (
        "Gretton et al. 2012, JMLR 13; Gulrajani and Lopez-Paz 2021, arXiv 2007.01434"
    )
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.1, 1.0, 10.0)}

    method: Literal["mmd"] = "mmd"
    strength: float = Field(
        default=1.0, ge=0.0, description="gamma, factor of the distance; worth trying: 0.1 to 10."
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss and the distance."""
        return MmdObjective(params, training, self)


class MmdObjective(PenalisedObjective):
    """The loss of `Mmd`."""

    uses_features = True

    def penalty(self, seen: Seen) -> Tensor:
        """The mean distance."""
        from keras import ops

        parts, trust = self.cells(seen.batch, seen.targets, seen.weight)
        compared = pair_trust(trust)
        total = ops.sum(compared * _discrepancies(parts, seen.features))
        return total / ops.maximum(ops.sum(compared), 1.0)


def _discrepancies(parts: Tensor, features: Tensor) -> Tensor:
    """Squared MMD of every two groups in every class, `(groups, groups, k)`."""
    from keras import ops

    squares = ops.sum(features**2, axis=1)
    distances = squares[:, None] + squares[None] - 2 * ops.matmul(features, ops.transpose(features))
    # A face's distance to itself may be rounded to less than 0.
    distances = ops.maximum(distances, 0.0)
    kernel = sum(ops.exp(-rate * distances) for rate in _KERNEL_RATES)
    means = ops.einsum("igk,ij,jhk->ghk", parts, kernel, parts)
    own = ops.einsum("ggk->gk", means)
    return own[:, None] + own[None] - 2 * means
