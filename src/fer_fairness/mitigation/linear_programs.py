"""Outcomes of groups evened out by a linear program, solved by SciPy's HiGHS."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from fer_fairness.mitigation.scored import Array, Flags, Indices

if TYPE_CHECKING:
    from scipy import sparse

Constrained: TypeAlias = Literal["all_outcomes", "recall"]
"""Which outcomes of a true class groups have to share: of every prediction, or of the right one."""


@dataclass(frozen=True)
class Outcomes:
    """What groups have to share: in every cell of group and class, how often each k is predicted.

    Attributes:
        weights: Shape `(cells, rows)`, each summing to 1 over the rows: a cell's outcomes are the
            means of the rows' shares under these weights.
        classes: The class of each cell, shape `(cells,)`. Cells of a class share their outcomes.
        constrained: Which of a cell's outcomes.
    """

    weights: Array
    classes: Indices
    constrained: Constrained


@dataclass(frozen=True)
class Solution:
    """What minimises the cost.

    Attributes:
        shares: Shape `(rows, k)`: how often each class is predicted in each row, summing to 1.
        prices: Shape `(cells, k)`: by how much the cost rises with an outcome that has to be higher
            by one (dual variables); 0 where it is not constrained.
    """

    shares: Array
    prices: Array


def looked_at(constrained: Constrained, classes: Indices, k: int) -> Flags:
    """Which outcomes are constrained in cells of these classes, bool `(cells, k)`."""
    everything = np.ones((len(classes), k), dtype=bool)
    return everything if constrained == "all_outcomes" else classes[:, np.newaxis] == np.arange(k)


def solve_shares(
    cost: Array, outcomes: Outcomes, *, epsilon: float, bounds: tuple[Array, Array] | None = None
) -> Solution | str:
    """Find the shares of predictions that cost least and even out the outcomes.

    Args:
        cost: Shape `(rows, k)`: of predicting each class throughout a row.
        outcomes: What has to be shared.
        epsilon: How far an outcome may differ between two cells of a class.
        bounds: Lowest and highest shares, each `(rows, k)`; by default 0 and 1.

    Returns:
        The solution; or, where HiGHS found none, why.
    """
    from scipy.optimize import linprog

    n_rows, k = cost.shape
    cells, new = np.nonzero(looked_at(outcomes.constrained, outcomes.classes, k))
    lowest, highest = bounds or (np.zeros_like(cost), np.ones_like(cost))
    # Variables: the shares; then what cells of a class share; then how far each cell is from it.
    n_shared, n_off = k * k, len(cells)
    half = np.full(n_off, epsilon / 2)
    found = linprog(  # type: ignore[call-overload]  # its types have no sparse matrices
        np.concatenate([cost.ravel(), np.zeros(n_shared + n_off)]),
        A_eq=_equations(outcomes, cells, new, (n_rows, k)),
        b_eq=np.concatenate([np.ones(n_rows), np.zeros(n_off)]),
        bounds=np.column_stack(
            [
                np.concatenate([lowest.ravel(), np.zeros(n_shared), -half]),
                np.concatenate([highest.ravel(), np.ones(n_shared), half]),
            ]
        ),
        method="highs",
    )
    if not found.success:
        return f"the linear program has no solution ({found.message.strip()})"
    shares = np.clip(found.x[: n_rows * k].reshape(n_rows, k), 0.0, 1.0)
    prices = np.zeros((len(outcomes.classes), k))
    prices[cells, new] = found.eqlin.marginals[n_rows:]
    return Solution(shares / shares.sum(axis=1, keepdims=True), prices)


def _equations(
    outcomes: Outcomes, cells: Indices, new: Indices, shape: tuple[int, int]
) -> "sparse.csr_array":
    """Shares of a row sum to 1; an outcome is what its class shares plus how far it is off."""
    from scipy import sparse

    n_rows, k = shape
    weights = sparse.csr_array(outcomes.weights).tocoo()
    of_cell, of_row = weights.coords
    # Place of each constrained outcome among the equations, -1 where it is not constrained.
    places = np.full((len(outcomes.classes), k), -1)
    places[cells, new] = np.arange(len(cells))
    wanted = places[of_cell]
    entry, column = np.nonzero(wanted >= 0)
    measured = sparse.csr_array(
        (weights.data[entry], (wanted[entry, column], of_row[entry] * k + column)),
        shape=(len(cells), n_rows * k),
    )
    shared = sparse.csr_array(
        (
            np.full(len(cells), -1.0),
            (np.arange(len(cells)), outcomes.classes[cells] * k + new),
        ),
        shape=(len(cells), k * k),
    )
    sums = sparse.kron(sparse.eye_array(n_rows), np.ones((1, k)))
    blocks: list[list[Any]] = [
        [sums, None, None],
        [measured, shared, -sparse.eye_array(len(cells))],
    ]
    return sparse.csr_array(sparse.block_array(blocks))
