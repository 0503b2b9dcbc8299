"""Other tests of whether groups are recognised alike, of one table each, to measure ours against.

All give a p-value of one attribute, by their asymptotic distribution as textbooks have it; several
tests of an attribute are corrected by Bonferroni. With G groups and C classes:

- cmh: the generalised Cochran-Mantel-Haenszel test of recognised or not by group within true class
  (Landis, Heyman and Koch 1978), G - 1 degrees of freedom;
- answers: the same of all answers by group, (G - 1) (C - 1) degrees of freedom;
- right: the chi-square of right or wrong by group, whatever the class;
- emotions: the chi-square of each class's recall by group, C tests;
- taken for: the generalised test of being taken for a class by people of others, C tests;
- confidence: an analysis of variance of confidence beyond accuracy by group, within class.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
from benchmarks.planted_differences import People
from fairlearn.metrics import MetricFrame
from scipy.special import chdtrc
from sklearn.metrics import accuracy_score

Array = npt.NDArray[np.float64]

_LEAST: Final = 1e-9


def cmh(counts: Array) -> float:
    """Recognised or not by group within class; counts of shape (groups, classes, classes)."""
    right = np.diagonal(counts, axis1=1, axis2=2)
    return _stratified(np.stack([right, counts.sum(axis=2) - right], axis=2))


def answers(counts: Array) -> float:
    """All answers by group within class."""
    return _stratified(counts)


def right(counts: Array) -> float:
    """Right or wrong by group, classes put together."""
    rights = np.trace(counts, axis1=1, axis2=2)
    return _chi_square(np.stack([rights, counts.sum(axis=(1, 2)) - rights], axis=1))


def emotions(counts: Array) -> float:
    """Recall by group of the class that differs most."""
    rights = np.diagonal(counts, axis1=1, axis2=2)
    wrongs = counts.sum(axis=2) - rights
    tables = np.stack([rights, wrongs], axis=2)
    return _bonferroni([_chi_square(tables[:, place]) for place in range(tables.shape[1])])


def taken_for(counts: Array) -> float:
    """False positives by group within class, of the class that differs most."""
    found = []
    for taken in range(counts.shape[2]):
        others = np.delete(counts, taken, axis=1)
        given = others[:, :, taken]
        found.append(_stratified(np.stack([given, others.sum(axis=2) - given], axis=2)))
    return _bonferroni(found)


def confidence(people: People, attribute: str) -> float:
    """Confidence minus right or wrong by group, within class."""
    if people.confidence is None:
        return 1.0
    beyond = people.confidence - (people.true == people.predicted)
    codes, n = people.groups[attribute], len(people.names[attribute])
    sums, covariance = np.zeros(n), np.zeros((n, n))
    for place in np.unique(people.true):
        inside = people.true == place
        apart = beyond[inside] - beyond[inside].mean()
        sums += np.bincount(codes[inside], apart, minlength=n)
        sizes = np.bincount(codes[inside], minlength=n) / inside.sum()
        spread = np.diag(sizes) - np.outer(sizes, sizes)
        covariance += spread * inside.sum() * apart.var(ddof=1)
    return _quadratic_p(sums[:-1], covariance[:-1, :-1])


TESTS: Final[dict[str, Callable[[Array], float]]] = {
    "cmh": cmh,
    "answers": answers,
    "right": right,
    "emotions": emotions,
    "taken for": taken_for,
}


def p_values(people: People, attribute: str) -> dict[str, float]:
    """P-value of each test of one attribute."""
    counts = people.counts(attribute)
    counts = counts[counts.sum(axis=(1, 2)) >= 10]
    if len(counts) < 2:
        return dict.fromkeys((*TESTS, "confidence"), 1.0)
    found = {name: test(counts) for name, test in TESTS.items()}
    return found | {"confidence": confidence(people, attribute)}


def fairlearn_apart(counts: Array, *, level: float, n: int, seed: int) -> bool:
    """Whether two groups' bootstrap intervals of accuracy do not meet, as in Fairlearn.

    Fairlearn resamples all rows and takes quantiles of each group's accuracy; the same is drawn
    here from the table, in a millisecond instead of half a minute (`fairlearn_intervals`). Its
    interval of the difference itself never holds 0, since a maximum minus a minimum is never below
    it: so taken, it finds something in every audit.
    """
    low, high = bootstrap_intervals(counts, level=level, n=n, seed=seed)
    return bool(np.nanmax(low) > np.nanmin(high))


def bootstrap_intervals(counts: Array, *, level: float, n: int, seed: int) -> tuple[Array, Array]:
    """Percentile intervals of each group's accuracy, two arrays of shape (groups,)."""
    rights = np.trace(counts, axis1=1, axis2=2)
    cells = np.stack([rights, counts.sum(axis=(1, 2)) - rights], axis=1)
    total = int(cells.sum())
    shares = cells.ravel() / total
    drawn = np.random.default_rng(seed).multinomial(total, shares, size=n).reshape(n, -1, 2)
    accuracies = drawn[..., 0] / np.maximum(drawn.sum(axis=2), 1)
    low, high = np.quantile(accuracies, [level / 2, 1.0 - level / 2], axis=0)
    return low, high


def fairlearn_intervals(
    people: People, attribute: str, *, level: float, n: int, seed: int
) -> tuple[Array, Array]:
    """The same by Fairlearn itself."""
    frame = MetricFrame(
        metrics=accuracy_score,
        y_true=people.true,
        y_pred=people.predicted,
        sensitive_features=people.groups[attribute],
        n_boot=n,
        ci_quantiles=[level / 2, 1.0 - level / 2],
        random_state=seed,
    )
    low, high = (np.asarray(found, dtype=float) for found in frame.by_group_ci)
    return low, high


def _stratified(tables: Array) -> float:
    """Generalised Cochran-Mantel-Haenszel test of tables of shape (groups, strata, answers)."""
    totals = tables.sum(axis=(0, 2))
    tables, totals = tables[:, totals > 1], totals[totals > 1]
    rows, columns = tables.sum(axis=2).T / totals[:, None], tables.sum(axis=0) / totals[:, None]
    expected = np.einsum("c,cg,ck->gk", totals, rows, columns)
    score = (tables.sum(axis=1) - expected)[:-1, :-1].ravel()
    scale = totals**2 / (totals - 1)
    covariance = np.einsum("c,cgh,ckl->gkhl", scale, _spread(rows), _spread(columns), optimize=True)
    return _quadratic_p(score, covariance.reshape(len(score), len(score)))


def _spread(shares: Array) -> Array:
    """Covariance of one draw among shares, without the last, shape (strata, n - 1, n - 1)."""
    own = np.eye(shares.shape[1]) * shares[:, np.newaxis]
    return np.asarray((own - shares[:, :, np.newaxis] * shares[:, np.newaxis])[:, :-1, :-1])


def _quadratic_p(score: Array, covariance: Array) -> float:
    rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
    if rank == 0:
        return 1.0
    square = float(score @ np.linalg.pinv(covariance, hermitian=True) @ score)
    return float(chdtrc(rank, square))


def _chi_square(table: Array) -> float:
    """Pearson's chi-square of a table of groups and answers, empty rows and columns left out."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape) < 2:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    square = float(((table - expected) ** 2 / np.maximum(expected, _LEAST)).sum())
    return float(chdtrc((table.shape[0] - 1) * (table.shape[1] - 1), square))


def _bonferroni(p: list[float]) -> float:
    return min(1.0, min(p) * len(p))
