"""What every method is given to train with."""

import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.methods.focal import Focal
from fer_fairness.mitigation.methods.sam import SharpnessAwareMinimisation
from fer_fairness.params.fine_tuning import FineTuningParameters


@pytest.mark.parametrize(
    ("counted", "n_steps", "expected"),
    [("passes", 400, 200), ("passes", 1, 1), ("steps", 400, 400), ("steps", None, None)],
)
def test_a_method_of_two_passes_has_half_of_the_steps_where_passes_are_counted(
    counted: str, n_steps: int | None, expected: int | None
) -> None:
    block = {"counted": counted, "training": {"steps_per_epoch": n_steps}}
    fine_tuning = FineTuningParameters.model_validate(block)
    assert SharpnessAwareMinimisation().training_parameters(fine_tuning).steps_per_epoch == expected
    assert Focal().training_parameters(fine_tuning).steps_per_epoch == n_steps


def test_passes_of_an_epoch_of_no_number_of_steps_cannot_be_counted() -> None:
    fine_tuning = FineTuningParameters.model_validate({"training": {"steps_per_epoch": None}})
    assert Focal().training_parameters(fine_tuning).steps_per_epoch is None
    with pytest.raises(InvalidInputError, match=r"takes 2 passes.*give their number, or"):
        SharpnessAwareMinimisation().training_parameters(fine_tuning)
