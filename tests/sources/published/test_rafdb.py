import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fer_fairness.errors import DamagedDataError, DatasetNotFoundError
from fer_fairness.params.data_processing import RafDbParameters
from fer_fairness.sources import read_raf_db
from fer_fairness.tables import FACES_SCHEMA

PARAMS = RafDbParameters(max_damaged_share=0.4)
LABELS = {"train_00001": 5, "train_00002": 1, "train_12271": 7, "test_0001": 3, "test_3068": 4}
CODES = {
    "train_00001": (0, 0, 4),
    "train_00002": (1, 2, 0),
    "train_12271": (2, 1, 3),
    "test_0001": (1, 0, 1),
    "test_3068": (0, 0, 2),
}
ORDERED = list(LABELS)
LANDMARKS = "".join(f"{x}.5\t{x + 1}.25\n" for x in range(10, 60, 10))
EMOTIONS = ["sadness", "surprise", "neutral", "disgust", "happiness"]


@pytest.fixture
def authors(tmp_path: Path, write_image: Callable[[Path, int], None]) -> Path:
    basic = tmp_path / "basic"
    (basic / "EmoLabel").mkdir(parents=True)
    (basic / "Annotation" / "manual").mkdir(parents=True)
    lines = [f"{name}.jpg {code}" for name, code in LABELS.items()]
    (basic / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines) + "\n")
    for name in LABELS:
        write_image(basic / "Image" / "aligned" / f"{name}_aligned.jpg", 100)
        codes = "\n".join(map(str, CODES[name]))
        attribute_file(tmp_path, name).write_text(f"{LANDMARKS}{codes}\n")
    return tmp_path


@pytest.fixture
def folders(tmp_path: Path, write_image: Callable[[Path, int], None]) -> Path:
    for name, code in LABELS.items():
        split = name.split("_")[0]
        write_image(tmp_path / "DATASET" / split / str(code) / f"{name}_aligned.jpg", 100)
    write_csv(tmp_path, "image,label", "")
    return tmp_path


def attribute_file(folder: Path, name: str) -> Path:
    return folder / "basic" / "Annotation" / "manual" / f"{name}_manu_attri.txt"


def write_csv(folder: Path, header: str, more: str) -> None:
    for split in ("train", "test"):
        lines = [header]
        lines += [f"{n}_aligned.jpg,{c}{more}" for n, c in LABELS.items() if n.startswith(split)]
        (folder / f"{split}_labels.csv").write_text("\n".join(lines) + "\n")


def test_the_authors_layout_is_read_with_its_attributes(authors: Path) -> None:
    raw = read_raf_db(authors, PARAMS)
    faces = FACES_SCHEMA.validate(raw.faces)
    assert faces["sample_id"].tolist() == [f"raf_db_{name}" for name in ORDERED]
    assert dict(zip(faces["sample_id"], faces["emotion"], strict=True)) == {
        f"raf_db_{name}": emotion for name, emotion in zip(LABELS, EMOTIONS, strict=True)
    }
    assert faces["split"].tolist() == ["train"] * 3 + ["test"] * 2
    assert faces["gender"].fillna("-").tolist() == ["male", "female", "-", "female", "male"]
    assert faces["race"].tolist() == [
        "caucasian",
        "asian",
        "african_american",
        "caucasian",
        "caucasian",
    ]
    assert faces["age_group"].tolist() == ["70+", "0-3", "40-69", "4-19", "20-39"]
    assert (faces[["gender_source", "race_source", "age_group_source"]] == "annotated").all(
        axis=None
    )
    assert faces["target_sadness"].tolist() == [1, 0, 0, 0, 0]
    assert (faces["target_contempt"] == 0).all()
    assert faces["image_file"].tolist() == [
        f"basic/Image/aligned/{name}_aligned.jpg" for name in ORDERED
    ]
    assert raw.images.shape == (5, 48, 48, 1)
    assert {"figure": "all, gender unsure", "published": 951, "found": 1, "agrees": False} in (
        json.loads(json.dumps(raw.report["figures"]))
    )


def test_the_readmes_spelling_of_the_label_file_is_accepted(authors: Path) -> None:
    path = authors / "basic" / "EmoLabel" / "list_patition_label.txt"
    path.rename(path.with_name("list_partition_label.txt"))
    assert len(read_raf_db(authors, PARAMS).faces) == 5


