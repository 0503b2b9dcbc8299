import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fer_fairness.modeling import freeze_layers, set_regularisation
from fer_fairness.modeling.inspection import leaf_layers
from fer_fairness.params.modeling import FreezingParameters, RegularisationParameters


def test_weights_and_outputs_stay_while_dropout_and_penalty_change(
    build: Callable[[], Any],
) -> None:
    model = build()
    changed = set_regularisation(
        model, RegularisationParameters(spatial_dropout=0.4, l2=0.03), seed=1
    )
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1)).astype(np.float32)
    assert np.array_equal(model.predict_on_batch(images), changed.predict_on_batch(images))
    assert {changed.get_layer(f"block_{n}_dropout").rate for n in (1, 2)} == {0.4}
    kernels = [weights for weights in changed.get_weights() if weights.ndim == 4]
    expected = 0.03 * sum(float((kernel**2).sum()) for kernel in kernels)
    assert float(sum(changed.losses)) == pytest.approx(expected, rel=1e-5)


def test_the_model_handed_in_is_not_changed(build: Callable[[], Any]) -> None:
    model = build()
    penalty = float(sum(model.losses))
    changed = set_regularisation(model, RegularisationParameters(), seed=1)
    changed.set_weights([weights + 1 for weights in changed.get_weights()])
    assert float(sum(model.losses)) == penalty
    assert model.get_layer("block_1_dropout").rate == 0.2


def test_zero_removes_the_penalty(build: Callable[[], Any]) -> None:
    assert set_regularisation(build(), RegularisationParameters(l2=0.0), seed=1).losses == []


def test_frozen_layers_stay_frozen(build: Callable[[], Any]) -> None:
    model = build()
    frozen = freeze_layers(model, FreezingParameters(n_trainable_layers=1))
    changed = set_regularisation(model, RegularisationParameters(), seed=1)
    assert [layer.name for layer in changed.layers if not layer.trainable] == frozen


def test_layers_of_a_nested_model_are_made_anew(nested: Callable[[], Any]) -> None:
    model = nested()
    changed = set_regularisation(
        model, RegularisationParameters(spatial_dropout=0.4, l2=0.03), seed=1
    )
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1)).astype(np.float32)
    assert np.array_equal(model.predict_on_batch(images), changed.predict_on_batch(images))
    assert changed.get_layer("backbone").layers[3].rate == 0.4
    kernels = [weights for weights in changed.get_weights() if weights.ndim == 4]
    expected = 0.03 * sum(float((kernel**2).sum()) for kernel in kernels)
    assert float(sum(changed.losses)) == pytest.approx(expected, rel=1e-5)
    assert model.losses == []


def test_what_does_nothing_to_a_model_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)], name="dense_only")
    with caplog.at_level(logging.WARNING, logger="fer_fairness"):
        changed = set_regularisation(
            model, RegularisationParameters(spatial_dropout=0.0, l2=0.1), seed=0
        )
    assert all(map(np.array_equal, model.get_weights(), changed.get_weights()))
    assert "regularisation.l2 of 0.1 does nothing: model 'dense_only' has layers" in caplog.text
    assert "spatial_dropout" not in caplog.text


@pytest.mark.parametrize("kind", ["build", "nested"])
def test_weights_drawn_anew_are_those_of_the_seed(
    kind: str, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(kind)()
    freeze_layers(model, FreezingParameters(n_trainable_layers=1))
    old = [weights for weights in model.get_weights() if weights.ndim > 1]

    def drawn(seed: int) -> Any:
        return set_regularisation(model, RegularisationParameters(), seed=seed, anew=True)

    kernels = [[w for w in drawn(seed).get_weights() if w.ndim > 1] for seed in (1, 1, 2)]
    for before, first, again, other in zip(old, *kernels, strict=True):
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)
        assert not np.array_equal(first, before)
        assert 0.5 < first.std() / before.std() < 2, "by the same initialiser"
    assert all(layer.trainable for layer in leaf_layers(drawn(1)))
