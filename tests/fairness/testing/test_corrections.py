import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import false_discovery_control

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.testing.corrections import benjamini_hochberg, holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_holm_of_a_textbook_family() -> None:
    adjusted = holm([0.01, 0.04, 0.03, 0.005])
    assert_allclose(adjusted, [0.03, 0.06, 0.06, 0.02])


@given(P_VALUES)
def test_benjamini_hochberg_is_that_of_scipy(p_values: list[float]) -> None:
    assert_allclose(benjamini_hochberg(p_values), false_discovery_control(p_values), atol=1e-15)


@given(P_VALUES)
def test_adjusting_raises_p_values_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert np.all(adjusted >= np.array(p_values))
    assert np.all(np.diff(adjusted[np.argsort(p_values, kind="stable")]) >= 0)
    assert np.all(benjamini_hochberg(p_values) <= adjusted + 1e-12)


def test_what_was_not_tested_is_no_test() -> None:
    assert_allclose(holm([0.02, np.nan, 0.03]), [0.04, np.nan, 0.04])
    assert np.isnan(holm([np.nan])).all()


def test_no_p_value_outside_zero_to_one() -> None:
    with pytest.raises(InvalidInputError, match=r"A p-value is 1\.5"):
        holm([0.1, 1.5])