def test_stray_spaces_and_a_missing_final_newline_are_no_damage(authors: Path) -> None:
    expected = read_raf_db(authors, PARAMS).faces
    text = LANDMARKS.replace("\n", "  \n").replace("\t", " \t ") + " 0 \n0\r\n\n4"
    attribute_file(authors, "train_00001").write_text(text)
    raw = read_raf_db(authors, PARAMS)
    assert raw.faces.equals(expected)
    assert raw.rejected.empty


@pytest.mark.parametrize(
    ("text", "row", "reason"),
    [
        (LANDMARKS + "0\n0\n5\n", 8, "the code for age_group is none of 0, 1, 2, 3, 4"),
        (LANDMARKS + "male\n0\n1\n", 6, "the code for gender is none of"),
        (LANDMARKS + "0\n0\n", None, "7 lines, expected 8"),
        ("x\ty\n" + LANDMARKS[10:] + "0\n0\n1\n", 1, ""),
        ("", None, "0 lines, expected 8"),
    ],
)
def test_a_damaged_attribute_file_costs_the_attributes_not_the_face(
    authors: Path, text: str, row: int | None, reason: str
) -> None:
    attribute_file(authors, "train_00002").write_text(text)
    raw = read_raf_db(authors, PARAMS)
    (damage,) = raw.rejected.replace({float("nan"): None}).to_dict("records")
    assert damage["file"] == "basic/Annotation/manual/train_00002_manu_attri.txt"
    assert reason in damage["reason"]
    assert damage["action"] == "attributes left out"
    assert raw.rejected["row"].isna().all() if row is None else damage["row"] == row
    face = raw.faces.set_index("sample_id").loc["raf_db_train_00002"]
    assert face["emotion"] == "surprise"
    assert face["gender_source"] == face["race_source"] == face["age_group_source"] == "none"
    assert raw.report["n_rejected"] == 0
    assert raw.report["n_attributes_rejected"] == 1


def test_without_annotation_the_faces_have_no_attributes(authors: Path) -> None:
    for path in (authors / "basic" / "Annotation" / "manual").iterdir():
        path.unlink()
    (authors / "basic" / "Annotation" / "manual").rmdir()
    raw = read_raf_db(authors, PARAMS)
    assert (raw.faces["race_source"] == "none").all()
    assert raw.faces["race"].isna().all()
    assert "no face has annotated demographics" in json.dumps(raw.report["notes"])


@pytest.mark.parametrize(
    ("line", "value", "reason"),
    [
        ("train_00002.jpg 8", "8", "the label is none of 1 to 7"),
        ("train_00002.jpg", "train_00002.jpg", "no name and label"),
        ("train_2.jpg 1", "train_2.jpg 1", "neither train_ with five digits"),
        ("train_00001.jpg 1", "train_00001.jpg 1", "listed a second time"),
        ("../train_00002.jpg 1", "../train_00002.jpg 1", "neither train_ with five digits"),
    ],
)
def test_a_damaged_label_line_is_named(authors: Path, line: str, value: str, reason: str) -> None:
    path = authors / "basic" / "EmoLabel" / "list_patition_label.txt"
    path.write_text(path.read_text().replace("train_00002.jpg 1", line))
    raw = read_raf_db(authors, PARAMS)
    (damage,) = raw.rejected.to_dict("records")
    assert (damage["row"], damage["value"]) == (2, value)
    assert reason in damage["reason"]
    assert len(raw.faces) == len(raw.images) == 4


def test_an_unreadable_image_is_named(authors: Path) -> None:
    (authors / "basic" / "Image" / "aligned" / "test_0001_aligned.jpg").write_bytes(b"")
    raw = read_raf_db(authors, PARAMS)
    (damage,) = raw.rejected.to_dict("records")
    assert damage["file"] == "basic/Image/aligned/test_0001_aligned.jpg"
    assert "raf_db_test_0001" not in raw.faces["sample_id"].tolist()


def test_too_many_unreadable_images_stop_the_reader(authors: Path) -> None:
    for path in (authors / "basic" / "Image" / "aligned").glob("train_*"):
        path.write_bytes(b"")
    with pytest.raises(DamagedDataError, match="3 of 5 rows are damaged"):
        read_raf_db(authors, PARAMS)


