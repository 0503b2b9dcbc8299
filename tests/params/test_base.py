from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from fer_fairness.params.base import GivenPathText
from fer_fairness.params.data_processing import ImageFolderParameters
from fer_fairness.params.training import TrainingParameters


def test_a_misspelt_name_is_answered_with_the_close_one_and_all_others() -> None:
    with pytest.raises(ValidationError) as caught:
        TrainingParameters.model_validate({"max_epoch": 3, "batch_size": 0})
    text = str(caught.value)
    assert "did you mean max_epochs?" in text
    assert "Known here: batch_size, max_epochs, steps_per_epoch" in text
    assert "greater than or equal to 1" in text, "other errors are told as well"
    assert caught.value.error_count() == 2


def test_in_a_nested_block_the_names_are_those_of_the_block_and_the_place_is_told() -> None:
    with pytest.raises(ValidationError) as caught:
        TrainingParameters.model_validate({"online_augmentation": {"xyz": True}})
    (error,) = caught.value.errors()
    assert error["loc"] == ("online_augmentation", "xyz")
    assert error["type"] == "extra_forbidden"
    assert "Known here: flip, rotation_degrees" in error["msg"]
    assert "did you mean" not in error["msg"]
    assert "max_epochs" not in error["msg"]


def test_what_a_block_says_of_itself_stays_as_it_is() -> None:
    with pytest.raises(ValidationError, match="is above target_learning_rate") as caught:
        TrainingParameters(initial_learning_rate=1.0)
    (error,) = caught.value.errors()
    assert error["loc"] == ()
    assert error["type"] == "value_error"


def test_an_address_is_no_path_and_it_is_told_where_its_files_are() -> None:
    with pytest.raises(ValidationError, match=r"s3://b/faces is an address.*data/mirror/s3"):
        TypeAdapter(GivenPathText).validate_python("s3://b/faces")


def test_a_path_begins_at_the_home_of_whom_the_machine_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    read = [
        ImageFolderParameters.model_validate({"annotations": given}).annotations
        for given in ("~/labels.csv", "~nobody_of_this_name/labels.csv")
    ]
    assert read == [Path("/home/ada/labels.csv"), Path("~nobody_of_this_name/labels.csv")]
