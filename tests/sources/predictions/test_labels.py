"""One vocabulary for true and predicted classes."""

from pathlib import Path

import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.predictions.labels import spelling
from fer_fairness.sources.predictions.reading import PredictionFile, read_predictions


def read(
    folder: Path, true: list[str], predicted: list[str], *, extra: str = "", **columns: object
) -> PredictionFile:
    rows = [f"{a},{b},f" for a, b in zip(true, predicted, strict=True)]
    path = folder / "file.csv"
    path.write_text("y_true,y_pred,gender\n" + "\n".join(rows) + "\n" + extra, encoding="utf-8")
    return read_predictions(path, PredictionColumns.model_validate(columns))


def notes_of(found: PredictionFile) -> str:
    return str(found.reading["notes"])


def test_a_spelling_has_no_case_space_or_punctuation() -> None:
    assert spelling(" Very-Happy! ") == spelling("very_happy") == "veryhappy"
    assert spelling("?") != spelling("-")


def test_codes_take_the_names_that_are_given_in_code_order(tmp_path: Path) -> None:
    found = read(tmp_path, ["0", "2", "1.0"], ["tensor(2)", "0", "1"], class_names=["z", "m", "a"])

    assert found.classes == ("z", "m", "a")
    assert found.frame["emotion"].tolist() == ["z", "a", "m"]
    assert found.frame["predicted_emotion"].tolist() == ["a", "z", "m"]


def test_codes_without_names_stand_for_themselves_in_numeric_order(tmp_path: Path) -> None:
    found = read(tmp_path, ["10", "9", "2"], ["2", "9", "11"])

    assert found.classes == ("2", "9", "10", "11")
    assert "integer codes" in notes_of(found)
    assert "'11' is predicted in row 3 and is the true class of nobody" in notes_of(found)


def test_codes_that_count_from_one_are_told_by_their_number(tmp_path: Path) -> None:
    from_one = read(tmp_path, ["1", "2", "3"], ["1", "2", "3"], class_names=["a", "b", "c"])
    from_zero = read(tmp_path, ["1", "2", "2"], ["1", "2", "1"], class_names=["a", "b", "c"])

    assert from_one.frame["emotion"].tolist() == ["a", "b", "c"]
    assert "counted from 1" in notes_of(from_one)
    assert from_zero.frame["emotion"].tolist() == ["b", "c", "c"]
    assert "counted from 0 although 0 never occurs" in notes_of(from_zero)
    with pytest.raises(InvalidInputError, match=r"the code 3 occurs, but .* codes 0 to 2"):
        read(tmp_path, ["0", "3"], ["0", "0"], class_names=["a", "b", "c"])


def test_codes_that_are_counted_from_different_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="'y_true' from 1 to 3 and 'y_pred' from 0 to 2"):
        read(tmp_path, ["1", "2", "3"], ["0", "1", "2"], class_names=["a", "b", "c"])


@pytest.mark.parametrize("sign", ["-", "?", "Unknown", "uncertain"])
def test_a_sign_for_no_label_is_refused_as_an_empty_cell_is(tmp_path: Path, sign: str) -> None:
    with pytest.raises(InvalidInputError, match=r"'y_true' has no label in rows 2 and 4 .* found"):
        read(tmp_path, ["joy", sign, "sad", sign], ["joy", "joy", "sad", "sad"])

    known = read(tmp_path, ["joy", sign, "sad"], ["joy", sign, "sad"])
    assert sign in known.classes
    named = read(tmp_path, ["joy", sign], ["joy", "joy"], class_names=["joy", sign])
    assert sign in named.classes


def test_minus_one_is_no_label_where_the_model_does_not_predict_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"no label in row 2 .* found '-1'"):
        read(tmp_path, ["0", "-1", "1"], ["0", "0", "1"])
    assert read(tmp_path, ["0", "-1", "1"], ["0", "-1", "1"]).classes == ("-1", "0", "1")


