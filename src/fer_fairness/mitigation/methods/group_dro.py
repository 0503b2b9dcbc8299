"""Group DRO: the loss of the group that is served worst weighs most."""

import logging
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from fer_fairness.mitigation.cell_sampling import CellSampling
from fer_fairness.mitigation.cells import cell_codes
from fer_fairness.mitigation.composition import Composition, training_faces
from fer_fairness.mitigation.method import LEARNING_RATES, Given, Need
from fer_fairness.modeling import GROUP, Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters
from fer_fairness.taxonomy import Attribute

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)


class GroupDro(CellSampling):
    """Minimises sum_g q_g L_g, where q_g <- q_g exp(eta L_g) / Z at every gradient step.

    L_g is the mean loss of group g's faces in the batch; the weights q start alike, sum to 1, and
    move before the model does (Algorithm 1 of the paper). A group without faces in a batch adds
    nothing to that step's loss, and its weight moves by Z alone.

    As in the paper, groups are those of an attribute with each emotion, and are drawn equally
    often: a cell that is in few batches has its weight moved as seldom, and two groups of an
    attribute that are as large and have nearly the same loss weigh what they weigh in plain
    training, whatever eta. How far weights have moved goes with eta times the number of steps: the
    paper's 0.01 in 11,000 steps (Waterbirds) to 64,000 (CelebA).

    Faces of unknown group belong to none, and each counts as in plain training: of a batch of n
    faces, u of them unknown, the loss is ((n - u) sum_g q_g L_g + sum of the u losses) / n. So it
    is the paper's where all groups are known, and the plain mean where none is.

    What moves the weights is L_g less the mean entropy of its faces' votes, which is 0 where each
    has one label, as in the paper: else a model without fault would come to weigh disgust .67 in
    1,600 steps on FER+, since annotators disagree about it.

    Weights of faces, where there are any, weigh them in all sums and means. A predicted group
    counts as certain, since it decides how often a face is drawn. What the paper adds for small
    groups (C / sqrt(n_g)) is left out.
    """

    label: ClassVar[str] = "Group DRO"
    source: ClassVar[str] = "Sagawa et al. 2020, arXiv 1911.08731"
    needs: ClassVar[frozenset[Need]] = frozenset({"groups"})
    # Not step_size 0, under which all groups still weigh alike, however large they are.
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "step_size": (0.01, 0.03, 0.1)}
    # Which group a mixture of a fearful man and an angry woman belongs to is lost.
    takes_mixtures: ClassVar[bool] = False

    method: Literal["group_dro"] = "group_dro"
    attribute: Attribute = Field(
        default="gender", description="Attribute whose groups' losses are weighed."
    )
    by_emotion: bool = Field(
        default=True,
        description="Whether a group is an attribute's group with one emotion, as in the paper; "
        "faces without majority emotion are then of unknown group.",
    )
    balanced: bool = Field(
        default=True,
        description="Whether groups are drawn equally often, as in the paper; false: faces are "
        "drawn as in plain training.",
    )
    step_size: float = Field(
        default=0.01,
        ge=0.0,
        description="eta, how fast groups' weights follow their losses; 0 weighs all groups alike.",
    )
    strength: float = Field(
        default=1.0,
        ge=0.0,
        le=1.0,
        description="Share of the loss that is group DRO's, the rest being the plain mean; where "
        "groups are balanced, a face of a group of m is drawn in proportion to m ** -strength.",
    )

    def draws(self, training: TrainingSet) -> bool:
        """Where groups are to be balanced."""
        return self.balanced and super().draws(training)

    def training_set(self, faces: pd.DataFrame, images: np.ndarray, given: Given) -> Composition:
        """Every training face, with the code of its group."""
        plain = super().training_set(faces, images, given)
        chosen = training_faces(faces)
        by = [self.attribute, "emotion"] if self.by_emotion else [self.attribute]
        codes, names = cell_codes(chosen, by)
        unknown = int((codes < 0).sum())
        logger.info(
            "%d groups %sweighed by their losses; %d of %d faces have no group and count as in "
            "plain training",
            len(names),
            "drawn equally often and " if self.balanced else "",
            unknown,
            len(codes),
        )
        return Composition(plain.columns.assign(**{GROUP: codes}), plain.added)

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss with the groups' weights in it."""
        return GroupDroObjective(
            params,
            self.shares_drawn(training),
            n_groups=int(training.column(GROUP).max()) + 1,
            step_size=self.step_size,
            strength=self.strength,
        )


class GroupDroObjective(Objective):
    """The loss of `GroupDro`, as a factor before each face's loss.

    With w_i the weight of face i, W_g the sum of w_i over a batch's faces of group g, and W that
    over all groups, L_g = sum of w_i l_i / W_g over group g. The loss of the batch is the mean of
    f_i w_i l_i, where f_i = 1 + strength (q_g W / W_g - 1) in group g, and 1 where the group is not
    known: with `strength` 1 and all weights 1 the loss that `GroupDro` tells. What moves q is that
    mean of l_i less `least_losses`.

    Attributes:
        log_q: Logarithms of the groups' weights, a variable `(n_groups,)`: in float32 the weight of
            a group that was far behind would become 0, and stay so.
    """

    log_q: Tensor

    def __init__(
        self,
        params: TrainingParameters,
        class_shares: np.ndarray,
        *,
        n_groups: int,
        step_size: float,
        strength: float,
    ) -> None:
        """Take the settings of the loss.

        Args:
            params: As `Objective`.
            class_shares: As `Objective`.
            n_groups: How many groups have a code; 0 where nobody's is known.
            step_size: eta.
            strength: Share of the loss that is group DRO's.
        """
        super().__init__(params, class_shares)
        self._n_groups = n_groups
        self._step_size = step_size
        self._strength = strength

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Make the weights of the groups, all alike."""
        if self._n_groups == 0:
            return
        from keras import initializers

        alike = initializers.Constant(-float(np.log(self._n_groups)))
        self.log_q = graph.add_weight(
            shape=(self._n_groups,), initializer=alike, trainable=False, name="log_q"
        )

    def loss(self, seen: Seen) -> Tensor:
        """Move the groups' weights by this batch's losses, then weigh these."""
        if self._n_groups == 0:
            return super().loss(seen)
        from keras import ops

        batch, targets, logits, _, weight = seen
        losses = self.face_losses(batch, targets, logits)
        excess = losses - self.least_losses(batch, targets)
        counts = ops.ones_like(losses) if weight is None else weight
        codes = ops.reshape(batch[GROUP], (-1, 1))
        members = ops.cast(codes == ops.arange(self._n_groups, dtype=codes.dtype), losses.dtype)
        members_weighed = members * counts[:, None]
        sizes = ops.sum(members_weighed, axis=0)
        # Where nobody of a group is in the batch, its sum of losses is 0, and so is its mean.
        divisors = ops.where(sizes > 0, sizes, ops.ones_like(sizes))
        means = ops.sum(members_weighed * excess[:, None], axis=0) / divisors
        self.log_q.assign(ops.log_softmax(self.log_q + self._step_size * means))

        shares = ops.exp(self.log_q) * ops.sum(sizes) / divisors
        factors = 1 + self._strength * ops.sum(members * (shares - 1), axis=1)
        return ops.mean(counts * losses * ops.stop_gradient(factors))
