import pytest
from pydantic import ValidationError

from fer_fairness.params.training import DistillationParameters


@pytest.mark.parametrize("given", ["a.keras; published", ["a.keras", "published"]])
def test_teachers_are_a_list_or_parted_at_semicolons(given: object) -> None:
    found = DistillationParameters.model_validate({"weight": 0.5, "teachers": given})
    assert found.teachers == ("a.keras", "published")


def test_teachers_of_no_weight_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"weight is 0.*give a weight above 0, or no teach"):
        DistillationParameters(teachers=("published",))
