import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.fairness.testing.audits import (
    CLASSES,
    audit_of,
    faces_counted,
    faces_of,
    people_table,
    random_audit,
)

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.inference.differences import differences_of_worth
from fer_fairness.fairness.inference.draws import counts_of_shares
from fer_fairness.fairness.inference.gap_intervals import distance
from fer_fairness.fairness.metrics.formulas import values_of
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.testing.detectability import Detectable, detectable
from fer_fairness.fairness.testing.gap_tests import AttributeTests
from fer_fairness.fairness.testing.judging import judged
from fer_fairness.params.inference import InferenceParameters

PARAMS = InferenceParameters(n_bootstrap=300, n_permutations=1000, n_power=200)
NAMES = list(GAP_METRICS)
ACCURACY_GAP, EQUAL_OPPORTUNITY_GAP = map(NAMES.index, ("accuracy_gap", "equal_opportunity_gap"))

PEOPLE = np.array([[150, 60, 40], [100, 50, 30]])
SHARES = np.array([[0.9, 0.05, 0.05], [0.2, 0.7, 0.1], [0.2, 0.3, 0.5]])


def alike(people: Counts) -> Counts:
    return np.asarray(np.rint(people[..., np.newaxis] * SHARES), dtype=np.int64)


def found_of(
    tests: list[AttributeTests], *, params: InferenceParameters = PARAMS, seed: int = 0
) -> Detectable:
    """What of the first attribute could be seen."""
    test = tests[0]
    judgement = judged(tests, significance=params.significance)[0]
    binned = test.part.compared_calibration
    return detectable(
        test,
        judgement,
        differences_of_worth(test.part.compared, test.worth),
        None if binned is None else differences_of_worth(binned, test.worth),
        params,
        seed=seed,
    )


def of_people(people: Counts, *, n: int = 1000, **options: object) -> Detectable:
    tests = audit_of(faces_counted({"gender": alike(people)}), n)
    return found_of(tests, **options)  # type: ignore[arg-type]


def least_loss(people: Counts, metric: str, wanted: float) -> float:
    """The least loss of recall of the smallest group that brings a metric so far."""
    (test, *_) = audit_of(faces_counted({"gender": alike(people)}), 9)
    differences = differences_of_worth(test.part.compared, 1.0)
    losses = np.linspace(0.0, 1.0, 1001)
    planted = np.stack([differences.planted(1, float(loss)) for loss in losses])
    (values,) = values_of([GAP_METRICS[metric]], differences.expected(planted))
    beyond = distance(GAP_METRICS[metric], values)
    return float(losses[np.flatnonzero(beyond - beyond[0] >= wanted)[0]])


def drawn_at(people: Counts, loss: float, n: int) -> Counts:
    (test, *_) = audit_of(faces_counted({"gender": alike(people)}), 9)
    shares: Array = differences_of_worth(test.part.compared, 1.0).planted(1, loss)
    return counts_of_shares(people, shares, n, seed=9)


@pytest.mark.parametrize("metric", ["any_difference", "accuracy_gap"])
def test_a_difference_of_the_size_stated_is_found_as_often_as_stated(metric: str) -> None:
    stated = of_people(PEOPLE)
    loss = stated.loss
    if metric != "any_difference":
        loss = least_loss(PEOPLE, metric, float(stated.metrics[NAMES.index(metric)]))
    found = []
    for table in drawn_at(PEOPLE, loss, 100):
        (own,) = judged(audit_of(faces_counted({"gender": table}), 999), significance=0.05)
        corrected = own.any_difference if metric == "any_difference" else own.metrics[ACCURACY_GAP]
        found.append(corrected <= 0.05)
    assert abs(np.mean(found) - PARAMS.power) <= 0.12


