"""What methods whose loss sees groups share: who belongs to which group, and how surely."""

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from fer_fairness.mitigation.cells import cell_codes
from fer_fairness.mitigation.composition import Composition, training_faces
from fer_fairness.mitigation.method import Given, Method, Need
from fer_fairness.mitigation.soft_groups import soft_memberships
from fer_fairness.modeling import WEIGHT, Objective, TrainingSet
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.training import TrainingParameters
from fer_fairness.taxonomy import Attribute

logger = logging.getLogger(__name__)


class GroupMethod(Method):
    """Continued training with a loss that sees groups; with no group known it is plain training."""

    needs: ClassVar[frozenset[Need]] = frozenset({"groups"})
    # A mixture of a fearful man and an angry woman has two groups and two emotions, and which
    # belong together is lost: it would count as an angry man, too.
    takes_mixtures: ClassVar[bool] = False

    attribute: Attribute = Field(
        default="gender", description="Attribute whose groups the loss looks at."
    )
    soft_groups: bool = Field(
        default=True,
        description="Whether a face of predicted group counts for each group by its probability.",
    )

    def training_set(self, faces: pd.DataFrame, images: np.ndarray, given: Given) -> Composition:
        """Every training face, with its memberships of the attribute's groups."""
        plain = super().training_set(faces, images, given)
        shares, names = memberships(training_faces(faces), self.attribute, soft=self.soft_groups)
        logger.info(
            "%s: groups of %s: %s; %d of %d faces have none and count as in plain training",
            self.label,
            self.attribute,
            ", ".join(names) or "none, so this is plain training",
            int((shares.sum(axis=1) == 0).sum()),
            len(shares),
        )
        return Composition(plain.columns.assign(**membership_columns(shares)), plain.added)

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The method's loss, or the plain one where no face has a group."""
        if _n_groups(training) == 0:
            return super().objective(training, params)
        return self.group_objective(training, params)

    def group_objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The method's loss; there is at least one group."""
        raise NotImplementedError


