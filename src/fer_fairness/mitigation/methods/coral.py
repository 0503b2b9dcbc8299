"""CORAL: within each emotion, the features of the groups shall have the same two moments."""

from typing import ClassVar, Literal

from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, PenalisedObjective, pair_trust
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters


class Coral(GroupMethod):
    """Adds strength x the mean over emotions and pairs of groups of a distance of their features.

    It is the mean squared difference of the features' means plus that of their covariances (of
    n - 1), as in DomainBed, which compares domains whatever the class; here groups are compared
    within an emotion, so that the mix of emotions of a group is not taken from it.

    Votes and probabilities of predicted groups weigh faces; a pair one of whose cells has less
    than a whole face (two, for covariances) counts by what it has. Faces of unknown group are in
    no cell.

    Means over many features are small: on those of this project's network 0.1 has a gradient of
    a hundredth of the loss's, where MMD has a tenth. So values to try are ten times as large.
    """

    label: ClassVar[str] = "Matching of moments (CORAL)"
    source: ClassVar[str] = (
        "Sun and Saenko 2016, arXiv 1607.01719; Gulrajani and Lopez-Paz 2021, arXiv 2007.01434"
    )
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (1.0, 10.0, 100.0)}

    method: Literal["coral"] = "coral"
    strength: float = Field(
        default=10.0, ge=0.0, description="gamma, factor of the distance; worth trying: 1 to 100."
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss and the distance."""
        return CoralObjective(params, training, self)


class CoralObjective(PenalisedObjective):
    """The loss of `Coral`."""

    uses_features = True

    def penalty(self, seen: Seen) -> Tensor:
        """The mean distance."""
        from keras import ops

        parts, trust = self.cells(seen.batch, seen.targets, seen.weight)
        compared = pair_trust(trust)
        total = ops.sum(compared * _differences(_means(parts, seen.features)))
        # A covariance is of two faces at least.
        counts = ops.sum(
            self.memberships(seen.batch)[:, :, None] * seen.targets[:, None, :], axis=0
        )
        trusted = pair_trust(ops.clip(counts - 1, 0.0, 1.0))
        total = total + ops.sum(trusted * _differences(_covariances(parts, counts, seen.features)))
        return total / ops.maximum(ops.sum(compared), 1.0)


def _means(parts: Tensor, features: Tensor) -> Tensor:
    """Means of the cells, `(groups, k, features)`."""
    from keras import ops

    return ops.einsum("igk,if->gkf", parts, features)


def _covariances(parts: Tensor, counts: Tensor, features: Tensor) -> Tensor:
    """Covariances of the cells, over n - 1 faces, `(groups, k, features x features)`."""
    from keras import ops

    means = _means(parts, features)
    squares = ops.einsum("igk,if,ie->gkfe", parts, features, features)
    centred = squares - means[..., :, None] * means[..., None, :]
    factors = counts / ops.where(counts > 1, counts - 1, 1.0)
    return ops.reshape(
        centred * factors[..., None, None], (*means.shape[:2], means.shape[2] * means.shape[2])
    )


def _differences(moments: Tensor) -> Tensor:
    """Mean squared difference of every two groups in every class, `(groups, groups, k)`."""
    from keras import ops

    return ops.mean((moments[:, None] - moments[None]) ** 2, axis=-1)
