import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.comparisons.crossed_predictions import CrossedPredictions, PeopleNoise
from fer_fairness.fairness.counts import group_counts


def people_of(
    predicted: Codes, *, n_groups: int = 2, people: Codes | None = None
) -> CrossedPredictions:
    rows = np.arange(len(predicted))
    return CrossedPredictions(
        groups=rows % n_groups,
        true=rows % 3,
        predicted=predicted,
        people=rows if people is None else people,
        n_groups=n_groups,
        n_classes=3,
    )


def weights(n: int, people: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, people), dtype=np.float32)


@given(st.integers(0, 1000), st.integers(2, 5))
def test_people_weigh_the_same_for_all_models(draw: int, n_models: int) -> None:
    predicted = np.random.default_rng(draw).integers(0, 3, (24, 1))
    people = people_of(np.repeat(predicted, n_models, axis=1))
    noise = PeopleNoise(people).drawn(weights(4, 24, draw))
    assert_allclose(noise, np.repeat(noise[:, :1], n_models, axis=1), atol=1e-5)
    assert len(np.unique(noise[:, 0].reshape(4, -1), axis=0)) > 1


@given(st.integers(0, 1000), st.integers(1, 4))
def test_noise_keeps_people_per_group_and_class(draw: int, n_models: int) -> None:
    people = people_of(np.random.default_rng(draw).integers(0, 3, (19, n_models)))
    noise = PeopleNoise(people).drawn(weights(3, 19, draw))
    assert_allclose(noise.sum(axis=-1), 0.0, atol=1e-4)


def test_noise_has_all_of_the_variance_also_in_small_cells() -> None:
    """Resampling 5 people of a cell would find 4/5 of it."""
    generator = np.random.default_rng(3)
    variances = []
    for draw in range(300):
        predicted = (generator.random((30, 1)) < 0.3).astype(np.int64)
        noise = PeopleNoise(people_of(predicted)).drawn(weights(60, 30, draw))
        variances.append((noise[:, 0, 0, 0, 0] ** 2).mean())
    assert_allclose(np.mean(variances), 5 * 0.3 * 0.7, rtol=0.08)


def test_faces_of_one_person_vary_together() -> None:
    """Every face twice is the same people: twice the counts, twice the standard deviation."""
    predicted = np.random.default_rng(3).integers(0, 3, (30, 2))
    once = people_of(predicted)
    twice = CrossedPredictions(
        groups=np.repeat(once.groups, 2),
        true=np.repeat(once.true, 2),
        predicted=np.repeat(predicted, 2, axis=0),
        people=np.repeat(once.people, 2),
        n_groups=2,
        n_classes=3,
    )
    drawn = weights(20, 30)
    noise = PeopleNoise(once).drawn(drawn)
    assert_allclose(PeopleNoise(twice).drawn(drawn), 2 * noise, atol=1e-4)
    assert twice.n_people == 30


def test_groups_are_kept_by_their_people() -> None:
    rows = np.arange(30)
    people = people_of(rows[:, np.newaxis] % 3, people=np.where(rows % 2, 0, rows))
    kept = people.reaching(2)
    assert kept.n_groups == 1
    assert_array_equal(kept.people, people.people[people.groups == 0])


def test_counts_are_those_of_each_model() -> None:
    people = people_of(np.random.default_rng(3).integers(0, 3, (30, 4)))
    for model, counts in enumerate(people.counts()):
        names = tuple("abc")
        expected = group_counts(
            [names[code] for code in people.true],
            [names[code] for code in people.predicted[:, model]],
            [str(code) for code in people.groups],
            classes=names,
        )
        assert_array_equal(counts, expected.counts)