def test_names_and_codes_meet_where_the_names_are_given(tmp_path: Path) -> None:
    found = read(tmp_path, ["sad", "joy"], ["0", "1"], class_names=["joy", "sad"])

    assert found.frame["predicted_emotion"].tolist() == ["joy", "sad"]
    with pytest.raises(InvalidInputError, match=r"one holds integer codes.*class_names"):
        read(tmp_path, ["sad", "joy"], ["0", "1"])


@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        (["happy", "sad"], ["happy", "Happy"], r"row 2 .*: 'Happy' and 'happy' differ only in"),
        (["very sad", "joy"], ["joy", "very_sad"], r"'very_sad' and 'very sad' differ only"),
        (["happy", "sad"], ["sad", "hapy"], r"row 2 .*'hapy' never occurs"),
        (["happy", "sad"] * 2, ["happy", "sad", "happy", "hapyp"], r"row 4 .*'hapyp' never"),
        (["joy", "sad"], ["merry", "sad"], r"'merry' never occurs .*name of 'joy'"),
        (["joy", "happy", "sad"], ["sad", "sad", "happiness"], r"'happiness' never occurs"),
        (
            ["joy", "sad", "sadd"],
            ["joy", "sad", "sad"],
            r"row 3 .*'sadd' is never pred.*'sad'",
        ),
    ],
)
def test_what_could_be_another_spelling_of_a_class_is_refused(
    tmp_path: Path, true: list[str], predicted: list[str], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read(tmp_path, true, predicted)


def test_two_names_of_one_emotion_are_one_class(tmp_path: Path) -> None:
    found = read(tmp_path, ["Joy", "Sad", "fear"], ["happiness", "sadness", "fear"])

    assert found.frame["predicted_emotion"].tolist() == ["Joy", "Sad", "fear"]
    assert "'happiness' is 'Joy', 'sadness' is 'Sad'" in notes_of(found)


def test_a_class_that_nobody_has_is_one_where_every_true_class_is_predicted(tmp_path: Path) -> None:
    found = read(tmp_path, ["joy", "sad", "sad"], ["joy", "sad", "contempt"])

    assert found.classes == ("contempt", "joy", "sad")
    assert "'contempt' is predicted in row 3" in notes_of(found)


def test_class_names_settle_what_is_a_class(tmp_path: Path) -> None:
    names = ["sad", "happy", "hapy", "fear"]

    found = read(tmp_path, ["happy", "sad"], ["hapy", "sad"], class_names=names)

    assert found.classes == ("sad", "happy", "hapy")
    assert read(tmp_path, ["happy", "hapy"], ["happy", "happy"], class_names=names).classes == (
        "happy",
        "hapy",
    )
    with pytest.raises(InvalidInputError, match=r"'y_true', row 2 .*: 'joy' is no class"):
        read(tmp_path, ["sad", "joy"], ["sad", "sad"], class_names=names)


@pytest.mark.parametrize("missing", ["", "NA", "nan", "None"])
def test_a_missing_label_is_refused_with_its_rows(tmp_path: Path, missing: str) -> None:
    with pytest.raises(InvalidInputError, match=r"'y_true' has no label in rows 2 and 3"):
        read(tmp_path, ["sad", missing, missing], ["sad"] * 3)
    with pytest.raises(InvalidInputError, match=r"'y_pred' has no label in 7 rows, the first are"):
        read(tmp_path, ["sad"] * 8, ["sad"] + [missing] * 7)


@pytest.mark.parametrize(
    ("true", "message"),
    [
        (["0", "1", "x"], r"row 3 .*'x' is no integer code, but '0' in row 1 is one"),
        (["0", "0.37", "1"], r"row 2 .*'0\.37' is a decimal number"),
        ([f"c{row}" for row in range(101)], "101 different values, expected at most 100 classes"),
    ],
)
def test_a_column_that_holds_no_classes_is_refused(
    tmp_path: Path, true: list[str], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read(tmp_path, true, ["0"] * len(true))


def test_neutral_and_none_in_lower_case_are_classes(tmp_path: Path) -> None:
    assert read(tmp_path, ["neutral", "none"], ["none", "neutral"]).classes == ("neutral", "none")
