"""The order of classes is the one under which a model is right, or it is asked for."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign.class_order import Order, known_orders, order_of_classes
from fer_fairness.taxonomy import EMOTIONS, FER2013_CODES

N_FACES = 400


def answers(
    names: tuple[str, ...], seed: int, accuracy: float
) -> tuple[npt.NDArray[np.float64], list[str]]:
    """Shares of a model whose outputs are so called, and what faces show: half of it one class."""
    generator = np.random.default_rng(seed)
    n = len(names)
    true = np.where(generator.random(N_FACES) < 0.5, 0, generator.integers(0, n, N_FACES))
    shown = [sorted(names)[place] for place in true]
    right = generator.random(N_FACES) < accuracy
    said = np.where(right, [names.index(name) for name in shown], generator.integers(0, n, N_FACES))
    return np.eye(n)[said] * 0.9 + 0.1 / n, shown


@given(
    st.sampled_from([*known_orders(7), *known_orders(8), *known_orders(6)]),
    st.integers(0, 1000),
    st.floats(0.6, 1),
)
def test_a_known_order_is_found(order: Order, seed: int, accuracy: float) -> None:
    shares, true = answers(order.names, seed, accuracy)
    names, reason = order_of_classes(shares, true, known_orders(len(order.names)))
    assert names == order.names
    assert "guess from 400 validation faces" in reason


@given(st.integers(0, 1000))
def test_a_model_that_knows_nothing_has_no_order(seed: int) -> None:
    shares, true = answers(tuple(FER2013_CODES.values()), seed, 0)
    with pytest.raises(InvalidInputError, match=r"Mean recall by order: .*class_names"):
        order_of_classes(shares, true, known_orders(7))


def test_an_order_that_nobody_uses_is_named_and_not_taken() -> None:
    own = ("disgust", "neutral", "surprise", "anger", "sadness", "happiness", "fear")
    shares, true = answers(own, 1, 1.0)
    with pytest.raises(InvalidInputError, match=r"stands for|do not tell their order"):
        order_of_classes(shares, true, known_orders(7))
    # One that is nearly a known order is told as a correction of it.
    nearly = ("surprise", "fear", "disgust", "happiness", "sadness", "neutral", "anger")
    shares, true = answers(nearly, 1, 1.0)
    told = r"RAF-DB fits .*'anger' stands for 'neutral'.* as they were read\."
    with pytest.raises(InvalidInputError, match=told):
        order_of_classes(shares, true, known_orders(7))


def test_few_faces_tell_nothing() -> None:
    order = known_orders(7)[0]
    shares, true = answers(order.names, 0, 1.0)
    with pytest.raises(InvalidInputError, match="answers for 5 validation faces"):
        order_of_classes(shares[:5], true[:5], known_orders(7))


def test_known_orders_are_different_and_of_known_emotions() -> None:
    for n_classes in (6, 7, 8):
        orders = [order.names for order in known_orders(n_classes)]
        assert len(set(orders)) == len(orders) > 1
        assert all(set(names) <= set(EMOTIONS) and len(set(names)) == n_classes for names in orders)
    assert known_orders(5) == ()
    with pytest.raises(InvalidInputError, match="none is known"):
        order_of_classes(np.full((3, 5), 0.2), ["fear"] * 3, known_orders(5))
