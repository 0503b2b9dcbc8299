import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.mitigation.soft_groups import soft_memberships


def test_what_a_prediction_leaves_is_shared_as_other_faces_are() -> None:
    found = soft_memberships(
        np.array([0, 0, 2, -1]), np.array([0.7, np.nan, 0.4, 0.9]), np.array([0.5, 0.3, 0.2])
    )
    expected = np.array([[0.7, 0.18, 0.12], [1.0, 0, 0], [0.375, 0.225, 0.4], [0, 0, 0]])
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_where_there_is_no_other_group_a_face_belongs_to_its_own() -> None:
    found = soft_memberships(np.array([0]), np.array([0.6]), np.array([1.0]))
    assert found.tolist() == [[1.0]]
    assert soft_memberships(np.array([-1]), np.array([0.6]), np.zeros(0)).shape == (1, 0)


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=20), st.integers(0, 2**31))
def test_rows_of_known_faces_sum_to_one(codes: list[int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    confidence = np.where(generator.random(len(codes)) < 0.3, np.nan, generator.random(len(codes)))
    found = soft_memberships(np.array(codes), confidence, generator.dirichlet(np.ones(4)))
    assert (found >= 0).all()
    assert found.sum(axis=1) == pytest.approx((np.array(codes) >= 0).astype(float))
