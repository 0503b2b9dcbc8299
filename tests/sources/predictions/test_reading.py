"""Whole files: those of this project and of other people; samples and groups."""

import hashlib
import json
import re
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.predictions.reading import PredictionFile, read_predictions
from fer_fairness.tables import PREDICTIONS_SCHEMA, PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

GUESS = PredictionColumns()
CODES = ("angry", "disgust", "fear", "happy")


def read(folder: Path, text: str, **columns: object) -> PredictionFile:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    return read_predictions(path, PredictionColumns.model_validate(columns))


def notes_of(found: PredictionFile) -> str:
    notes = found.reading["notes"]
    assert isinstance(notes, list)
    return "\n".join(notes)


def own_predictions(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.ones(len(EMOTIONS)), n)
    frame = pd.DataFrame(
        {
            "sample_id": [f"test/{row:04d}.png" for row in range(n)],
            "variant": "baseline",
            "seed": 0,
            "emotion": [EMOTIONS[row % len(EMOTIONS)] for row in range(n)],
            "predicted_emotion": np.array(EMOTIONS)[probabilities.argmax(axis=1)],
            **dict(zip(PROBABILITY_COLUMNS, probabilities.T, strict=True)),
        }
    )
    gender = pd.Series(["female", "male", None, "male"] * (n // 4), dtype="str")
    return PREDICTIONS_SCHEMA.validate(frame).assign(gender=gender, gender_source="annotated")


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_predictions_of_this_project_read_back_as_they_are(tmp_path: Path, suffix: str) -> None:
    path, written = tmp_path / f"predictions.{suffix}", own_predictions()
    if suffix == "parquet":
        written.to_parquet(path)
    else:
        written.to_csv(path, index=False)

    found = read_predictions(path, GUESS)

    expected = written.drop(columns=["variant", "seed", "gender_source"])
    pd.testing.assert_frame_equal(
        found.frame.astype(expected.dtypes), expected[found.frame.columns], rtol=1e-12
    )
    assert set(found.frame.columns) == set(expected.columns)
    assert found.classes == EMOTIONS
    assert found.probability_columns == PROBABILITY_COLUMNS
    assert found.attributes == ("gender",)
    assert found.reading["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.reading["n_without_group"] == {"gender": 10}
    assert found.reading["unused_columns"] == ["variant", "seed", "gender_source"]
    assert json.loads(json.dumps(found.reading)) == found.reading


def test_codes_named_beside_them_and_logits_in_lists_are_understood(tmp_path: Path) -> None:
    # The form of the biased-heritage files of Dominguez-Catena et al. 2025.
    rng = np.random.default_rng(2)
    true, logits = np.arange(60) % 4, rng.normal(size=(60, 4))
    frame = pd.DataFrame(
        {
            "id": [f"face_{row}" for row in range(60)],
            "age": "20-29",
            "gender": ["Male", "Female"] * 30,
            "label": np.array(CODES)[true],
            "y_true": true,
            "y_pred": logits.argmax(axis=1),
            "logits": [str(row) for row in logits.tolist()],
            "conf": [f"tensor({row:.4f})" for row in logits.max(axis=1)],
        }
    )
    path = tmp_path / "model.csv.gz"
    frame.to_csv(path, index=False)

    found = read_predictions(path, GUESS)

    assert found.classes == CODES
    assert found.frame["emotion"].tolist() == frame["label"].tolist()
    assert found.frame["predicted_emotion"].tolist() == [CODES[code] for code in frame["y_pred"]]
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.frame[list(found.probability_columns)], softmax, atol=1e-12)
    assert found.reading["codes"] == {"0": "angry", "1": "disgust", "2": "fear", "3": "happy"}
    assert "names of the codes are those of column 'label'" in notes_of(found)
    assert found.reading["unused_columns"] == ["conf"]
    assert found.attributes == ("age", "gender")


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@given(st.lists(TEXT.filter(lambda text: not text.startswith("tensor(")), min_size=1, max_size=20))
def test_any_names_of_groups_read_back(
    tmp_path_factory: pytest.TempPathFactory, groups: list[str]
) -> None:
    groups = [normalize("NFC", f"group {group} x") for group in groups]
    frame = pd.DataFrame({"y_true": "sad", "y_pred": "sad", "race": groups})
    path = tmp_path_factory.mktemp("groups") / "file.csv"
    frame.to_csv(path, index=False)

    assert read_predictions(path, GUESS).frame["race"].tolist() == groups


def test_one_class_and_one_group_read(tmp_path: Path) -> None:
    found = read(tmp_path, "y_true,y_pred,gender\nsad,sad,female\nsad,sad,female\n")

    assert found.classes == ("sad",)
    assert found.frame["sample_id"].tolist() == ["1", "2"]
    assert "the row numbers are used" in notes_of(found)


def test_five_hundred_groups_read_with_a_note(tmp_path: Path) -> None:
    rows = "\n".join(f"sad,sad,g{row}" for row in range(500))

    found = read(tmp_path, f"y_true,y_pred,race\n{rows}\n")

    assert found.frame["race"].nunique() == 500
    assert "'race' has 500 groups" in notes_of(found)


def test_groups_that_differ_in_underscores_are_one_and_told(tmp_path: Path) -> None:
    rows = "sad,sad,east_asian\nsad,sad,east asian\nsad,sad,East asian\nsad,sad,b x c\n"

    found = read(tmp_path, "y_true,y_pred,race\n" + rows)

    assert found.frame["race"].tolist() == ["east_asian", "east_asian", "East asian", "b x c"]
    assert "'east asian' and 'east_asian' are read as one group" in notes_of(found)


def test_groups_are_read_as_they_are_seen(tmp_path: Path) -> None:
    rows = "sad,sad,f\nsad,sad,f\u200b\nsad,sad,East Asian\nsad,sad,East-Asian\n"

    found = read(tmp_path, "y_true,y_pred,race\n" + rows)

    assert found.frame["race"].tolist() == ["f", "f", "East Asian", "East-Asian"]
    assert "'race': 1 cells hold characters that nobody sees" in notes_of(found)
    assert "'East Asian' and 'East-Asian' are read as different groups" in notes_of(found)


def test_missing_groups_are_kept_and_counted(tmp_path: Path) -> None:
    rows = "sad,sad,\nsad,sad,None\nsad,sad,neutral\nsad,sad,unknown\nsad,sad,Neutral\n"

    found = read(tmp_path, "y_true,y_pred,gender\n" + rows)

    assert found.frame["gender"].isna().tolist() == [True, True, False, False, False]
    assert found.reading["n_without_group"] == {"gender": 2}
    assert "'gender' names no group in rows 1 and 2" in notes_of(found)
    assert "(written and how often: '' 1, 'None' 1)" in notes_of(found)
    assert "has a group 'unknown'" in notes_of(found)
    assert "'neutral' and 'Neutral' are read as different groups" in notes_of(found)


def test_ages_in_years_are_cut_into_groups(tmp_path: Path) -> None:
    text = "y_true,y_pred,age\nsad,sad,19.9\nsad,sad,20\nsad,sad,\nsad,sad,40.0\nsad,sad,70\n"

    found = read(tmp_path, text)

    assert found.frame["age"].isna().tolist() == [False, False, True, False, False]
    assert found.frame["age"].dropna().tolist() == ["0-19", "20-39", "40-69", "70+"]
    assert "Ages in years are cut into 0-19, 20-39, 40-69, 70+." in notes_of(found)
    other = read(tmp_path, text, age_cuts=[30])
    assert other.frame["age"].dropna().tolist() == ["0-29", "0-29", "30+", "30+"]


def ages(written: list[str], separator: str = ",") -> str:
    rows = [["y_true", "y_pred", "age"], *(["sad", "sad", age] for age in written)]
    return "\n".join(map(separator.join, rows)) + "\n"


def test_ages_with_a_decimal_comma_are_years(tmp_path: Path) -> None:
    found = read(tmp_path, ages([f"{year},5" for year in range(5, 35)], ";"))
    assert found.frame["age"].tolist() == ["0-19"] * 15 + ["20-39"] * 15


@pytest.mark.parametrize("groups", [["0,2", "25,32"], ["10s", "20s"], ["0-2", "20-29"], ["1", "2"]])
def test_names_of_age_groups_are_no_years(tmp_path: Path, groups: list[str]) -> None:
    assert read(tmp_path, ages(groups, ";")).frame["age"].tolist() == groups


@pytest.mark.parametrize(
    ("written", "row", "found"),
    [
        (["-1", "30"], 1, "-1"),
        ([*map(str, range(20, 40)), "-1"], 21, "-1"),
        ([f"{year} Jahre" for year in range(20, 40)], 1, "20 Jahre"),
        ([*map(str, range(20, 40)), "old"], 21, "old"),
        ([*map(str, range(20, 40)), "90+"], 21, "90+"),
    ],
)
def test_what_is_no_age_among_years_is_refused(
    tmp_path: Path, written: list[str], row: int, found: str
) -> None:
    told = rf"column 'age', row {row} .*'{re.escape(found)}' is no number of years.*leave the cell"
    with pytest.raises(InvalidInputError, match=told):
        read(tmp_path, ages(written))


def test_an_age_beyond_120_years_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"column 'age', row 2 .*'1980' years are no age"):
        read(tmp_path, "y_true,y_pred,age\nsad,sad,19\nsad,sad,1980\n")


def test_a_column_of_many_numbers_is_no_group(tmp_path: Path) -> None:
    rows = "\n".join(f"sad,sad,{20 + row},f" for row in range(13))
    text = f"y_true,y_pred,skin_tone,gender\n{rows}\n"

    found = read(tmp_path, text)

    assert found.attributes == ("gender",)
    assert "'skin_tone' holds 13 different numbers" in notes_of(found)
    with pytest.raises(InvalidInputError, match="Write the group in their place"):
        read(tmp_path, text, attributes=["skin_tone"])


def test_columns_that_could_be_groups_are_named_and_not_used(tmp_path: Path) -> None:
    found = read(tmp_path, "y_true,y_pred,gender,glasses\nsad,sad,f,yes\nsad,sad,m,no\n")

    assert found.attributes == ("gender",)
    assert "Column 'glasses' (2 different values, such as 'yes') was not used" in notes_of(found)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_codes_that_could_be_groups_are_named_and_not_used(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"file.{ending}"
    frame = pd.DataFrame({"label": ["sad", "joy"] * 10, "pred": "sad", "sex": ["f", "m"] * 10})
    frame = frame.assign(
        mst=[1, 10, 4, 4] * 5, race_code=[0, 1] * 10, row=range(20), seed=0, share=[0.5, 1.5] * 10
    )
    if ending == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    notes = notes_of(read_predictions(path, GUESS))
    assert "Columns of few whole numbers, 'mst', 'race_code', were not used." in notes
    assert notes.count("not used") == 1


@pytest.mark.parametrize("name", ["age_years", "Age in years", "apparent_age", "estimated_age"])
def test_ages_in_years_are_found_under_their_names(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, f"y_true,y_pred,{name}\nsad,sad,19.5\nsad,sad,70\n")
    assert found.frame[name].tolist() == ["0-19", "70+"]


def test_a_sample_that_occurs_twice_is_named_with_both_rows(tmp_path: Path) -> None:
    text = "id,y_true,y_pred,gender\na,sad,sad,f\nb,sad,sad,f\na ,sad,sad,m\n"

    with pytest.raises(InvalidInputError, match=r"'a' stands in column 'id' in rows 1 and 3"):
        read(tmp_path, text)
    assert read(tmp_path, text, sample_id="").frame["sample_id"].tolist() == ["1", "2", "3"]
    with pytest.raises(InvalidInputError, match=r"'id' is empty in row 2"):
        read(tmp_path, text.replace("\nb,", "\n,"))


def test_names_of_groups_that_mean_something_else_here_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be called 'a x b'"):
        read(tmp_path, "y_true,y_pred,a x b\nsad,sad,f\n", attributes=["a x b"])
    with pytest.raises(InvalidInputError, match="cannot be called 'emotion'"):
        read(tmp_path, "y_true,y_pred,emotion\nsad,sad,f\n", attributes=["emotion"])


def test_cells_that_become_one_group_are_told(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    frame = pd.DataFrame({"y_true": ["sad", "joy", "sad"], "y_pred": ["sad", "joy", "joy"]})
    frame.assign(gender=[" f ", "f", "m"], race=["1.0", "2", "2"]).to_parquet(path)
    notes = str(read_predictions(path, GUESS).reading["notes"])
    assert "'gender': the cells ' f ', 'f' are read as one group, 'f'." in notes
    assert "'race': the cells" not in notes


def test_codes_of_groups_are_named_by_their_legend(tmp_path: Path) -> None:
    text = "label,prediction,sex\nfear,fear,0\nfear,happy,1\nhappy,happy,\n"
    found = read(tmp_path, text, groups={"sex": {0: "female", 1: "male"}})
    assert found.frame["sex"].astype(object).where(found.frame["sex"].notna(), None).tolist() == [
        "female",
        "male",
        None,
    ]
    for groups, told in (
        ({"sex": {0: "female"}}, r"column 'sex', row 2 .*'1' is none of the codes '0'"),
        ({"gender": {0: "female"}}, r"groups names 'gender'.*columns of groups: 'sex'"),
    ):
        with pytest.raises(InvalidInputError, match=told):
            read(tmp_path, text, groups=groups)


def test_minus_one_among_codes_of_groups_is_nobodys_group(tmp_path: Path) -> None:
    codes = ["3", "-1", "6", "-1"]
    text = "label,prediction,fitzpatrick_scale\n" + "".join(f"fear,fear,{c}\n" for c in codes)
    found = read(tmp_path, text)
    assert found.frame["fitzpatrick_scale"].isna().tolist() == [False, True, False, True]
    assert "names no group in rows 2 and 4" in notes_of(found)
    assert "'-1' 2" in notes_of(found)

    male = read(tmp_path, "label,prediction,sex\nfear,fear,1\nfear,fear,-1\n")
    assert male.frame["sex"].tolist() == ["1", "-1"]


def test_several_groups_in_one_cell_are_told_and_brackets_of_ages_are_not(tmp_path: Path) -> None:
    rows = ["Black;White", "Black", "White / Asian", "Asian or Pacific / Islander"]
    text = "label,prediction,race,age_group\n" + "\n".join(
        f"fear,fear,{race},{age}" for race, age in zip(rows, ["0-2", "2", "9-12", "9"], strict=True)
    )
    notes = notes_of(read(tmp_path, text))
    assert "'race' has several groups in one cell in 1 rows: 'Black;White'" in notes
    assert "'age_group' has several" not in notes
