from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.fairness.testing.audits import (
    CLASSES,
    anything_found,
    audit_of,
    faces_of,
    intersected,
    judgements_of,
    people_table,
    random_audit,
)

from fer_fairness.fairness.testing.gap_tests import AttributeTests
from fer_fairness.fairness.testing.hierarchy import corrected, step_down
from fer_fairness.fairness.testing.judging import (
    WEIGHT_OF_INTERSECTION,
    attribute_weight,
    judged,
    shuffles_needed,
)

THREE = CLASSES[:3]
BOTH = intersected("gender", "race")
LEVEL = 0.05


def planted(seed: int, **options: object) -> list[AttributeTests]:
    """Tests of three attributes, gender harmed or nobody."""
    frame = people_table(300, seed=seed, **options)  # type: ignore[arg-type]
    return audit_of(faces_of(frame, "gender", "race", BOTH, classes=THREE), 1999, seed=seed)


def in_both() -> pd.DataFrame:
    """Harm by race that is one by gender as well."""
    frame = people_table(300, harmed="black", lost=0.6)
    return frame.assign(gender=np.where(frame["race"] == "black", "female", "male"))


@pytest.fixture(scope="module")
def audits() -> list[list[AttributeTests]]:
    """From nothing to much, so that tests are found, just found and not found."""
    return [
        *(planted(seed, harmed="female", lost=lost) for seed, lost in enumerate((0.1, 0.2, 0.5))),
        planted(4, harmed="black", lost=0.5, only="anger"),
        audit_of(faces_of(in_both(), "gender", "race", classes=THREE), 1999),
        audit_of(random_audit(3), 1999),
        audit_of(random_audit(8), 1999),
    ]


def test_what_is_behind_is_found_only_where_what_is_before_is(
    audits: list[list[AttributeTests]],
) -> None:
    n_found = 0
    for tests in audits:
        for test, found in zip(tests, judged(tests, significance=LEVEL), strict=True):
            summary, by_class = np.split(found.metrics, [len(test.part.summary)])
            assert (summary >= found.any_difference).all()
            for part in (by_class, found.pairs):
                assert (part >= summary.min()).all()
            n_found += int((by_class <= LEVEL).sum() + (found.pairs <= LEVEL).sum())
    assert n_found > 0  # or nothing was tested here


@pytest.mark.parametrize("summary_too", [False, True])
def test_clear_classes_and_pairs_wait_for_a_metric_over_all_classes(*, summary_too: bool) -> None:
    test = planted(1, harmed="female", lost=0.4)[0]
    n_summary = len(test.part.summary)
    values, pairs = test.measured.values.copy(), test.measured.pairs.copy()
    values[0, :n_summary] = np.median(values[:, :n_summary], axis=0)
    values[0, n_summary:], pairs[0] = 2.0, 99.0  # of gaps no shuffle has as much
    if summary_too:
        values[0, 0] = 2.0
    clear = replace(test, measured=replace(test.measured, values=values, pairs=pairs))
    (found,) = judged([clear], significance=LEVEL)
    assert found.any_difference <= LEVEL
    assert bool((found.metrics[:n_summary] <= LEVEL).any()) == summary_too
    assert bool((found.metrics[n_summary:] <= LEVEL).any()) == summary_too
    assert bool((found.pairs <= LEVEL).any()) == summary_too


def test_no_corrected_p_value_is_below_the_raw_one(audits: list[list[AttributeTests]]) -> None:
    for tests in audits:
        for test, found in zip(tests, judged(tests, significance=LEVEL), strict=True):
            assert found.any_difference >= test.any_difference[0]
            assert (found.metrics >= test.metrics[0] - 1e-12).all()
            assert (found.pairs <= 1).all()


def test_questions_are_corrected_by_the_smallest_weighted_p_value(
    audits: list[list[AttributeTests]],
) -> None:
    for tests in audits:
        weights = np.array([attribute_weight(test.part.attribute) for test in tests])
        ratios = np.stack([test.any_difference for test in tests], axis=1) / weights
        expected = corrected(ratios[0], ratios.min(axis=1))
        found = [part.any_difference for part in judged(tests, significance=LEVEL)]
        assert_allclose(found, expected)


