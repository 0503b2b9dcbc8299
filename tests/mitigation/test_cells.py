from collections.abc import Callable

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fer_fairness.mitigation.cells import cell_codes, class_shares_drawn, drawing_shares, rows_kept
from fer_fairness.modeling import TrainingSet

cells = st.lists(st.integers(-1, 4), min_size=1, max_size=60)
strengths = st.floats(0, 1)


def codes_of(drawn: list[int]) -> np.ndarray:
    """Codes without gaps, as `cell_codes` gives them; -1 stays."""
    values = np.array(drawn)
    places = np.unique(values[values >= 0])
    return np.where(values < 0, -1, np.searchsorted(places, values)).astype(np.int32)


def test_cells_are_combinations_all_of_which_is_known(
    make_faces: Callable[..., pd.DataFrame],
) -> None:
    faces = make_faces(
        ["train"] * 5,
        ["fear", "anger", None, "fear", "fear"],
        gender=["y", "x", "x", None, "x"],
    )
    codes, names = cell_codes(faces, ["gender", "emotion"])
    assert names == ["x, anger", "x, fear", "y, fear"]
    assert codes.tolist() == [2, 0, -1, -1, 1]
    assert codes.dtype == np.int32
    codes, names = cell_codes(faces, ["gender"])
    assert names == ["x", "y"]
    assert codes.tolist() == [1, 0, 0, -1, 0]
    nobody, names = cell_codes(faces, ["race", "emotion"])
    assert names == []
    assert (nobody == -1).all()


@given(drawn=cells, strength=strengths)
def test_cells_are_drawn_alike_and_unknown_faces_as_ever(drawn: list[int], strength: float) -> None:
    codes = codes_of(drawn)
    shares = drawing_shares(codes, strength)
    n = len(codes)
    assert_allclose(shares.sum(), 1)
    assert_allclose(shares[codes < 0], 1 / n)
    known = codes >= 0
    if known.any():
        sizes = np.bincount(codes[known])
        of_cell = np.bincount(codes[known], shares[known])
        assert_allclose(of_cell / of_cell[0], (sizes / sizes[0]) ** (1 - strength), rtol=1e-9)
        whole = drawing_shares(codes, 1.0)
        assert_allclose(np.bincount(codes[known], whole[known]), known.mean() / len(sizes))
    assert_allclose(drawing_shares(codes, 0.0), 1 / n)


@given(drawn=cells, strength=strengths)
def test_cells_are_cut_to_the_smallest_and_unknown_faces_in_proportion(
    drawn: list[int], strength: float
) -> None:
    codes = codes_of(drawn)
    rows = rows_kept(codes, 1.0, np.random.default_rng(0))
    assert np.array_equal(rows, np.unique(rows))
    known = codes >= 0
    if known.any():
        sizes = np.bincount(codes[known])
        assert set(np.bincount(codes[rows][codes[rows] >= 0])) == {sizes.min()}
        expected = (~known).sum() * sizes.min() * len(sizes) / sizes.sum()
        assert abs((codes[rows] < 0).sum() - expected) <= 0.5
    else:
        assert len(rows) == len(codes)
    some = rows_kept(codes, strength, np.random.default_rng(0))
    assert len(rows) <= len(some) <= len(codes)
    assert len(rows_kept(codes, 0.0, np.random.default_rng(0))) == len(codes)


def test_shares_of_classes_are_of_faces_as_drawn_and_weighted() -> None:
    training = TrainingSet(
        images=np.zeros((4, 8, 8, 1), np.uint8),
        image_index=np.arange(4),
        targets=np.array([[1, 0], [1, 0], [0.5, 0.5], [0, 1]], np.float32),
        columns={"weight": np.array([1, 1, 1, 2], np.float32)},
    )
    alike = np.full(4, 0.25)
    assert_allclose(class_shares_drawn(training, alike), training.class_shares())
    found = class_shares_drawn(training, np.array([0.1, 0.1, 0.4, 0.4]))
    assert_allclose(found, np.array([0.1 + 0.1 + 0.2, 0.2 + 0.8]) / 1.4)
