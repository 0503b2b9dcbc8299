"""FLAC: who is close to whom in features is to be the opposite of who is of whose group."""

from typing import ClassVar, Final, Literal

from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, PenalisedObjective
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

_EPSILON: Final = 1e-6
_LEAST: Final = 1e-7
"""Added to sums that something is divided by; both are the authors'."""


class Flac(GroupMethod):
    """Adds strength x the divergence of closeness in features from distance in groups.

    Pairs of a batch are looked at that tell most: faces of one emotion and unlike groups, and faces
    of two emotions and like groups. Of each face, s = 1 / (1 + d), d being the distance of two
    faces' features at unit length, and 1 - s of their groups, are brought to sum 1 over its pairs,
    p and q; the penalty is the mean over all pairs of (p - q) (log p - log q). So faces of one
    emotion come closer across groups, and those of another emotion within the group go away.

    The authors compare groups by the features of a classifier of the attribute, and need no labels
    for it; here by its answer, the probabilities of the groups, at unit length: (1, 0) where they
    were annotated. Groups are alike where s of theirs is above the middle between the largest and
    the smallest of the batch. An emotion is the target's most probable one. Faces of unknown group
    are in no pair. The authors' factors, from 110 (here) on Biased-MNIST to 30,000 on CelebA beside
    a hundredth of the cross-entropy, go with features as they are and the square root of d. Unit
    length is that of their VB-Mitigator.
    """

    label: ClassVar[str] = "FLAC (features closer across groups)"
    source: ClassVar[str] = "Sarridis et al. 2024, arXiv 2304.14252"
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (10.0, 110.0, 1000.0)}

    method: Literal["flac"] = "flac"
    strength: float = Field(
        default=110.0, ge=0.0, description="Factor of the penalty; worth trying: 10 to 1000."
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss and the divergence."""
        return FlacObjective(params, training, self)


class FlacObjective(PenalisedObjective):
    """The loss of `Flac`."""

    uses_features = True

    def penalty(self, seen: Seen) -> Tensor:
        """The divergence over the batch."""
        members = self.memberships(seen.batch)
        return closeness_divergence(seen.features, seen.targets, members, seen.weight)


def closeness_divergence(
    features: Tensor, targets: Tensor, members: Tensor, weight: Tensor | None
) -> Tensor:
    """The divergence that `Flac` tells, a scalar; 0 where a batch has no pair to look at.

    Args:
        features: `(n, d)`.
        targets: `(n, k)`.
        members: `(n, groups)`, as `GroupObjective.memberships` gives them.
        weight: `(n,)`, of the faces whose pairs they are, or None.
    """
    from keras import ops

    close, alike = _closeness(features), _closeness(members)
    is_known = ops.sum(members, axis=1) > 0
    is_pair = ops.logical_and(is_known[:, None], is_known)
    largest = ops.max(ops.where(is_pair, alike, 0.0))
    smallest = ops.min(ops.where(is_pair, alike, 1.0))
    middle = (largest + smallest) / 2
    emotion = ops.argmax(targets, axis=1)
    is_told = ops.where(emotion[:, None] == emotion, alike < middle, alike > middle)
    pairs = ops.cast(ops.logical_and(is_pair, is_told), "float32")
    p, q = (
        one / (ops.sum(one * pairs, axis=1, keepdims=True) + _LEAST) for one in (1 - alike, close)
    )
    divergence = pairs * (p - q) * (ops.log(p) - ops.log(q))
    counted = pairs if weight is None else pairs * ops.reshape(weight, (-1, 1))
    scaled = divergence if weight is None else divergence * ops.reshape(weight, (-1, 1))
    return ops.sum(scaled) / ops.maximum(ops.sum(counted), _LEAST)


def _closeness(values: Tensor) -> Tensor:
    """1 / (1 + d) of each pair of rows at unit length, `(n, n)`."""
    from keras import ops

    unit = values / ops.sqrt(ops.sum(ops.square(values), axis=1, keepdims=True) + _EPSILON**2)
    squared = ops.sum(ops.square(unit[:, None] - unit), axis=2)
    return 1 / (1 + ops.sqrt(squared + _EPSILON))