def test_one_attribute_alone_is_tested_at_the_full_level(
    audits: list[list[AttributeTests]],
) -> None:
    for tests in audits:
        (found,) = judged(tests[:1], significance=LEVEL)
        assert found.any_difference == pytest.approx(tests[0].any_difference[0])
        assert found.level == pytest.approx(LEVEL)


def test_levels_are_those_at_which_verdicts_turn(audits: list[list[AttributeTests]]) -> None:
    """A metric is found where its p-value is at most its error, if what it is behind is found."""
    n_found = 0
    for tests in audits:
        for test, found in zip(tests, judged(tests, significance=LEVEL), strict=True):
            own = test.any_difference[0] <= found.level
            assert own == (found.any_difference <= LEVEL)
            n_summary = len(test.part.summary)
            reached = test.metrics[0] <= found.metric_errors
            summary = own & reached[:n_summary]
            assert_array_equal(found.metrics[:n_summary] <= LEVEL, summary)
            by_class = own & reached[n_summary:] & summary.any()
            assert_array_equal(found.metrics[n_summary:] <= LEVEL, by_class)
            pairs = own & summary.any() & (test.pairs[0] > found.widest_pair)
            assert_array_equal(found.pairs <= LEVEL, pairs)
            assert (found.planned_errors <= found.metric_errors).all()
            assert found.planned_pair >= found.widest_pair
            n_found += int(summary.sum() + pairs.sum())
    assert n_found > 0


@pytest.mark.parametrize("significance", [0.01, 0.05, 0.2])
def test_a_stricter_audit_finds_no_more(
    significance: float, audits: list[list[AttributeTests]]
) -> None:
    for tests in audits:
        for found in judged(tests, significance=significance):
            assert found.level <= significance
        stricter, looser = (judged(tests, significance=level)[0] for level in (significance, 0.3))
        assert ((stricter.metrics <= significance) <= (looser.metrics <= 0.3)).all()


def test_an_intersection_weighs_less_than_an_attribute() -> None:
    assert attribute_weight("gender") == 1.0
    assert attribute_weight(BOTH) == WEIGHT_OF_INTERSECTION < 1.0
    tests = planted(0)
    gender, _, both = judged(tests, significance=LEVEL)
    assert both.level == pytest.approx(WEIGHT_OF_INTERSECTION * gender.level)


def test_the_same_attribute_twice_costs_nothing() -> None:
    frame = people_table(300, harmed="female", lost=0.15).assign(again=lambda own: own["gender"])
    once = judgements_of(faces_of(frame, "gender", classes=THREE), 999)
    twice = judgements_of(faces_of(frame, "gender", "again", classes=THREE), 999)
    assert twice["gender"].any_difference == twice["again"].any_difference
    assert twice["gender"].any_difference == pytest.approx(once["gender"].any_difference, abs=0.02)


@pytest.mark.parametrize("attributes", [["gender"], ["gender", "race", BOTH], ["g"] * 9])
def test_with_the_shuffles_needed_a_clear_difference_survives(attributes: list[str]) -> None:
    n = shuffles_needed(attributes, LEVEL)
    least = 1 / (n + 1)
    total = sum(map(attribute_weight, attributes))
    assert least * total / min(map(attribute_weight, attributes)) <= LEVEL / 50
    assert shuffles_needed([], LEVEL) >= 1


def test_no_tests_have_no_judgement() -> None:
    assert judged([], significance=LEVEL) == []


PRIMARY = (("gender", "accuracy_gap"), ("race", "equal_opportunity_gap"))


def places(tests: list[AttributeTests], *named: tuple[str, str]) -> list[tuple[int, int]]:
    attributes = [test.part.attribute for test in tests]
    names = [metric.name for metric in tests[0].part.summary]
    return [(attributes.index(attribute), names.index(metric)) for attribute, metric in named]


