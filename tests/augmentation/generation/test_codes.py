import numpy as np
import pytest

from fer_fairness.augmentation.generation.codes import fit_codes

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1)).astype(np.uint8)


def test_a_face_with_its_own_codes_is_itself() -> None:
    codes = fit_codes(IMAGES, 5, np.random.default_rng(1))
    own = codes.encode(IMAGES)
    assert own.shape == (30, 5)
    assert (codes.with_codes(IMAGES, own, own) == IMAGES).all()


def test_with_the_codes_of_another_it_looks_alike_along_the_components_alone() -> None:
    codes = fit_codes(IMAGES, 5, np.random.default_rng(1))
    grey = np.full_like(IMAGES[:1], 128)
    wanted = codes.encode(grey) + 0.1
    changed = codes.with_codes(grey, codes.encode(grey), wanted)
    assert codes.encode(changed) == pytest.approx(wanted, abs=0.05)


def test_components_are_those_of_faces_and_mirror_images_by_falling_variance() -> None:
    codes = fit_codes(IMAGES, 20, np.random.default_rng(1))
    np.testing.assert_allclose(codes.components @ codes.components.T, np.eye(20), atol=1e-4)
    both = np.concatenate([IMAGES, IMAGES[:, :, ::-1]])
    spread = codes.encode(both).std(axis=0, ddof=1)
    assert (np.diff(spread) < 1e-3).all()
    # A code's deviation is in proportion to the root of that of its component.
    assert spread * codes.scale == pytest.approx(spread**2 * np.mean(codes.scale), rel=0.2)
    assert np.mean(spread**2) == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize("images", [IMAGES[:1], np.full_like(IMAGES, 9)], ids=["one", "alike"])
def test_one_face_and_faces_that_are_all_alike_have_codes(images: np.ndarray) -> None:
    codes = fit_codes(images, 5, np.random.default_rng(1))
    own = codes.encode(images)
    assert np.isfinite(own).all()
    assert (codes.with_codes(images, own, own) == images).all()