def test_numbered_folders_are_read_without_demographics(folders: Path) -> None:
    raw = read_raf_db(folders, PARAMS)
    assert raw.faces["emotion"].tolist() == EMOTIONS
    assert raw.faces["image_file"][1] == "DATASET/train/1/train_00002_aligned.jpg"
    assert all((folders / file).is_file() for file in raw.faces["image_file"])
    assert (raw.faces["gender_source"] == "none").all()
    assert "no demographics" in json.dumps(raw.report["notes"])
    assert raw.rejected.empty


def test_numbered_folders_need_no_csv_files_and_may_be_bare(folders: Path) -> None:
    expected = read_raf_db(folders, PARAMS).faces
    for split in ("train", "test"):
        (folders / f"{split}_labels.csv").unlink()
        (folders / "DATASET" / split).rename(folders / split)
    faces = read_raf_db(folders, PARAMS).faces
    assert faces["image_file"].tolist() == [
        file.removeprefix("DATASET/") for file in expected["image_file"]
    ]
    assert faces.drop(columns="image_file").equals(expected.drop(columns="image_file"))


@pytest.mark.parametrize(
    ("cells", "gender", "age_group"),
    [
        (",0,1", "male", "0-3"),
        (",1,5", "female", "70+"),
        (",1.0,3.0", "female", "20-39"),
        (",2,2", None, "4-19"),
        (",,4", None, "40-69"),
    ],
)
def test_demographics_added_by_hand_are_read(
    folders: Path, cells: str, gender: str | None, age_group: str
) -> None:
    write_csv(folders, "image,label,Gender,Age_Group", cells)
    raw = read_raf_db(folders, PARAMS)
    assert raw.rejected.empty
    assert (raw.faces["age_group"] == age_group).all()
    assert (raw.faces["race_source"] == "none").all()
    if gender is None:
        assert raw.faces["gender"].isna().all()
    else:
        assert (raw.faces["gender"] == gender).all()
    source = "none" if cells.startswith(",,") else "annotated"
    assert (raw.faces["gender_source"] == source).all()


def test_a_wrong_code_added_by_hand_costs_that_attribute(folders: Path) -> None:
    write_csv(folders, "image,label,Gender,Age_Group", ",0,6")
    raw = read_raf_db(folders, PARAMS)
    assert (raw.faces["gender"] == "male").all()
    assert (raw.faces["age_group_source"] == "none").all()
    assert (raw.rejected["action"] == "attributes left out").all()
    assert raw.report["n_attributes_rejected"] == 5


@pytest.mark.parametrize(
    ("line", "reason", "n_faces"),
    [
        ("train_00002_aligned.jpg,2", "the image stands in folder 1, the label differs", 4),
        ("train_00002_aligned.jpg,x", "the image stands in folder 1, the label differs", 4),
        ("train_00002_aligned.jpg", "the row has 1 fields, expected 2", 4),
        ("train_00009_aligned.jpg,1", "no readable image of train has this name", 5),
    ],
)
def test_a_csv_row_that_does_not_fit_the_folders_is_named(
    folders: Path, line: str, reason: str, n_faces: int
) -> None:
    path = folders / "train_labels.csv"
    path.write_text(path.read_text().replace("train_00002_aligned.jpg,1", line))
    raw = read_raf_db(folders, PARAMS)
    (damage,) = raw.rejected.to_dict("records")
    assert (damage["file"], damage["row"], damage["reason"]) == ("train_labels.csv", 3, reason)
    assert len(raw.faces) == n_faces


def test_a_face_in_two_class_folders_is_left_out(
    folders: Path, write_image: Callable[[Path, int], None]
) -> None:
    write_image(folders / "DATASET" / "train" / "6" / "train_00001_aligned.jpg", 100)
    for split in ("train", "test"):
        (folders / f"{split}_labels.csv").unlink()
    raw = read_raf_db(folders, PARAMS)
    assert raw.rejected["reason"].str.contains("stands in 2 places").tolist() == [True, True]
    assert "raf_db_train_00001" not in raw.faces["sample_id"].tolist()


def test_names_in_class_folders_may_have_any_number(
    folders: Path, write_image: Callable[[Path, int], None]
) -> None:
    write_image(folders / "DATASET" / "test" / "3" / "test_12345_aligned.jpg", 100)
    (folders / "test_labels.csv").unlink()
    raw = read_raf_db(folders, PARAMS)
    assert raw.faces.set_index("sample_id").loc["raf_db_test_12345", "emotion"] == "disgust"
    assert raw.rejected.empty


