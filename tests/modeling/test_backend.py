import os
import subprocess
import sys
from pathlib import Path

import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import backend, build_network
from fer_fairness.params.modeling import ArchitectureParameters

TRAIN_TWICE = """
import sys
import numpy as np
from fer_fairness.modeling import TrainingData, TrainingSet, build_network, train
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import TrainingParameters

generator = np.random.default_rng(0)
part = TrainingSet(
    generator.integers(0, 256, (64, 48, 48, 1)).astype(np.uint8),
    np.arange(64),
    generator.dirichlet(np.ones(8), 64).astype(np.float32),
)

def weights():
    model = build_network(ArchitectureParameters(), seed=0)
    params = TrainingParameters(max_epochs=1)
    data = TrainingData(part, part)
    result = train(model, data, params, seed=0, checkpoint_folder=None, description="Train")
    return b"".join(values.tobytes() for values in result.model.get_weights())

sys.stdout.write("same" if weights() == weights() else "different")
"""


def run(code: str) -> "subprocess.CompletedProcess[str]":
    ours = ("TF_NUM_INTEROP_THREADS", "TF_CPP_MIN_LOG_LEVEL")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )


def test_importing_the_room_imports_no_deep_learning_library() -> None:
    code = "import fer_fairness.modeling, sys; sys.stdout.write(' '.join(sys.modules))"
    imported = set(run(code).stdout.split())
    assert "fer_fairness.modeling" in imported
    assert not {"keras", "tensorflow"} & imported


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tensorfow", "KERAS_BACKEND is 'tensorfow', which is no back end that trains: set it to"),
        ("torch", r"KERAS_BACKEND is 'torch', and torch is not installed: install it \(pip"),
    ],
)
def test_a_back_end_that_cannot_be_used_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(backend, "find_spec", lambda _name: None)
    monkeypatch.setenv("KERAS_BACKEND", name)
    with pytest.raises(InvalidInputError, match=message):
        backend.prepare_backend()


def test_a_back_end_of_the_configuration_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text('{"backend": "tensorfow"}')
    code = "from fer_fairness.modeling import prepare_backend as prepare\ntry:\n    prepare()\n"
    code += "except Exception as error:\n    print(type(error).__name__, error)"
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("InvalidInputError Keras cannot be imported")
    assert "tensorfow" in done.stdout
    assert "KERAS_BACKEND" in done.stdout


def test_channels_are_last_whatever_keras_is_configured_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    backend.prepare_backend()
    import keras

    assert caplog.text == ""
    keras.config.set_image_data_format("channels_first")
    try:
        model = build_network(ArchitectureParameters(blocks=((2,),), image_side_px=8), seed=0)
    finally:
        keras.config.set_image_data_format("channels_last")
    assert model.get_layer("block_1_convolution_1").data_format == "channels_last"
    assert "sets image_data_format to channels_first" in caplog.text


@pytest.mark.slow
def test_the_default_network_trains_to_the_same_bits_and_tensorflow_says_nothing() -> None:
    finished = run(TRAIN_TWICE)
    assert finished.stdout == "same"
    lines = finished.stderr.replace("\r", "\n").splitlines()
    assert [line for line in lines if line and not line.startswith("Train:")] == []
