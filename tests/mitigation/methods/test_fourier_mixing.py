from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.mitigation.methods.fourier_mixing import FourierMixing, amplitudes_mixed
from fer_fairness.modeling import Procedure
from fer_fairness.modeling.batches import Batch
from fer_fairness.params.training import TrainingParameters

PARAMS = TrainingParameters()


def images(n: int, side: int, seed: int, low: int = 0, high: int = 256) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (n, side, side, 1)).astype(np.uint8)


def batch_of(groups: list[int], seed: int = 0) -> Batch:
    n = len(groups)
    inputs = {"images": images(n, 6, seed), "group": np.array(groups, np.int32)}
    return Batch(inputs, np.eye(4, dtype=np.float32)[np.arange(n) % 4], None)


def mix(batch: Batch, seed: int = 0, **settings: Any) -> Batch:
    made = FourierMixing.model_validate(settings)
    return made.mix(batch, PARAMS, np.random.default_rng(seed))


def expected(own: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """As the paper has it; a cosine where an image has nothing of a frequency."""
    spectra = [np.fft.fft2(one[..., 0].astype(float)) for one in (own, other)]
    amplitude = (1 - share) * np.abs(spectra[0]) + share * np.abs(spectra[1])
    is_there = np.abs(spectra[0]) > 1e-5 * np.abs(spectra[0]).max(axis=(1, 2), keepdims=True)
    phase = np.where(is_there, np.angle(spectra[0]), 0)
    return np.asarray(np.fft.ifft2(amplitude * np.exp(1j * phase)).real)


@given(side=st.integers(2, 9), seed=st.integers(0, 99), share=st.floats(0, 1))
def test_amplitudes_are_mixed_and_phases_kept(side: int, seed: int, share: float) -> None:
    # Of a mean and a contrast that stay within the range, so that nothing is cut off.
    own, other = images(2, side, seed, 120, 136), images(2, side, seed + 1, 120, 136)
    found = amplitudes_mixed(own, other, np.full(2, share, np.float32))
    assert_allclose(found[..., 0], expected(own, other, share), atol=0.51)


@pytest.mark.parametrize("period", [1, 3, 9])
def test_rounding_decides_about_no_phase(period: int) -> None:
    # A repeated pattern has nothing of most frequencies.
    tile = images(1, period, 0, 100, 156)
    own, other = np.tile(tile, (1, 45 // period, 45 // period, 1)), images(1, 45, 1, 126, 131)
    found = amplitudes_mixed(own, other, np.full(1, 0.5, np.float32))
    assert_allclose(found[..., 0], expected(own, other, 0.5).clip(0, 255), atol=0.51)


@given(seed=st.integers(0, 99), share=st.floats(0, 1))
def test_an_image_mixed_with_itself_stays_what_it_is(seed: int, share: float) -> None:
    own = images(3, 7, seed)
    assert np.array_equal(amplitudes_mixed(own, own, np.full(3, share, np.float32)), own)


def test_brightness_is_that_of_both_in_their_shares_and_stays_within_the_range() -> None:
    dark, bright = np.full((1, 4, 4, 1), 20, np.uint8), np.full((1, 4, 4, 1), 220, np.uint8)
    assert (amplitudes_mixed(dark, bright, np.array([0.25], np.float32)) == 70).all()
    assert (amplitudes_mixed(bright, images(1, 4, 0), np.ones(1, np.float32)) <= 255).all()


def test_faces_with_a_partner_are_mixed_and_emotions_stay() -> None:
    batch = batch_of([0, 1, 0, -1])
    found = mix(batch, probability=1.0)
    is_same = (found.inputs["images"] == batch.inputs["images"]).all(axis=(1, 2, 3))
    assert is_same.tolist() == [False, False, False, True]
    assert np.array_equal(found.targets, batch.targets)
    assert "mixing_share" not in found.inputs


def test_a_share_of_faces_is_mixed() -> None:
    batch = batch_of([0, 1] * 200)
    is_same = (mix(batch).inputs["images"] == batch.inputs["images"]).all(axis=(1, 2, 3))
    assert is_same.mean() == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("groups", [[-1] * 4, [2, 2, 2, -1]])
def test_without_two_groups_it_is_a_batch_of_plain_training(groups: list[int]) -> None:
    batch, plainly = batch_of(groups), TrainingParameters(mixup_alpha=0.4)
    found, plain = (
        one.mix(batch, plainly, np.random.default_rng(0)).inputs
        for one in (FourierMixing(), Procedure())
    )
    assert all(np.array_equal(found[name], plain[name]) for name in plain)


def test_the_images_of_the_set_are_not_changed() -> None:
    batch = batch_of([0, 1, 2, 0])
    before = batch.inputs["images"].copy()
    mix(batch, probability=1.0)
    assert np.array_equal(batch.inputs["images"], before)
