import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from fer_fairness.errors import DamagedDataError, DatasetNotFoundError
from fer_fairness.params.data_processing import FerPlusParameters
from fer_fairness.sources import read_fer_plus
from fer_fairness.tables import FACES_SCHEMA, TARGET_COLUMNS, has_majority_emotion, has_target

FerPlusWriter = Callable[..., npt.NDArray[np.uint8]]

USAGES = ["Training"] * 6 + ["PublicTest"] * 2 + ["PrivateTest"] * 2
PARAMS = FerPlusParameters(max_damaged_share=0.2)


def replace_votes(folder: Path, line: int, votes: str, *, name: str = "fer0000001.png") -> None:
    path = folder / "fer2013new.csv"
    lines = path.read_text().split("\n")
    lines[line - 1] = f"{lines[line - 1].split(',')[0]},{name},{votes}"
    path.write_text("\n".join(lines))


def edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


def test_rows_are_joined_by_position_and_splits_translated(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    pixels = write_fer_plus(USAGES)
    replace_votes(tmp_path, 4, "10,0,0,0,0,0,0,0,0,0")
    raw = read_fer_plus(tmp_path, PARAMS)
    FACES_SCHEMA.validate(raw.faces)
    np.testing.assert_array_equal(raw.images, pixels.reshape(-1, 48, 48, 1))
    assert raw.faces["sample_id"].tolist() == [f"fer_plus_{i:05d}" for i in range(10)]
    assert raw.faces["split"].tolist() == ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    expected = ["happiness"] * 2 + ["neutral"] + ["happiness"] * 7
    assert raw.faces["emotion"].tolist() == expected
    assert raw.faces["votes_neutral"].tolist() == [0, 0, 10] + [0] * 7
    assert raw.faces["image_file"].isna().all()
    assert raw.rejected.empty


@pytest.mark.parametrize(
    ("votes", "name", "reason"),
    [
        ("0,0,0,0,0,0,0,0,0,10", "", "no_image_name"),
        ("0,0,0,0,0,0,0,0,2,8", "a.png", "not_a_face"),
        ("2,0,0,0,0,0,0,0,7,1", "a.png", "unknown_emotion"),
        ("2,2,2,2,2,0,0,0,0,0", "a.png", "no_agreement"),
        ("1,1,1,1,1,1,1,1,1,1", "a.png", "no_agreement"),
    ],
)
def test_faces_without_a_label_stay_with_the_reason(
    tmp_path: Path, write_fer_plus: FerPlusWriter, votes: str, name: str, reason: str
) -> None:
    write_fer_plus(USAGES)
    replace_votes(tmp_path, 3, votes, name=name)
    faces = read_fer_plus(tmp_path, PARAMS).faces
    assert len(faces) == 10
    assert faces["excluded_reason"].dropna().to_dict() == {1: reason}
    assert not has_target(faces)[1]
    assert not has_majority_emotion(faces)[1]


def test_a_target_without_a_majority_is_kept_for_training(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus(USAGES)
    replace_votes(tmp_path, 2, "5,3,2,0,0,0,0,0,0,0")
    faces = read_fer_plus(tmp_path, PARAMS).faces
    assert has_target(faces)[0]
    assert not has_majority_emotion(faces)[0]
    np.testing.assert_allclose(faces[list(TARGET_COLUMNS[:3])].iloc[0], [5 / 8, 3 / 8, 0.0])
    majority = read_fer_plus(tmp_path, PARAMS.model_copy(update={"target_mode": "majority"}))
    assert majority.faces["excluded_reason"][0] == "no_agreement"


def test_the_report_sets_found_beside_published(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus(USAGES)
    replace_votes(tmp_path, 5, "0,9,0,0,0,0,0,0,0,0")
    report = read_fer_plus(tmp_path, PARAMS).report
    assert report["layout"] == "fer2013.csv and fer2013new.csv"
    files = json.loads(json.dumps(report["files"]))
    assert files[0]["published_md5"] == "f8428a1edbd21e88f42c73edd2a14f95"
    assert files[0]["md5_agrees"] is False
    assert (files[0]["n_rows"], files[0]["published_n_rows"]) == (10, 35_887)
    votes = json.loads(json.dumps(report["votes"]))
    assert votes["first_rows_not_summing_to_ten"] == [{"line": 5, "sum": 9}]
    assert {
        "figure": "rows of Training",
        "published": 28_709,
        "found": 6,
        "agrees": False,
    } in json.loads(json.dumps(report["figures"]))
    assert report["agreement_with_fer2013_labels"] == 1.0


@pytest.mark.parametrize(
    ("votes", "value", "reason"),
    [
        ("x,0,0,0,0,0,0,0,0,0", "x", "the votes for neutral are not a whole number"),
        (",10,0,0,0,0,0,0,0,0", "", "the votes for neutral are not a whole number"),
        ("0,10,0,0,0,0,0,0,0,-1", "-1", "the votes for NF are not a whole number"),
        ("0,10,0,0", "Training,fer0000001.png,0,10,0,0", "10 votes"),
    ],
)
def test_a_damaged_vote_row_is_named_and_left_out(
    tmp_path: Path, write_fer_plus: FerPlusWriter, votes: str, value: str, reason: str
) -> None:
    pixels = write_fer_plus(USAGES)
    replace_votes(tmp_path, 3, votes)
    raw = read_fer_plus(tmp_path, PARAMS)
    (row,) = raw.rejected.to_dict("records")
    assert (row["file"], row["row"], row["value"]) == ("fer2013new.csv", 3, value)
    assert reason in row["reason"]
    assert raw.report["n_rejected"] == 1
    assert "fer_plus_00001" not in raw.faces["sample_id"].tolist()
    np.testing.assert_array_equal(raw.images[1].ravel(), pixels[2])
    assert raw.faces["image_index"].tolist() == list(range(9))


def test_a_damaged_pixel_row_is_named_and_left_out(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus(USAGES)
    edit(tmp_path / "fer2013.csv", lambda text: text.replace("Training", "Trainin", 1))
    raw = read_fer_plus(tmp_path, PARAMS)
    (row,) = raw.rejected.to_dict("records")
    assert (row["file"], row["row"], row["value"]) == ("fer2013.csv", 2, "Trainin")
    assert raw.faces["sample_id"].tolist()[0] == "fer_plus_00001"


def test_too_much_damage_stops_the_reader_with_the_first_five(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus(USAGES)
    edit(tmp_path / "fer2013.csv", lambda text: text.replace("Training", "Trainin"))
    with pytest.raises(DamagedDataError, match="6 of 10 rows are damaged") as caught:
        read_fer_plus(tmp_path, PARAMS)
    message = str(caught.value)
    assert message.count("fer2013.csv, line") == 5
    assert "fer2013.csv, line 2: Usage is none of" in message
    assert "'Trainin'" in message


def test_files_of_different_length_are_refused(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus(USAGES)
    edit(tmp_path / "fer2013new.csv", lambda text: text[: text.rfind("PrivateTest")])
    with pytest.raises(DamagedDataError, match=r"10 rows and fer2013new\.csv has 9"):
        read_fer_plus(tmp_path, PARAMS)


def test_files_that_differ_in_usage_are_refused(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus(USAGES)
    edit(tmp_path / "fer2013new.csv", lambda text: text.replace("PublicTest", "PrivateTest", 1))
    with pytest.raises(DamagedDataError, match="differ in Usage in 1 rows, first in line 8"):
        read_fer_plus(tmp_path, PARAMS)


def test_icml_face_data_in_the_same_order_is_read(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    pixels = write_fer_plus(USAGES, icml=True)
    raw = read_fer_plus(tmp_path, PARAMS)
    np.testing.assert_array_equal(raw.images.reshape(10, -1), pixels)
    assert raw.report["layout"] == "icml_face_data.csv and fer2013new.csv"


def test_icml_face_data_in_another_order_is_refused_with_the_remedy(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus(USAGES)
    votes = (tmp_path / "fer2013new.csv").read_text()
    (tmp_path / "fer2013.csv").unlink()
    write_fer_plus(USAGES[::-1], icml=True)
    (tmp_path / "fer2013new.csv").write_text(votes)
    with pytest.raises(DamagedDataError, match=r"obtain fer2013\.csv"):
        read_fer_plus(tmp_path, PARAMS)


def test_labels_that_do_not_fit_the_votes_show_another_row_order(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus(["Training"] * 120, codes=[4] * 120)
    with pytest.raises(DamagedDataError, match=r"agrees .* in 0\.0% of 120 rows"):
        read_fer_plus(tmp_path, PARAMS)
    tolerant = PARAMS.model_copy(update={"min_label_agreement": 0.0})
    assert len(read_fer_plus(tmp_path, tolerant).faces) == 120


def test_another_header_of_the_votes_is_refused(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus(USAGES)
    edit(tmp_path / "fer2013new.csv", lambda text: text.replace("neutral,happiness", "happy", 1))
    with pytest.raises(DamagedDataError, match=r"fer2013new\.csv, line 1: the header is"):
        read_fer_plus(tmp_path, PARAMS)


def test_pixels_without_votes_name_the_missing_file(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus(USAGES)
    (tmp_path / "fer2013new.csv").unlink()
    with pytest.raises(DatasetNotFoundError, match=r"but fer2013new\.csv with the votes is not"):
        read_fer_plus(tmp_path, PARAMS)


def test_files_with_headers_alone_are_refused(
    tmp_path: Path, write_fer_plus: FerPlusWriter
) -> None:
    write_fer_plus([])
    with pytest.raises(DamagedDataError, match="hold no rows"):
        read_fer_plus(tmp_path, PARAMS)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    number = 0
    for name, n_rows in (("FER2013Train", 3), ("FER2013Valid", 2), ("FER2013Test", 1)):
        (tmp_path / name).mkdir()
        lines = []
        for _ in range(n_rows):
            image = f"fer{number:07d}.png"
            Image.new("L", (48, 48), 10 * number).save(tmp_path / name / image)
            lines.append(f'{image},"(0, 0, 48, 48)",0,0,8,0,1,0,0,0,1,0')
            number += 1
        (tmp_path / name / "label.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_the_authors_folders_are_read(folders: Path) -> None:
    raw = read_fer_plus(folders, PARAMS)
    assert raw.faces["split"].tolist() == ["train"] * 3 + ["validation"] * 2 + ["test"]
    assert raw.faces["emotion"].tolist() == ["surprise"] * 6
    assert raw.images[:, 0, 0, 0].tolist() == [0, 10, 20, 30, 40, 50]
    assert "1,073" in json.dumps(raw.report["notes"])
    assert raw.faces["image_file"].tolist()[2:4] == [
        "FER2013Train/fer0000002.png",
        "FER2013Valid/fer0000003.png",
    ]


def test_image_files_of_folders_below_data_begin_at_the_datasets_folder(folders: Path) -> None:
    (folders / "data").mkdir()
    for name in ("FER2013Train", "FER2013Valid", "FER2013Test"):
        (folders / name).rename(folders / "data" / name)
    (folders / "data" / "FER2013Train" / "fer0000000.png").write_bytes(b"")
    faces = read_fer_plus(folders, PARAMS).faces
    assert faces["image_file"][0] == "data/FER2013Train/fer0000001.png"
    assert all((folders / file).is_file() for file in faces["image_file"])


@pytest.mark.parametrize("damage", ["absent", "empty", "truncated"])
def test_an_unreadable_image_of_the_folders_is_named(folders: Path, damage: str) -> None:
    path = folders / "FER2013Train" / "fer0000001.png"
    if damage == "absent":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "empty" else path.read_bytes()[:60])
    raw = read_fer_plus(folders, PARAMS)
    (row,) = raw.rejected.to_dict("records")
    assert (row["file"], row["row"]) == ("FER2013Train/label.csv", 2)
    assert row["value"] == "fer0000001.png"
    assert len(raw.faces) == len(raw.images) == 5


def test_a_damaged_label_of_the_folders_is_named(folders: Path) -> None:
    edit(folders / "FER2013Valid" / "label.csv", lambda text: text.replace("(0, 0, 48, 48)", "", 1))
    raw = read_fer_plus(folders, PARAMS)
    (row,) = raw.rejected.to_dict("records")
    assert (row["file"], row["row"]) == ("FER2013Valid/label.csv", 1)
    assert raw.faces["sample_id"].tolist() == [f"fer_plus_{i:05d}" for i in (0, 1, 2, 4, 5)]


def test_the_authors_repository_without_images_is_no_dataset(folders: Path) -> None:
    for path in folders.glob("*/*.png"):
        path.unlink()
    with pytest.raises(DatasetNotFoundError):
        read_fer_plus(folders, PARAMS)
