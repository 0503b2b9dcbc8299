import numpy as np
import pytest
from numpy.testing import assert_allclose

from fer_fairness.fairness.planning import planned_power
from fer_fairness.fairness.planning.planned_power import PlannedAudit, level_of_attribute
from fer_fairness.fairness.testing import gap_tests
from fer_fairness.fairness.testing.judging import WEIGHT_OF_INTERSECTION, judged
from fer_fairness.fairness.testing.people import JudgedFaces, Membership
from fer_fairness.params.plan import PlanParameters

GROUPS = {"white": 77.0, "black": 8.0, "asian": 15.0}


def audit(**given: object) -> PlannedAudit:
    return PlannedAudit(PlanParameters.model_validate({"groups": GROUPS, **given}))


def test_attributes_share_the_level_of_the_audit() -> None:
    def level(attributes: int, intersections: int) -> float:
        return level_of_attribute(
            PlanParameters(n_attributes=attributes, n_intersections=intersections)
        )

    assert level(1, 0) == pytest.approx(0.05)
    assert level(3, 0) == pytest.approx(1 - 0.95 ** (1 / 3))
    one = level(3, 3)
    assert (1 - one) ** 3 * (1 - WEIGHT_OF_INTERSECTION * one) ** 3 == pytest.approx(0.95)


def test_answers_have_the_recalls_and_err_towards_frequent_emotions() -> None:
    planned = audit(emotions={"a": 6, "b": 3, "c": 1}, recalls={"a": 0.9, "b": 0.6, "c": 0.3})
    assert_allclose(planned.answers.sum(axis=1), 1.0)
    assert_allclose(np.diag(planned.answers), [0.9, 0.6, 0.3])
    assert planned.answers[1, 0] / planned.answers[1, 2] == pytest.approx(6.0)


@pytest.mark.parametrize("n_faces", [7, 130, 3068])
def test_faces_are_parted_among_groups_without_rest(n_faces: int) -> None:
    planned = audit()
    faces = planned.faces_by_group(n_faces)
    assert faces.sum() == n_faces
    assert np.all(np.abs(faces - n_faces * planned.shares) < 1)


@pytest.mark.parametrize("n_faces", [150, 3000])
@pytest.mark.parametrize("n_attributes", [1, 3])
def test_without_a_difference_power_is_the_level(n_faces: int, n_attributes: int) -> None:
    planned = audit(n_attributes=n_attributes, n_draws=8000)
    found = planned.power(n_faces, 1e-9, seed=0)
    assert found == pytest.approx(planned.level, abs=4 * np.sqrt(planned.level / 8000))


def test_power_rises_with_faces_and_gap_and_falls_with_what_is_compared() -> None:
    planned = audit()
    power = planned.power(1000, 0.1, seed=0)
    assert planned.power(2000, 0.1, seed=0) > power + 0.1
    assert planned.power(1000, 0.15, seed=0) > power + 0.1
    assert audit(n_attributes=6).power(1000, 0.1, seed=0) < power - 0.1
    assert audit(emotion="fear").power(1000, 0.1, seed=0) < power - 0.1
    assert audit(harmed="white").power(1000, 0.1, seed=0) > power + 0.1


TWO_EMOTIONS = {"emotions": {"a": 1, "b": 1}, "recalls": {"a": 0.8, "b": 0.8}}


def test_a_large_gap_is_found_at_the_level_of_many_comparisons() -> None:
    planned = audit(n_attributes=50, n_intersections=200, n_draws=200, **TWO_EMOTIONS)
    assert planned.level < 1 / 2000
    assert planned.null_draws(200) * planned.level == pytest.approx(20, rel=0.01)
    assert planned.power(2000, 0.6, seed=0) == 1.0


def test_of_all_that_can_be_compared_nothing_is_refused_at_the_usual_significance() -> None:
    planned = audit(n_attributes=50, n_intersections=1000)
    assert planned.null_draws(2000) * planned.level == pytest.approx(20, rel=0.01)


