import re
from pathlib import Path

import pytest
from tests.sources.blocks.described import EMOTIONS_OF_SEVEN, SEVEN, counts, read, write_face

from fer_fairness.errors import DamagedDataError, DatasetNotFoundError, InvalidInputError
from fer_fairness.tables import FACES_SCHEMA


def write_folders(root: Path, names: tuple[str, ...] = SEVEN, n_faces: int = 3) -> None:
    for name in names:
        for number in range(n_faces):
            write_face(root / name / f"{number}.png")


@pytest.mark.parametrize(
    ("folders", "splits"),
    [
        (("train", "val", "test"), ("train", "validation", "test")),
        (("Training", "PublicTest", "PrivateTest"), ("train", "validation", "test")),
        (("train_set", "dev", "Test_Aligned_Faces"), ("train", "validation", "test")),
        (("FER2013Train", "FER2013Valid", "FER2013Test"), ("train", "validation", "test")),
    ],
)
def test_folders_of_splits_and_emotions_are_read_in_any_usual_spelling(
    tmp_path: Path, folders: tuple[str, ...], splits: tuple[str, ...]
) -> None:
    for folder in folders:
        write_folders(tmp_path / "images" / folder)
    raw = read(tmp_path, kind="folders")
    faces = FACES_SCHEMA.validate(raw.faces)
    assert counts(faces) == {(s, e): 3 for s in splits for e in EMOTIONS_OF_SEVEN}
    assert raw.images.shape == (63, 48, 48, 1)
    assert not len(raw.rejected)
    assert faces["image_file"].iloc[0] == f"images/{min(folders)}/Angry/0.png"


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (("0", "1", "2", "3", "6", "4", "5"), "fer2013"),
        (("6", "3", "2", "4", "7", "5", "1"), "raf_db"),
        (("5", "2", "1", "3", "6", "4", "0"), "raf_db_from_0"),
        (("6", "5", "4", "1", "0", "2", "3"), "affectnet"),
        (("AN", "DI", "AF", "HA", "NE", "SA", "SU"), "two_letters"),
        (
            ("0_angry", "1 - disgusted", "2.Fearful", "3_joy", "4_NEUTRAL", "5_sad", "6_suprise"),
            None,
        ),
    ],
)
def test_codes_and_numbered_names_stand_for_the_emotions_of_their_order(
    tmp_path: Path, names: tuple[str, ...], codes: str | None
) -> None:
    write_folders(tmp_path, names, n_faces=4)
    faces = read(tmp_path, kind="folders", codes=codes).faces
    by_folder = dict(zip(names, EMOTIONS_OF_SEVEN, strict=True))
    assert len(faces) == 28
    assert (faces["image_file"].str.split("/").str[0].map(by_folder) == faces["emotion"]).all()


def test_numbers_without_an_order_are_refused_with_the_orders_that_have_them(
    tmp_path: Path,
) -> None:
    write_folders(tmp_path, ("1", "2", "7"))
    with pytest.raises(InvalidInputError, match="datasets number emotions differently") as error:
        read(tmp_path, kind="folders")
    message = str(error.value)
    assert "raf_db: 1 surprise" in message
    assert "affectnet: 0 neutral" in message
    assert "fer2013:" not in message  # it has no 7
    assert "datasets.mine.codes" in message


def test_a_code_that_its_order_lacks_is_refused(tmp_path: Path) -> None:
    write_folders(tmp_path, ("0", "1", "9"))
    with pytest.raises(InvalidInputError, match="labels 9 are numbers, and codes fer2013 has no"):
        read(tmp_path, kind="folders", codes="fer2013")


def test_a_slip_of_spelling_is_refused_and_a_state_that_is_no_emotion_counted(
    tmp_path: Path,
) -> None:
    write_folders(tmp_path, (*SEVEN, "bored"))
    raw = read(tmp_path, kind="folders")
    assert raw.report["n_without_emotion"] == 3
    assert {"label": "bored", "emotion": None, "n_faces": 3} in list(raw.report["labels"])  # type: ignore[arg-type]
    assert raw.rejected["reason"].unique().tolist() == ["the label is unknown"]
    assert any("'bored' 3" in note for note in raw.report["notes"])  # type: ignore[operator, union-attr]
    write_folders(tmp_path, ("disgsut",))
    with pytest.raises(InvalidInputError, match="'disgsut', which is no emotion; is 'disgust'"):
        read(tmp_path, kind="folders")


