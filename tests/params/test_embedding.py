import pytest
from pydantic import ValidationError

from fer_fairness.params.embedding import (
    EmbedderParameters,
    EmbeddingParameters,
    ImageCondition,
    ModelFileParameters,
)

FILE = {"path": "face.onnx", "sha256": "a" * 64, "side_px": 112, "scaling": "-1..1"}


@pytest.mark.parametrize("kind", ["keras_file", "onnx"])
def test_a_named_model_needs_its_file(kind: str) -> None:
    with pytest.raises(ValidationError, match=f"kind {kind} needs `file`"):
        EmbedderParameters.model_validate({"kind": kind})
    assert EmbedderParameters.model_validate({"kind": kind, "file": FILE}).file is not None


def test_blocks_of_several_kinds_may_stand_side_by_side() -> None:
    given = {"kind": "dlib", "widths": [4, 6], "dlib": {"features": "descriptor"}, "file": FILE}
    params = EmbedderParameters.model_validate(given)
    assert params.dlib.features == "descriptor"
    assert params == EmbedderParameters.model_validate_json(params.model_dump_json())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sha256": "A" * 64}, "should match pattern"),
        ({"sha256": "a" * 63}, "should match pattern"),
        ({"side_px": 0}, "greater than 0"),
        ({"scaling": "0-1"}, r"'0\.\.255'"),
        ({"layout": "NCHW"}, "channels_first"),
        ({"size": 3}, "Extra inputs"),
    ],
)
def test_a_damaged_description_of_a_file_is_refused(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        ModelFileParameters.model_validate({**FILE, **change})


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "facenet"},
        {"side_px": 8},
        {"degraded_share": 1.5},
        {"max_shift_px": 25},
        {"dlib": {"x": 1}},
    ],
)
def test_other_embedders_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EmbedderParameters.model_validate(given)


def test_limits_of_a_run() -> None:
    assert ImageCondition() == ImageCondition(side_px=None, colour=True)
    for wrong in ({"chunk_size": 0}, {"batch_size": 0}, {"max_problem_share": 1.1}):
        with pytest.raises(ValidationError):
            EmbeddingParameters.model_validate(wrong)


def test_the_one_training_loop_trains_the_cnn_as_its_own_names_say() -> None:
    given = EmbedderParameters(epochs=7, learning_rate=0.01, max_shift_px=6, degraded_share=0.25)
    training = given.training
    assert (training.max_epochs, training.target_learning_rate) == (7, 0.01)
    assert training.early_stopping_patience == given.patience
    changes = training.online_augmentation
    assert (changes.flip, changes.shift_share, changes.degraded_share) == (True, 6 / 48, 0.25)
