"""Probabilities and logits: one column a class, or lists."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.predictions.reading import PredictionFile, read_predictions

CLASSES = ["sad", "joy", "fear"]
COLUMNS = [f"prob_{name}" for name in CLASSES]


def read(
    folder: Path, scores: npt.ArrayLike, *, names: list[str] = COLUMNS, **columns: object
) -> PredictionFile:
    values = np.asarray(scores)
    best = values.astype(float)[:, :3].argmax(axis=1)
    frame = pd.DataFrame({"y_true": np.resize(CLASSES, len(values))})
    frame["y_pred"] = np.array(CLASSES)[best]
    return read_frame(folder, frame.join(pd.DataFrame(values, columns=names)), **columns)


def read_frame(folder: Path, frame: pd.DataFrame, **columns: object) -> PredictionFile:
    path = folder / "file.csv"
    frame.assign(gender="f").to_csv(path, index=False)
    return read_predictions(path, PredictionColumns.model_validate(columns))


def probabilities_of(found: PredictionFile) -> npt.NDArray[np.float64]:
    return found.frame[list(found.probability_columns)].to_numpy()


EVEN = [[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5]]


@given(arrays(np.float64, (6, 3), elements=st.floats(-700, 700)))
def test_logits_become_their_softmax(
    tmp_path_factory: pytest.TempPathFactory, logits: npt.NDArray[np.float64]
) -> None:
    logits[0] = [3, 2, 1]  # so that they are no probabilities
    names = [f"logit_{name}" for name in CLASSES]

    found = read(tmp_path_factory.mktemp("logits"), logits, names=names)

    expected = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    kept = [CLASSES.index(name) for name in found.classes]
    np.testing.assert_allclose(probabilities_of(found), expected[:, kept], atol=1e-12)


@pytest.mark.parametrize(
    "write",
    [
        json.dumps,
        str,
        lambda row: str([np.float64(number) for number in row]),
        lambda row: f"tensor({row}, device='cuda:0')",
        lambda row: str(np.array(row)),
        lambda row: f"[[{row[0]} {row[1]}\n  {row[2]}]]",
        lambda row: ";".join(map(str, row)),
    ],
)
def test_lists_read_however_they_were_printed(tmp_path: Path, write: object) -> None:
    assert callable(write)
    frame = pd.DataFrame({"y_true": ["0", "1", "2"], "y_pred": ["0", "1", "2"]})
    frame["probs"] = [write(row) for row in EVEN]

    found = read_frame(tmp_path, frame)

    assert found.classes == ("0", "1", "2")
    np.testing.assert_allclose(probabilities_of(found), EVEN)


def test_lists_of_a_parquet_file_read(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    frame = pd.DataFrame({"y_true": [1, 2, 3], "y_pred": [1, 2, 3], "gender": "f"})
    frame.assign(probabilities=pd.Series(EVEN)).to_parquet(path)

    found = read_predictions(path, PredictionColumns())

    np.testing.assert_allclose(probabilities_of(found), EVEN)
    assert found.classes == ("1", "2", "3")


def test_lists_need_an_order_and_equal_lengths(tmp_path: Path) -> None:
    frame = pd.DataFrame({"y_true": CLASSES, "y_pred": CLASSES, "probs": list(map(str, EVEN))})

    with pytest.raises(InvalidInputError, match=r"nothing tells which class.*class_names"):
        read_frame(tmp_path, frame)
    found = read_frame(tmp_path, frame, class_names=CLASSES)
    assert found.classes == tuple(CLASSES)
    with pytest.raises(InvalidInputError, match=r"holds 3 numbers, but .* names 4 classes"):
        read_frame(tmp_path, frame, class_names=[*CLASSES, "anger"])
    frame.loc[1, "probs"] = "[0.5, 0.5]"
    with pytest.raises(InvalidInputError, match=r"2 numbers in row 2 .* and 3 in most rows"):
        read_frame(tmp_path, frame, class_names=CLASSES)
    frame.loc[1, "probs"] = "[0.5, 0.5, 0, 0]"
    with pytest.raises(InvalidInputError, match=r"4 numbers in row 2 .* and 3 in most rows"):
        read_frame(tmp_path, frame, class_names=CLASSES)
    with pytest.raises(InvalidInputError, match=r"'0\.5' in row 1, expected one number for each"):
        read_frame(tmp_path, frame.assign(probs="0.5"), probabilities="probs")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "holds '' in row 2"),
        ("nan", "holds 'nan' in row 2"),
        ("inf", "holds 'inf' in row 2"),
        ("0,5", "holds '0,5' in row 2"),
        ("-0.5", r"sum to 0\.25 in row 2 .*, the smallest is -0\.5.*columns\.logits"),
        ("0.503", r"sum to 1\.003 in row 2 .*expected 1 within 0\.001"),
    ],
)
def test_what_is_no_probability_is_refused_with_its_row(
    tmp_path: Path, value: str, message: str
) -> None:
    frame = pd.DataFrame({"y_true": CLASSES, "y_pred": CLASSES})
    frame = frame.join(pd.DataFrame(EVEN, columns=COLUMNS).astype(str))
    frame.loc[1, "prob_joy"] = value
    if value == "-0.5":
        frame.loc[1, "prob_fear"] = "0.5"

    with pytest.raises(InvalidInputError, match=message):
        read_frame(tmp_path, frame)


def test_rounded_probabilities_read_as_they_are(tmp_path: Path) -> None:
    rounded = [[0.5, 0.25, 0.2509], [0.33, 0.336, 0.3334], [1.0005, 0.0, 0.0]]

    found = probabilities_of(read(tmp_path, rounded))

    np.testing.assert_array_equal(found[:, :2], np.minimum(rounded, 1.0)[:, :2])


def test_percentages_are_divided(tmp_path: Path) -> None:
    found, shares = read(tmp_path, np.array(EVEN) * 100), read(tmp_path, np.array(EVEN))

    columns = list(shares.probability_columns)
    np.testing.assert_allclose(found.frame[columns], shares.frame[columns])
    assert "percentages in the file, and were divided by 100" in str(found.reading["notes"])


def test_probabilities_called_logits_are_refused_and_masked_logits_read(tmp_path: Path) -> None:
    names = [f"logit_{name}" for name in CLASSES]
    with pytest.raises(InvalidInputError, match=r"every row sums to one.*columns\.probabilities"):
        read(tmp_path, EVEN, names=names)

    found = read(tmp_path, [[1.0, 0.0, -np.inf], [0.0, 2.0, -np.inf]], names=names)

    np.testing.assert_allclose(probabilities_of(found).sum(axis=1), 1)
    with pytest.raises(InvalidInputError, match="holds '-inf' in row 1"):
        read(tmp_path, [[-np.inf] * 3], names=names)


def test_predictions_that_differ_from_the_largest_probability_are_counted(tmp_path: Path) -> None:
    frame = pd.DataFrame({"y_true": CLASSES, "y_pred": ["joy", "joy", "fear"]})

    found = read_frame(tmp_path, frame.join(pd.DataFrame(EVEN, columns=COLUMNS)))

    assert "In 1 of 3 rows the predicted class does not have" in str(found.reading["notes"])
    frame["y_pred"] = ["joy", "sad", "fear"]
    with pytest.raises(InvalidInputError, match=r"in rows 1 and 2 .*probably .* another order"):
        read_frame(tmp_path, frame.join(pd.DataFrame(EVEN, columns=COLUMNS)))


def test_predictions_that_share_the_largest_probability_agree(tmp_path: Path) -> None:
    frame = pd.DataFrame({"y_true": CLASSES, "y_pred": ["fear"] * 3})
    ties = pd.DataFrame([[0.4, 0.2, 0.4]] * 3, columns=COLUMNS)

    assert "largest" not in str(read_frame(tmp_path, frame.join(ties)).reading["notes"])


def test_an_empty_class_is_left_out_and_the_others_keep_their_values(tmp_path: Path) -> None:
    values = [[0.5, 0.25, 0.15, 0.1], [0.2, 0.5, 0.3, 0.0], [0.2, 0.2, 0.6, 0.0]]

    found = read(tmp_path, values, names=[*COLUMNS, "prob_contempt"])

    assert found.classes == tuple(CLASSES)
    np.testing.assert_array_equal(probabilities_of(found), np.array(values)[:, :3])
    notes = str(found.reading["notes"])
    assert "'contempt' occurs neither" in notes
    assert "0.0333 on average and 0.1000 at most" in notes
    assert "not scaled" in notes


def test_classes_among_which_the_model_chose_are_scaled_to_one(tmp_path: Path) -> None:
    values = np.array([[0.3, 0.2, 0.1, 0.4], [0.2, 0.5, 0.3, 0.0], [0.2, 0.2, 0.6, 0.0]])

    found = read(tmp_path, values, names=[*COLUMNS, "prob_contempt"])

    expected = values[:, :3] / values[:, :3].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities_of(found), expected)
    assert "were scaled to sum to one" in str(found.reading["notes"])


@pytest.mark.parametrize("kind", ["prob", "logit"])
def test_a_true_class_that_the_model_does_not_know_is_mistaken_and_told(
    tmp_path: Path, kind: str
) -> None:
    scores = np.array(EVEN) if kind == "prob" else np.log(EVEN) + 1
    frame = pd.DataFrame(scores, columns=[f"{kind}_{name}" for name in CLASSES])
    found = read_frame(tmp_path, frame.assign(y_true=["contempt", "joy", "fear"], y_pred=CLASSES))

    assert found.classes == (*CLASSES, "contempt")
    np.testing.assert_allclose(probabilities_of(found), np.column_stack([EVEN, np.zeros(3)]))
    assert "'contempt' is the true class of row 1, and the model has no column" in str(
        found.reading["notes"]
    )


@pytest.mark.parametrize(
    ("true", "columns", "predicted"),
    [
        ("contempt", ["sad", "joy", "contmpt"], ["sad", "joy", "joy"]),  # a slip of spelling
        ("Wut", ["sad", "joy", "anger"], ["sad", "joy", "joy"]),  # perhaps the same
        ("contempt", ["sad", "joy", "fear"], ["sad", "joy", "contempt"]),  # the model knows it
    ],
)
def test_a_class_without_a_column_is_refused_where_it_may_have_one(
    tmp_path: Path, true: str, columns: list[str], predicted: list[str]
) -> None:
    frame = pd.DataFrame(EVEN, columns=[f"prob_{name}" for name in columns])
    with pytest.raises(InvalidInputError, match=f"class '{true}' occurs but has no column"):
        read_frame(tmp_path, frame.assign(y_true=["sad", "joy", true], y_pred=predicted))
