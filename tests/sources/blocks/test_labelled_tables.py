from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from tests.sources.blocks.described import EMOTIONS_OF_SEVEN, SEVEN, read, write_face

from fer_fairness.errors import DamagedDataError, DatasetNotFoundError, InvalidInputError
from fer_fairness.params.datasets import DatasetBlock
from fer_fairness.tables import FACES_SCHEMA

COLUMNS = {"file": "path", "emotion": "label"}


def faces_of(folder: Path, n: int = 21) -> pd.DataFrame:
    """A table of the images that it has written."""
    files = [f"pictures/{number}.png" for number in range(n)]
    for file in files:
        write_face(folder / file)
    return pd.DataFrame({"path": files, "label": [SEVEN[row % 7] for row in range(n)]})


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet"])
def test_csv_tsv_and_parquet_are_read_alike(tmp_path: Path, kind: str) -> None:
    table = faces_of(tmp_path)
    path = tmp_path / f"labels.{kind}"
    if kind == "parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False, sep="\t" if kind == "tsv" else ",")
    raw = read(tmp_path, kind="table", table=path.name, columns=COLUMNS)
    faces = FACES_SCHEMA.validate(raw.faces)
    assert faces["image_file"].tolist() == table["path"].tolist()
    assert faces["emotion"].tolist() == [EMOTIONS_OF_SEVEN[row % 7] for row in range(21)]
    assert set(faces["split"]) == {"train", "validation", "test"}
    assert len(raw.images) == 21


def test_everything_that_a_table_can_tell_is_read(tmp_path: Path) -> None:
    table = faces_of(tmp_path).assign(
        part=["Training", "val", "Test"] * 7,
        who=[f"P{row}" for row in range(21)],
        sex=["F", "male", "Woman"] * 7,
        origin=["White", "East Asian", "Klingon"] * 7,
        years=[19, 20, 69.0] * 7,
    )
    table.to_csv(tmp_path / "labels.csv", index=False)
    columns = {**COLUMNS, "split": "part", "person": "who"}
    columns |= {"gender": "sex", "race": "origin", "age": "years"}
    raw = read(tmp_path, kind="table", table="labels.csv", columns=columns)
    first = raw.faces.iloc[:3]
    assert first["split"].tolist() == ["train", "validation", "test"]
    assert first["person"].tolist() == ["P0", "P1", "P2"]
    assert first["gender"].tolist() == ["female", "male", "female"]
    assert first["race"].tolist() == ["white", "east_asian", "Klingon"]
    assert first["age_group"].tolist() == ["0-19", "20-39", "40-69"]
    assert (raw.faces["race_source"] == "annotated").all()
    assert any("0-19, 20-39, 40-69, 70+" in note for note in raw.report["notes"])  # type: ignore[union-attr, operator]


def test_codes_of_groups_need_a_legend(tmp_path: Path) -> None:
    faces_of(tmp_path).assign(sex=[0, 1, 2] * 7).to_csv(tmp_path / "t.csv", index=False)
    block: dict[str, Any] = {
        "kind": "table",
        "table": "t.csv",
        "columns": {**COLUMNS, "gender": "sex"},
    }
    with pytest.raises(InvalidInputError, match=r"column 'sex', row 1 .* is a code of gender"):
        read(tmp_path, **block)
    legend = {"gender": {0: "male", 1: "female"}}
    with pytest.raises(InvalidInputError, match=r"row 3 .*'2' is none of the codes '0', '1'"):
        read(tmp_path, **block, groups=legend)
    legend["gender"][2] = "not told"
    raw = read(tmp_path, **block, groups=legend)
    assert raw.faces["gender"].tolist() == ["male", "female", "not told"] * 7


def test_groups_of_ages_stay_and_impossible_years_are_refused(tmp_path: Path) -> None:
    table = faces_of(tmp_path)
    block: dict[str, Any] = {
        "kind": "table",
        "table": "t.csv",
        "columns": {**COLUMNS, "age": "age"},
    }
    table.assign(age=["20-29", "more than 70", "young"] * 7).to_csv(tmp_path / "t.csv")
    assert read(tmp_path, **block).faces["age_group"].iloc[:3].tolist() == ["20-29", "70+", "young"]
    table.assign(age=[20, 30, 1999] * 7).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InvalidInputError, match=r"row 3 .*'1999' years are no age"):
        read(tmp_path, **block)
    table.assign(age=["20-29", "30", "70+"] * 7).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InvalidInputError, match=r"row 2 .*'30' is a number of years, while other"):
        read(tmp_path, **block)
    table.assign(age=[20, 30, 90] * 7).to_csv(tmp_path / "t.csv", index=False)
    raw = read(tmp_path, **block, age_cuts=[30])
    assert raw.faces["age_group"].iloc[:3].tolist() == ["0-29", "30+", "30+"]


