import numpy as np
from numpy.testing import assert_array_equal

from fer_fairness.fairness.people.similar_people import shuffled_within, strata_of_people


def test_who_has_one_face_is_beside_those_of_its_class_and_others_beside_those_of_as_many() -> None:
    n_faces = np.repeat([1, 1, 2, 30], [5, 5, 15, 15])
    true = np.repeat([0, 1, 0], [5, 5, 30])
    strata, n_strata = strata_of_people(n_faces, true, 2)
    assert_array_equal(strata[:10], true[:10])
    assert [len(set(part)) for part in (strata[10:25], strata[25:])] == [1, 1]
    assert 2 <= strata[24] < strata[25] < n_strata


def test_a_few_people_of_several_faces_are_one_stratum() -> None:
    strata, _ = strata_of_people(np.array([2, 9, 50, 1]), np.array([0, 1, 0, 0]), 2)
    assert_array_equal(strata, [2, 2, 2, 0])


def test_values_stay_in_their_stratum() -> None:
    values = np.arange(10)
    shuffled = shuffled_within(values, np.array([4, 10]), 50, np.random.default_rng(0))
    assert shuffled.shape == (50, 10)
    assert_array_equal(np.sort(shuffled[:, :4]), np.tile(np.arange(4), (50, 1)))
    assert_array_equal(np.sort(shuffled[:, 4:]), np.tile(np.arange(4, 10), (50, 1)))
    assert len(np.unique(shuffled, axis=0)) > 40