class GroupObjective(Objective):
    """A loss that knows how surely a face belongs to each group."""

    def __init__(self, params: TrainingParameters, training: TrainingSet) -> None:
        """Take the settings of the plain loss, and see which groups there are."""
        super().__init__(params, training.class_shares())
        self.n_groups = _n_groups(training)

    def memberships(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Share with which each face belongs to each group, `(n, n_groups)`.

        Rows sum to 1, and to 0 where the group is not known.
        """
        from keras import ops

        names = [_membership_column(number) for number in range(self.n_groups)]
        return ops.stack([ops.convert_to_tensor(batch[name]) for name in names], axis=1)

    def centred_memberships(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Memberships less what each group would have if all had as much, `(n, n_groups)`.

        Taking it off the members is centring over the groups what is multiplied by memberships.
        """
        from keras import ops

        members = self.memberships(batch)
        return members - ops.sum(members, axis=1, keepdims=True) / self.n_groups

    def adjusted_by(self, batch: Mapping[str, Tensor], prior: Tensor, strength: float) -> Tensor:
        """Adjustment by a prior of each face, `(n, k)`, to the share that its group is known with.

        The rest is the adjustment of plain training. `strength` between 0 and 1 is a mean of both.
        """
        from keras import ops

        known = ops.sum(self.memberships(batch), axis=1, keepdims=True)
        plain = super().adjustment(batch)
        return plain + strength * known * (prior - plain)

    def group_means(
        self, batch: Mapping[str, Tensor], values: Tensor, weight: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Means of the groups over a batch, weighed by membership, and how far they are believed.

        Args:
            batch: With the memberships.
            values: Of the faces, `(n,)`.
            weight: Of the faces, `(n,)`, or None.

        Returns:
            Both `(n_groups,)`; the second as `cells` tells it. Without faces a mean is 0.
        """
        from keras import ops

        members = self.memberships(batch)
        weighted = members if weight is None else members * ops.reshape(weight, (-1, 1))
        totals = ops.sum(weighted, axis=0)
        sums = ops.sum(weighted * ops.reshape(values, (-1, 1)), axis=0)
        return sums / ops.where(totals > 0, totals, 1.0), ops.minimum(totals, 1.0)

    def cell_sums(
        self, batch: Mapping[str, Tensor], targets: Tensor, weight: Tensor | None
    ) -> Tensor:
        """Sums of weight x membership x target over the faces, `(n_groups, k)`."""
        from keras import ops

        members = self.memberships(batch)
        weighted = members if weight is None else members * ops.reshape(weight, (-1, 1))
        return ops.matmul(ops.transpose(weighted), targets)

    def cells(
        self, batch: Mapping[str, Tensor], targets: Tensor, weight: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """How much each face counts in the cells of group and class.

        Returns:
            `(n, n_groups, k)`, weight x membership x target, divided by its sum over the faces (0
            where that is 0); and `(n_groups, k)`, how far a cell is to be believed: 1 from one
            whole face on, the sum below that, where nothing but traces of soft labels is there.
        """
        from keras import ops

        parts = self.memberships(batch)[:, :, None] * targets[:, None, :]
        if weight is not None:
            parts = parts * ops.reshape(weight, (-1, 1, 1))
        totals = self.cell_sums(batch, targets, weight)
        return parts / ops.where(totals > 0, totals, 1.0), ops.minimum(totals, 1.0)


class PenalisedObjective(GroupObjective):
    """The plain loss and `strength` times a penalty that sees groups.

    Attributes:
        settings: The method, which has the `strength`.
    """

    settings: Any

    def __init__(
        self, params: TrainingParameters, training: TrainingSet, settings: GroupMethod
    ) -> None:
        """Take the settings of the loss."""
        super().__init__(params, training)
        self.settings = settings

    def loss(self, seen: Seen) -> Tensor:
        """The plain loss and the penalty."""
        return super().loss(seen) + self.settings.strength * self.penalty(seen)

    def penalty(self, seen: Seen) -> Tensor:
        """What the method adds to the loss of a batch, a scalar."""
        raise NotImplementedError


def pair_trust(trust: Tensor) -> Tensor:
    """How far two groups can be compared within a class, `(n_groups, n_groups, k)`.

    The lesser of both cells' trust, as `GroupObjective.cells` gives it; each pair once, the other
    places are 0.
    """
    from keras import ops

    n_groups = int(trust.shape[0])
    is_later = np.triu(np.ones((n_groups, n_groups), np.float32), k=1)[:, :, None]
    return ops.minimum(trust[:, None], trust[None]) * ops.convert_to_tensor(is_later)


def memberships(faces: pd.DataFrame, attribute: str, *, soft: bool) -> tuple[np.ndarray, list[str]]:
    """How surely each face belongs to each group of an attribute; see `soft_memberships`.

    Args:
        faces: Rows of a `faces` table.
        attribute: One of its attributes.
        soft: False: every face belongs to its group with 1.

    Returns:
        float32 `(n, groups)`, rows sum to 1, or to 0 where the group is not known; the names of the
        groups, in alphabetical order.
    """
    codes, names = cell_codes(faces, [attribute])
    confidence = faces[f"{attribute}_confidence"].to_numpy(dtype=np.float64)
    is_predicted = (faces[f"{attribute}_source"] == "predicted").to_numpy()
    sizes = np.bincount(codes[codes >= 0], minlength=len(names)).astype(np.float64)
    found = soft_memberships(codes, np.where(is_predicted & soft, confidence, np.nan), sizes)
    return found.astype(np.float32), names


def membership_columns(shares: np.ndarray) -> dict[str, np.ndarray]:
    """Memberships `(n, groups)` as columns of a training set."""
    return {_membership_column(number): column for number, column in enumerate(shares.T)}


def membership_table(training: TrainingSet) -> np.ndarray:
    """The memberships of a set's faces, `(n, groups)`: what `membership_columns` was given."""
    columns = [training.columns[_membership_column(g)] for g in range(_n_groups(training))]
    return np.stack(columns, axis=1)


def cell_totals(training: TrainingSet) -> np.ndarray:
    """Sums of weight x membership x target over the training set, float64 `(groups, k)`."""
    shares = membership_table(training).astype(np.float64) * training.column(WEIGHT)[:, None]
    return np.asarray(shares.T @ training.targets.astype(np.float64))


def _membership_column(number: int) -> str:
    return f"membership_{number}"


def _n_groups(training: TrainingSet) -> int:
    return sum(name.startswith(_membership_column(0)[:-1]) for name in training.columns)
