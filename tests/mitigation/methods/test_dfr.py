from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fer_fairness.mitigation import Given
from fer_fairness.mitigation.methods.dfr import Dfr
from fer_fairness.modeling import TrainingData, build_network, train
from fer_fairness.modeling.objective import Seen
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters

Faces = Callable[..., pd.DataFrame]
NOTHING = Given(pd.DataFrame(), seed=0)
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 1)).astype(np.uint8)
PARAMS = TrainingParameters(
    max_epochs=30,
    batch_size=20,
    warmup_epochs=0,
    initial_learning_rate=0.02,
    target_learning_rate=0.02,
    gradient_clip_norm=None,
)
# One face of x with anger, nobody of y; ten faces of unknown group.
GENDER = ["x"] * 21 + ["y"] * 9 + [None] * 10
EMOTION = ["anger"] + ["fear"] * 29 + ["anger"] * 10


def test_cells_of_group_and_emotion_are_drawn_alike(make_faces: Faces) -> None:
    faces = make_faces(["train"] * 40, EMOTION, gender=GENDER)
    method = Dfr()
    training = method.training_set(faces, IMAGES, NOTHING).training_set(faces, IMAGES)
    generator = np.random.default_rng(0)
    rows = np.concatenate([method.order(training, generator) for _ in range(300)])
    drawn = faces.iloc[rows].fillna({"gender": "unknown"})
    found = drawn.groupby(["gender", "emotion"]).size() / len(rows)
    assert found.to_dict() == pytest.approx(
        {
            ("unknown", "anger"): 0.25,
            ("x", "anger"): 0.25,
            ("x", "fear"): 0.25,
            ("y", "fear"): 0.25,
        },
        rel=0.06,
    )


def test_the_penalty_makes_the_last_layers_weights_small_and_no_others(make_faces: Faces) -> None:
    faces = make_faces(["train"] * 40, EMOTION, gender=GENDER)
    sums, others = [], []
    for l1 in (0.0, 1.0):
        method = Dfr(l1=l1)
        training = method.training_set(faces, IMAGES, NOTHING).training_set(faces, IMAGES)
        network = build_network(
            ArchitectureParameters(blocks=((4,), (4,)), image_side_px=16), seed=0
        )
        model = method.start(network, FineTuningParameters(), seed=0)
        train(
            model,
            TrainingData(training, training),
            PARAMS,
            seed=0,
            checkpoint_folder=None,
            description="Test",
            procedure=method,
        )
        # The weights of the last layer are the last two of all.
        sums.append(np.abs(model.get_weights()[-2]).sum())
        others.append(model.get_weights()[:-2])
        assert all(map(np.array_equal, others[-1], network.get_weights()[:-2]))
    assert sums[1] < sums[0] / 2


def test_the_loss_is_the_plain_one_plus_the_sum_of_absolute_weights(make_faces: Faces) -> None:
    faces = make_faces(["train"] * 40, EMOTION, gender=GENDER)
    plain, penalised = Dfr(l1=0.0), Dfr(l1=0.5)
    training = plain.training_set(faces, IMAGES, NOTHING).training_set(faces, IMAGES)
    objectives = [one.objective(training, PARAMS) for one in (plain, penalised)]

    class Graph:
        model = build_network(ArchitectureParameters(blocks=((4,),), image_side_px=16), seed=0)

    logits = np.zeros((40, 8), np.float32)
    for one in objectives:
        one.build(Graph, n_features=0, seed=0)
    found = [float(one.loss(Seen({}, training.targets, logits))) for one in objectives]
    kernel = Graph.model.get_weights()[-2]
    assert found[1] - found[0] == pytest.approx(0.5 * np.abs(kernel).sum(), rel=1e-5)


def test_where_no_group_is_known_faces_come_as_in_plain_training(make_faces: Faces) -> None:
    faces = make_faces(["train"] * 40, EMOTION)
    method = Dfr()
    training = method.training_set(faces, IMAGES, NOTHING).training_set(faces, IMAGES)
    order = method.order(training, np.random.default_rng(0))
    assert order.tolist() == np.random.default_rng(0).permutation(40).tolist()
