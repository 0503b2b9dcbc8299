import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.fairness.testing.audits import (
    CLASSES,
    audit_of,
    faces_counted,
    faces_of,
    people_table,
    random_audit,
)

from fer_fairness.fairness.metrics import GAP_METRICS, class_gap_metrics
from fer_fairness.fairness.metrics.calibration import calibration_gap_metric
from fer_fairness.fairness.metrics.formulas import values_of
from fer_fairness.fairness.testing import gap_tests
from fer_fairness.fairness.testing.gap_tests import AttributeTests, compared_groups
from fer_fairness.fairness.testing.omnibus import among, threshold
from fer_fairness.fairness.testing.people import JudgedFaces

THREE = CLASSES[:3]


def audited(n: int = 200, *, bins: bool = False, **options: object) -> JudgedFaces:
    frame = people_table(n, **options)  # type: ignore[arg-type]
    if bins:
        frame["confidence"] = np.random.default_rng(9).uniform(0.4, 1.0, n)
    return faces_of(frame, "gender", "race", classes=THREE)


@pytest.mark.parametrize("bins", [False, True])
def test_the_first_row_is_what_was_measured(*, bins: bool) -> None:
    faces = audited(bins=bins)
    for test in audit_of(faces, 20):
        counts = faces.counts(test.part.attribute).counts
        expected = values_of(list(GAP_METRICS.values()), counts)
        if bins:
            binned = faces.calibration(test.part.attribute)
            metric = calibration_gap_metric(binned.bin_confidence)
            expected = [*expected, metric(binned.counts)]
        expected = [*expected, *values_of(class_gap_metrics(THREE), counts)]
        assert_allclose(test.measured.values[0], expected)
        assert test.measured.values.shape == (21, len(expected))
        assert test.measured.statistics.shape == (21, len(test.part.weights))
        assert test.n_permutations == 20


def test_shuffles_are_the_same_for_all_attributes() -> None:
    frame = people_table(150)
    frame["again"] = frame["gender"]
    found = audit_of(faces_of(frame, "gender", "race", "again", classes=THREE), 40)
    first, _, again = (test.measured for test in found)
    for name in ("values", "statistics", "pairs"):
        assert_array_equal(getattr(first, name), getattr(again, name))


def test_groups_count_by_their_people_and_small_ones_are_left_out() -> None:
    frame = people_table(120).assign(person=np.repeat(np.arange(40), 3))
    frame["gender"] = np.where(frame["person"] < 9, "female", "male")  # 27 faces of 9 people
    faces = faces_of(frame, "gender", classes=THREE)
    (part,) = compared_groups(faces, minimum_group_size=10)
    assert_array_equal(part.kept, [False, True])
    assert not part.comparable
    assert gap_tests.tested(faces, [part], n=9, seed=0, cells_at_once=100) == [None]
    (part,) = compared_groups(faces, minimum_group_size=9)
    assert part.comparable
    assert_array_equal(part.compared.counts, faces.counts("gender").counts)


def test_only_compared_groups_are_measured() -> None:
    frame = people_table(200)
    few = frame.index < 4
    frame["race"] = frame["race"].astype(object).mask(few, "few")
    test = next(iter(audit_of(faces_of(frame, "race", classes=THREE), 10)))
    known = faces_of(frame[~few], "race", classes=THREE).counts("race")
    assert_allclose(
        test.measured.values[0, : len(GAP_METRICS)],
        values_of(list(GAP_METRICS.values()), known.counts),
    )
    assert test.measured.pairs.shape[1] == 3


def test_p_values_are_those_of_the_rank_among_shuffles() -> None:
    (test, _) = audit_of(audited(), 60)
    names = [metric.name for metric in (*test.part.summary, *test.part.of_classes)]
    for place, name in enumerate(names):
        values = test.measured.values[:, place]
        worse = values <= values[0] + 1e-9 if "ratio" in name else values >= values[0] - 1e-9
        if name not in ("xu_fairness", "worst_group_accuracy") and "disparity" not in name:
            assert test.metrics[0, place] == pytest.approx(worse.mean()), name


@pytest.mark.parametrize("seed", range(6))
def test_p_values_are_exact(seed: int) -> None:
    # Any row might have been the measured one: of all rows no more than a share is found.
    for test in audit_of(random_audit(seed), 99):
        for level in (0.02, 0.05, 0.3):
            assert (test.any_difference <= level).mean() <= level
            assert (test.widest_pair <= level).mean() <= level
            assert ((test.metrics <= level).mean(axis=0) <= level).all()


