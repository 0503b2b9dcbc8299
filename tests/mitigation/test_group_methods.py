"""What every method whose loss sees groups keeps to, on the groups that real data have."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation import Given, trained_methods
from fer_fairness.mitigation.group_method import GroupMethod
from fer_fairness.modeling import Objective, TrainingData, build_network, train
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters

FacesBuilder = Callable[..., pd.DataFrame]
METHODS = {name: m for name, m in trained_methods().items() if issubclass(m, GroupMethod)}
N, SIDE = 24, 8
IMAGES = np.random.default_rng(0).integers(0, 256, (N, SIDE, SIDE, 1)).astype(np.uint8)
EMOTIONS = ["fear", "anger", "fear", "neutral"] * 6
NOTHING = Given(pd.DataFrame(), seed=0)
PARAMS = TrainingParameters(batch_size=8, max_epochs=1, warmup_epochs=0)


def faces(make_faces: FacesBuilder, groups: Sequence[str | None]) -> pd.DataFrame:
    return make_faces(["train"] * N, EMOTIONS, gender=list(groups))


def moved(table: pd.DataFrame, method: GroupMethod) -> list[np.ndarray]:
    """The weights after an epoch."""
    training = method.training_set(table, IMAGES, NOTHING).training_set(table, IMAGES)
    network = build_network(ArchitectureParameters(blocks=((4,),), image_side_px=SIDE), seed=0)
    result = train(
        network,
        TrainingData(training, training),
        PARAMS,
        seed=0,
        checkpoint_folder=None,
        description="Groups",
        procedure=method,
    )
    return [np.asarray(weights) for weights in result.model.get_weights()]


@pytest.mark.parametrize("name", METHODS)
def test_where_no_group_is_known_the_loss_is_the_plain_one(
    make_faces: FacesBuilder, name: str
) -> None:
    table, method = faces(make_faces, [None] * N), METHODS[name].model_validate({})
    training = method.training_set(table, IMAGES, NOTHING).training_set(table, IMAGES)
    assert type(method.objective(training, PARAMS)) is Objective


@pytest.mark.parametrize("name", [*METHODS, "group_dro"])
def test_mixup_is_refused_as_a_mixture_of_two_faces_is_in_no_cell(name: str) -> None:
    method = trained_methods()[name]
    mixed = FineTuningParameters.model_validate({"training": {"mixup_alpha": 0.4}})
    with pytest.raises(InvalidInputError, match=r"mixup_alpha is 0\.4.*set it to 0"):
        method.model_validate({}).training_parameters(mixed)
    apart = method.model_validate({"fine_tuning": {"training": {"mixup_alpha": 0}}})
    assert apart.training_parameters(mixed).mixup_alpha == 0


@pytest.mark.parametrize("name", METHODS)
def test_a_group_of_one_face_and_emotions_absent_in_groups_are_trained_on(
    make_faces: FacesBuilder, name: str
) -> None:
    # Group c is one face; b shows fear alone; a quarter has no group; a and b are predicted.
    groups: list[Any] = ["b" if emotion == "fear" else "a" for emotion in EMOTIONS]
    groups[0], groups[3::4] = "c", [None] * 6
    table = faces(make_faces, groups)
    table["gender_source"] = ["annotated", *["predicted"] * (N - 1)]
    table["gender_confidence"] = np.linspace(0.4, 1, N)
    weights = moved(table, METHODS[name].model_validate({}))
    assert all(np.isfinite(values).all() for values in weights)
