import pytest
from pydantic import ValidationError

from fer_fairness.params.training import DistillationParameters


@pytest.mark.parametrize("given", ["a.keras; published", ["a.keras", "published"]])
def test_teachers_are_a_list_or_parted_at_semicolons(given: object) -> None:
    found = DistillationParameters.model_validate({"weight": 0.5, "teachers": given})
    assert found.teachers == ("a.keras", "published")


def test_weight_0_alone_turns_off_what_the_configuration_teaches() -> None:
    """So that one setting of the command line suffices, whoever is named beside it."""
    found = DistillationParameters(weight=0.0, teachers=("published",), same_views=True, n_views=2)
    assert found.weight == 0


def test_views_that_teachers_would_not_be_asked_about_are_refused() -> None:
    with pytest.raises(ValidationError, match="n_views is 2, but same_views is false"):
        DistillationParameters(weight=0.5, n_views=2)
