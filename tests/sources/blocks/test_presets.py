"""Layouts whose form is public, in generated files of that form."""

import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from tests.sources.blocks.described import EMOTIONS_OF_SEVEN, SEVEN, counts, read, write_face

from fer_fairness.errors import DatasetNotFoundError, FerFairnessError
from fer_fairness.params.datasets import Codes, Preset
from fer_fairness.sources.blocks import PRESETS
from fer_fairness.tables import FACES_SCHEMA
from fer_fairness.taxonomy import CODES_OF_EMOTIONS, EMOTIONS, RAF_DB_CODES

CK_PLUS = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")
AFFECTNET = {
    "0": 4,
    "1": 4,
    "2": 4,
    "3": 4,
    "4": 4,
    "5": 4,
    "6": 4,
    "7": 4,
    "8": 2,
    "9": 1,
    "10": 1,
}


def write_affectnet(folder: Path, split: str) -> None:
    labels = [code for code, n in AFFECTNET.items() for _ in range(n)]
    annotations = folder / split / "annotations"
    annotations.mkdir(parents=True)
    for number, label in enumerate(labels):
        write_face(folder / split / "images" / f"{number}.jpg")
        np.save(annotations / f"{number}_exp.npy", np.array(label))
        np.save(annotations / f"{number}_val.npy", np.array("0.1"))


def test_every_preset_states_its_terms_and_how_to_obtain_it() -> None:
    assert set(PRESETS) == set(get_args(Preset))
    assert set(CODES_OF_EMOTIONS) == set(get_args(Codes))
    for layout in PRESETS.values():
        facts = layout.facts
        assert all((facts.title, facts.licence, facts.how_to_obtain, facts.layouts))
        assert layout.codes is None or layout.codes in CODES_OF_EMOTIONS


@pytest.mark.parametrize("kind", PRESETS)
def test_a_preset_that_is_not_there_is_an_error_that_names_the_folder(
    tmp_path: Path, kind: str
) -> None:
    with pytest.raises(FerFairnessError, match=re.escape(str(tmp_path))):
        read(tmp_path, kind=kind)
    with pytest.raises(DatasetNotFoundError, match=r"To obtain it: .* Terms: "):
        read(tmp_path / "absent", kind=kind)
    (tmp_path / "a/b").mkdir(parents=True)
    write_face(tmp_path / "a/b" / "cat.jpg")
    with pytest.raises(FerFairnessError):
        read(tmp_path, kind=kind)


