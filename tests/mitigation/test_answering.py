"""Thresholds: as many answers as asked, and the worst served group as right as can be."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fer_fairness.mitigation.answering import answered_alike, threshold_of

SURE = arrays(np.float64, st.integers(1, 30), elements=st.sampled_from([0.2, 0.4, 0.5, 0.7, 0.9]))


@given(SURE, st.floats(0.01, 1.0))
def test_the_threshold_is_the_highest_that_so_many_faces_reach(
    sure: np.ndarray, coverage: float
) -> None:
    found = threshold_of(sure, coverage)
    assert (sure >= found).mean() >= coverage - 1e-9
    answered = sure[sure >= found]
    assert (sure > answered.min()).mean() < coverage - 1e-10 or len(np.unique(sure)) == 1
    assert not np.isclose(sure, found).any(), "rounding moves no face across"


def test_where_all_are_answered_so_is_a_face_that_is_less_sure_than_any() -> None:
    assert threshold_of(np.array([0.4, 0.9]), 1.0) == 0
    assert threshold_of(np.array([0.4, 0.4, 0.4]), 0.5) == 0
    assert threshold_of(np.array([0.4, 0.8]), 0.5) == pytest.approx(0.6)


GROUP = st.integers(1, 8).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, n, elements=st.sampled_from([0.2, 0.4, 0.5, 0.7, 0.9])),
        arrays(np.bool_, n),
    )
)


def smooth(sure: np.ndarray, right: np.ndarray) -> dict[float, tuple[int, float]]:
    """Faces answered and their accuracy, by threshold: isotonic regression by its max-min form."""
    levels = np.unique(sure)
    counts = np.array([(sure == level).sum() for level in levels])
    hits = np.array([right[sure == level].sum() for level in levels])
    fitted = [
        max(
            min(hits[a : b + 1].sum() / counts[a : b + 1].sum() for b in range(i, len(levels)))
            for a in range(i + 1)
        )
        for i in range(len(levels))
    ]
    return {
        level: (
            int(counts[i:].sum()),
            float((counts[i:] * fitted[i:]).sum() / counts[i:].sum()),
        )
        for i, level in enumerate(levels)
    }


@settings(deadline=None)
@given(st.lists(GROUP, min_size=1, max_size=3), st.floats(0.1, 1.0), st.floats(0.0, 1.0))
def test_no_other_thresholds_serve_the_worst_group_better(
    groups: list[tuple[np.ndarray, np.ndarray]], coverage: float, share: float
) -> None:
    """By trying all of them, among groups that are answered as much as they have to be."""
    least = share * coverage
    n_asked = int(np.ceil(coverage * sum(len(sure) for sure, _ in groups) - 1e-9))
    sure, right = [list(part) for part in zip(*groups, strict=True)]
    found = answered_alike(sure, right, n_answered=n_asked, least_coverage=least)
    curves = [smooth(*group) for group in groups]

    def worst(thresholds: tuple[float, ...]) -> float | None:
        told = [curve[each] for curve, each in zip(curves, thresholds, strict=True)]
        enough = sum(n for n, _ in told) >= n_asked and all(
            n >= least * len(s) - 1e-9 for (n, _), s in zip(told, sure, strict=True)
        )
        return min(accuracy for _, accuracy in told) if enough else None

    levels = tuple(float(s[s >= t].min()) for s, t in zip(sure, found, strict=True))
    reached = worst(levels)
    assert reached is not None, "enough are answered"
    best = max(value for each in product(*curves) if (value := worst(each)) is not None)
    assert reached == pytest.approx(best)