def test_few_draws_tell_the_same_at_a_small_level_as_many() -> None:
    planned = audit(n_attributes=10, n_draws=200, **TWO_EMOTIONS)
    few = np.mean([planned.power(1000, 0.12, seed=seed, n_draws=400) for seed in range(12)])
    assert few == pytest.approx(planned.power(1000, 0.12, seed=0, n_draws=20_000), abs=0.04)


def test_draws_do_not_depend_on_how_many_are_held_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned = audit(n_draws=300)
    power = planned.power(800, 0.1, seed=1)
    monkeypatch.setattr(planned_power, "_CELLS_AT_ONCE", 5000)
    assert planned.power(800, 0.1, seed=1) == power


def test_several_faces_of_a_person_are_worth_less() -> None:
    power = audit().power(1000, 0.12, seed=0)
    alike = audit(faces_per_person=4, intraclass_correlation=1)
    assert alike.power(4000, 0.12, seed=0) == pytest.approx(power, abs=0.06)
    strangers = audit(faces_per_person=4, intraclass_correlation=0)
    assert strangers.power(1000, 0.12, seed=0) == pytest.approx(power, abs=0.06)


def test_a_group_of_too_few_people_is_not_compared() -> None:
    planned = audit()
    assert planned.power(planned.fewest_faces, 0.6, seed=0) > 0.3
    assert planned.power(planned.fewest_faces - 10, 0.6, seed=0) == 0.0
    several = audit(faces_per_person=5, intraclass_correlation=0)
    assert several.fewest_faces == pytest.approx(5 * planned.fewest_faces, rel=0.05)


def test_the_same_seed_gives_the_same_power() -> None:
    planned = audit(n_draws=300)
    assert planned.power(800, 0.1, seed=1) == planned.power(800, 0.1, seed=1)
    assert planned.power(800, 0.1, seed=1) != planned.power(800, 0.1, seed=2)


def drawn_faces(planned: PlannedAudit, n_faces: int, gap: float, seed: int) -> JudgedFaces:
    """Faces drawn one by one, of which nothing but their shares is known to the planner."""
    generator = np.random.default_rng(seed)
    emotions = planned.params.emotions
    shares = np.array(list(emotions.values())) / sum(emotions.values())
    group = np.repeat(np.arange(len(planned.shares)), planned.faces_by_group(n_faces))
    true = generator.choice(len(shares), size=n_faces, p=shares)
    wrong = planned.answers * (1 - np.eye(len(shares)))
    wrong /= wrong.sum(axis=1, keepdims=True)
    recall = np.diag(planned.answers)[true] - gap * (group == planned.harmed)
    errors = np.array([generator.choice(len(shares), p=wrong[emotion]) for emotion in true])
    predicted = np.where(generator.random(n_faces) < recall, true, errors)
    race = Membership(tuple(planned.params.groups), group)
    return JudgedFaces(tuple(emotions), true, predicted, {"race": race}, np.arange(n_faces))


@pytest.mark.slow
def test_the_audit_itself_finds_as_often_as_planned() -> None:
    planned, n_faces, gap, n_audits = audit(), 700, 0.17, 120
    found = 0
    for seed in range(n_audits):
        faces = drawn_faces(planned, n_faces, gap, seed)
        parts = gap_tests.compared_groups(faces, minimum_group_size=10)
        tests = gap_tests.tested(faces, parts, n=600, seed=seed, cells_at_once=2**19)
        (judgement,) = judged([test for test in tests if test], significance=0.05)
        found += judgement.any_difference <= 0.05
    expected = planned.power(n_faces, gap, seed=0)
    assert 0.6 < expected < 0.95
    error = np.sqrt(expected * (1 - expected) / n_audits)
    assert found / n_audits == pytest.approx(expected, abs=2.5 * error)
