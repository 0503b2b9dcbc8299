import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fer_fairness.errors import DamagedDataError, DatasetNotFoundError
from fer_fairness.params.data_processing import FairFaceParameters
from fer_fairness.sources import read_fairface
from fer_fairness.sources.published.fairface import IMAGE_FOLDER
from fer_fairness.tables import FACES_SCHEMA, TARGET_COLUMNS, VOTES_COLUMNS

HEADER = "file,age,gender,race,service_test"
TRAIN = [
    "train/1.jpg,50-59,Male,East Asian,True",
    "train/2.jpg,30-39,Female,Indian,False",
    "train/3.jpg,3-9,Female,Black,False",
    "train/4.jpg,10-19,Male,Latino_Hispanic,True",
]
VAL = ["val/1.jpg,more than 70,Male,Middle Eastern,False", "val/2.jpg,0-2,Female,White,True"]
PARAMS = FairFaceParameters(max_damaged_share=0.4)


@pytest.fixture
def folder(tmp_path: Path, write_image: Callable[[Path, int], None]) -> Path:
    write_labels(tmp_path, TRAIN, VAL)
    for line in TRAIN + VAL:
        write_image(tmp_path / line.split(",")[0], 224)
    return tmp_path


def write_labels(folder: Path, train: list[str], val: list[str], end: str = "\n") -> None:
    for split, lines in (("train", train), ("val", val)):
        content = end.join([HEADER, *lines]) + end
        (folder / f"fairface_label_{split}.csv").write_bytes(content.encode())


def test_labels_are_translated_and_val_becomes_test(folder: Path) -> None:
    raw = read_fairface(folder, PARAMS)
    faces = FACES_SCHEMA.validate(raw.faces)
    assert faces["sample_id"].tolist() == [
        *(f"fairface_train_{i:05d}" for i in (1, 2, 3, 4)),
        "fairface_val_00001",
        "fairface_val_00002",
    ]
    assert faces["image_file"].tolist() == [line.split(",")[0] for line in TRAIN + VAL]
    assert faces["split"].tolist() == ["train"] * 4 + ["test"] * 2
    assert faces["gender"].tolist() == ["male", "female", "female", "male", "male", "female"]
    assert faces["age_group"].tolist() == ["50-59", "30-39", "3-9", "10-19", "70+", "0-2"]
    assert faces["race"].tolist() == [
        "east_asian",
        "indian",
        "black",
        "latino_hispanic",
        "middle_eastern",
        "white",
    ]
    assert (faces[["gender_source", "race_source", "age_group_source"]] == "annotated").all(
        axis=None
    )
    assert faces["race_confidence"].isna().all()
    assert faces["emotion"].isna().all()
    assert faces[list(VOTES_COLUMNS)].isna().all(axis=None)
    assert (faces[list(TARGET_COLUMNS)] == 0).all(axis=None)
    assert raw.images.shape == (6, 48, 48, 1)
    assert raw.rejected.empty


def test_images_below_the_publishers_folder_are_found(folder: Path) -> None:
    (folder / IMAGE_FOLDER).mkdir()
    for split in ("train", "val"):
        (folder / split).rename(folder / IMAGE_FOLDER / split)
    faces = read_fairface(folder, PARAMS).faces
    assert len(faces) == 6
    assert faces["image_file"][0] == f"{IMAGE_FOLDER}/train/1.jpg"
    assert all((folder / file).is_file() for file in faces["image_file"])


@pytest.mark.parametrize(
    ("age", "damaged"),
    [("3-9", "03-Sep"), ("3-9", "9-Mar"), ("10-19", "Oct-19"), ("10-19", "19-Oct")],
)
def test_ages_that_a_spreadsheet_took_for_dates_are_repaired(
    folder: Path, age: str, damaged: str
) -> None:
    expected = read_fairface(folder, PARAMS).faces
    write_labels(folder, [line.replace(f",{age},", f",{damaged},") for line in TRAIN], VAL)
    raw = read_fairface(folder, PARAMS)
    assert raw.faces.equals(expected)
    line = 4 if age == "3-9" else 5
    assert raw.report["repaired"] == [
        {
            "file": "fairface_label_train.csv",
            "line": line,
            "found": damaged,
            "used": age,
            "n_lines": 1,
        }
    ]
    assert raw.rejected["action"].tolist() == ["repaired"]
    assert raw.report["n_rejected"] == 0


def test_other_traces_of_a_spreadsheet_are_repaired(folder: Path) -> None:
    expected = read_fairface(folder, PARAMS).faces
    shouted = [line.replace("True", "TRUE").replace("False", "FALSE") for line in TRAIN]
    write_labels(folder, shouted, VAL, end="\r\n")
    raw = read_fairface(folder, PARAMS)
    assert raw.faces.equals(expected)
    found = {entry["found"] for entry in json.loads(json.dumps(raw.report["repaired"]))}
    assert found == {"TRUE", "FALSE", "CRLF line ends"}