def test_more_people_let_smaller_differences_be_seen() -> None:
    few, many = of_people(PEOPLE), of_people(16 * PEOPLE)
    gaps = [ACCURACY_GAP, EQUAL_OPPORTUNITY_GAP]
    seen = np.isfinite(few.metrics) & np.isfinite(many.metrics)
    assert seen.sum() >= 0.6 * len(seen)
    assert np.all(many.metrics[seen] < few.metrics[seen])
    assert_allclose(few.metrics[gaps] / many.metrics[gaps], 4.0, rtol=0.25)  # the root of 16
    assert few.loss / many.loss == pytest.approx(4.0, rel=0.25)


def test_the_question_is_answered_at_smaller_losses_than_metrics_behind_it() -> None:
    found = of_people(PEOPLE)
    assert found.loss <= least_loss(PEOPLE, "accuracy_gap", found.metrics[ACCURACY_GAP]) + 0.002


def test_more_power_and_less_significance_ask_for_larger_differences() -> None:
    usual = of_people(PEOPLE)
    often = of_people(PEOPLE, params=PARAMS.model_copy(update={"power": 0.95}))
    lenient = of_people(PEOPLE, params=PARAMS.model_copy(update={"significance": 0.2}))
    for place in (ACCURACY_GAP, EQUAL_OPPORTUNITY_GAP):
        assert lenient.metrics[place] < usual.metrics[place] < often.metrics[place]
    assert lenient.loss < usual.loss < often.loss


def test_shuffles_too_few_for_so_many_tests_find_nothing() -> None:
    found = of_people(PEOPLE, n=15)
    assert np.isnan(found.loss)
    assert np.isnan(found.metrics).all()


def test_other_attributes_ask_for_larger_differences() -> None:
    alone = audit_of(faces_counted({"gender": alike(PEOPLE)}), 3000)
    many = faces_counted({name: alike(PEOPLE) for name in ("gender", "b", "c", "d", "e", "f")})
    found, among = found_of(alone), found_of(audit_of(many, 3000))
    assert found.loss < among.loss
    assert found.metrics[ACCURACY_GAP] < among.metrics[ACCURACY_GAP]


def test_where_few_people_have_little_recall_to_lose_nothing_could_be_seen() -> None:
    few = faces_counted({"gender": np.tile(np.full((3, 3), 2), (2, 1, 1))})
    found = found_of(audit_of(few, 500))
    assert np.isnan(found.metrics[[ACCURACY_GAP, EQUAL_OPPORTUNITY_GAP]]).all()


def test_what_is_detectable_is_that_of_its_seed() -> None:
    tests = audit_of(faces_counted({"gender": alike(PEOPLE)}), 500)
    first, again, other = (found_of(tests, seed=seed) for seed in (3, 3, 4))
    assert_allclose(first.metrics, again.metrics, rtol=0)
    assert not np.array_equal(first.metrics, other.metrics, equal_nan=True)


@pytest.mark.parametrize("seed", range(6))
def test_what_could_be_seen_lies_beyond_equal_treatment(seed: int) -> None:
    few = PARAMS.model_copy(update={"n_power": 60})
    found = found_of(audit_of(random_audit(seed), 500), params=few)
    assert np.isnan(found.loss) or 0 < found.loss <= 1
    assert np.all(found.metrics[np.isfinite(found.metrics)] > 0)


def test_frames_of_one_person_let_less_be_seen_than_of_many() -> None:
    person = np.arange(200)
    people = people_table(200, seed=2)
    frames = people.loc[people.index.repeat(4)].assign(person=np.repeat(person, 4))
    of_frames, of_strangers = (
        found_of(audit_of(faces_of(frame, "gender", classes=CLASSES[:3]), 999))
        for frame in (frames, frames.drop(columns="person"))
    )
    assert of_frames.loss / of_strangers.loss == pytest.approx(2.0, rel=0.25)


def test_calibration_has_a_detectable_difference() -> None:
    frame = people_table(1500)
    right = frame["emotion"] == frame["predicted_emotion"]
    sure = np.random.default_rng(0).beta(4, 2, len(frame))
    frame["confidence"] = np.where(right, sure, 1 - sure)
    tests = audit_of(faces_of(frame, "gender", classes=CLASSES[:3]), 999)
    assert 0.02 < found_of(tests).metrics[len(NAMES)] < 0.2
