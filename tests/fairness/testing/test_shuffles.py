from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_hypergeom

from fer_fairness.fairness.codes import Codes
from fer_fairness.fairness.testing import shuffles
from fer_fairness.fairness.testing.people import JudgedFaces, judged_faces
from fer_fairness.fairness.testing.shuffles import Shuffled, concatenated, shuffled

CLASSES = ("a", "b", "c")
PARTS = ("race", "gender", "race x gender")
MANY: Any = {"n": 500, "seed": 0, "cells_at_once": 2**20}
Way = Callable[[pytest.MonkeyPatch], None]


def people_table(n: int, *, missing: float = 0.0, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    true = generator.choice(CLASSES, n, p=[0.5, 0.4, 0.1])
    right = generator.random(n) < 0.7
    gender = generator.choice(["f", "m"], n)
    race = np.where(generator.random(n) < 0.6, np.where(gender == "f", "x", "y"), "z")
    frame = pd.DataFrame(
        {
            "emotion": true,
            "predicted_emotion": np.where(right, true, generator.choice(CLASSES, n)),
            "race": pd.Series(race, dtype=object).where(generator.random(n) >= missing, None),
            "gender": gender,
            "confidence": generator.choice([0.5, 0.7, 0.9], n),
        }
    )
    joined = frame["race"] + " x " + frame["gender"]
    return frame.assign(**{"race x gender": joined})


def judged(frame: pd.DataFrame, *, people: pd.Series | None = None) -> JudgedFaces:
    return judged_faces(
        frame,
        {name: frame[name] for name in PARTS},
        emotions=CLASSES,
        confidence=frame["confidence"].to_numpy(),
        people=people,
    )


def drawn(faces: JudgedFaces, n: int, *, seed: int = 0, cells: int = 2**16) -> Shuffled:
    parts = shuffled(faces, lambda stack: stack, n=n, seed=seed, cells_at_once=cells)
    return Shuffled(
        concatenated([part.counts for part in parts]),
        concatenated([part.calibration for part in parts]),
    )


def by_person(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shuffles, "_PERSON_BY_PERSON", 0.0)


def by_table(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shuffles, "_CELL_BY_CELL", 0.0)


both_ways = pytest.mark.parametrize("way", [by_person, by_table])


@both_ways
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_shuffles_keep_their_margins(
    way: Way, missing: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    way(monkeypatch)
    faces = judged(people_table(120, missing=missing))
    found = drawn(faces, 30)
    for attribute in PARTS:
        counts, own = found.counts[attribute], faces.counts(attribute).counts
        assert counts.shape == (30, *own.shape)
        assert np.all(counts >= 0)
        assert_array_equal(counts.sum(axis=3), np.tile(own.sum(axis=2), (30, 1, 1)))
        assert_array_equal(counts.sum(axis=1), np.tile(own.sum(axis=0), (30, 1, 1)))
        binned, own = found.calibration[attribute], faces.calibration(attribute).counts
        assert_array_equal(binned.sum(axis=3), np.tile(own.sum(axis=2), (30, 1, 1)))
        assert_array_equal(binned.sum(axis=1), np.tile(own.sum(axis=0), (30, 1, 1)))
        assert np.ptp(counts, axis=0).max() > 0


@both_ways
def test_all_attributes_are_shuffled_together(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    way(monkeypatch)
    faces = judged(people_table(150))
    found = drawn(faces, 20)
    names = [name.split(" x ") for name in faces.memberships["race x gender"].names]
    for tables in (found.counts, found.calibration):
        for place, attribute in enumerate(("race", "gender")):
            for group, name in enumerate(faces.memberships[attribute].names):
                parts = [row for row, pair in enumerate(names) if pair[place] == name]
                summed = tables["race x gender"][:, parts].sum(axis=1)
                assert_array_equal(summed, tables[attribute][:, group])


@both_ways
def test_counts_and_bins_are_of_the_same_shuffle(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    way(monkeypatch)
    found = drawn(judged(people_table(150)), 20)
    for attribute in PARTS:
        right = np.diagonal(found.counts[attribute], axis1=2, axis2=3)
        assert_array_equal(found.calibration[attribute][..., 1::2].sum(axis=3), right)


@both_ways
def test_moments_are_those_of_hypergeometric_tables(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    way(monkeypatch)
    n = 20_000
    faces = judged(people_table(60))
    found = drawn(faces, n, seed=3).counts
    for attribute in PARTS:
        own, counts = faces.counts(attribute).counts, found[attribute]
        for place in range(len(CLASSES)):
            given, people = own[:, place].sum(axis=0), own[:, place].sum(axis=1)
            for group, size in enumerate(people):
                exact = multivariate_hypergeom(m=given, n=int(size))
                cells = counts[:, group, place]
                covariance = exact.cov()
                error = np.sqrt(np.diag(covariance) / n)
                assert np.all(np.abs(cells.mean(axis=0) - exact.mean()) <= 4.5 * error + 1e-9)
                assert_allclose(np.cov(cells.T, ddof=0), covariance, atol=0.04, rtol=0.05)


def test_people_are_shuffled_among_those_whose_attributes_are_known_alike() -> None:
    # All of class a who are right lack a race: none of them may ever be given one.
    frame = people_table(200)
    lost = (frame["emotion"] == "a") & (frame["predicted_emotion"] == "a")
    frame.loc[lost, ["race", "race x gender"]] = None
    found = drawn(judged(frame), 50)
    assert found.counts["race"][:, :, 0, 0].max() == 0
    assert_array_equal(found.counts["gender"][:, :, 0, 0].sum(axis=1), lost.sum())
    # And those without keep among them the genders that they have.
    own = frame.loc[lost, "gender"].value_counts().sort_index().to_numpy()
    assert_array_equal(found.counts["gender"][:, :, 0, 0], np.tile(own, (50, 1)))


@both_ways
def test_the_same_seed_gives_the_same_shuffles(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    way(monkeypatch)
    faces = judged(people_table(80))
    first, again, other = (drawn(faces, 25, seed=seed, cells=600) for seed in (1, 1, 2))
    for attribute in PARTS:
        assert_array_equal(first.counts[attribute], again.counts[attribute])
    assert not np.array_equal(first.counts["race"], other.counts["race"])


@pytest.mark.parametrize("cells", [1, 500, 2**20])
def test_turns_make_the_number_of_shuffles_asked_for(cells: int) -> None:
    assert len(drawn(judged(people_table(40)), 23, cells=cells).counts["race"]) == 23


def test_tables_are_drawn_together_however_many_people_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_table(monkeypatch)
    sizes = [
        shuffled(judged(people_table(n)), lambda stack: len(stack.counts["race"]), **MANY)
        for n in (300, 30_000)
    ]
    assert sizes == [[500], [500]]


def several(sizes: Codes, *, seed: int = 0) -> tuple[JudgedFaces, pd.Series]:
    """People of so many faces each, every one of whom is right always or never."""
    generator = np.random.default_rng(seed)
    person = pd.Series(np.repeat(np.arange(len(sizes)), sizes))
    right = generator.random(len(sizes)) < 0.6
    groups = generator.choice(["f", "m"], len(sizes))
    frame = pd.DataFrame(
        {
            "emotion": generator.choice(CLASSES[:2], len(person)),
            "gender": groups[person],
        }
    )
    wrong = np.where(frame["emotion"] == "a", "b", "a")
    frame["predicted_emotion"] = np.where(right[person], frame["emotion"], wrong)
    faces = judged_faces(
        frame,
        {"gender": frame["gender"]},
        emotions=CLASSES,
        confidence=None,
        people=person,
    )
    return faces, pd.Series(right)


def test_all_faces_of_a_person_stay_together() -> None:
    # Powers of two: a sum of faces tells whose they are.
    sizes = 2 ** np.arange(9)
    faces, right = several(sizes)
    counts = drawn(faces, 200).counts["gender"]
    of_group = counts.sum(axis=(2, 3)).astype(np.int64)
    rights = np.einsum("ngcc->ng", counts).astype(np.int64)
    whose = (of_group[..., np.newaxis] >> np.arange(9)) & 1
    assert_array_equal(rights, (whose * (sizes * right.to_numpy())).sum(axis=2))
    assert_array_equal(whose.sum(axis=1), 1)  # everybody is in one group
    n_of_group = faces.people_by_group("gender")
    assert_array_equal(whose.sum(axis=2), np.tile(n_of_group, (200, 1)))
    assert np.ptp(of_group[:, 0]) > 0


def test_people_change_places_with_people_of_about_as_many_faces() -> None:
    generator = np.random.default_rng(1)
    sizes = generator.permutation(np.repeat([1, 5, 20, 100], 15))
    faces, _ = several(sizes)
    counts = drawn(faces, 100).counts["gender"].sum(axis=(2, 3))
    assert_allclose(counts, np.tile(faces.counts("gender").sizes, (100, 1)))


def test_a_person_with_many_faces_counts_as_one() -> None:
    faces, right = several(np.full(30, 40), seed=2)
    counts = drawn(faces, 4000).counts["gender"]
    rights = np.einsum("ngcc->ng", counts)[:, 0] / 40
    people = faces.people_by_group("gender")
    exact = multivariate_hypergeom(m=[right.sum(), (~right).sum()], n=int(people[0]))
    assert_allclose(rights.mean(), exact.mean()[0], atol=0.15)
    assert_allclose(rights.var(), exact.cov()[0, 0], rtol=0.1)


def partly_labelled(seed: int) -> pd.DataFrame:
    """People of one to six faces, any of which may lack a gender, a race, or both."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, 7, 40)
    frame = people_table(int(sizes.sum()), seed=seed)
    frame["person"] = np.repeat(np.arange(40), sizes)
    for name in ("gender", "race"):
        whole = frame[name].groupby(frame["person"]).transform("first").astype(object)
        frame[name] = whole.mask(generator.random(len(frame)) < 0.4, None)
    return frame.assign(**{"race x gender": frame["race"] + " x " + frame["gender"]})


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_shuffles_count_the_labelled_faces_of_an_attribute_and_no_other(seed: int) -> None:
    frame = partly_labelled(seed)
    faces = judged(frame, people=frame["person"])
    found = drawn(faces, 5)
    for attribute in PARTS:
        for tables, own in (
            (found.counts[attribute], faces.counts(attribute)),
            (found.calibration[attribute], faces.calibration(attribute)),
        ):
            assert_array_equal(tables.sum(axis=1), np.tile(own.counts.sum(axis=0), (5, 1, 1)))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_faces_without_any_group_change_no_shuffle(seed: int) -> None:
    frame = partly_labelled(seed)
    known = frame[frame["race"].notna() | frame["gender"].notna()]
    every, labelled = (drawn(judged(one, people=one["person"]), 5) for one in (frame, known))
    for attribute in PARTS:
        assert_array_equal(every.counts[attribute], labelled.counts[attribute])


def test_a_person_is_shuffled_with_the_group_of_any_labelled_face() -> None:
    # Each face of a person but one lacks the group, and which one it is differs.
    generator = np.random.default_rng(0)
    faces, _ = several(np.full(30, 8))
    (gender,) = faces.memberships.values()
    labelled = generator.integers(8, size=30) + 8 * np.arange(30)
    codes = np.full_like(gender.codes, -1)
    codes[labelled] = gender.codes[labelled]
    one_each = replace(faces, memberships={"gender": replace(gender, codes=codes)})
    counts = drawn(one_each, 50).counts["gender"]
    people = one_each.people_by_group("gender")
    assert people.sum() == 30
    assert_array_equal(counts.sum(axis=(2, 3)), np.tile(people, (50, 1)))
    assert np.ptp(counts, axis=0).max() > 0
