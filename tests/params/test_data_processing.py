from pathlib import Path

import pytest
from pydantic import ValidationError

from fer_fairness.params.data_processing import FairFaceParameters, ImageFolderParameters


def test_a_folder_of_images_needs_no_annotations_and_tolerates_more_damage() -> None:
    given = ImageFolderParameters()

    assert given.annotations is None
    assert given.max_damaged_share > FairFaceParameters().max_damaged_share


def test_annotations_are_a_path() -> None:
    given = ImageFolderParameters.model_validate({"annotations": "people.csv"})

    assert given.annotations == Path("people.csv")


@pytest.mark.parametrize(
    "values",
    [
        {"annotation": "people.csv"},
        {"annotations": 3},
        {"max_damaged_share": 1.1},
        {"max_damaged_share": -0.1},
        {"n_threads": 0},
    ],
)
def test_misspelt_and_impossible_values_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        ImageFolderParameters.model_validate(values)


def test_every_parameter_is_described() -> None:
    fields = ImageFolderParameters.model_fields.values()

    assert all(field.description for field in fields)