def test_labels_of_another_language_are_refused_though_one_is_the_same_in_both(
    tmp_path: Path,
) -> None:
    german = ("Ärger", "Freude", "Neutral", "Trauer", "Überraschung")
    write_folders(tmp_path, german)
    with pytest.raises(InvalidInputError, match=r"labels of 12 of 15 faces.*'Freude' 3"):
        read(tmp_path, kind="folders")
    named = {"Ärger": "anger", "Freude": "happiness", "Trauer": "sadness"}
    raw = read(tmp_path, kind="folders", labels={**named, "Überraschung": "surprise"})
    assert len(raw.faces) == 15


def test_own_labels_say_what_folders_stand_for_or_leave_them_out(tmp_path: Path) -> None:
    write_folders(tmp_path, (*SEVEN, "smile", "disgsut"))
    labels = {"smile": "happy", "disgsut": "leave_out"}
    raw = read(tmp_path, kind="folders", labels=labels)
    assert raw.faces["emotion"].value_counts()["happiness"] == 6
    assert raw.report["n_without_emotion"] == 3


def test_contempt_has_to_be_asked_for(tmp_path: Path) -> None:
    write_folders(tmp_path, (*SEVEN, "contempt"))
    with pytest.raises(InvalidInputError, match=re.escape("'contempt' 3 faces show what")) as error:
        read(tmp_path, kind="folders")
    assert "datasets.mine.labels: {contempt: leave_out}" in str(error.value)
    raw = read(tmp_path, kind="folders", emotions="all")
    assert raw.faces["emotion"].nunique() == 8


def test_an_emotion_that_nobody_shows_is_told(tmp_path: Path) -> None:
    write_folders(tmp_path, SEVEN[2:])
    notes = read(tmp_path, kind="folders").report["notes"]
    assert any("No face shows anger, disgust" in note for note in notes)  # type: ignore[union-attr, operator]
    quiet = read(tmp_path, kind="folders", emotions=list(EMOTIONS_OF_SEVEN[2:])).report["notes"]
    assert not any("No face shows" in note for note in quiet)  # type: ignore[union-attr, operator]


def test_people_named_in_paths_are_kept_whole(tmp_path: Path) -> None:
    for person in range(20):
        for name in SEVEN:
            write_face(tmp_path / name / f"P{person:02d}_{name}.png")
    raw = read(tmp_path, kind="folders", person=r"(P\d+)_")
    assert raw.report["n_people"] == 20
    assert raw.faces.groupby("person")["split"].nunique().max() == 1
    assert set(raw.faces["split"]) == {"train", "validation", "test"}


def test_an_image_in_no_folder_of_an_emotion_is_counted(tmp_path: Path) -> None:
    write_folders(tmp_path / "train")
    write_folders(tmp_path / "test")
    write_face(tmp_path / "test" / "nobody_says.png")
    raw = read(tmp_path, kind="folders")
    assert len(raw.faces) == 42
    assert raw.report["n_without_emotion_by_reason"] == {"it lies in no folder of an emotion": 1}


def test_images_of_which_none_has_an_emotion_are_no_empty_dataset(tmp_path: Path) -> None:
    for number in range(3):
        write_face(tmp_path / f"happy_{number}.png")
    with pytest.raises(InvalidInputError, match=r"none of its 3 faces.*happy_0.*lies in no folder"):
        read(tmp_path, kind="folders")


def test_damage_is_named_and_too_much_of_it_stops(tmp_path: Path) -> None:
    write_folders(tmp_path)
    (tmp_path / "Sad/0.png").write_bytes(b"no picture")
    with pytest.raises(DamagedDataError, match=r"Sad/0\.png"):
        read(tmp_path, kind="folders")
    raw = read(tmp_path, kind="folders", max_damaged_share=0.1)
    assert raw.rejected["file"].tolist() == ["Sad/0.png"]
    assert len(raw.faces) == len(raw.images) == 20


def test_a_folder_that_is_absent_or_empty_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="There is no folder"):
        read(tmp_path / "absent", kind="folders")
    with pytest.raises(DatasetNotFoundError, match="no image"):
        read(tmp_path, kind="folders")
    write_face(tmp_path / "cats" / "1.png")
    with pytest.raises(InvalidInputError, match="none of its labels is an emotion: 'cats' 1"):
        read(tmp_path, kind="folders")