def test_fer2013_as_folders_is_validated_on_part_of_its_training_faces(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name in SEVEN:
            for number in range(10):
                write_face(tmp_path / split / name.lower() / f"Training_{number}.jpg", side=48)
    raw = read(tmp_path, kind="fer2013_folders")
    expected = {("train", e): 9 for e in EMOTIONS_OF_SEVEN}
    expected |= {("validation", e): 1 for e in EMOTIONS_OF_SEVEN}
    assert counts(raw.faces) == expected | {("test", e): 10 for e in EMOTIONS_OF_SEVEN}


def test_raf_db_as_folders_takes_codes_from_1_and_labels_by_hand(tmp_path: Path) -> None:
    for split, digits in (("train", 5), ("test", 4)):
        rows = ["image,label,Gender"]
        for number, code in enumerate(RAF_DB_CODES, start=1):
            name = f"{split}_{number:0{digits}d}_aligned.jpg"
            write_face(tmp_path / "DATASET" / split / str(code) / name, side=100)
            rows.append(f"{name},{code},{number % 2}")
        (tmp_path / f"{split}_labels.csv").write_text("\n".join(rows) + "\n")
    raw = read(tmp_path, kind="raf_db_folders")
    tested = raw.faces[raw.faces["split"] == "test"]
    assert tested["emotion"].tolist() == list(RAF_DB_CODES.values())
    assert tested["gender"].tolist() == ["female", "male"] * 3 + ["female"]
    assert (raw.faces["gender_source"] == "annotated").all()


def test_affectnet_is_tested_on_its_validation_faces_and_none_and_uncertain_are_counted(
    tmp_path: Path,
) -> None:
    for split in ("train_set", "val_set"):
        write_affectnet(tmp_path, split)
    raw = read(tmp_path, kind="affectnet")
    faces = FACES_SCHEMA.validate(raw.faces)
    assert set(faces["emotion"]) == set(EMOTIONS)
    in_val = faces["image_file"].str.startswith("val_set")
    assert (in_val == (faces["split"] == "test")).all()
    labels = np.load(tmp_path / "train_set/annotations/9_exp.npy").item()
    face = faces[faces["image_file"] == "train_set/images/9.jpg"].iloc[0]
    assert (labels, face["emotion"]) == ("2", "sadness")
    assert raw.report["n_without_emotion"] == 8
    assert not raw.report["n_rejected"]


def test_affectnet_images_without_an_annotation_are_named(tmp_path: Path) -> None:
    write_affectnet(tmp_path, "train_set")
    annotations = tmp_path / "train_set/annotations"
    (annotations / "3_exp.npy").unlink()
    (annotations / "4_exp.npy").write_bytes(b"\x93NUMPY")
    np.save(annotations / "5_exp.npy", np.array({"a": 1}, dtype=object))  # would be unpickled
    raw = read(tmp_path, kind="affectnet", max_damaged_share=0.2)
    assert sorted(raw.rejected.query("action == 'left out'")["file"]) == [
        f"train_set/images/{number}.jpg" for number in (3, 4, 5)
    ]


def test_affectnet_annotations_that_are_empty_archives_or_huge_are_named(tmp_path: Path) -> None:
    write_affectnet(tmp_path, "train_set")
    annotations = tmp_path / "train_set/annotations"
    (annotations / "3_exp.npy").write_bytes(b"")
    with (annotations / "4_exp.npy").open("wb") as file:
        np.savez(file, label=1)
    with (annotations / "5_exp.npy").open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
        np.lib.format.write_array_header_1_0(file, header)
    header_alone = b"\x93NUMPY\x01\x00\x10\x00{'descr': '<U1', ("
    (annotations / "6_exp.npy").write_bytes(header_alone)
    raw = read(tmp_path, kind="affectnet", max_damaged_share=0.2)
    damaged = raw.rejected.query("action == 'left out'").sort_values("file")
    assert damaged["value"].tolist() == ["3.jpg", "4.jpg", "5.jpg", "6.jpg"]
    assert damaged["reason"].str.contains("_exp.npy cannot be read").all()
    assert "shape (1000000000000,), expected one number" in damaged["reason"].iloc[2]


def test_expw_faces_are_cut_out_of_their_pictures(tmp_path: Path) -> None:
    (tmp_path / "origin").mkdir()
    lines = []
    for number in range(21):
        picture = np.zeros((200, 300, 3), dtype=np.uint8)
        picture[10:60, 20:90] = 200  # the first face: brighter than all else
        picture[100:160, 200:260] = 90 + number
        name = f"pic_{number}.png"
        Image.fromarray(picture).save(tmp_path / "origin" / name)
        lines += [f"{name} 0 10 20 90 60 35.2 {number % 7}", f"{name} 1 100 200 260 160 12.1 3"]
    (tmp_path / "label.lst").write_text("\n".join(lines) + "\n")
    raw = read(tmp_path, kind="expw")
    assert len(raw.faces) == 42
    assert raw.images[0].min() == raw.images[0].max() == 200
    assert raw.images[3].min() == raw.images[3].max() == 91
    assert raw.faces["emotion"].iloc[:4].tolist() == ["anger", "happiness", "disgust", "happiness"]
    (tmp_path / "label.lst").write_text("\n".join([*lines[2:], "pic_0.png 0 1 2", lines[1]] * 1))
    raw = read(tmp_path, kind="expw", max_damaged_share=0.1)
    assert raw.rejected["row"].tolist() == [41]


def test_an_expw_line_whose_numbers_are_none_is_damage(tmp_path: Path) -> None:
    write_face(tmp_path / "images/1.png")
    lines = [f"1.png {face} 0 0 60 60 9.0 {face % 7}" for face in range(20)]
    lines += ["1.png 20 --2 0 60 60 9.0 1", "1.png 21 \u00b2 0 60 60 9.0 1"]
    lines += ["1.png 22 0 0 60 60 9.0 \u00b25"]
    (tmp_path / "label.lst").write_text("\n".join(lines), encoding="utf-8")
    raw = read(tmp_path, kind="expw", max_damaged_share=0.2)
    assert raw.rejected["row"].tolist() == [21, 22, 23]


def test_an_expw_box_beside_its_picture_is_damage(tmp_path: Path) -> None:
    write_face(tmp_path / "images/1.png")
    lines = [f"1.png {face} 0 0 60 60 9.0 {face % 7}" for face in range(20)]
    (tmp_path / "label.lst").write_text("\n".join([*lines, "1.png 20 500 500 600 600 9.0 1"]))
    raw = read(tmp_path, kind="expw", max_damaged_share=0.1)
    assert "is not in a picture of 60 x 60" in raw.rejected["reason"].item()


def test_an_expw_picture_outside_of_the_dataset_is_damage_and_never_opened(tmp_path: Path) -> None:
    folder = tmp_path / "expw"
    write_face(folder / "images/1.png")
    write_face(tmp_path / "outside.png")
    elsewhere = ("../../outside.png", "a/../../../outside.png", str(tmp_path / "outside.png"), "..")
    lines = [f"1.png {face} 0 0 60 60 9.0 {face % 7}" for face in range(20)]
    lines += [f"{image} 0 0 0 60 60 9.0 1" for image in elsewhere]
    (folder / "label.lst").write_text("\n".join(lines))
    with pytest.raises(FerFairnessError, match=r"label\.lst, line 21: the image does not lie"):
        read(folder, kind="expw")
    raw = read(folder, kind="expw", max_damaged_share=0.2)
    assert raw.rejected["row"].tolist() == [21, 22, 23, 24]
    assert len(raw.faces) == 20


def test_ck_plus_folders_keep_each_person_whole(tmp_path: Path) -> None:
    for person in range(10, 30):
        for sequence, name in enumerate(CK_PLUS):
            for frame in (15, 16, 17):
                file = f"S{person:03d}_{sequence:03d}_{frame:08d}.png"
                write_face(tmp_path / "CK+48" / name / file, side=48)
    raw = read(tmp_path, kind="ck_plus_folders")
    assert set(raw.faces["emotion"]) == set(EMOTIONS[1:])
    assert raw.report["n_people"] == 20
    assert raw.faces.groupby("person")["split"].nunique().max() == 1


def test_ck_plus_csv_has_the_codes_of_fer2013_and_7_for_contempt(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    lines, usages = ["emotion,pixels,Usage"], ["Training", "PublicTest", "PrivateTest"]
    pixels = generator.integers(0, 256, (24, 2304))
    lines += [
        f"{row % 8},{' '.join(map(str, pixels[row]))},{usages[row // 8]}" for row in range(24)
    ]
    (tmp_path / "ckextended.csv").write_text("\n".join(lines) + "\n")
    raw = read(tmp_path, kind="ck_plus_csv")
    assert raw.faces["emotion"].iloc[5:8].tolist() == ["surprise", "neutral", "contempt"]
    assert raw.faces["split"].value_counts().to_dict() == {"train": 8, "validation": 8, "test": 8}
    assert (raw.images[23].ravel() == pixels[23]).all()
    assert raw.faces["image_file"].isna().all()
    lines[3] = lines[3].replace("2,", "8,", 1)
    (tmp_path / "ckextended.csv").write_text("\n".join(lines) + "\n")
    raw = read(tmp_path, kind="ck_plus_csv", max_damaged_share=0.1)
    assert raw.rejected["reason"].tolist() == ["the emotion is not a code from 0 to 7"]
    assert (raw.images[2].ravel() == pixels[3]).all()


def test_jaffe_is_read_by_the_names_of_its_files(tmp_path: Path) -> None:
    people = ("KA", "KL", "KM", "KR", "MK", "NA", "NM", "TM", "UY", "YM")
    for number, person in enumerate(people):
        for letters in ("AN", "DI", "FE", "HA", "NE", "SA", "SU"):
            write_face(tmp_path / "jaffe" / f"{person}.{letters}1.{number}.tiff")
    (tmp_path / "jaffe/README").write_text("not an image")
    raw = read(tmp_path, kind="jaffe")
    assert set(raw.faces["person"]) == set(people)
    first = raw.faces[raw.faces["image_file"] == "jaffe/KA.AN1.0.tiff"]
    assert first["emotion"].item() == "anger"
    assert raw.faces.groupby("person")["split"].nunique().max() == 1


def test_sfew_and_afew_tell_clips_apart(tmp_path: Path) -> None:
    for split in ("Train_Aligned_Faces", "Val_Aligned_Faces"):
        for name in SEVEN:
            for number in range(6):
                write_face(tmp_path / "sfew" / split / name / f"Airheads_00{number}_00000005.png")
    for split in ("Train", "Val"):
        for place, name in enumerate(SEVEN):
            for number in range(6):
                clip = tmp_path / "afew" / split / name / f"{split}{place}{number:04d}"
                for frame in range(2):
                    write_face(clip / f"{frame}.png")
    sfew = read(tmp_path / "sfew", kind="sfew").faces
    afew = read(tmp_path / "afew", kind="afew").faces
    assert sfew["person"].nunique() == 6
    assert afew["person"].nunique() == 84
    for faces, folder in ((sfew, "Val_Aligned_Faces"), (afew, "Val")):
        tested = faces["image_file"].str.startswith(folder + "/")
        assert (tested == (faces["split"] == "test")).all()
    assert afew.groupby("person")["split"].nunique().max() == 1


def test_two_csv_files_beside_one_another_are_refused(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("emotion,pixels,Usage\n")
    with pytest.raises(DatasetNotFoundError, match=r"expected one \.csv file, found a.csv, b.csv"):
        read(tmp_path, kind="ck_plus_csv")
