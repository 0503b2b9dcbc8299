import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.modeling.image_draws import GeneratorPerImage, draw_changes
from fer_fairness.params.image_changes import ImageChanges

SIDE = 48
RANGES = {
    "rotation_degrees": 20.0,
    "scale_share": 0.2,
    "shift_share": 0.1,
    "contrast": 0.4,
    "brightness": 0.2,
    "gamma": 0.3,
    "blur_sigma": 1.5,
    "noise": 0.04,
    "erased_share": 0.3,
}


def amounts(drawn: dict[str, np.ndarray]) -> np.ndarray:
    """How far each operation went, as a part of its range: `(n, 10)`, from -1 to 1."""
    matrix = drawn["affine"][:, [0, 1, 3, 4]].reshape(-1, 2, 2).astype(np.float64)
    centre = np.full(2, (SIDE - 1) / 2)
    to = np.linalg.solve(matrix, (centre - drawn["affine"][:, [2, 5]])[..., None])[..., 0]
    top, bottom, left, right = drawn["box"].T
    found = [
        np.rad2deg(np.arctan2(matrix[:, 1, 0], matrix[:, 1, 1])) / RANGES["rotation_degrees"],
        (1 / np.hypot(matrix[:, 1, 0], matrix[:, 1, 1]) - 1) / RANGES["scale_share"],
        *((to - centre) / SIDE / RANGES["shift_share"]).T,
        (drawn["tone"][:, 0] - 1) / RANGES["contrast"],
        drawn["tone"][:, 1] / 255 / RANGES["brightness"],
        np.log(drawn["gamma"][:, 0]) / RANGES["gamma"],
        drawn["blur"][:, 0] / RANGES["blur_sigma"],
        # The deviation of 2,304 normal numbers is known to some hundredths.
        np.round(drawn["noise"].std(axis=(1, 2)) / 255 / RANGES["noise"], 1),
        (bottom - top) * (right - left) / SIDE**2 / RANGES["erased_share"],
    ]
    return np.stack(found, axis=1)


def drawn_with(n_operations: int, n: int, seed: int = 0, **more: float) -> dict[str, np.ndarray]:
    params = ImageChanges.model_validate(
        {**RANGES, "erased_probability": 0.5, "n_operations": n_operations, **more}
    )
    strength = np.ones(n, np.float32)
    return draw_changes(np.random.default_rng(seed), (SIDE, SIDE), strength, params)


@given(n_operations=st.integers(1, 12), seed=st.integers(0, 99))
def test_each_image_has_so_many_operations_at_an_end_of_their_range(
    n_operations: int, seed: int
) -> None:
    found = np.abs(amounts(drawn_with(n_operations, 20, seed)))
    is_done = found > 0.5
    assert_allclose(found, is_done, atol=0.11)
    assert (is_done.sum(axis=1) == min(n_operations, 10)).all()


def test_operations_are_drawn_alike_and_to_either_end() -> None:
    found = np.round(amounts(drawn_with(2, 3000)))
    assert_allclose((found != 0).mean(axis=0), 0.2, atol=0.03)
    is_two_sided = (found < 0).any(axis=0)
    assert is_two_sided.tolist() == [True] * 7 + [False] * 3
    assert_allclose((found[:, :7] < 0).mean(axis=0), 0.1, atol=0.02)


def test_only_changes_that_are_on_are_operations_and_flips_are_beside_them() -> None:
    params = ImageChanges(flip=True, contrast=0.4, brightness=0.2, n_operations=1)
    drawn = draw_changes(np.random.default_rng(0), (SIDE, SIDE), np.ones(400, np.float32), params)
    assert set(drawn) == {"affine", "tone"}
    done = (drawn["tone"] != [1, 0]).sum(axis=1)
    assert (done == 1).all()
    assert (drawn["affine"][:, 0] < 0).mean() == pytest.approx(0.5, abs=0.1)


def test_boxes_that_are_never_erased_are_no_operation() -> None:
    params = ImageChanges(
        rotation_degrees=10, erased_share=0.2, erased_probability=0, n_operations=1
    )
    drawn = draw_changes(np.random.default_rng(0), (SIDE, SIDE), np.ones(200, np.float32), params)
    assert (np.abs(drawn["affine"][:, 1]) > 0.1).all()


@given(share=st.floats(0.05, 0.9), seed=st.integers(0, 99))
def test_a_box_covers_its_share_of_the_area(share: float, seed: int) -> None:
    params = ImageChanges(erased_share=share, erased_probability=1, n_operations=1)
    drawn = draw_changes(np.random.default_rng(seed), (SIDE, SIDE), np.ones(50, np.float32), params)
    top, bottom, left, right = drawn["box"].T
    assert_allclose((bottom - top) * (right - left) / SIDE**2, share, rtol=1e-4)
    assert min(top.min(), left.min()) >= 0
    assert max(bottom.max(), right.max()) <= SIDE + 1e-4


def test_strength_multiplies_the_ends_and_nothing_changes_without_it() -> None:
    params = ImageChanges(contrast=0.4, blur_sigma=1.0, n_operations=2)
    strength = np.array([0.0, 0.5, 1.0], np.float32)
    drawn = draw_changes(np.random.default_rng(0), (SIDE, SIDE), strength, params)
    assert_allclose(np.abs(drawn["tone"][:, 0] - 1), 0.4 * strength, atol=1e-6)
    assert_allclose(drawn["blur"][:, 0], strength, atol=1e-6)


def test_an_image_has_the_same_operations_whichever_are_beside_it() -> None:
    params = ImageChanges.model_validate({**RANGES, "n_operations": 3})
    together, alone = (
        draw_changes(
            GeneratorPerImage([np.random.default_rng((5, row)) for row in rows]),
            (SIDE, SIDE),
            np.ones(len(rows), np.float32),
            params,
        )
        for rows in (range(6), [4])
    )
    for name, values in together.items():
        np.testing.assert_array_equal(values[4], alone[name][0])
