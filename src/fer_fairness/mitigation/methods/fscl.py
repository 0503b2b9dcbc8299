"""FSCL: features are pushed from those of other emotions within the own group alone."""

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, PenalisedObjective
from fer_fairness.mitigation.heads import dense_layer
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

_IMPOSSIBLE = -1e9
"""In place of the logarithm of 0."""


class Fscl(GroupMethod):
    """Adds strength x the mean over faces i of the fair supervised contrastive loss.

    That is -mean over p of (s_ip / t - log sum over a of exp(s_ia / t)): p are the other faces of
    i's emotion, whatever their group, a the faces of another emotion *and i's group*; s is the
    cosine of two faces' projections. Faces of other groups are never pushed away: the group does
    not help to tell emotions apart.

    The projection is a perceptron of one hidden layer on the features that is not kept, as in the
    paper. The paper learns features from two views of each face and then the last layer alone; here
    both losses are learned at once, as all methods continue from one model, and a batch has one
    view of a face: a face alone with its emotion in the batch has no positive and is no anchor, and
    neither is one whose group shows no other emotion there. FSCL+, which weighs anchors by their
    cells' sizes, is left out.

    An emotion is the target's most probable one. Where groups are predicted, a negative counts by
    the probability that both are of one group. Faces of unknown group take no part.
    """

    label: ClassVar[str] = "Fair contrastive learning (FSCL)"
    source: ClassVar[str] = "Park et al. 2022, arXiv 2203.16209"
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {
        **LEARNING_RATES,
        "strength": (0.03, 0.1, 0.3),
        "temperature": (0.07, 0.1, 0.5),
    }

    method: Literal["fscl"] = "fscl"
    strength: float = Field(
        default=0.1,
        ge=0.0,
        description="Factor of the contrastive loss (the paper has none); worth trying: 0.01 to 1.",
    )
    temperature: float = Field(default=0.1, gt=0.0, description="t, divides the cosines.")
    projection: int = Field(default=128, ge=1, description="Dimensions of the projections.")

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss and the contrastive one."""
        return FsclObjective(params, training, self)


class FsclObjective(PenalisedObjective):
    """The loss of `Fscl`.

    Attributes:
        layers: Of the projection.
    """

    uses_features = True
    layers: "list[keras.layers.Dense]"

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:
        """Make the projection."""
        generator = np.random.default_rng(seed)
        self.layers = [
            dense_layer(n_features, n_features, generator, activation="relu"),
            dense_layer(n_features, self.settings.projection, generator),
        ]
        graph.projection = self.layers

    def penalty(self, seen: Seen) -> Tensor:
        """The contrastive loss."""
        projected = seen.features
        for layer in self.layers:
            projected = layer(projected)
        return fair_contrastive_loss(
            projected,
            seen.targets,
            self.memberships(seen.batch),
            seen.weight,
            self.settings.temperature,
        )


def fair_contrastive_loss(
    projected: Tensor,
    targets: Tensor,
    members: Tensor,
    weight: Tensor | None,
    temperature: float,
) -> Tensor:
    """The contrastive loss of `Fscl`, a scalar; 0 where no face is an anchor.

    Args:
        projected: `(n, d)`, of any length.
        targets: `(n, k)`.
        members: `(n, groups)`, as `GroupObjective.memberships` gives them.
        weight: `(n,)`, of anchors, or None.
        temperature: Divides the cosines.
    """
    from keras import ops

    lengths = ops.sqrt(ops.maximum(ops.sum(projected**2, axis=1, keepdims=True), 1e-12))
    scaled = projected / lengths
    cosines = ops.matmul(scaled, ops.transpose(scaled)) / temperature

    emotions = ops.argmax(targets, axis=1)
    is_alike = ops.cast(emotions[:, None] == emotions[None], cosines.dtype)
    known = ops.cast(ops.sum(members, axis=1) > 0, cosines.dtype)
    itself = ops.eye(cosines.shape[0] or ops.shape(cosines)[0], dtype=cosines.dtype)
    positives = is_alike * (1 - itself) * known[None]
    negatives = (1 - is_alike) * ops.matmul(members, ops.transpose(members))

    there = negatives > 0
    log_counts = ops.where(there, ops.log(ops.where(there, negatives, 1.0)), _IMPOSSIBLE)
    pushed = ops.logsumexp(cosines + log_counts, axis=1)
    n_positives = ops.sum(positives, axis=1)
    pulled = ops.sum(positives * cosines, axis=1) / ops.maximum(n_positives, 1.0)
    is_anchor = (n_positives > 0) & ops.any(there, axis=1)
    anchors = known * ops.cast(is_anchor, cosines.dtype)
    losses = ops.where(is_anchor, pushed - pulled, 0.0)
    weighed = anchors if weight is None else anchors * weight
    return ops.sum(weighed * losses) / ops.maximum(ops.sum(anchors), 1.0)
