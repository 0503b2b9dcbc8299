import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.mitigation.methods.cutmix import CutMix, draw_boxes
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.batches import Batch, TrainingBatches
from fer_fairness.modeling.graph import training_graph
from fer_fairness.params.training import OnlineAugmentationParameters, TrainingParameters

N, HEIGHT, WIDTH = 12, 10, 8
PARAMS = TrainingParameters(batch_size=N, precision="float32", mixup_alpha=0.4)


def batch_of(method: CutMix, params: TrainingParameters = PARAMS) -> Batch:
    """One batch of plain images, the grey level of each of which tells its face."""
    levels = 10 * np.arange(1, N + 1, dtype=np.uint8)
    images = np.tile(levels[:, None, None, None], (1, HEIGHT, WIDTH, 1))
    targets = np.eye(N, dtype=np.float32)
    training = TrainingSet(images, np.arange(N), targets)
    (batch,) = TrainingBatches(training, params, method, seed=3).epoch(0)
    return batch


def seen(batch: Batch) -> np.ndarray:
    """What the model is given: the grey levels of each pixel, `(n, height, width)`."""
    import keras

    image = keras.Input((HEIGHT, WIDTH, 1))
    pixels = keras.layers.Flatten()(image)
    model = keras.Model(image, keras.layers.Dense(HEIGHT * WIDTH)(pixels))
    model.set_weights([np.eye(HEIGHT * WIDTH), np.zeros(HEIGHT * WIDTH)])
    graph = training_graph(model, PARAMS, Objective(PARAMS, np.full(N, 1 / N)), seed=0)
    return np.asarray(graph(batch.inputs)["logits"]).reshape(N, HEIGHT, WIDTH)


def test_targets_are_the_shares_of_the_pixels_that_the_model_sees() -> None:
    batch = batch_of(CutMix(probability=0.8))
    pixels = seen(batch)
    levels = 10 * np.arange(1, N + 1)
    shares = (pixels[..., None] == levels).mean(axis=(1, 2))
    assert_allclose(shares, batch.targets, atol=1e-6)
    assert 0.0 < batch.targets.max() <= 1.0
    is_mixed = (batch.targets > 0).sum(axis=1) == 2
    assert is_mixed.any()
    assert not is_mixed.all()


@given(seed=st.integers(0, 1000), alpha=st.floats(0.1, 5))
def test_boxes_lie_in_the_image(seed: int, alpha: float) -> None:
    top, bottom, left, right = draw_boxes(np.random.default_rng(seed), 50, (HEIGHT, WIDTH), alpha).T
    for start, end, side in ((top, bottom, HEIGHT), (left, right, WIDTH)):
        assert ((start >= 0) & (start <= end) & (end <= side)).all()


def test_boxes_have_the_sides_and_places_of_the_paper() -> None:
    boxes = draw_boxes(np.random.default_rng(0), 20000, (100, 50), 1.0)
    inner = boxes[(boxes[:, [0, 2]] > 0).all(axis=1) & (boxes[:, [1, 3]] < [100, 50]).all(axis=1)]
    heights, widths = inner[:, 1] - inner[:, 0], inner[:, 3] - inner[:, 2]
    assert_allclose(heights, 2 * widths, atol=2)
    # u is uniform, the centre too: the mean share of the area is that of an integral over both.
    u = np.random.default_rng(1).random(20000)
    part = np.sqrt(1 - u)
    centre = np.random.default_rng(2).random((2, 20000))
    sides = np.minimum(centre + part / 2, 1) - np.maximum(centre - part / 2, 0)
    area = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2]) / 5000
    assert_allclose(area.mean(), sides.prod(axis=0).mean(), rtol=0.05)


def test_without_boxes_images_are_mixed_as_in_plain_training() -> None:
    batch = batch_of(CutMix(probability=0.0))
    assert "pasted_box" not in batch.inputs
    assert "mixing_share" in batch.inputs
    assert "mixing_share" not in batch_of(CutMix()).inputs


def test_what_is_pasted_is_changed_as_its_own_image_is() -> None:
    params = PARAMS.model_copy(
        update={"online_augmentation": OnlineAugmentationParameters(brightness=0.1)}
    )
    batch = batch_of(CutMix(probability=1.0), params)
    pixels = seen(batch)
    whole = batch.inputs["images"][:, 0, 0, 0] + batch.inputs["tone"][:, 1]
    levels = np.clip(np.stack([whole, whole[batch.inputs["partner"]]], axis=1), 0, 255)
    distance = np.abs(pixels[..., None] - levels[:, None, None, :]).min(axis=-1)
    assert_allclose(distance, 0, atol=0.01)
