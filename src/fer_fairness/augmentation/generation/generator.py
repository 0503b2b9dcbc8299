"""A small conditional generator of faces: a flow between noise and codes of faces."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from fer_fairness.augmentation.generation.codes import FaceCodes, fit_codes
from fer_fairness.errors import TrainingError
from fer_fairness.modeling import prepare_backend
from fer_fairness.modeling.layers import dense_layer
from fer_fairness.params.generation import GeneratorParameters
from fer_fairness.progress import track

if TYPE_CHECKING:
    import keras

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_FREQUENCIES: Final = np.exp(np.linspace(0.0, np.log(50.0), 16)).astype(np.float32)
_UNCONDITIONED_SHARE: Final = 0.1
"""Of the faces in training whose labels are hidden, as guidance needs to know faces at large."""

_EMBEDDING: Final = 256
_WARMUP_STEPS: Final = 100
_LEAST_RATE: Final = 0.02
_WEIGHT_DECAY: Final = 1e-3
_FACES_AT_ONCE: Final = 1024

# What random numbers are for comes first in their seeds, so that no two purposes share a stream.
_CODES, _WEIGHTS, _TRAINING, _DRAWING = 1, 2, 3, 4


@dataclass(frozen=True)
class FaceGenerator:
    """A trained generator.

    Attributes:
        codes: What it changes of a face.
        network: Its velocities.
        params: How it was trained and is drawn from.
    """

    codes: FaceCodes
    network: "keras.Model"
    params: GeneratorParameters

    def vary(self, images: Images, conditions: Floats, *, seed: int) -> Images:
        """Make another face from each image.

        The code z of an image is replaced by (1 - d) z + d e, e being noise and d the `departure`,
        and follows the flow from the time d to 0 in `n_moves` steps of Euler's method (Meng et al.
        2022, arXiv 2108.01073, of diffusion). With guidance w the velocity is v0 + w (v - v0), v0
        being that without conditions (Ho and Salimans 2022, arXiv 2207.12598). What codes do
        not hold of the image, its fine grain, is kept.

        Args:
            images: uint8 `(n, height, width, channels)`.
            conditions: As in training, `(n, c)`.
            seed: Where the noise comes from.

        Returns:
            uint8, as `images`.

        Raises:
            TrainingError: A code is not a finite number.
        """
        made = np.empty_like(images)
        generator = np.random.default_rng([_DRAWING, seed])
        starts = range(0, len(images), _FACES_AT_ONCE)
        for start in track(starts, description="Making faces"):
            rows = slice(start, start + _FACES_AT_ONCE)
            codes = self.codes.encode(images[rows])
            noise = generator.standard_normal(codes.shape, dtype=np.float32)
            moved = self._moved(codes, noise, conditions[rows])
            if not np.isfinite(moved).all():
                raise _divergence("code of a made face", self.params)
            made[rows] = self.codes.with_codes(images[rows], codes, moved)
        return made

    def _moved(self, codes: Floats, noise: Floats, conditions: Floats) -> Floats:
        departure = self.params.departure
        moved = (1 - departure) * codes + departure * noise
        times = np.linspace(departure, 0.0, self.params.n_moves + 1, dtype=np.float32)
        for time, following in pairwise(times):
            moved = moved + (following - time) * self._velocity(moved, time, conditions)
        return np.asarray(moved)

    def _velocity(self, codes: Floats, time: np.float32, conditions: Floats) -> Floats:
        when = np.full(len(codes), time)
        told = self.network.predict_on_batch([codes, _context(when, conditions)])
        if self.params.guidance == 1:
            return np.asarray(told)
        hidden = _context(when, np.zeros_like(conditions))
        plain = self.network.predict_on_batch([codes, hidden])
        return np.asarray(plain + self.params.guidance * (told - plain))


def train_generator(
    images: Images, conditions: Floats, params: GeneratorParameters, *, seed: int
) -> FaceGenerator:
    """Train a generator on faces.

    A network learns the velocity e - z at the point (1 - t) z + t e between the code z of a face
    and noise e, by the squared error: flow matching along straight lines (Lipman et al. 2023, arXiv
    2210.02747; Liu et al. 2023, arXiv 2209.03003), t being drawn as the logistic function of
    a normal number (Esser et al. 2024, arXiv 2403.03206). Every face is seen mirrored as often as
    not.

    Args:
        images: uint8 `(n, height, width, channels)`.
        conditions: What is known of each, `(n, c)`, no row 0 everywhere, which stands for faces at
            large.
        params: Network and training.
        seed: Of initial weights, noise and the order of the faces.

    Raises:
        TrainingError: The loss is not a finite number.
    """
    prepare_backend()
    codes = fit_codes(images, params.n_codes, np.random.default_rng([_CODES, seed]))
    network = _network(len(codes.scale), conditions.shape[1], params, seed)
    both = codes.encode(images), codes.encode(images[:, :, ::-1])
    generator = np.random.default_rng([_TRAINING, seed])
    batches = _batches(both, conditions, params, generator)
    with track(batches, description="Training the generator", total=params.n_steps) as bar:
        for inputs, velocity in bar:
            loss = float(network.train_on_batch(inputs, velocity))
            if not math.isfinite(loss):
                raise _divergence("loss of the generator of faces", params)
            bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
    return FaceGenerator(codes, network, params)


def _batches(
    codes: tuple[Floats, Floats],
    conditions: Floats,
    params: GeneratorParameters,
    generator: np.random.Generator,
) -> Iterator[tuple[list[Floats], Floats]]:
    """What the network is given and should say in each step; codes as they are and mirrored."""
    n = len(conditions)
    size = min(params.batch_size, n)
    order = generator.permutation(n)
    for _ in range(params.n_steps):
        if len(order) < size:
            order = np.concatenate([order, generator.permutation(n)])
        rows, order = order[:size], order[size:]
        is_mirrored = generator.random((size, 1)) < 0.5
        faces = np.where(is_mirrored, codes[1][rows], codes[0][rows])
        noise = generator.standard_normal(faces.shape, dtype=np.float32)
        time = expit(generator.standard_normal(size, dtype=np.float32))
        is_told = generator.random((size, 1)) >= _UNCONDITIONED_SHARE
        points = (1 - time[:, None]) * faces + time[:, None] * noise
        told = conditions[rows] * is_told.astype(np.float32)
        yield [points, _context(time, told)], noise - faces


def _context(time: Floats, conditions: Floats) -> Floats:
    """Time and conditions as the network is told of them, the last column saying if it is told."""
    phases = time[:, None] * _FREQUENCIES
    is_told = conditions.any(axis=1, keepdims=True)
    parts = [np.sin(phases), np.cos(phases), conditions, is_told]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _network(
    n_codes: int, n_conditions: int, params: GeneratorParameters, seed: int
) -> "keras.Model":
    """Residual blocks whose normalised inputs are scaled and shifted by time and conditions."""
    import keras
    from keras import layers, optimizers

    generator = np.random.default_rng([_WEIGHTS, seed])
    width, n_context = params.width, 2 * len(_FREQUENCIES) + n_conditions + 1
    points, context = keras.Input((n_codes,)), keras.Input((n_context,))
    told = dense_layer(n_context, _EMBEDDING, generator, activation="silu")(context)
    inner = dense_layer(n_codes, width, generator)(points)
    for _ in range(params.n_blocks):
        scale = dense_layer(_EMBEDDING, width, generator)(told)
        shift = dense_layer(_EMBEDDING, width, generator)(told)
        normal = layers.LayerNormalization(center=False, scale=False)(inner)
        moved = normal * (1 + scale) + shift
        hidden = dense_layer(width, width, generator, activation="silu")(moved)
        inner = inner + dense_layer(width, width, generator)(hidden)
    velocity = dense_layer(width, n_codes, generator)(layers.LayerNormalization()(inner))
    network = keras.Model([points, context], velocity, name="face_generator")
    warmup = min(_WARMUP_STEPS, params.n_steps // 2)
    rate = optimizers.schedules.CosineDecay(
        params.learning_rate / max(warmup, 1),
        max(1, params.n_steps - warmup),
        alpha=_LEAST_RATE,
        warmup_target=params.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = optimizers.AdamW(rate, weight_decay=_WEIGHT_DECAY, global_clipnorm=1.0)
    network.compile(optimizer=optimizer, loss="mse")
    return network


def _divergence(what: str, params: GeneratorParameters) -> TrainingError:
    return TrainingError(
        f"The {what} is not a finite number: training has diverged at learning rate "
        f"{params.learning_rate:g}. Start again with a lower generator.learning_rate."
    )
