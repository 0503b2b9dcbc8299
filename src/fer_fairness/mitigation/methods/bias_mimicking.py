"""Bias mimicking: to tell an emotion, all others are shown with that emotion's mix of groups."""

import logging
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from fer_fairness.mitigation.group_method import GroupMethod, GroupObjective, cell_totals
from fer_fairness.mitigation.heads import dense_head
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

_REMEDY = "Bias mimicking needs its features. Start from a compact network, or leave it out."


class BiasMimicking(GroupMethod):
    """Learns features from one yes-or-no task an emotion, in each of which groups tell nothing.

    The task of emotion c has all faces of c, and of every other emotion c' as many as can be had
    such that P(g | c') = P(g | c): of group g the share t P(g | c) / n_gc' of them, where t is the
    least n_gc' / P(g | c) over the groups of c. Features and one head a task minimise the binary
    cross-entropies, averaged over all pairs of a face and a task that it takes part in. The model's
    own last layer is trained with all faces by the plain loss, whose gradient ends there.

    The authors draw the faces of a task once; here each counts by its share, which is the mean over
    draws, and lets predicted groups and annotators' votes count in parts. Where a group of c has no
    face with c', nothing of c' is in the task of c; the authors' code then keeps one face of each
    group, and fails where there is none. Heads start as the model's last layer. The authors train
    that layer after each epoch, and also try faces drawn or weighed evenly for it; here it learns
    in each step, from all faces alike. Faces of unknown group count by the plain loss, with all of
    its gradient, and take part in no task.
    """

    label: ClassVar[str] = "Bias mimicking"
    source: ClassVar[str] = "Qraitem et al. 2023, arXiv 2209.15605"
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.5, 1.0)}

    method: Literal["bias_mimicking"] = "bias_mimicking"
    strength: float = Field(
        default=1.0,
        ge=0.0,
        le=1.0,
        description="Share of the loss of faces of known group that is the method's; the rest is "
        "the plain one.",
    )

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The losses of the tasks, and of the last layer."""
        if self.strength == 0:
            return Objective(params, training.class_shares())
        return BiasMimickingObjective(params, training, strength=self.strength)


def mimicking_shares(totals: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Which share of a group's faces of each emotion the task of each emotion has.

    Args:
        totals: Faces of each group and emotion, `(groups, k)`; need not be whole numbers.

    Returns:
        `(groups, k, k)`, by group, emotion of the face and task, 0 to 1; 1 where both emotions are
        the same.
    """
    n_classes = totals.shape[1]
    shares = np.zeros((*totals.shape, n_classes))
    for task, own in enumerate(totals.T):
        if own.sum() > 0:
            mix = own / own.sum()
            there = own > 0
            largest = (totals[there] / mix[there, None]).min(axis=0)
            kept = largest * mix[:, None]
            shares[:, :, task] = np.divide(kept, totals, out=np.zeros_like(kept), where=totals > 0)
        shares[:, task, task] = 1.0
    # The least ratio divided by itself may come out above 1 by rounding.
    return np.minimum(shares, 1.0)


class BiasMimickingObjective(GroupObjective):
    """The loss of `BiasMimicking`.

    Attributes:
        output: The model's last layer.
        heads: Of the tasks: a dense layer beside it.
    """

    uses_features = True
    output: "keras.layers.Dense"
    heads: "keras.layers.Dense"

    def __init__(
        self, params: TrainingParameters, training: TrainingSet, *, strength: float
    ) -> None:
        """Find which share of each cell takes part in which task; tells of empty ones."""
        super().__init__(params, training)
        totals = cell_totals(training)
        shares = mimicking_shares(totals)
        self._shares = shares.astype(np.float32)
        self._strength = strength
        present = totals.sum(axis=0) > 0
        n_emotions = int(present.sum())
        n_met = int((shares.max(axis=0)[np.ix_(present, present)] > 0).sum())
        logger.info(
            "Bias mimicking: %d of %d times a task has no face of another emotion, because a group "
            "has faces of the task's emotion and none of the other",
            n_emotions**2 - n_met,
            n_emotions * (n_emotions - 1),
        )

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Make the heads of the tasks, as the model's last layer is."""
        from keras import layers

        self.output = dense_head(graph.model, _REMEDY)
        self.heads = layers.Dense(self.output.units, name="tasks")
        self.heads.build((None, n_features))
        kernel = self.output.kernel.numpy()
        bias = self.output.bias.numpy() if self.output.use_bias else np.zeros(kernel.shape[1])
        self.heads.set_weights([kernel, bias])
        graph.tasks = self.heads

    def loss(self, seen: Seen) -> Tensor:
        """Tasks and last layer of faces of known group, and the plain loss of the others."""
        from keras import ops

        batch, targets, logits, features, weight = seen
        members = self.memberships(batch)
        known = ops.sum(members, axis=1)
        weights = ops.ones_like(known) if weight is None else weight
        plain = self.face_losses(batch, targets, logits)
        last = self.face_losses(batch, targets, self.output(ops.stop_gradient(features)))
        mimicked = known * self._strength
        faces = ops.mean(weights * (mimicked * last + (1 - mimicked) * plain))
        share = self._strength * ops.mean(weights * known)
        return faces + share * self.task_loss(members * weights[:, None], targets, features)

    def task_loss(self, members: Tensor, targets: Tensor, features: Tensor) -> Tensor:
        """Mean binary cross-entropy over the pairs of faces and tasks.

        Args:
            members: Memberships times the faces' weights, `(n, groups)`.
            targets: `(n, k)`.
            features: `(n, n_features)`.
        """
        from keras import ops

        said = self.heads(features)
        # How much each face counts in each task: as one of its emotion, and as one of another.
        is_in = ops.einsum("ng,nc,gct->nt", members, targets, ops.convert_to_tensor(self._shares))
        positive = ops.sum(members, axis=1, keepdims=True) * targets
        negative = ops.maximum(is_in - positive, 0.0)
        losses = positive * ops.softplus(-said) + negative * ops.softplus(said)
        total = ops.sum(is_in)
        return ops.sum(losses) / ops.where(total > 0, total, 1.0)