@pytest.mark.parametrize("named", [PRIMARY[:1], PRIMARY])
def test_primary_outcomes_are_tested_first_at_the_full_level(
    named: tuple[tuple[str, str], ...], audits: list[list[AttributeTests]]
) -> None:
    gates = set()
    for tests in audits:
        found = judged(tests, significance=LEVEL, primary=named)
        own = places(tests, *named)
        p_values = np.stack([tests[row].metrics[:, place] for row, place in own], axis=1)
        stepped = step_down(p_values, np.ones(len(named)), LEVEL)
        primary = np.array([found[row].metrics[place] for row, place in own])
        assert_allclose(primary, stepped.p_values)
        errors = [found[row].metric_errors[place] for row, place in own]
        assert_array_equal(primary <= LEVEL, p_values[0] <= errors)
        gates.add(bool(primary.max() <= LEVEL))
        for row, part in enumerate(found):
            others = np.delete(part.metrics, [place for at, place in own if at == row])
            behind = np.concatenate([[part.any_difference], others, part.pairs])
            assert (behind >= primary.max()).all()
    assert gates == {False, True}  # both were seen


def test_a_primary_outcome_alone_is_not_corrected() -> None:
    tests = planted(1, harmed="female", lost=0.2)
    (row, place), *_ = places(tests, *PRIMARY)
    found = judged(tests, significance=LEVEL, primary=PRIMARY[:1])
    assert found[row].metrics[place] == pytest.approx(tests[row].metrics[0, place])


def test_behind_primary_outcomes_that_are_found_all_is_as_without_them() -> None:
    tests = planted(2, harmed="female", lost=0.5)
    plain = judged(tests, significance=LEVEL)
    behind = judged(tests, significance=LEVEL, primary=PRIMARY[:1])
    for first, second in zip(plain, behind, strict=True):
        assert second.any_difference == pytest.approx(first.any_difference, abs=0.002)
        assert second.level == first.level


def test_an_outcome_of_an_attribute_that_is_not_compared_keeps_nobody_waiting() -> None:
    tests = planted(0)
    plain = judged(tests, significance=LEVEL)
    found = judged(tests, significance=LEVEL, primary=[("age", "accuracy_gap")])
    for first, second in zip(plain, found, strict=True):
        assert_array_equal(first.metrics, second.metrics)


def within(alarms: int, audits: int) -> bool:
    """Not more than 5 %, as far as so many audits can tell."""
    return bool(alarms <= audits * LEVEL + 2.6 * np.sqrt(audits * LEVEL * (1 - LEVEL)))


def test_where_nothing_differs_few_audits_find_anything() -> None:
    audits, alarms = 200, 0
    for seed in range(audits):
        frame = people_table(150, seed=seed)
        faces = faces_of(frame, "gender", "race", BOTH, classes=THREE)
        found = judgements_of(faces, 199, seed=seed)
        alarms += any(anything_found(part) for part in found.values())
    assert within(alarms, audits)
    assert alarms >= 3  # all of the level is used


def test_where_one_attribute_differs_few_audits_find_another() -> None:
    audits, alarms, found = 100, 0, 0
    for seed in range(audits):
        frame = people_table(200, seed=seed, harmed="female", lost=0.4)
        own = judgements_of(faces_of(frame, "gender", "race", classes=THREE), 199, seed=seed)
        found += anything_found(own["gender"])
        alarms += anything_found(own["race"])
    assert found > 0.9 * audits
    assert within(alarms, audits)


def frames_of_people(seed: int) -> pd.DataFrame:
    """40 people of 50 frames each, who are recognised unequally well, each in one way."""
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(40), 50)
    true = generator.choice(CLASSES, len(person))
    right = generator.random(len(person)) < generator.beta(6, 2, 40)[person]
    return pd.DataFrame(
        {
            "emotion": true,
            "predicted_emotion": np.where(right, true, generator.choice(CLASSES, len(person))),
            "gender": generator.permutation(np.repeat(["female", "male"], 20))[person],
            "person": person,
        }
    )


def test_frames_of_few_people_are_not_taken_for_many_people() -> None:
    audits, alarms, of_rows = 100, 0, 0
    for seed in range(audits):
        frame = frames_of_people(seed)
        people, rows = (
            judgements_of(faces_of(part, "gender", classes=CLASSES), 99, seed=seed)["gender"]
            for part in (frame, frame.drop(columns="person"))
        )
        alarms += anything_found(people)
        of_rows += anything_found(rows)
    assert within(alarms, audits)
    assert of_rows > 0.2 * audits
