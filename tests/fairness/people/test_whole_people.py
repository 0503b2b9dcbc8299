import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.fairness.several_faces import EMOTIONS, faces_of_people

from fer_fairness.fairness.counts import group_counts
from fer_fairness.fairness.inference.intervals import (
    NO_INTERVAL,
    effective_people,
    expanded_confidence,
    share_interval_of_people,
    wilson_interval,
)
from fer_fairness.fairness.people.counted_people import CountedPeople
from fer_fairness.fairness.people.whole_people import WholePeople, whole_people
from fer_fairness.fairness.people.whose_faces import people_of

ONCE = np.ones(1, dtype=np.int64)


def width(right: list[int], faces: list[int]) -> float:
    n = np.ones(len(faces), dtype=np.int64)
    found = share_interval_of_people(np.array(right), np.array(faces), n, 0.95)
    return found.high - found.low


def counted(n_people: int = 12, n_faces: int = 6) -> tuple[np.ndarray, WholePeople]:
    frame = faces_of_people(n_people, n_faces)
    by_gender = group_counts(
        frame["emotion"], frame["predicted_emotion"], frame["gender"], classes=EMOTIONS
    )
    people = people_of(frame, "who")
    assert people is not None
    tables = CountedPeople(frame, people, EMOTIONS).of(frame["gender"], by_gender)
    return by_gender.counts, tables.answers


def test_people_hold_the_faces_of_their_group() -> None:
    counts, people = counted()
    for group in (0, 1):
        chosen = people.group == group
        total = (people.people[chosen, None, None] * people.tables[chosen]).sum(axis=0)
        assert total.tolist() == counts[group].tolist()
        assert people.n_people(group) == 6
        assert people.n_people(group, 0) <= 6


def test_a_draw_is_made_of_whole_people_of_the_group() -> None:
    counts, people = counted(4, 3)
    drawn = people.draw(counts, 400, 1)
    assert drawn.shape == (400, 2, 3, 3)
    # Of two people each is drawn twice, or both once: three tables, half of the time both.
    tables = {group: np.unique(drawn[:, group].reshape(400, -1), axis=0) for group in (0, 1)}
    assert all(len(found) == 3 for found in tables.values())
    both = (drawn == counts).all(axis=(2, 3)).mean(axis=0)
    assert_allclose(both, 0.5, atol=0.1)
    assert (drawn.sum(axis=(2, 3)) == 6).all()


def test_spread_of_draws_is_that_of_people() -> None:
    counts, people = counted(40, 50)
    drawn = people.draw(counts, 4000, 2)
    right = np.trace(drawn[:, 0], axis1=1, axis2=2) / drawn[:, 0].sum(axis=(1, 2))
    rows = people.tables[people.group == 0]
    own = np.trace(rows, axis1=1, axis2=2) / 50
    times = people.people[people.group == 0]
    assert right.std() == pytest.approx(np.repeat(own, times).std() / np.sqrt(20), rel=0.06)


def test_people_alike_are_one_row_and_faces_without_group_take_no_part() -> None:
    person = np.array([0, 0, 1, 1, 2, 2, 3])
    group = np.array([0, 0, 0, 0, 1, -1, -1])
    cells = np.array([0, 3, 3, 0, 1, 1, 2])
    found = whole_people(person, group, cells, n_groups=3, shape=(2, 2))
    assert found.people.tolist() == [2, 1]
    assert found.tables[0].tolist() == [[1, 0], [0, 1]]
    assert [found.n_people(group) for group in range(3)] == [2, 1, 0]
    assert np.isnan(found.confidence(2, 0.95))
    assert (found.draw(np.zeros((3, 2, 2), dtype=np.int64), 5, 0)[:, 2] == 0).all()


def test_very_many_people_are_drawn_less_often() -> None:
    n = 300_000
    many = WholePeople(
        np.zeros((n, 1, 1), np.int64), np.ones(n, np.int64), np.zeros(n, np.int64), 1
    )
    assert many.n_draws(10_000) == 1000
    assert counted()[1].n_draws(10_000) == 10_000


def test_people_all_alike_are_nearly_as_sure_as_their_faces_and_unlike_ones_as_few() -> None:
    alike = width([8] * 200, [10] * 200)
    wilson = wilson_interval(1600, 2000, 0.95)
    assert alike == pytest.approx(wilson.high - wilson.low, rel=0.02)
    of_people = wilson_interval(160, 200, 0.95)
    unlike = width([10] * 160 + [0] * 40, [10] * 200)
    assert unlike == pytest.approx(of_people.high - of_people.low, rel=0.02)


def test_an_interval_is_never_narrower_than_that_of_independent_faces() -> None:
    generator = np.random.default_rng(5)
    for _ in range(300):
        n = int(generator.integers(2, 30))
        faces = generator.integers(1, 60, n)
        right = generator.binomial(faces, generator.beta(4, 1, n))
        independent = wilson_interval(int(right.sum()), int(faces.sum()), 0.95)
        found = share_interval_of_people(right, faces, np.ones(n, dtype=np.int64), 0.95)
        share = right.sum() / faces.sum()
        assert 0 <= found.low <= share + 1e-12
        assert share - 1e-12 <= found.high <= 1
        assert found.high - found.low >= independent.high - independent.low - 1e-12


def test_where_all_are_recognised_people_count_and_not_faces() -> None:
    assert width([50] * 20, [50] * 20) == pytest.approx(width([5] * 20, [5] * 20))
    assert width([50] * 20, [50] * 20) > 0.15


def test_one_person_says_nothing_of_others() -> None:
    assert share_interval_of_people(40 * ONCE, 50 * ONCE, ONCE, 0.95) == NO_INTERVAL
    assert np.isnan(expanded_confidence(0.95, 1.0))
    everything = share_interval_of_people(
        np.array([9000, 1]), np.array([10_000, 1]), np.ones(2, dtype=np.int64), 0.95
    )
    assert everything.high - everything.low > 0.99


def test_effective_people_fall_where_few_have_most_faces() -> None:
    n = np.ones(10, dtype=np.int64)
    assert effective_people(np.full(10, 7), n) == pytest.approx(10)
    assert effective_people(np.array([1000] + [1] * 9), n) < 1.1
    assert effective_people(0 * n, n) == 0


def test_confidence_is_widened_with_few_people_only() -> None:
    widened = [expanded_confidence(0.95, n) for n in (2, 5, 20, 1000)]
    assert widened == sorted(widened, reverse=True)
    assert widened[-1] == pytest.approx(0.95, abs=6e-4)
