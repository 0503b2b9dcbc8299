from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fer_fairness.modeling import TrainingSet, build_network, probabilities
from fer_fairness.modeling.distillation import teacher_logits
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import OnlineAugmentationParameters, TrainingParameters
from fer_fairness.taxonomy import EMOTIONS

MIRRORED = TrainingParameters(online_augmentation=OnlineAugmentationParameters(flip=True))


@pytest.mark.parametrize("params", [TrainingParameters(), MIRRORED])
def test_an_ensemble_says_the_mean_of_what_its_members_say(
    tiny: ArchitectureParameters, toy: Callable[..., TrainingSet], params: TrainingParameters
) -> None:
    # Half of all channels would be dropped, were a teacher not asked in inference mode.
    dropping = tiny.model_copy(update={"spatial_dropout": 0.5})
    teachers = [build_network(dropping, seed=seed) for seed in (0, 1, 2)]
    part = toy(20)
    images = part.images[np.arange(20)].astype(np.float32)

    def said(teacher: Any) -> np.ndarray:
        logits = teacher.predict_on_batch(images)
        if params.online_augmentation.flip:
            logits = (logits + teacher.predict_on_batch(images[:, :, ::-1])) / 2
        return probabilities(logits, EMOTIONS)

    found = teacher_logits(teachers, part, params, description="x")
    expected = np.mean([said(teacher) for teacher in teachers], axis=0)
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-4)
    assert found.dtype == np.float32


def test_a_face_that_stands_in_the_set_several_times_is_given_the_same_answer(
    build: Callable[[], object], toy: Callable[..., TrainingSet]
) -> None:
    part = toy(6)
    index = np.array([5, 0, 5, 2])
    repeated = replace(part, image_index=index, targets=part.targets[index])
    params = TrainingParameters()
    once = teacher_logits([build()], part, params, description="x")
    np.testing.assert_allclose(
        teacher_logits([build()], repeated, params, description="x"), once[index], rtol=1e-5
    )
