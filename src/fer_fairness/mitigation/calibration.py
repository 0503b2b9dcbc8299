"""Logits divided by a temperature and moved by offsets, of all faces and of each group."""

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.special import log_softmax, softmax

from fer_fairness.mitigation.scored import Array, Flags, Indices
from fer_fairness.modeling.temperature import fit_temperature


class GroupCalibration(BaseModel):
    """How logits become probabilities for each group, JSON-able.

    Attributes:
        names: The groups.
        shares: How large each is among the faces that were fitted on.
        temperatures: Of each group: logits are divided by it.
        offsets: Of each group, `(groups, k)`: added to the divided logits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: list[str] = []
    shares: list[float] = []
    temperatures: list[float] = []
    offsets: list[list[float]] = []

    def probabilities(self, logits: Array) -> Array:
        """Probabilities of each face if it were of each group, `(n, groups, k)`."""
        divided = logits[:, np.newaxis, :] / np.array(self.temperatures)[:, np.newaxis]
        return np.asarray(softmax(divided + np.array(self.offsets), axis=2))


def fit_temperatures(
    logits: Array, true: Indices, belongs: Array, *, strength: float
) -> tuple[float, list[float]]:
    """The temperatures under which probabilities fit the labels best: of all faces, of each group.

    Args:
        logits: Shape `(n, k)`, n at least 1.
        true: Place of each true class, `(n,)`.
        belongs: How surely each face is of each group, `(n, groups)`.
        strength: How strongly groups are drawn to the temperature of all (`fit_temperature`).
    """
    common, _ = fit_temperature(logits, true)
    return common, [
        fit_temperature(logits, true, weights=weights, towards=common, strength=strength)[0]
        if weights.any()
        else common
        for weights in belongs.T
    ]


@dataclass(frozen=True)
class OffsetProblem:
    """Offsets of logits, b of all faces and d_g of each group, that fit labels best.

    They minimise sum_g a_g L_g + strength |b|^2 + group_strength |d|^2, where L_g is the sum over
    faces of weight times the log loss of softmax(z + b + d_g). With a `sharpness` s in place of the
    first sum log(sum_g a_g exp(s L_g)) / s, which comes near the largest L_g. Both are convex.

    Attributes:
        logits: Shape `(n, groups, k)`, or `(n, 1, k)` where they are the same for all groups.
        true: Place of each true class, `(n,)`.
        weights: How much each face counts for each group, `(n, groups)`, columns sum to 1.
        importance: a of each group, `(groups,)`.
        is_free: Which offsets may be other than 0: first b, then d, `(1 + groups, k)`.
        strength: Of the penalty on b, above 0.
        group_strength: Of that on d, above 0.
        sharpness: s, or 0.
    """

    logits: Array
    true: Indices
    weights: Array
    importance: Array
    is_free: Flags
    strength: float
    group_strength: float
    sharpness: float = 0.0

    def solution(self) -> Array:
        """First b, then d, `(1 + groups, k)`."""
        from scipy.optimize import minimize

        start = np.zeros(int(self.is_free.sum()))
        if not start.size:
            return np.zeros(self.is_free.shape)
        found = minimize(self._value, start, jac=True, method="L-BFGS-B")
        return self._placed(found.x)

    def _placed(self, free: Array) -> Array:
        offsets = np.zeros(self.is_free.shape)
        offsets[self.is_free] = free
        return offsets

    def _value(self, free: Array) -> tuple[float, Array]:
        """What is minimised, and its gradient."""
        offsets = self._placed(free)
        logs = log_softmax(self.logits + offsets[0] + offsets[1:], axis=2)
        rows = np.arange(len(self.true))
        losses = -(self.weights * logs[rows, :, self.true]).sum(axis=0)
        value, slopes = self._joined(losses)
        off = np.exp(logs)
        off[rows, :, self.true] -= 1
        gradient = np.empty_like(offsets)
        gradient[1:] = np.einsum("ig,igk->gk", self.weights * slopes, off)
        gradient[0] = gradient[1:].sum(axis=0)
        strengths = np.full((len(offsets), 1), self.group_strength)
        strengths[0] = self.strength
        value += float((strengths * offsets**2).sum())
        return value, (gradient + 2 * strengths * offsets)[self.is_free]

    def _joined(self, losses: Array) -> tuple[float, Array]:
        """The groups' losses as one, and how it rises with each."""
        if self.sharpness == 0:
            return float(losses @ self.importance), self.importance
        highest = losses.max()
        parts = self.importance * np.exp(self.sharpness * (losses - highest))
        value = highest + np.log(parts.sum()) / self.sharpness
        return float(value), parts / parts.sum()


def fit_calibration(
    logits: Array, true: Indices, belongs: Array, *, strength: float
) -> tuple[Array, Array]:
    """Temperatures and offsets of groups under which probabilities fit the labels best.

    Args:
        logits: Shape `(n, k)`, n at least 1.
        true: Place of each true class, `(n,)`.
        belongs: How surely each face is of each group, `(n, groups)`.
        strength: How strongly groups are drawn to what fits all faces, and offsets to 0, in faces.

    Returns:
        Temperatures `(groups,)` and offsets `(groups, k)`.
    """
    _, found = fit_temperatures(logits, true, belongs, strength=strength)
    temperatures = np.array(found)
    sizes = belongs.sum(axis=0)
    problem = OffsetProblem(
        logits[:, np.newaxis] / temperatures[:, np.newaxis],
        true,
        belongs / np.maximum(sizes, 1e-12),
        sizes,
        np.ones((1 + len(sizes), logits.shape[1]), dtype=bool),
        strength=strength,
        group_strength=strength,
    )
    offsets = problem.solution()
    return temperatures, offsets[0] + offsets[1:]
