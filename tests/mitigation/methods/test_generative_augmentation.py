import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from fer_fairness.mitigation import Given
from fer_fairness.mitigation.methods import generative_augmentation
from fer_fairness.mitigation.methods.generative_augmentation import GenerativeAugmentation
from fer_fairness.modeling import build_network
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.tables import PREDICTIONS_SCHEMA, empty_table

IMAGES = np.random.default_rng(1).integers(0, 256, (40, 16, 16, 1)).astype(np.uint8)
SETTINGS: dict[str, Any] = {
    "augmentation": {"minimum_cell_size": 1, "target_share": 1.0},
    "generator": {"n_codes": 4, "width": 8, "n_blocks": 1, "n_steps": 2, "n_moves": 2},
}


@pytest.fixture
def faces(make_faces: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    return make_faces(
        ["train"] * 36 + ["validation"] * 4,
        ["neutral"] * 26 + ["fear"] * 14,
        gender=["male", "female"] * 17 + [None] * 6,
    )


def given() -> Given:
    architecture = ArchitectureParameters(blocks=((4,), (6,)), n_dense_blocks=1, image_side_px=16)
    model = build_network(architecture, seed=0)
    return Given(empty_table(PREDICTIONS_SCHEMA), seed=0, model=model)


def test_cells_are_filled_up_to_twice_their_size_and_the_log_compares_made_faces(
    faces: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    method = GenerativeAugmentation.model_validate(
        SETTINGS | {"generator": SETTINGS["generator"] | {"copy_quantile": 0}}
    )
    with caplog.at_level(logging.INFO):
        composed = method.training_set(faces, IMAGES, given())
    added = composed.added.faces["augmentation_cell"].value_counts()
    assert added.to_dict() == {"fear, female": 4, "fear, male": 4}
    assert "8 faces made, 0 left out as copies" in caplog.text
    training = composed.training_set(faces, IMAGES)
    assert len(training) == 44
    assert training.epoch_size == 36
    assert (training.images[np.arange(40, 44)] == composed.added.images[:4]).all()


def test_without_known_groups_it_is_plain_training_and_no_generator_is_trained(
    faces: pd.DataFrame, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generative_augmentation, "made_faces", None)
    unknown = faces.assign(gender=None)
    with caplog.at_level(logging.INFO, generative_augmentation.__name__):
        composed = GenerativeAugmentation.model_validate(SETTINGS).training_set(
            unknown, IMAGES, given()
        )
    assert composed.added.faces.empty
    assert len(composed.training_set(unknown, IMAGES)) == 36
    told = [one.message for one in caplog.records if one.name == generative_augmentation.__name__]
    assert told == [
        "Generative augmentation: no known cell has too few faces: this is plain training"
    ]


def test_what_a_block_does_not_name_is_as_the_method_has_it() -> None:
    method = GenerativeAugmentation.model_validate(SETTINGS)
    assert method.augmentation.by == ("emotion", "gender")
    assert method.augmentation.max_copies_per_image == 1
    assert method.augmentation.target_share == 1.0


def test_faces_that_are_made_cannot_be_made_on_the_fly() -> None:
    with pytest.raises(ValidationError, match=r"mode is on_the_fly.*give mode written"):
        GenerativeAugmentation.model_validate({"augmentation": {"mode": "on_the_fly"}})
