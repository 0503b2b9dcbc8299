"""Images a second in training: the published network under Keras `fit`, and the project's loop.

Run `python -m benchmarks.training_speed`, two minutes on two cores, nothing else running. The
images are noise: speed does not depend on what they show. All rows are of one run, so that they
compare; times are medians over steps. `matrix product` is NumPy's or TensorFlow's own on float32,
2048 x 2048: the most that the machine computes. A training step is counted as three forward passes
of multiplications and additions (forward, and the gradients of inputs and of kernels).
"""

import argparse
import itertools
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from benchmarks.common import seconds

from fer_fairness.modeling import Procedure, TrainingSet, build_network, prepare_backend
from fer_fairness.modeling.batches import Batch, TrainingBatches
from fer_fairness.modeling.graph import training_graph
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import (
    OnlineAugmentationParameters,
    Precision,
    TrainingParameters,
)

if TYPE_CHECKING:
    import keras

SIDE_PX = 48
FORMS: tuple[Literal["separable", "compact"], ...] = ("separable", "compact")
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
ONLINE = OnlineAugmentationParameters(
    flip=True,
    rotation_degrees=10,
    shift_share=0.08,
    scale_share=0.1,
    brightness=0.1,
    contrast=0.2,
    erased_share=0.15,
)


def main() -> None:
    steps = argparse.ArgumentParser(description=__doc__)
    steps.add_argument("--steps", type=int, default=40, help="timed steps of each row")
    n_steps: int = steps.parse_args().steps
    prepare_backend()
    peak = matrix_product_gflops()
    print(f"matrix product {peak:.0f} GFLOP/s (the better of NumPy and the back end)\n")
    print(f"{'':58}{'images/s':>9}{'GFLOP/s':>9}{'of peak':>9}")
    with tempfile.TemporaryDirectory() as folder:
        part = noise_faces(Path(folder), 128 * (n_steps + 5))
        reference = fit_on_floats(part, max(n_steps // 4, 5))
        separable, compact = (
            build_network(form(name), seed=0) for name in ("separable", "compact")
        )
        row("published network, Keras fit on float32, batch 64", reference, separable, peak)
        for name, model in (("published network", separable), ("compact network", compact)):
            for precision, batch_size in itertools.product(PRECISIONS, (64, 128)):
                params = TrainingParameters(
                    batch_size=batch_size, online_augmentation=ONLINE, precision=precision
                )
                rate = loop(model, part, params, n_steps)
                row(f"{name}, this loop, {precision}, batch {batch_size}", rate, model, peak)
                if name == "compact network":
                    print(f"{'':58}{rate / reference:8.1f} times the first row")
        print("\nWhere a step of the compact network goes (batch 128, milliseconds):")
        for what, milliseconds in parts(compact, part, n_steps):
            print(f"  {what:60}{milliseconds:8.2f}")


def form(name: Literal["compact", "separable"]) -> ArchitectureParameters:
    return ArchitectureParameters(form=name, l2=0.0, spatial_dropout=0.05)


def noise_faces(folder: Path, n: int) -> TrainingSet:
    """Noise images in a memory-mapped file, as the catalog gives them."""
    generator = np.random.default_rng(0)
    np.save(folder / "images.npy", generator.integers(0, 256, (n, SIDE_PX, SIDE_PX, 1), np.uint8))
    images = np.load(folder / "images.npy", mmap_mode="r")
    targets = generator.dirichlet(np.ones(8), n).astype(np.float32)
    return TrainingSet(images, np.arange(n), targets)


def matrix_product_gflops() -> float:
    from keras import ops

    values = np.random.default_rng(0).random((2048, 2048), dtype=np.float32)
    tensor = ops.convert_to_tensor(values)
    products: tuple[Callable[[], object], ...] = (
        lambda: values @ values,
        lambda: np.asarray(ops.matmul(tensor, tensor)),
    )
    return max(2 * 2048**3 / typical(product, 8) / 1e9 for product in products)


def typical(call: Callable[[], object], repeats: int) -> float:
    """Median time of a call, after two that warm up."""
    return statistics.median(seconds(call, repeats, warm_up=2))


def fit_on_floats(part: TrainingSet, n_steps: int) -> float:
    """How the published network is trained elsewhere: `fit` on float arrays held in memory."""
    import keras

    model = build_network(form("separable"), seed=0)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    n = 64 * n_steps
    images, targets = part.images[np.arange(n)].astype(np.float32), part.targets[:n]
    return n / typical(lambda: model.fit(images, targets, batch_size=64, verbose=0), 1)


def loop(
    model: "keras.Model", part: TrainingSet, params: TrainingParameters, n_steps: int
) -> float:
    """Images a second of the loop's steps: loading, augmentation, gradient, update."""
    plain = Procedure()
    graph = training_graph(model, params, plain.objective(part, params), seed=0)
    batches = TrainingBatches(part, params, plain, seed=0).epoch(0)
    step = stepper(graph, batches)
    return params.batch_size / typical(step, n_steps)


def stepper(graph: "keras.Model", batches: Iterator[Batch]) -> Callable[[], object]:
    def step() -> object:
        batch = next(batches)
        return graph.train_on_batch(batch.inputs, batch.targets, return_dict=True)

    return step


def parts(model: "keras.Model", part: TrainingSet, n_steps: int) -> Iterator[tuple[str, float]]:
    """Medians, in milliseconds, of what a step is made of."""
    plain = TrainingParameters(batch_size=128)
    varied = plain.model_copy(update={"online_augmentation": ONLINE})
    batch = next(TrainingBatches(part, plain, Procedure(), seed=0).epoch(0))
    floats = batch.inputs["images"].astype(np.float32)
    batches = TrainingBatches(part, varied, Procedure(), seed=0).epoch(0)
    yield "drawing and reading a batch (NumPy)", 1e3 * typical(lambda: next(batches), n_steps)
    whole, bare = (128 / loop(model, part, params, n_steps) for params in (varied, plain))
    forward = typical(lambda: model.predict_on_batch(floats), n_steps)
    yield "forward pass in inference mode", 1e3 * forward
    yield "whole step without augmentation", 1e3 * bare
    yield "whole step with augmentation in the graph", 1e3 * whole


def row(name: str, rate: float, model: "keras.Model", peak: float) -> None:
    gflops = 3 * 2 * multiplications(model) * rate / 1e9
    print(f"{name:58}{rate:9.0f}{gflops:9.0f}{gflops / peak:9.0%}", flush=True)


def multiplications(model: "keras.Model") -> int:
    """Multiplications of one forward pass: kernel values times positions of the result."""
    total = 0
    for layer in model.layers:
        kernels = [weight for weight in layer.trainable_weights if len(weight.shape) == 4]
        positions = int(np.prod(layer.output.shape[1:3])) if kernels else 0
        total += positions * sum(int(np.prod(kernel.shape)) for kernel in kernels)
    return total


if __name__ == "__main__":
    main()
