import numpy as np
import pytest
from pydantic import ValidationError

from fer_fairness.params.plan import PlanParameters

TWO = {"a": 9.0, "b": 1.0}


def test_numbers_by_name_may_be_given_as_text() -> None:
    params = PlanParameters.model_validate(
        {"groups": "0-3=720; 4-19 = 441;", "emotions": TWO | {}} | {"recalls": "a=.9;b=.5"}
    )
    assert params.groups == {"0-3": 720.0, "4-19": 441.0}
    assert params.recalls == {"a": 0.9, "b": 0.5}


def test_the_smallest_group_is_harmed_unless_another_is_named() -> None:
    assert PlanParameters(groups=TWO).harmed_group == "b"
    assert PlanParameters(groups=TWO, harmed="a").harmed_group == "a"


def test_faces_of_one_person_tell_less_by_how_alike_they_are() -> None:
    def effect(correlation: float) -> float:
        return PlanParameters(faces_per_person=5, intraclass_correlation=correlation).design_effect

    assert PlanParameters().design_effect == 1.0
    assert [effect(0.0), effect(0.5), effect(1.0)] == [1.0, 3.0, 5.0]


def test_unequal_numbers_of_faces_count_as_the_mean_number_over_faces() -> None:
    numbers = np.array([1, 1, 2, 3, 20])
    params = PlanParameters(
        faces_per_person=numbers.mean(),
        faces_per_person_cv=numbers.std() / numbers.mean(),
        intraclass_correlation=0.3,
    )
    of_a_face = (numbers**2).sum() / numbers.sum()
    assert params.design_effect == pytest.approx(1 + (of_a_face - 1) * 0.3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"gap": 0.1, "n_faces": 100}, "gap and n_faces are both given"),
        ({"gap": 0.0}, "greater than 0"),
        ({"gap": 0.95}, "recall of 0.916 to lose"),
        ({"gap": 0.5, "emotion": "disgust"}, "recall of 0.375 to lose"),
        ({"groups": {"a": 1}}, "at least 2 items"),
        ({"groups": {"a": 1, "b": 0}}, "greater than 0"),
        ({"groups": {"a": 1, "b": float("inf")}}, "finite"),
        ({"groups": "a=1; b"}, "holds 'b': expected each name once"),
        ({"groups": "a=1; a=2"}, "holds 'a=2': expected each name once"),
        ({"harmed": "martian"}, "harmed is 'martian'; expected one of caucasian"),
        ({"emotion": "envy"}, "emotion is 'envy'; expected one of neutral"),
        ({"emotions": {"fear": 1, "envy": 1}}, "recalls has none for envy"),
        ({"emotions": TWO, "recalls": {"a": 0.5, "b": 0.5, "c": 0.5}}, "recalls names c"),
        ({"recalls": {"fear": 1.5}}, "less than or equal to 1"),
        ({"faces_per_person": 3}, "intraclass_correlation is not given"),
        ({"faces_per_person_cv": 0.5}, "though faces_per_person is 1"),
        ({"power": 0.01}, "greater than or equal to 0.5"),
        ({"faces": 100}, "did you mean n_faces"),
    ],
)
def test_an_impossible_plan_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PlanParameters.model_validate(given)
