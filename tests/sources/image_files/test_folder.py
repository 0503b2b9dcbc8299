"""A folder of somebody's images as a source."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from fer_fairness.datasets import CSVDataset
from fer_fairness.errors import DamagedDataError, DatasetNotFoundError, InvalidInputError
from fer_fairness.params.data_processing import ImageFolderParameters
from fer_fairness.sources import image_paths, read_image_folder
from fer_fairness.sources.image_files import images
from fer_fairness.tables import FACES_SCHEMA, TARGET_COLUMNS

PARAMS = ImageFolderParameters(max_damaged_share=0.5)
FILES = ["1.jpg", "2.png", "party/9.jpg", "party/10.jpg"]


@pytest.fixture
def folder(tmp_path: Path, write_image: Callable[[Path, int], None]) -> Path:
    for file in FILES:
        write_image(tmp_path / "images" / file, 40 if file == "2.png" else 60)
    return tmp_path / "images"


def test_images_become_faces_without_emotion_and_attributes(folder: Path) -> None:
    source = read_image_folder(folder, PARAMS)
    faces = FACES_SCHEMA.validate(source.faces)
    pd.testing.assert_frame_equal(faces, source.faces)
    assert faces["sample_id"].tolist() == FILES
    assert faces["image_file"].tolist() == FILES
    assert faces["image_index"].tolist() == [0, 1, 2, 3]
    assert (faces["dataset"] == "images").all()
    assert (faces["split"] == "test").all()
    assert faces[["emotion", "excluded_reason", "gender", "race"]].isna().all(axis=None)
    assert (faces[["gender_source", "race_source", "age_group_source"]] == "none").all(axis=None)
    assert (faces[list(TARGET_COLUMNS)] == 0).all(axis=None)
    assert source.rejected.empty
    assert list(source.rejected.columns) == [
        "dataset",
        "file",
        "row",
        "value",
        "reason",
        "action",
    ]


def test_annotations_beside_the_images_become_attributes(folder: Path) -> None:
    (folder / "people.csv").write_text("file,race\nparty/9.jpg, Black\n1.jpg,\n")
    params = PARAMS.model_copy(update={"annotations": Path("people.csv")})
    source = read_image_folder(folder, params)
    assert source.faces["race"].fillna("-").tolist() == ["-", "-", "Black", "-"]
    assert source.faces["race_source"].tolist() == ["none", "none", "annotated", "none"]
    assert (source.faces["gender_source"] == "none").all()
    assert source.report["annotations"] == {
        "file": "people.csv",
        "n_rows": 2,
        "n_images_without_row": 2,
        "n_annotated": {"race": 1},
    }


def test_annotations_may_lie_elsewhere(folder: Path) -> None:
    path = folder.parent / "people.csv"
    path.write_text("file,gender\n1.jpg,female\n")
    params = PARAMS.model_copy(update={"annotations": path.absolute()})
    assert read_image_folder(folder, params).faces["gender"][0] == "female"


def test_annotations_that_do_not_fit_stop_the_reader(folder: Path) -> None:
    (folder / "people.csv").write_text("file,gender\n3.jpg,female\n")
    params = PARAMS.model_copy(update={"annotations": Path("people.csv")})
    with pytest.raises(InvalidInputError, match=r"row 1: no image of the folder is '3\.jpg'"):
        read_image_folder(folder, params)


def test_an_annotated_image_that_cannot_be_read_is_rejected_by_its_image(folder: Path) -> None:
    (folder / "people.csv").write_text("file,gender\n1.jpg,female\n2.png,male\n")
    (folder / "1.jpg").write_bytes(b"")
    params = PARAMS.model_copy(update={"annotations": Path("people.csv")})
    source = read_image_folder(folder, params)
    assert source.faces["gender"].fillna("-").tolist() == ["male", "-", "-"]
    assert source.rejected["file"].tolist() == ["1.jpg"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file has no bytes"),
        (b"GIF? no", "the file is none of PNG, JPEG, BMP, GIF, TIFF, WEBP, PPM, or is damaged"),
    ],
)
def test_an_unreadable_image_is_named_and_left_out(
    folder: Path, content: bytes, reason: str
) -> None:
    (folder / "party" / "9.jpg").write_bytes(content)
    source = read_image_folder(folder, PARAMS)
    (row,) = source.rejected.to_dict("records")
    assert (row["dataset"], row["file"], row["value"]) == ("images", "party/9.jpg", "9.jpg")
    assert row["reason"] == f"the image is unreadable: {reason}"
    assert row["action"] == "left out"
    assert source.faces["sample_id"].tolist() == ["1.jpg", "2.png", "party/10.jpg"]
    assert source.faces["image_index"].tolist() == [0, 1, 2]


def test_files_that_are_no_regular_ones_are_named(folder: Path) -> None:
    os.mkfifo(folder / "3.jpg")
    (folder / "4.jpg").symlink_to(folder / "absent.jpg")
    rejected = read_image_folder(folder, PARAMS).rejected
    assert rejected["file"].tolist() == ["3.jpg", "4.jpg"]
    assert rejected["reason"].str.partition(": ")[2].tolist() == [
        "it is not a regular file",
        "there is no such file",
    ]


def test_names_that_a_table_cannot_hold_are_rejected(folder: Path) -> None:
    content = (folder / "1.jpg").read_bytes()
    (folder / "back\\slash.jpg").write_bytes(content)
    Path(os.fsdecode(os.fsencode(folder) + b"/Zo\xeb.jpg")).write_bytes(content)
    source = read_image_folder(folder, PARAMS)
    assert source.faces["sample_id"].tolist() == FILES
    assert source.rejected["file"].tolist() == ["Zo?.jpg", "back\\slash.jpg"]
    assert source.rejected["reason"].str.contains("not UTF-8|backslash").all()


def test_the_report_says_what_was_found_and_passed_over(folder: Path) -> None:
    for name in ("notes.txt", "._1.jpg", "README"):
        (folder / name).touch()
    (folder / "party" / "up").symlink_to(folder)
    (folder / ".hidden").mkdir()
    (folder / "1.jpg").write_bytes(b"")
    report = json.loads(json.dumps(read_image_folder(folder, PARAMS).report))
    assert (report["dataset"], report["n_faces"], report["n_rejected"]) == ("images", 3, 1)
    assert report["n_images_found"] == 4
    assert report["n_other_files_by_suffix"] == {".txt": 1, "none": 1}
    assert report["n_hidden_files_by_suffix"] == {".jpg": 1}
    assert report["n_hidden_folders"] == 1
    assert report["n_links_not_followed"] == 1
    assert report["first_links_not_followed"] == ["party/up"]
    assert report["image_formats"] == {"JPEG": 2, "PNG": 1}
    assert report["image_sizes"] == {"60 x 60": 2, "40 x 40": 1}
    assert report["annotations"] is None
    assert str(folder) not in json.dumps(report)


def test_too_many_unreadable_images_stop_the_reader(folder: Path) -> None:
    for file in FILES[:3]:
        (folder / file).write_bytes(b"")
    with pytest.raises(DamagedDataError, match="3 of 4 rows are damaged") as caught:
        read_image_folder(folder, PARAMS)
    assert "party/9.jpg: the image is unreadable: the file has no bytes" in str(caught.value)
    assert "Repair the files or move them elsewhere" in str(caught.value)


def test_a_folder_without_any_readable_image_is_refused_whatever_is_tolerated(
    folder: Path,
) -> None:
    for file in FILES:
        (folder / file).write_bytes(b"")
    with pytest.raises(DamagedDataError, match="none of 4 images can be read"):
        read_image_folder(folder, ImageFolderParameters(max_damaged_share=1.0))


def test_a_folder_without_images_says_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"found no files\)\. Put images there"):
        read_image_folder(tmp_path, PARAMS)
    (tmp_path / "a.heic").touch()
    (tmp_path / "._a.jpg").touch()
    with pytest.raises(DatasetNotFoundError, match=r"found 1 \.heic; 1 hidden files"):
        read_image_folder(tmp_path, PARAMS)


def test_an_absent_folder_and_a_file_are_refused(folder: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="There is no folder"):
        read_image_folder(folder / "absent", PARAMS)
    with pytest.raises(InvalidInputError, match="is a file, expected a folder"):
        read_image_folder(folder / "1.jpg", PARAMS)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_batches_and_threads_do_not_change_the_result(
    folder: Path,
    write_image: Callable[[Path, int], None],
    monkeypatch: pytest.MonkeyPatch,
    n_threads: int,
) -> None:
    for number in range(11, 30):
        write_image(folder / f"{number}.png", number)
    (folder / "17.png").write_bytes(b"")
    expected = read_image_folder(folder, PARAMS)
    monkeypatch.setattr(images, "_BATCH", 3)
    params = PARAMS.model_copy(update={"n_threads": n_threads})
    source = read_image_folder(folder, params)
    pd.testing.assert_frame_equal(source.faces, expected.faces)
    pd.testing.assert_frame_equal(source.rejected, expected.rejected)
    assert source.report == expected.report


def test_paths_of_images_follow_the_rows(folder: Path) -> None:
    faces = read_image_folder(folder, PARAMS).faces.iloc[::-1]
    assert image_paths(faces, folder) == [folder / file for file in FILES[::-1]]
    assert all(path.is_file() for path in image_paths(faces, folder))
    assert image_paths(faces.iloc[:0], folder) == []


def test_a_face_without_an_image_file_is_named(folder: Path) -> None:
    faces = read_image_folder(folder, PARAMS).faces
    faces.loc[2, "image_file"] = None
    with pytest.raises(InvalidInputError, match=r"1 of 4 faces .* the first is 'party/9\.jpg'"):
        image_paths(faces, folder)
    with pytest.raises(InvalidInputError, match="no column image_file"):
        image_paths(faces.drop(columns="image_file"), folder)


def test_images_of_any_name_are_listed_and_written_down(
    tmp_path: Path, write_image: Callable[[Path, int], None]
) -> None:
    names = ["new\nline", "q\"u'o", "<script>", "-rf", "=cmd", "{variant}", "%s", "a,b;c", "cr\r"]
    write_image(tmp_path / "face.png", 40)
    content = (tmp_path / "face.png").read_bytes()
    folder = tmp_path / "images"
    folder.mkdir()
    for name in [*names, "a" * 251, os.fsdecode(b"bad\xff\xfe")]:
        (folder / f"{name}.png").write_bytes(content)
    source = read_image_folder(folder, PARAMS)
    listed = {f"{name}.png" for name in [*names, "a" * 251]}
    assert set(source.faces["sample_id"]) == listed
    assert source.rejected["file"].tolist() == ["bad??.png"]
    json.dumps(source.report).encode()
    for table in (source.faces[["sample_id"]], source.rejected):
        dataset = CSVDataset(filepath=str(tmp_path / "table.csv"))
        dataset.save(table)
        assert dataset.load()[list(table)[-1]].tolist() == table[list(table)[-1]].tolist()
