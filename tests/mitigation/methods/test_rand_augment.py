import pytest
from pydantic import ValidationError

from fer_fairness.mitigation.methods.rand_augment import RandAugment
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.training import OnlineAugmentationParameters

FINE_TUNING = FineTuningParameters.model_validate(
    {"training": {"online_augmentation": {"flip": True, "contrast": 0.2, "degraded_share": 0.1}}}
)


def changes(**settings: float) -> OnlineAugmentationParameters:
    method = RandAugment.model_validate(settings)
    return method.training_parameters(FINE_TUNING).online_augmentation


def test_ranges_are_in_proportion_to_the_magnitude_and_within_what_is_allowed() -> None:
    half, whole = changes(magnitude=15), changes(magnitude=30)
    assert whole.rotation_degrees == 2 * half.rotation_degrees == 30
    assert whole.shift_share == 2 * half.shift_share == 0.45
    # Again through validation, which a copy of parameters passes over.
    for found in (half, whole):
        assert OnlineAugmentationParameters.model_validate(found.model_dump()) == found
    assert changes(n_operations=3).n_operations == 3
    assert half.erased_probability == 1, "a box that is drawn is there"


def test_flips_and_degraded_images_are_as_training_has_them_and_nothing_else() -> None:
    found = changes()
    assert (found.flip, found.degraded_share) == (True, 0.1)
    assert found.contrast == pytest.approx(0.27)
    training = RandAugment().training_parameters(FINE_TUNING)
    copied = training.model_copy(
        update={"online_augmentation": FINE_TUNING.training.online_augmentation}
    )
    assert copied == FINE_TUNING.training


def test_without_operations_images_change_as_training_says() -> None:
    assert changes(n_operations=0) == FINE_TUNING.training.online_augmentation


def test_bad_settings_are_refused() -> None:
    for wrong in ({"magnitude": 31}, {"magnitude": 0}, {"n_operations": -1}):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            RandAugment.model_validate(wrong)
