import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.stats.contingency import association

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.dataset_bias import (
    Array,
    cramers_phi_c,
    effective_number_of_species,
    local_z,
    npmi,
    shannon_evenness,
)

EXPW_RACE_BY_LABEL = np.array(
    [
        [299, 282, 53, 2395, 2673, 813, 484],
        [173, 282, 62, 2490, 3000, 1048, 522],
        [41, 82, 13, 641, 785, 193, 60],
        [168, 195, 39, 1124, 1305, 405, 224],
        [418, 557, 104, 3236, 5191, 1305, 677],
        [44, 85, 16, 600, 622, 219, 93],
        [2302, 2199, 675, 17429, 17828, 5356, 4401],
    ]
)
"""Counts of ExpW in the example data of the authors' package (Dataset_Bias_Metrics)."""

tables = arrays(
    np.int64,
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    elements=st.integers(0, 300),
)


def test_published_effective_numbers_of_species_of_adfes() -> None:
    assert effective_number_of_species([84, 24, 24]) == pytest.approx(2.478206948646503)
    assert effective_number_of_species([18, 18, 84, 6, 6]) == pytest.approx(3.0404964294246533)


def test_published_phi_c_of_expw() -> None:
    assert cramers_phi_c(EXPW_RACE_BY_LABEL) == pytest.approx(0.04104288518527493)


def test_local_values_match_the_authors_package_on_expw() -> None:
    assert_allclose(
        local_z(EXPW_RACE_BY_LABEL)[[0, 6], [0, 5]],
        [0.002923885828371, -0.049202391656965],
        rtol=1e-9,
    )
    assert_allclose(
        npmi(EXPW_RACE_BY_LABEL)[[0, 6], [0, 5]], [0.005568044969542, -0.018392905627183], rtol=1e-9
    )


@settings(deadline=None)
@given(tables)
def test_phi_c_equals_scipy_association(table: Array) -> None:
    filled = table + 1
    if min(filled.shape) < 2:
        assert math.isnan(cramers_phi_c(filled))
    else:
        assert cramers_phi_c(filled) == pytest.approx(
            association(filled.astype(np.int64), method="cramer")
        )


@settings(deadline=None)
@given(tables)
def test_values_stay_in_their_range(table: Array) -> None:
    for values in (npmi(table), local_z(table)):
        known = values[~np.isnan(values)]
        assert ((known >= -1 - 1e-12) & (known <= 1 + 1e-12)).all()
    phi = cramers_phi_c(table)
    assert math.isnan(phi) or 0 <= phi <= 1 + 1e-12


@settings(deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=2, max_size=9))
def test_species_and_evenness_agree(counts: list[int]) -> None:
    species = effective_number_of_species(counts)
    assert 1 - 1e-9 <= species <= len(counts) + 1e-9
    assert shannon_evenness(counts) == pytest.approx(np.log(species) / np.log(len(counts)))


@settings(deadline=None)
@given(tables, st.integers(0, 4))
def test_an_absent_group_changes_nothing(table: Array, place: int) -> None:
    wider = np.insert(table, min(place, len(table)), 0, axis=0)
    assert_allclose(cramers_phi_c(wider), cramers_phi_c(table))
    for metric in (npmi, local_z):
        kept = np.delete(metric(wider), min(place, len(table)), axis=0)
        assert_allclose(kept, metric(table))
        assert np.isnan(metric(wider)[min(place, len(table))]).all()


def test_equal_groups_are_perfectly_even() -> None:
    assert effective_number_of_species([7, 7, 7, 0]) == pytest.approx(3)
    assert shannon_evenness([7, 7, 7, 0]) == pytest.approx(1)


@pytest.mark.parametrize("counts", [[], [0, 0], [5], [0, 5]])
def test_evenness_of_fewer_than_two_groups_is_undefined(counts: list[int]) -> None:
    assert math.isnan(shannon_evenness(counts))
    assert effective_number_of_species(counts) == (1.0 if sum(counts) else 0.0)


def test_independence_gives_exact_zeros() -> None:
    independent = np.outer([3, 7, 11], [2, 5, 13])
    assert (local_z(independent) == 0).all()
    assert_allclose(npmi(independent), 0, atol=1e-12)
    assert cramers_phi_c(independent) == pytest.approx(0, abs=1e-9)


def test_one_to_one_association_gives_the_extremes() -> None:
    table = np.diag([4, 4])
    assert cramers_phi_c(table) == pytest.approx(1)
    assert_allclose(npmi(table), [[1, -1], [-1, 1]])
    assert_allclose(local_z(table), [[1, -1], [-1, 1]])


def test_one_group_has_no_local_association() -> None:
    assert_allclose(local_z([[1, 2, 3]]), 0)
    assert_allclose(npmi([[1, 2, 3]]), 0)
    assert np.isnan(npmi([[5]])).all()


def test_a_table_without_faces_is_undefined_everywhere() -> None:
    empty = np.zeros((2, 3))
    assert np.isnan(npmi(empty)).all()
    assert np.isnan(local_z(empty)).all()
    assert math.isnan(cramers_phi_c(empty))


@pytest.mark.parametrize("metric", [effective_number_of_species, shannon_evenness])
@pytest.mark.parametrize("counts", [[[1, 2]], [1, -2], [1, float("nan")], [1, float("inf")]])
def test_counts_that_are_no_counts_are_refused(metric: object, counts: object) -> None:
    assert callable(metric)
    with pytest.raises(InvalidInputError):
        metric(counts)


@pytest.mark.parametrize("metric", [cramers_phi_c, npmi, local_z])
def test_a_bad_cell_is_named(metric: object) -> None:
    assert callable(metric)
    with pytest.raises(InvalidInputError, match=r"\(1, 0\) is -3"):
        metric([[1, 2], [-3, 4]])
    with pytest.raises(InvalidInputError, match="1 dimensions"):
        metric([1, 2])
