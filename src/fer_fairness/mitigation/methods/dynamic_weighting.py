"""Dynamic weighting: after each epoch, who lags behind on validation faces weighs more."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from fer_fairness.mitigation.composition import training_faces
from fer_fairness.mitigation.group_method import (
    GroupMethod,
    GroupObjective,
    cell_totals,
    membership_columns,
    membership_table,
    memberships,
)
from fer_fairness.mitigation.method import LEARNING_RATES
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras


class DynamicWeighting(GroupMethod):
    """Weighs a face by f_g f_c, of its group and its emotion, which follow the last validation.

    After each epoch f_g <- (1 - pace) f_g + pace min(1 + strength (1 - R_g / max R), largest), R_g
    being the share of right answers among the group's validation faces; f_c likewise, by recall of
    emotions. All are 1 at first. Weights of the training faces of known group are divided by their
    mean, and those of unknown group have the weight 1. A group or an emotion with fewer than
    `minimum_faces` validation faces is wanted to weigh 1, and sets no measure for others.

    f_c is that of the repository behind this project's first source document. Its f_g has in place
    of 1 - R_g / max R how far a group's macro-F1 is below the best one's, and is never used, so
    that emotions alone are weighed there; it trains for one epoch, with the weights of the starting
    model, and measures on part of the test set. Here f_g counts, every epoch has its weights, and
    validation faces alone are looked at. That repository also weighs cells of group and emotion, of
    which most have few validation faces; here a cell has the product. Predicted groups count by
    their shares, and so do annotators' votes of training faces; a validation face counts for the
    emotion with most of its votes.
    """

    label: ClassVar[str] = "Dynamic weighting"
    source: ClassVar[str] = (
        "FER-Bias-Mitigations, bias_mitigation_approaches/dynamic_weighting (commit 2351b87); no "
        "paper"
    )
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (1.0, 2.0, 4.0)}

    method: Literal["dynamic_weighting"] = "dynamic_weighting"
    by: Literal["group", "emotion", "group_and_emotion"] = Field(
        default="group_and_emotion", description="Who has a weight that follows validation."
    )
    strength: float = Field(
        default=2.0, ge=0.0, description="How much more one weighs who is never recognised."
    )
    largest: float = Field(default=5.0, ge=1.0, description="Largest of each of the two factors.")
    pace: float = Field(
        default=0.95, gt=0.0, le=1.0, description="Share of a factor that is the last epoch's."
    )
    minimum_faces: float = Field(
        default=10.0, gt=0.0, description="Validation faces that a factor other than 1 needs."
    )

    def validation_set(self, faces: pd.DataFrame, images: np.ndarray) -> TrainingSet:
        """The validation faces with their memberships of the training faces' groups."""
        plain = super().validation_set(faces, images)
        _, names = memberships(training_faces(faces), self.attribute, soft=self.soft_groups)
        chosen = training_faces(faces, "validation")
        found, theirs = memberships(chosen, self.attribute, soft=self.soft_groups)
        shares = np.zeros((len(chosen), len(names)), np.float32)
        for number, name in enumerate(names):
            if name in theirs:
                shares[:, number] = found[:, theirs.index(name)]
        return replace(plain, columns=membership_columns(shares))

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss with weights that move."""
        if self.strength == 0:
            return Objective(params, training.class_shares())
        return DynamicWeightingObjective(params, training, settings=self)

    def factors(self, right: npt.NDArray[np.bool_], shares: np.ndarray) -> np.ndarray:
        """min(1 + strength (1 - R / max R), largest) of each group or emotion, `(m,)`.

        Args:
            right: Which validation faces are answered rightly, `(n,)`.
            shares: How surely each is of each group or emotion, `(n, m)`.
        """
        sizes = shares.sum(axis=0, dtype=np.float64)
        is_large = sizes >= self.minimum_faces
        recalls = np.where(is_large, right @ shares / np.maximum(sizes, 1e-12), 0.0)
        best = recalls.max(initial=0.0)
        if best == 0:
            return np.ones(len(sizes))
        wanted = 1 + self.strength * (1 - np.where(is_large, recalls, best) / best)
        return np.asarray(np.minimum(wanted, self.largest))


class DynamicWeightingObjective(GroupObjective):
    """The loss of `DynamicWeighting`.

    Attributes:
        factors: f_g and f_c, variables `(n_groups,)` and `(k,)`.
    """

    factors: tuple[Tensor, Tensor]

    def __init__(
        self, params: TrainingParameters, training: TrainingSet, *, settings: DynamicWeighting
    ) -> None:
        """Take the settings of the loss, and count the training faces."""
        super().__init__(params, training)
        totals = cell_totals(training)
        self._shares = (totals / totals.sum()).astype(np.float32)
        self._settings = settings

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Make the factors, all 1."""
        of_groups, of_emotions = (
            graph.add_weight(shape=(size,), initializer="ones", trainable=False, name=name)
            for name, size in zip(
                ("group_factors", "emotion_factors"), self._shares.shape, strict=True
            )
        )
        self.factors = of_groups, of_emotions

    def loss(self, seen: Seen) -> Tensor:
        """The plain losses, weighed."""
        from keras import ops

        of_groups, of_emotions = (ops.convert_to_tensor(one) for one in self.factors)
        members = self.memberships(seen.batch)
        mean = ops.sum(self._shares * of_groups[:, None] * of_emotions)
        own = ops.matmul(members, of_groups) * ops.matmul(seen.targets, of_emotions) / mean
        known = ops.sum(members, axis=1)
        losses = self.face_losses(seen.batch, seen.targets, seen.logits)
        return seen.mean(losses * (own + 1 - known))

    def after_epoch(self, logits: np.ndarray, validation: TrainingSet) -> None:
        """Move the factors by the answers about validation faces."""
        true = validation.targets.argmax(axis=1)
        right = logits.argmax(axis=1) == true
        settings = self._settings
        tables = {
            "group": membership_table(validation),
            "emotion": np.eye(validation.targets.shape[1])[true],
        }
        for name, factors in zip(("group", "emotion"), self.factors, strict=True):
            if name in settings.by:
                kept = (1 - settings.pace) * np.asarray(factors.numpy())
                factors.assign(kept + settings.pace * settings.factors(right, tables[name]))
