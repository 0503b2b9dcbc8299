"""Probabilities that sum to one, and those that do not since they were rounded."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.predictions.reading import PredictionFile, read_predictions

CLASSES = ["anger", "fear", "joy", "neutral", "sad", "surprise"]


def read(folder: Path, shares: npt.NDArray[np.float64], digits: int) -> PredictionFile:
    columns = [f"prob_{name}" for name in CLASSES]
    frame = pd.DataFrame([[f"{share:.{digits}f}" for share in row] for row in shares])
    frame.columns = pd.Index(columns)
    best = frame.astype(float).to_numpy().argmax(axis=1)
    frame["y_pred"] = np.array(CLASSES)[best]
    frame["y_true"] = np.resize(CLASSES, len(frame))
    frame["gender"] = "f"
    frame.to_csv(folder / "file.csv", index=False)
    return read_predictions(folder / "file.csv", PredictionColumns())


def drawn(seed: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).dirichlet(np.full(len(CLASSES), 0.7), 60)


@given(st.integers(0, 10_000), st.sampled_from([(1.0, 2), (1.0, 3), (100.0, 0), (100.0, 1)]))
def test_rounded_ones_are_read_and_sum_to_one(
    tmp_path_factory: pytest.TempPathFactory, seed: int, whole_and_digits: tuple[float, int]
) -> None:
    whole, digits = whole_and_digits
    shares = drawn(seed)
    found = read(tmp_path_factory.mktemp("rounded"), whole * shares, digits)
    kept = [f"probability_{name}" for name in found.classes]
    assert list(found.probability_columns) == kept
    values = found.frame[kept].to_numpy()
    np.testing.assert_allclose(values.sum(axis=1), 1.0, atol=1e-3)
    unit = 10.0**-digits / whole
    order = [CLASSES.index(name) for name in found.classes]
    np.testing.assert_allclose(values, shares[:, order], atol=unit * (len(CLASSES) / 2 + 1))
    notes = str(found.reading["notes"])
    assert ("percentages" in notes) == (whole > 1)
    assert digits > 2 or "are rounded: rows sum to 0.9" in notes


def test_what_rounding_does_not_explain_is_refused(tmp_path: Path) -> None:
    shares = np.round(drawn(0), 2)
    shares[7] = [0.5, 0.3, 0.3, 0.0, 0.0, 0.0]
    with pytest.raises(InvalidInputError, match=r"sum to 1\.1 in row 8 .*expected 1 within"):
        read(tmp_path, shares, 2)
    with pytest.raises(InvalidInputError, match=r"expected 1 within 0\.001"):
        read(tmp_path, drawn(0) * 1.01, 12)


def test_the_row_that_is_named_is_one_that_rounding_does_not_explain(tmp_path: Path) -> None:
    shares = np.tile([0.33, 0.33, 0.33, 0.0, 0.0, 0.0], (6, 1))
    shares[4, 0] = 0.5
    with pytest.raises(InvalidInputError, match=r"sum to 1\.16 in row 5 .*1 of 6 rows"):
        read(tmp_path, shares, 2)
