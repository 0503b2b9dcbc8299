"""Pixel values are scaled and standardised as a model was trained, or the scale is asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign.pixel_values import Standardisation, scale_of_standardisation, scaled

FACES = np.random.default_rng(0).integers(0, 256, (20, 6, 6, 3)).astype(np.float32)
IMAGENET = Standardisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_own_mean_and_deviation_of_imagenet_are_the_scale_of_that_name() -> None:
    np.testing.assert_allclose(scaled(FACES, "0-1", IMAGENET), scaled(FACES, "imagenet"), atol=1e-5)
    grey = FACES[..., :1]
    np.testing.assert_allclose(scaled(grey, "0-1", IMAGENET), scaled(grey, "imagenet"), atol=1e-5)


@given(st.floats(0.3, 0.7), st.floats(0.1, 0.6), st.sampled_from([1, 3]))
def test_the_scale_of_a_mean_and_deviation_is_told_by_the_faces(
    mean: float, deviation: float, n: int
) -> None:
    of_shares = Standardisation((mean,) * n, (deviation,) * n)
    of_pixels = Standardisation((mean * 255,) * n, (deviation * 255,) * n)
    assert scale_of_standardisation(FACES, of_shares).scale == "0-1"
    assert scale_of_standardisation(FACES, of_pixels).scale == "0-255"
    np.testing.assert_allclose(
        scaled(FACES, "0-1", of_shares), scaled(FACES, "0-255", of_pixels), rtol=1e-3, atol=1e-4
    )


def test_a_mean_alone_is_one_of_pixels_and_a_doubtful_pair_is_told_or_refused() -> None:
    mean_alone = Standardisation((127.5,), (1.0,))
    guess = scale_of_standardisation(FACES, mean_alone)
    assert guess.scale == "0-255"
    assert "still far" in guess.reason
    assert "still far" not in scale_of_standardisation(FACES, IMAGENET).reason
    with pytest.raises(InvalidInputError, match=r"0-1: mean .*Give audit\.input_scale"):
        scale_of_standardisation(FACES, Standardisation((0.5,), (25.0,)))
