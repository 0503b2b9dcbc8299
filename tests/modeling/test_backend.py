import os
import subprocess
import sys

import pytest

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


@pytest.mark.slow
def test_the_default_network_trains_to_the_same_bits_and_tensorflow_says_nothing() -> None:
    finished = run(TRAIN_TWICE)
    assert finished.stdout == "same"
    lines = finished.stderr.replace("\r", "\n").splitlines()
    assert [line for line in lines if line and not line.startswith("Train:")] == []