def test_codes_of_age_groups_are_not_taken_for_the_years_of_children(tmp_path: Path) -> None:
    faces_of(tmp_path).assign(age=[0, 2, 4] * 7).to_csv(tmp_path / "t.csv", index=False)
    block: dict[str, Any] = {
        "kind": "table",
        "table": "t.csv",
        "columns": {**COLUMNS, "age": "age"},
    }
    with pytest.raises(InvalidInputError, match=r"up to 4, codes of age groups or years.*0-19"):
        read(tmp_path, **block)
    raw = read(tmp_path, **block, groups={"age_group": {0: "0-3", 2: "20-39", 4: "70+"}})
    assert raw.faces["age_group"].iloc[:3].tolist() == ["0-3", "20-39", "70+"]
    raw = read(tmp_path, **block, age_cuts=[3])
    assert raw.faces["age_group"].iloc[:3].tolist() == ["0-2", "0-2", "3+"]


def test_annotated_ages_that_became_dates_are_repaired_and_told(tmp_path: Path) -> None:
    ages = ["3-9", "9-Mar", "Oct-19"] * 7
    faces_of(tmp_path).assign(age=ages).to_csv(tmp_path / "t.csv", index=False)
    raw = read(tmp_path, kind="table", table="t.csv", columns={**COLUMNS, "age": "age"})
    assert raw.faces["age_group"].iloc[:3].tolist() == ["3-9", "3-9", "10-19"]
    assert any("took '3-9' for the date '9-Mar'" in note for note in raw.report["notes"])  # type: ignore[union-attr, operator]


def test_a_person_of_two_annotated_groups_is_refused_where_the_table_is_read(
    tmp_path: Path,
) -> None:
    table = faces_of(tmp_path).assign(who=["A", "B", "C"] * 7, sex=["female", "male", "female"] * 7)
    table.loc[3, "sex"] = "male"
    table.to_csv(tmp_path / "t.csv", index=False)
    columns = {**COLUMNS, "person": "who", "gender": "sex"}
    expected = r"t\.csv: The person 'A' has the groups 'female' and 'male' of 'gender'"
    with pytest.raises(InvalidInputError, match=expected):
        read(tmp_path, kind="table", table="t.csv", columns=columns)


def test_votes_become_targets_and_a_tie_has_no_emotion(tmp_path: Path) -> None:
    table = faces_of(tmp_path, n=12).drop(columns="label")
    table = table.assign(n_happy=[8, 5, 1] * 4, n_sad=[2, 5, 9] * 4)
    table.to_csv(tmp_path / "t.csv", index=False)
    columns = {"file": "path", "votes": {"happy": "n_happy", "sadness": "n_sad"}}
    emotions = ["happiness", "sadness"]
    raw = read(tmp_path, kind="table", table="t.csv", columns=columns, emotions=emotions)
    assert raw.faces["emotion"].tolist() == ["happiness", "sadness"] * 4
    assert np.allclose(raw.faces["target_happiness"], [0.8, 0.1] * 4)
    assert raw.faces["votes_sadness"].tolist() == [2.0, 9.0] * 4
    assert raw.report["n_without_emotion"] == 4


def test_votes_for_an_emotion_that_is_not_scored_are_refused_before_training(
    tmp_path: Path,
) -> None:
    table = faces_of(tmp_path, n=12).drop(columns="label")
    table = table.assign(happy=[8, 5, 1] * 4, contempt=[2, 5, 9] * 4)
    table.to_csv(tmp_path / "t.csv", index=False)
    columns = {"file": "path", "votes": {"happy": "happy", "contempt": "contempt"}}
    block: dict[str, Any] = {"kind": "table", "table": "t.csv", "columns": columns}
    with pytest.raises(
        InvalidInputError,
        match=r"'contempt' 4 faces show what models are not scored over .*emotions: \[.*contempt\]"
        r".* leave these faces out: take their rows out",
    ):
        read(tmp_path, **block)
    raw = read(tmp_path, **block, emotions=["happiness", "contempt"])
    assert raw.faces["emotion"].tolist() == ["happiness", "contempt"] * 4


def test_valence_and_arousal_alone_tell_three_emotions_and_the_rest_is_counted(
    tmp_path: Path,
) -> None:
    table = faces_of(tmp_path, n=20).drop(columns="label")
    table = table.assign(v=[0.05, 0.8, -0.6, -0.6, 0.3] * 4, a=[-0.1, 0.2, -0.4, 0.7, 0.9] * 4)
    table.to_csv(tmp_path / "t.csv", index=False)
    columns = {"file": "path", "valence": "v", "arousal": "a"}
    raw = read(tmp_path, kind="table", table="t.csv", columns=columns)
    assert raw.faces["emotion"].tolist() == ["neutral", "happiness", "sadness"] * 4
    assert raw.report["n_without_emotion"] == 8
    assert any("Mollahosseini" in note for note in raw.report["notes"])  # type: ignore[union-attr, operator]
    table.assign(a=700).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InvalidInputError, match="column 'a' holds '700' in row 1"):
        read(tmp_path, kind="table", table="t.csv", columns=columns)


