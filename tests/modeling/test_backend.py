import os
import subprocess
import sys

TRAIN_TWICE = """
import sys
import numpy as np
from fer_fairness.modeling import TrainingSet, build_separable_cnn, train
from fer_fairness.params.modeling import ArchitectureParameters, TrainingParameters

architecture = ArchitectureParameters(blocks=((48, 48), (96, 96), (192,)), image_side_px=24)
generator = np.random.default_rng(0)
part = TrainingSet(
    generator.integers(0, 256, (128, 24, 24, 1)).astype(np.uint8),
    np.arange(128),
    generator.dirichlet(np.ones(8), 128).astype(np.float32),
)

def weights():
    model = build_separable_cnn(architecture, seed=0)
    params = TrainingParameters(max_epochs=1)
    result = train(model, part, part, params, seed=0, checkpoint_folder=None, description="Train")
    return b"".join(values.tobytes() for values in result.model.get_weights())

first = weights()
sys.stdout.write("same" if all(weights() == first for _ in range(2)) else "different")
"""


def run(code: str) -> "subprocess.CompletedProcess[str]":
    ours = ("TF_NUM_INTEROP_THREADS", "TF_CPP_MIN_LOG_LEVEL")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )


def test_importing_the_room_imports_no_deep_learning_library() -> None:
    code = (
        "import fer_fairness.modeling, sys; assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    run(code)


def test_a_wide_network_trains_to_the_same_bits_and_tensorflow_says_nothing() -> None:
    finished = run(TRAIN_TWICE)
    assert finished.stdout == "same"
    lines = finished.stderr.replace("\r", "\n").splitlines()
    assert [line for line in lines if line and not line.startswith("Train:")] == []
