import pytest
from pydantic import ValidationError

from fer_fairness.params.training import DistillationParameters, TrainingParameters


@pytest.mark.parametrize("given", ["a.keras; published", ["a.keras", "published"]])
def test_teachers_are_a_list_or_parted_at_semicolons(given: object) -> None:
    found = DistillationParameters.model_validate({"weight": 0.5, "teachers": given})
    assert found.teachers == ("a.keras", "published")


def test_weight_0_alone_turns_off_what_the_configuration_teaches() -> None:
    """So that one setting of the command line suffices, whoever is named beside it."""
    found = DistillationParameters(weight=0.0, teachers=("published",), same_views=True, n_views=2)
    assert found.weight == 0


def test_forms_that_were_asked_about_before_cannot_be_weaker_later() -> None:
    asked_before = {"weight": 0.5, "same_views": True, "n_views": 2}
    with pytest.raises(ValidationError, match="weaker_epochs is 3, but with same_views and"):
        TrainingParameters.model_validate({"weaker_epochs": 3, "distillation": asked_before})
    for distillation in ({**asked_before, "same_views": False}, {**asked_before, "n_views": None}):
        TrainingParameters.model_validate({"weaker_epochs": 3, "distillation": distillation})