def test_paths_may_be_absolute_and_those_elsewhere_are_named(tmp_path: Path) -> None:
    table = faces_of(tmp_path)
    table["path"] = [str(tmp_path / file) for file in table["path"]]
    table.loc[3, "path"] = "/elsewhere/3.png"
    table.loc[4, "path"] = "../4.png"
    table.loc[5, "path"] = str(tmp_path / "pictures/6.png")
    table.to_csv(tmp_path / "t.csv", index=False)
    block: dict[str, Any] = {"kind": "table", "table": str(tmp_path / "t.csv"), "columns": COLUMNS}
    with pytest.raises(DamagedDataError, match=r"t\.csv, line 5: the image does not lie below"):
        read(tmp_path, **block)
    raw = read(tmp_path, **block, max_damaged_share=0.2)
    assert raw.rejected["row"].tolist() == [5, 6, 8]
    assert raw.rejected["reason"].iloc[-1] == "the image has a row already, line 7"
    assert len(raw.faces) == 18


def test_images_of_which_none_is_there_are_looked_for_elsewhere(tmp_path: Path) -> None:
    table = faces_of(tmp_path)
    table.assign(path=table["path"].str.removeprefix("pictures/")).to_csv(tmp_path / "labels.csv")
    told = r"none of the 21 images in column 'path'.*There is 'pictures/0.png'.*mine\.path"
    with pytest.raises(InvalidInputError, match=told):
        read(tmp_path, kind="table", table="labels.csv", columns=COLUMNS)


def test_rows_without_an_emotion_are_counted_apart_from_damage(tmp_path: Path) -> None:
    table = faces_of(tmp_path)
    table.loc[[0, 7], "label"] = None
    table.to_csv(tmp_path / "t.csv", index=False)
    raw = read(tmp_path, kind="table", table="t.csv", columns=COLUMNS)
    assert raw.report["n_without_emotion_by_reason"] == {"the cell 'label' is empty": 2}
    assert raw.report["n_rejected"] == 0
    assert len(raw.faces) == 19


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"emotion": "label"}, "no column 'file' (for file)"),
        ({"file": "path"}, "no column 'emotion' (for emotion)"),
        ({**COLUMNS, "race": "origin"}, "no column 'origin' (for race)"),
    ],
)
def test_a_column_that_is_not_there_is_named_beside_those_that_are(
    tmp_path: Path, columns: Mapping[str, str], named: str
) -> None:
    faces_of(tmp_path).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InvalidInputError) as error:
        read(tmp_path, kind="table", table="t.csv", columns=columns)
    assert named in str(error.value)
    assert "path, label" in str(error.value)


def test_a_split_that_is_none_and_an_absent_table_are_refused(tmp_path: Path) -> None:
    faces_of(tmp_path).assign(part="somewhere").to_csv(tmp_path / "t.csv", index=False)
    columns = {**COLUMNS, "split": "part"}
    with pytest.raises(InvalidInputError, match="'somewhere' is no split"):
        read(tmp_path, kind="table", table="t.csv", columns=columns)
    with pytest.raises(DatasetNotFoundError, match="there is no table"):
        read(tmp_path, kind="table", table="absent.csv", columns=columns)


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({"kind": "folder"}, "'folders', 'table'"),
        ({"kind": "folders", "paht": "x"}, "did you mean path"),
        ({"kind": "table"}, "table"),
        ({"kind": "folders", "person": "S1"}, "has 0 groups in brackets, expected one"),
        ({"kind": "folders", "person": "("}, "is no regular expression"),
        ({"kind": "folders", "emotions": ["happy", "hungry"]}, "names 'hungry'"),
        ({"kind": "folders", "labels": {"x": "hungry"}}, "names 'hungry'"),
        ({"kind": "table", "table": "t", "columns": {"valence": "v"}}, "give both or neither"),
        (
            {"kind": "table", "table": "t", "columns": {"emotion": "e", "votes": {"sad": "s"}}},
            "emotion and votes are given",
        ),
        ({"kind": "table", "table": "t", "columns": {"race": "g", "gender": "g"}}, "two things"),
        ({"kind": "table", "table": "t", "age_cuts": [40, 20]}, "expected rising years"),
    ],
)
def test_a_block_that_cannot_be_meant_is_refused(block: Mapping[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        DatasetBlock.model_validate(block)
