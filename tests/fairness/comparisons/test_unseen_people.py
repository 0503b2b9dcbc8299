"""What people who were not seen add to the noise of those who were."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.fairness.comparisons.crossed_predictions import CrossedPredictions
from fer_fairness.fairness.comparisons.of_two import compare
from fer_fairness.fairness.comparisons.unseen_people import UnseenPeople, right_by_person
from fer_fairness.params.inference import InferenceParameters

CLASSES = 4


def answers(
    draw: int, n_models: int, *, n_faces: int = 40, faces_of_a_person: int = 1
) -> CrossedPredictions:
    generator = np.random.default_rng(draw)
    return CrossedPredictions(
        groups=generator.integers(0, 3, n_faces),
        true=generator.integers(0, CLASSES, n_faces),
        predicted=generator.integers(0, CLASSES, (n_faces, n_models)),
        people=np.arange(n_faces) // faces_of_a_person,
        n_groups=3,
        n_classes=CLASSES,
    )


def weights(n: int, people: int = 40) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((n, people), dtype=np.float32)


@given(st.integers(0, 1000), st.integers(1, 3), st.integers(1, 4))
def test_every_cell_keeps_its_faces_and_none_are_fewer_than_none(
    draw: int, n_models: int, faces_of_a_person: int
) -> None:
    people = answers(draw, n_models, faces_of_a_person=faces_of_a_person)
    counts = people.counts().astype(float)
    found = UnseenPeople(people).among(counts, weights(7))
    assert found.min() >= -1e-6
    assert_allclose(found.sum(axis=-1), np.broadcast_to(counts.sum(axis=-1), found.shape[:-1]))


@given(st.integers(0, 1000))
def test_models_that_answer_alike_never_differ(draw: int) -> None:
    people = answers(draw, 1)
    alike = CrossedPredictions(
        people.groups,
        people.true,
        np.repeat(people.predicted, 3, axis=1),
        people.people,
        people.n_groups,
        people.n_classes,
    )
    found = UnseenPeople(alike).among(alike.counts().astype(float), weights(9))
    assert_array_equal(found, np.repeat(found[:, :1], 3, axis=1))
    assert len(np.unique(found[:, 0].reshape(9, -1), axis=0)) > 1


@given(st.integers(0, 1000), st.integers(1, 8))
def test_draws_do_not_depend_on_their_stack_or_on_other_models(draw: int, cut: int) -> None:
    people, drawn = answers(draw, 3), weights(9)
    counts = people.counts().astype(float)
    whole = UnseenPeople(people).among(counts, drawn)
    parts = [UnseenPeople(people).among(counts, of_part) for of_part in np.split(drawn, [cut])]
    assert_array_equal(np.concatenate(parts), whole)
    first = CrossedPredictions(
        people.groups, people.true, people.predicted[:, :1], people.people, 3, CLASSES
    )
    assert_array_equal(UnseenPeople(first).among(counts[:1], drawn), whole[:, :1])


def test_somebody_alone_in_a_cell_is_noise_too() -> None:
    people = answers(3, 2)
    groups = np.zeros(40, dtype=np.int64)
    groups[0] = 1
    alone = CrossedPredictions(groups, people.true, people.predicted, people.people, 2, CLASSES)
    found = UnseenPeople(alone).among(alone.counts().astype(float), weights(50))
    assert (found[:, :, 1, people.true[0]].std(axis=0).max(axis=-1) > 0.3).all()


def test_a_large_cell_hardly_changes() -> None:
    """Two people more than a thousand, each right or wrong: 2 / 4 of a face."""
    generator = np.random.default_rng(1)
    nobody = np.zeros(1000, dtype=np.int64)
    right = (generator.random((1000, 1)) < 0.2).astype(np.int64)
    people = CrossedPredictions(nobody, nobody, right, np.arange(1000), 1, 2)
    found = UnseenPeople(people).among(people.counts().astype(float), weights(400))
    assert_allclose(found[:, 0, 0, 0].var(axis=0), 0.5, rtol=0.1)


def test_faces_of_one_person_are_one_answer() -> None:
    people = CrossedPredictions(
        groups=np.zeros(6, dtype=np.int64),
        true=np.array([0, 0, 0, 0, 1, 1]),
        predicted=np.array([[0], [1], [1], [1], [1], [1]]),
        people=np.array([3, 3, 3, 3, 3, 8]),
        n_groups=1,
        n_classes=2,
    )
    cells, shares = right_by_person(people)
    assert_array_equal(cells, [0, 1, 1])
    assert_array_equal(shares, [[0.25], [1.0], [1.0]])


def one_emotion_is_rare(draw: int, n_rare: int, *, only_there: bool) -> bool:
    """Whether a difference in mean recall is found between models of the same recalls."""
    generator = np.random.default_rng([n_rare, draw])
    true = np.concatenate([generator.integers(0, 6, 700), np.full(n_rare, 6)])
    first, second = generator.random((2, len(true))) < 0.7
    if only_there:
        second[:-n_rare] = first[:-n_rare]
    emotions = np.array(list("abcdefg"))
    table = pd.DataFrame({"sample_id": np.arange(len(true)), "emotion": emotions[true]})
    frames = [
        table.assign(predicted_emotion=emotions[np.where(right, true, (true + 1) % 7)])
        for right in (first, second)
    ]
    params = InferenceParameters(n_bootstrap=300)
    found = compare(*frames, attributes=(), emotions=tuple(emotions), params=params, seed=draw)
    (verdict,) = found.loc[found["metric"] == "balanced_accuracy", "verdict"]
    return str(verdict) == "difference found"


@pytest.mark.parametrize("only_there", [False, True], ids=["everywhere", "there alone"])
@pytest.mark.parametrize("n_rare", [1, 3])
def test_few_faces_of_a_rare_emotion_find_no_difference(n_rare: int, *, only_there: bool) -> None:
    found = sum(one_emotion_is_rare(draw, n_rare, only_there=only_there) for draw in range(40))
    assert found <= 5, "at 5 % more than 5 of 40 happen in 1 of 100 cases"