@pytest.mark.parametrize(
    ("line", "value", "reason"),
    [
        ("train/2.jpg,Mar-09,Female,Indian,False", "Mar-09", "age is none of"),
        ("train/2.jpg,30-40,Female,Indian,False", "30-40", "age is none of"),
        ("train/2.jpg,30-39,female,Indian,False", "female", "gender is none of"),
        ("train/2.jpg,30-39,Female,,False", "", "race is none of"),
        ("train/2.jpg,30-39,Female,Indian,yes", "yes", "service_test is none of"),
        ("train/2.jpg,30-39,Female", "train/2.jpg,30-39,Female", "3 fields, expected 5"),
        ("val/2.jpg,30-39,Female,Indian,False", "val/2.jpg", "not train/<number>.jpg"),
        ("train/../2.jpg,30-39,Female,Indian,False", "train/../2.jpg", "not train/<number>.jpg"),
        ("train/1.jpg,30-39,Female,Indian,False", "train/1.jpg", "listed a second time"),
        ("train/99.jpg,30-39,Female,Indian,False", "train/99.jpg", "no such file"),
        ("", "", "1 fields, expected 5"),
    ],
)
def test_anything_else_is_refused_by_file_line_and_value(
    folder: Path, line: str, value: str, reason: str
) -> None:
    write_labels(folder, [TRAIN[0], line, *TRAIN[2:]], VAL)
    raw = read_fairface(folder, PARAMS)
    (row,) = raw.rejected.to_dict("records")
    assert (row["file"], row["row"], row["value"]) == ("fairface_label_train.csv", 3, value)
    assert reason in row["reason"]
    assert row["action"] == "left out"
    assert len(raw.faces) == len(raw.images) == 5


@pytest.mark.parametrize("n_bytes", [0, 300])
def test_an_unreadable_image_is_named(folder: Path, n_bytes: int) -> None:
    path = folder / "val" / "2.jpg"
    path.write_bytes(path.read_bytes()[:n_bytes])
    raw = read_fairface(folder, PARAMS)
    (row,) = raw.rejected.to_dict("records")
    assert (row["file"], row["row"], row["value"]) == ("fairface_label_val.csv", 3, "val/2.jpg")
    assert raw.faces["image_index"].tolist() == [0, 1, 2, 3, 4]
    assert raw.faces["image_file"].tolist()[-1] == "val/1.jpg"


def test_too_many_absent_images_stop_the_reader(folder: Path) -> None:
    for path in (folder / "train").glob("*.jpg"):
        path.unlink()
    with pytest.raises(DamagedDataError, match="4 of 6 rows are damaged") as caught:
        read_fairface(folder, PARAMS)
    assert "fairface_label_train.csv, line 2: the image is unreadable" in str(caught.value)


def test_another_header_is_refused(folder: Path) -> None:
    (folder / "fairface_label_val.csv").write_text("file;age;gender;race;service_test\n")
    with pytest.raises(DamagedDataError, match=r"fairface_label_val\.csv, line 1: the header is"):
        read_fairface(folder, PARAMS)


def test_absent_label_files_are_named(tmp_path: Path) -> None:
    missing = r"no fairface_label_train\.csv and no fairface_label_val\.csv"
    with pytest.raises(DatasetNotFoundError, match=missing):
        read_fairface(tmp_path, PARAMS)


def test_labels_without_images_name_the_image_folders(tmp_path: Path) -> None:
    write_labels(tmp_path, TRAIN, VAL)
    with pytest.raises(DatasetNotFoundError, match="image folders train/ and val/ are not"):
        read_fairface(tmp_path, PARAMS)


def test_images_of_another_padding_are_reported(
    folder: Path, write_image: Callable[[Path, int], None]
) -> None:
    for line in TRAIN + VAL:
        write_image(folder / line.split(",")[0], 448)
    figures = json.loads(json.dumps(read_fairface(folder, PARAMS).report["figures"]))
    assert figures[-1] == {
        "figure": "size of the images",
        "published": "224 x 224",
        "found": "448 x 448",
        "agrees": False,
    }


def test_a_label_file_that_was_cut_in_half_is_not_taken_for_whole(folder: Path) -> None:
    write_labels(folder, TRAIN[:1], VAL)
    expected = r"3 of 6 rows(?s:.)*train/2\.jpg: the image has no row in fairface_label_train\.csv"
    with pytest.raises(DamagedDataError, match=expected):
        read_fairface(folder, PARAMS)


def test_a_few_images_without_a_row_are_named_and_left_out(folder: Path) -> None:
    write_labels(folder, TRAIN[:3], VAL)
    (folder / "train" / "._4.jpg").touch()  # what macOS leaves is no image
    raw = read_fairface(folder, PARAMS)
    assert len(raw.faces) == 5
    assert raw.rejected["file"].tolist() == ["train/4.jpg"]
    assert "is it cut short?" in raw.rejected["reason"].item()
