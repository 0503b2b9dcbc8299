from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_fairness.modeling import Procedure, TrainingSet, build_network, distillation, probabilities
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.distillation import Teaching, ask_teachers
from fer_fairness.modeling.image_changes import apply_changes
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import (
    DistillationParameters,
    OnlineAugmentationParameters,
    TrainingParameters,
)
from fer_fairness.taxonomy import EMOTIONS

MIRRORED = TrainingParameters(online_augmentation=OnlineAugmentationParameters(flip=True))


VIEWS = TrainingParameters(
    batch_size=8,
    precision="float32",
    online_augmentation=OnlineAugmentationParameters(flip=True, shift_share=0.2, contrast=0.3),
    distillation=DistillationParameters(weight=0.5, same_views=True, n_views=2),
)


def asked(
    teachers: Any, part: TrainingSet, params: TrainingParameters, folder: Path | None = None
) -> Teaching:
    return ask_teachers(teachers, part, params, folder=folder, description="x")


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

    found = asked(teachers, part, params).logits[0]
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
    once = asked([build()], part, params).logits
    again = asked([build()], repeated, params).logits
    np.testing.assert_allclose(again, once[:, index], rtol=1e-5)


def test_epochs_show_the_views_that_teachers_were_asked_about(
    build: Callable[[], Any], toy: Callable[..., TrainingSet]
) -> None:
    from keras import ops

    part, teacher = replace(toy(20), columns={"place": np.arange(20, dtype=np.float32)}), build()
    teaching = asked([teacher], part, VIEWS)
    assert teaching.logits.shape == (2, 20, 8)
    seen: list[dict[int, np.ndarray]] = []
    for epoch in range(3):
        batches = TrainingBatches(part, VIEWS, Procedure(), seed=epoch, teaching=teaching)
        faces: dict[int, np.ndarray] = {}
        for batch in batches.epoch(epoch):
            tensors = {name: ops.convert_to_tensor(value) for name, value in batch.inputs.items()}
            moved = apply_changes(ops.cast(tensors["images"], "float32"), tensors)
            both_ways = [
                probabilities(np.asarray(teacher(images, training=False)), EMOTIONS)
                for images in (moved, ops.flip(moved, axis=2))
            ]
            known = np.exp(batch.inputs["teacher_logits"])
            np.testing.assert_allclose(known, np.mean(both_ways, axis=0), atol=2e-3)
            faces |= dict(zip(batch.inputs["place"].tolist(), np.asarray(moved), strict=True))
        assert len(faces) == 20
        seen.append(faces)
    # The third epoch shows the first view again, though in another order.
    assert all(np.array_equal(seen[0][row], seen[2][row]) for row in range(20))
    assert not any(np.array_equal(seen[0][row], seen[1][row]) for row in range(20))


def test_without_same_views_the_mean_over_views_teaches_whatever_is_shown(
    build: Callable[[], Any], toy: Callable[..., TrainingSet]
) -> None:
    part, teacher = toy(20), build()
    of_views = VIEWS.distillation.model_copy(update={"same_views": False})
    mean = asked([teacher], part, VIEWS.model_copy(update={"distillation": of_views}))
    of_each = np.exp(asked([teacher], part, VIEWS).logits.astype(np.float64))
    assert mean.logits.shape == (1, 20, 8)
    assert not mean.has_views
    np.testing.assert_allclose(np.exp(mean.logits[0]), of_each.mean(axis=0), rtol=1e-5)
    assert not np.allclose(of_each[0], of_each[1], atol=1e-4)


def test_what_was_said_of_views_is_kept_and_asked_anew_of_other_teachers_or_faces(
    build: Callable[[], Any],
    toy: Callable[..., TrainingSet],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part, teacher = toy(20), build()
    first = asked([teacher], part, VIEWS, tmp_path)
    (kept,) = (path for path in tmp_path.rglob("view_000.npy"))
    kept.with_name("view_001.npy").unlink()  # as after a kill
    again = asked([teacher], part, VIEWS, tmp_path)
    np.testing.assert_array_equal(first.logits, again.logits)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(distillation, "teaching_graph", refuse)
    np.testing.assert_array_equal(asked([teacher], part, VIEWS, tmp_path).logits, first.logits)
    other = build()
    other.set_weights([weights + 0.1 for weights in other.get_weights()])
    for teachers, faces in (([other], part), ([teacher], toy(20, seed=9))):
        with pytest.raises(AssertionError, match="asked"):
            asked(teachers, faces, VIEWS, tmp_path)
    # Views are drawn by this room's code: answers of other code are to other views.
    monkeypatch.setattr(distillation, "room_source", lambda: b"changed")
    with pytest.raises(AssertionError, match="asked"):
        asked([teacher], part, VIEWS, tmp_path)
