"""Tiny models and fabricated images that a CPU trains in milliseconds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fer_fairness.modeling import TrainingSet, build_network, prepare_backend
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.training import OnlineAugmentationParameters, TrainingParameters

prepare_backend()

TINY = ArchitectureParameters(
    stem_width=0,
    activation="leaky_relu",
    blocks=((4,), (8,)),
    spatial_dropout=0.2,
    l2=1e-4,
    batch_normalisation_momentum=0.5,
    image_side_px=8,
)
QUICK = TrainingParameters(
    batch_size=16,
    max_epochs=4,
    initial_learning_rate=0.005,
    target_learning_rate=0.02,
    warmup_epochs=1,
    online_augmentation=OnlineAugmentationParameters(flip=True, shift_share=0.13),
)


@pytest.fixture
def tiny() -> ArchitectureParameters:
    return TINY


@pytest.fixture
def quick() -> TrainingParameters:
    return QUICK


@pytest.fixture
def build() -> Callable[[], object]:
    return lambda: build_network(TINY, seed=3)


@pytest.fixture
def nested() -> Callable[[], Any]:
    """A user's own model: a backbone within a model, dropout without a seed in both."""

    def make() -> Any:
        import keras
        from keras import layers

        backbone = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(4, 3, name="early"),
                layers.BatchNormalization(name="normalisation"),
                layers.DepthwiseConv2D(3, name="late"),
                layers.Dropout(0.3),
                layers.GlobalAveragePooling2D(),
            ],
            name="backbone",
        )
        image = keras.Input((8, 8, 1))
        features = layers.Dropout(0.2)(backbone(layers.Rescaling(1 / 255)(image)))
        return keras.Model(image, layers.Dense(8)(features), name="mine")

    return make


@pytest.fixture
def toy() -> Callable[..., TrainingSet]:
    """Bright faces are happiness, dark ones sadness: learnable from the mean alone."""

    def make(n: int = 32, *, seed: int = 0) -> TrainingSet:
        generator = np.random.default_rng(seed)
        bright = generator.random(n) < 0.5
        noise = generator.integers(0, 60, (n, 8, 8, 1))
        images = (noise + np.where(bright, 180, 0)[:, None, None, None]).astype(np.uint8)
        targets = np.eye(8, dtype=np.float32)[np.where(bright, 1, 3)]
        return TrainingSet(images=images, image_index=np.arange(n), targets=targets)

    return make
