from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.mitigation.methods.tau_norm import TauNorm, normalised
from fer_fairness.modeling import build_network
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.modeling import ArchitectureParameters

FINE_TUNING = FineTuningParameters()


def starting_model(form: str) -> Any:
    widths = ((4,), (4,)) if form == "compact" else ((4,), (4,), (4,))
    model = build_network(
        ArchitectureParameters.model_validate(
            {"form": form, "blocks": widths, "image_side_px": 24}
        ),
        seed=0,
    )
    generator = np.random.default_rng(0)
    *others, bias = model.layers[-1 if form == "compact" else -2].get_weights()
    layer = model.layers[-1 if form == "compact" else -2]
    layer.set_weights([*others, generator.normal(size=bias.shape)])
    return model


@pytest.mark.parametrize("form", ["compact", "separable"])
@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0])
def test_weights_of_each_emotion_are_divided_by_a_power_of_their_length(
    form: str, tau: float
) -> None:
    model = starting_model(form)
    made = TauNorm(tau=tau).start(model, FINE_TUNING, seed=0)
    *rest, kernel, bias = model.get_weights()
    *same, new_kernel, new_bias = made.get_weights()
    lengths = np.linalg.norm(kernel.reshape(-1, 8), axis=0)
    wanted = kernel / lengths**tau * np.exp(np.log(lengths).mean()) ** tau
    assert_allclose(new_kernel, wanted, rtol=1e-5)
    assert_allclose(new_bias, (1 - tau) * bias, rtol=1e-6)
    assert all(map(np.array_equal, rest, same))
    if tau == 0:
        assert np.array_equal(new_kernel, kernel)


def test_nothing_is_trained_unless_that_is_asked_for() -> None:
    assert TauNorm().training_parameters(FINE_TUNING).max_epochs == 0
    recorded: Any = TauNorm().recorded(FINE_TUNING)["fine_tuning"]
    assert recorded.training.max_epochs == 0
    changed = TauNorm.model_validate(
        {"trains_on": True, "fine_tuning": {"training": {"max_epochs": 3}}}
    )
    assert changed.training_parameters(FINE_TUNING).max_epochs == 3


@given(
    lengths=st.lists(st.floats(0.01, 100), min_size=2, max_size=8),
    tau=st.floats(0, 1),
)
def test_longer_weights_stay_longer_and_lengths_come_closer(
    lengths: list[float], tau: float
) -> None:
    directions = np.random.default_rng(0).normal(size=(5, len(lengths)))
    kernel = directions / np.linalg.norm(directions, axis=0) * np.array(lengths)
    found = np.linalg.norm(normalised(kernel, tau), axis=0)
    assert np.log(found).mean() == pytest.approx(np.log(lengths).mean(), abs=1e-6)
    assert_allclose(np.log(found).std(), (1 - tau) * np.log(lengths).std(), atol=1e-6)


def test_an_emotion_without_weights_keeps_none() -> None:
    kernel = np.array([[3.0, 0.0, 1.0], [4.0, 0.0, 0.0]])
    found = normalised(kernel, 1.0)
    assert found[:, 1].tolist() == [0, 0]
    assert_allclose(np.linalg.norm(found, axis=0)[[0, 2]], 5**0.5)
    assert not normalised(np.zeros((2, 2)), 0.5).any()