@pytest.mark.parametrize("name", ["photo.jpg", "test_0002_aligned.jpg"])
def test_an_image_of_another_name_is_left_out(
    folders: Path, write_image: Callable[[Path, int], None], name: str
) -> None:
    write_image(folders / "DATASET" / "train" / "1" / name, 100)
    raw = read_raf_db(folders, PARAMS)
    assert raw.rejected["value"].tolist() == [name]
    assert len(raw.faces) == 5


def test_folders_that_count_from_0_are_refused_rather_than_read_one_emotion_off(
    folders: Path, write_image: Callable[[Path, int], None]
) -> None:
    write_image(folders / "DATASET" / "test" / "0" / "test_0009_aligned.jpg", 100)
    with pytest.raises(DamagedDataError, match=r"test.0, expected 1 to 7.*raf_db_from_0"):
        read_raf_db(folders, PARAMS)


def test_other_csv_columns_are_refused(folders: Path) -> None:
    write_csv(folders, "image,label,Ethnicity", ",1")
    with pytest.raises(DamagedDataError, match="expected 'image,label'"):
        read_raf_db(folders, PARAMS)


def test_an_absent_dataset_has_no_faces_and_says_what_to_do(tmp_path: Path) -> None:
    raw = read_raf_db(tmp_path, PARAMS)
    assert len(raw.faces) == len(raw.images) == len(raw.rejected) == 0
    assert raw.report["present"] is False
    assert raw.report["looked_for_in"] == tmp_path.name
    message = str(raw.report["how_to_obtain"])
    for part in ("list_patition_label.txt", "DATASET/", "never redistributed", "ask its authors"):
        assert part in message


def test_a_folder_of_no_known_layout_is_not_taken_for_an_absent_dataset(
    tmp_path: Path, write_image: Callable[[Path, int], None]
) -> None:
    for split in ("train", "valid"):
        write_image(tmp_path / split / "1" / f"{split}_00001_aligned.jpg", 100)
    with pytest.raises(DatasetNotFoundError, match=r"no known layout \(train/, valid/\)"):
        read_raf_db(tmp_path, PARAMS)


def test_folders_beside_train_and_test_that_are_not_read_are_told(
    folders: Path, write_image: Callable[[Path, int], None]
) -> None:
    assert "not read" not in json.dumps(read_raf_db(folders, PARAMS).report["notes"])
    write_image(folders / "DATASET" / "val" / "1" / "train_00009_aligned.jpg", 100)
    raw = read_raf_db(folders, PARAMS)
    assert len(raw.faces) == 5
    assert "val/ beside train/ and test/: not read" in json.dumps(raw.report["notes"])


def test_a_list_that_counts_from_0_is_refused_rather_than_read_one_emotion_off(
    authors: Path,
) -> None:
    labels = authors / "basic" / "EmoLabel" / "list_patition_label.txt"
    shifted = [f"{name}.jpg {code - 1}" for name, code in LABELS.items()]
    labels.write_text("\n".join(shifted) + "\n")
    with pytest.raises(DamagedDataError, match=r"line 2: the label is 0.*counted from 0"):
        read_raf_db(authors, PARAMS)
    labels.write_text("\n".join([*shifted[:2], "train_12271.jpg 7", *shifted[3:]]) + "\n")
    assert read_raf_db(authors, PARAMS).rejected["value"].tolist() == ["0"]  # one slip alone


def test_labels_without_aligned_images_say_so(authors: Path) -> None:
    (authors / "basic" / "Image" / "aligned").rename(authors / "basic" / "Image" / "original")
    with pytest.raises(DatasetNotFoundError, match="aligned not"):
        read_raf_db(authors, PARAMS)


def test_a_list_that_was_cut_is_not_taken_for_whole(authors: Path) -> None:
    labels = authors / "basic" / "EmoLabel" / "list_patition_label.txt"
    labels.write_text("".join(labels.read_text().splitlines(keepends=True)[:2]))
    expected = r"3 of 5 rows(?s:.)*test_0001_aligned\.jpg: the image has no row in .*list_patition"
    with pytest.raises(DamagedDataError, match=expected):
        read_raf_db(authors, PARAMS)


def test_a_csv_that_was_cut_is_told(folders: Path) -> None:
    csv = folders / "train_labels.csv"
    csv.write_text("".join(csv.read_text().splitlines(keepends=True)[:2]))
    raw = read_raf_db(folders, PARAMS)
    assert len(raw.faces) == 5
    assert "2 images of train have no row in train_labels.csv" in json.dumps(raw.report["notes"])
