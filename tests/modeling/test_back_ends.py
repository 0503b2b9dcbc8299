import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

STEPS = """
import json, sys
import numpy as np
from fer_fairness.modeling import Procedure, TrainingSet, build_network
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.distillation import Teaching
from fer_fairness.modeling.graph import training_graph
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import (
    DistillationParameters, OnlineAugmentationParameters, TrainingParameters,
)

generator = np.random.default_rng(0)
part = TrainingSet(
    generator.integers(0, 256, (48, 24, 24, 1)).astype(np.uint8),
    np.arange(48),
    generator.dirichlet(np.ones(8), 48).astype(np.float32),
    columns={"weight": generator.uniform(0.5, 1.5, 48).astype(np.float32)},
)
online = OnlineAugmentationParameters(
    flip=True, rotation_degrees=15, shift_share=0.1, scale_share=0.1, brightness=0.1, contrast=0.2,
    erased_share=0.2, gamma=0.2, blur_sigma=1.0, noise=0.05, degraded_share=0.3,
)
params = TrainingParameters(
    precision="float32",
    batch_size=int(sys.argv[2]), target_learning_rate=0.003, optimizer="adamw", weight_decay=0.01,
    label_smoothing=0.1, logit_adjustment=0.5, mixup_alpha=0.2, online_augmentation=online,
    distillation=DistillationParameters(weight=0.3),
)
# Without dropout, whose random numbers each back end draws in its own way.
architecture = ArchitectureParameters(
    form=sys.argv[1], blocks=((4, 4), (6,)), n_dense_blocks=1, spatial_dropout=0.0,
    image_side_px=24, l2=0.001,
)
model = build_network(architecture, seed=0)
values = np.random.default_rng(1)
model.set_weights([values.uniform(0.1, 0.5, w.shape) for w in model.get_weights()])
known = values.normal(size=(48, 8)).astype(np.float32)
plain = Procedure()
graph = training_graph(model, params, plain.objective(part, params), seed=0)
losses = []
teaching = Teaching(known[None], has_views=False)
for batch in TrainingBatches(part, params, plain, seed=0, teaching=teaching).epoch(0):
    logs = graph.train_on_batch(
        batch.inputs, batch.targets, sample_weight=batch.sample_weight, return_dict=True
    )
    losses.append({name: float(value) for name, value in logs.items()})
logits = model.predict_on_batch(part.images.astype(np.float32))
import keras
from fer_fairness.modeling.backend import n_sharing_devices
told = {"back_end": keras.backend.backend(), "n_devices": n_sharing_devices()}
print(json.dumps([told, losses, np.asarray(logits).tolist()]))
"""


def run_steps(
    back_end: str, form: str, *, batch_size: int = 16, n_devices: int = 1
) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "KERAS_BACKEND": back_end,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={n_devices}",
    }
    return subprocess.run(
        [sys.executable, "-c", STEPS, form, str(batch_size)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def trained(
    back_end: str, form: str, *, n_devices: int = 1
) -> tuple[list[dict[str, float]], np.ndarray]:
    """The losses of three steps on `back_end`, and the logits after them."""
    done = run_steps(back_end, form, n_devices=n_devices)
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    assert found[0] == {"back_end": back_end, "n_devices": n_devices}
    return found[1], np.array(found[2])


@pytest.mark.slow
@pytest.mark.parametrize("form", ["compact", "separable"])
@pytest.mark.parametrize(
    "back_end",
    [
        "jax",
        pytest.param(
            "torch",
            marks=pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed"),
        ),
    ],
)
def test_steps_on_another_back_end_are_those_on_tensorflow(back_end: str, form: str) -> None:
    losses, logits = trained("tensorflow", form)
    other_losses, other_logits = trained(back_end, form)
    for step, other in zip(losses, other_losses, strict=True):
        assert other == pytest.approx(step, rel=2e-4)
    assert len({step["loss"] for step in losses}) == 3
    np.testing.assert_allclose(other_logits, logits, rtol=2e-3, atol=2e-3)


@pytest.mark.slow
def test_steps_whose_batches_two_devices_share_are_those_of_one() -> None:
    losses, logits = trained("jax", "compact")
    shared_losses, shared_logits = trained("jax", "compact", n_devices=2)
    for step, shared in zip(losses, shared_losses, strict=True):
        assert shared == pytest.approx(step, rel=1e-5)
    np.testing.assert_allclose(shared_logits, logits, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_batches_that_devices_cannot_share_are_refused() -> None:
    done = run_steps("jax", "compact", batch_size=15, n_devices=2)
    assert done.returncode == 1
    assert "batch_size is 15, and 2 devices share each batch: give a multiple of 2" in done.stderr