@pytest.mark.parametrize("lost", [0.15, 0.4])
def test_a_harmed_group_has_small_p_values(lost: float) -> None:
    gender, race = audit_of(audited(600, harmed="female", lost=lost), 300)
    assert gender.any_difference[0] <= 0.05 < race.any_difference[0]
    assert gender.widest_pair[0] <= 0.05


def design(frames: int, *, seed: int = 1) -> AttributeTests:
    """People all of whose faces are the same one, so many times."""
    people = people_table(150, seed=seed, n_classes=2).assign(emotion="anger")
    frame = people.loc[people.index.repeat(frames)].reset_index(names="person")
    (test,) = audit_of(faces_of(frame, "race", classes=CLASSES[:2]), 2000)
    return test


def test_copies_of_faces_are_no_evidence() -> None:
    one, many = design(1), design(6)
    assert one.worth == 1.0
    assert many.worth == pytest.approx(1 / 6, rel=0.12)
    assert_allclose(one.design_effects, 1.0, rtol=0.12)
    assert_allclose(many.pairs[0], one.pairs[0], rtol=0.12)
    assert many.any_difference[0] == pytest.approx(one.any_difference[0], abs=0.05)
    first, second = one.pair_differences, many.pair_differences
    assert_allclose(first.differences, second.differences)
    assert_allclose(first.errors, second.errors, rtol=0.12)


def test_a_persons_frames_that_tell_as_much_as_strangers_are_worth_as_much() -> None:
    frame = people_table(1200).assign(person=np.repeat(np.arange(300), 4))
    frame["gender"] = np.where(frame["person"] % 2, "female", "male")
    (test,) = audit_of(faces_of(frame, "gender", classes=THREE), 1000)
    assert test.worth == pytest.approx(1.0, abs=0.2)


def test_groups_alike_are_told_apart_no_more_often_where_a_third_differs() -> None:
    generator = np.random.default_rng(0)
    people = np.array([[1500, 1500], [50, 50], [50, 50]])
    recall = np.array([[0.98], [0.6], [0.6]])
    p_values, held = [], []
    for seed in range(40):
        right = generator.binomial(people, recall)
        counts = np.zeros((3, 2, 2), dtype=np.int64)
        counts[:, [0, 1], [0, 1]], counts[:, [0, 1], [1, 0]] = right, people - right
        (test,) = audit_of(faces_counted({"race": counts}), 199, seed=seed)
        assert test.widest_pair[0] <= 0.05
        p_values.append(among(test.pairs[:1, 2], test.pairs[:, 2])[0])
        found = test.pair_differences
        limits = [threshold(test.pairs[:, place], 0.05) for place in range(3)]
        apart = np.abs(found.differences[0] - [0.38, 0.38, 0.0])
        held.append(apart <= found.errors[0] * limits)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.15  # 5 %, and 44 % with all groups' error
    assert np.mean(held, axis=0) == pytest.approx(0.95, abs=0.1)


def test_without_two_groups_anywhere_nothing_is_drawn() -> None:
    frame = people_table(50).assign(gender="female", race=None)
    assert audit_of(faces_of(frame, "gender", "race", classes=THREE), 10) == []
    assert audit_of(faces_of(frame, classes=THREE), 10) == []


def test_probabilities_add_a_statistic_and_a_metric() -> None:
    plain, binned = (audit_of(audited(bins=bins), 10)[1] for bins in (False, True))
    assert len(binned.part.weights) == len(plain.part.weights) + 1
    assert [metric.name for metric in binned.part.summary][-1] == "calibration_error_gap"
    assert_allclose(binned.measured.statistics[0, :-1], plain.measured.statistics[0])


def test_ages_are_tested_for_a_trend() -> None:
    frame = people_table(300)
    frame["age"] = pd.Series(["0-3", "4-19", "20-39", "40-69", "70+"] * 60)
    age, race = audit_of(faces_of(frame, "age", "race", classes=THREE), 10)
    assert age.part.order is not None
    assert race.part.order is None
    assert age.measured.statistics.shape[1] == race.measured.statistics.shape[1] + 1
