import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer_fairness.fabrication import FabricatedDataset, write_dataset


@pytest.fixture(scope="module")
def written(
    datasets: dict[str, FabricatedDataset], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    root = tmp_path_factory.mktemp("raw")
    for name, dataset in datasets.items():
        write_dataset(dataset, root / name)
    return root


def test_fer2013_csv_is_as_published(written: Path, datasets: dict[str, FabricatedDataset]) -> None:
    lines = (written / "fer_plus/fer2013.csv").read_text("ascii").splitlines()

    assert lines[0] == "emotion,pixels,Usage"
    assert len(lines) == 111
    assert all(re.fullmatch(r"[0-6],\d+( \d+){2303},\w+", line) for line in lines[1:])
    usage = [line.rsplit(",", 1)[1] for line in lines[1:]]
    assert usage == ["Training"] * 60 + ["PublicTest"] * 20 + ["PrivateTest"] * 30
    pixels = np.array([line.split(",")[1].split() for line in lines[1:]], dtype=np.uint8)
    np.testing.assert_array_equal(pixels.reshape(-1, 48, 48, 1), datasets["fer_plus"].images)


def test_fer2013_codes_follow_the_label_and_contempt_is_neutral(
    written: Path, datasets: dict[str, FabricatedDataset]
) -> None:
    codes = pd.read_csv(written / "fer_plus/fer2013.csv", usecols=["emotion"])["emotion"]
    label = datasets["fer_plus"].truth["labelled_emotion"]
    code_of = {
        "anger": 0, "disgust": 1, "fear": 2, "happiness": 3, "sadness": 4, "surprise": 5,
        "neutral": 6, "contempt": 6,
    }  # fmt: skip

    assert codes.tolist() == label.map(code_of).fillna(6).astype(int).tolist()


def test_fer2013new_csv_is_as_published(written: Path) -> None:
    lines = (written / "fer_plus/fer2013new.csv").read_text("ascii").splitlines()

    assert lines[0] == (
        "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    )
    assert len(lines) == 111
    for line in lines[1:]:
        _, name, *votes = line.split(",")
        assert sum(map(int, votes)) == 10
        assert re.fullmatch(r"fer\d{7}\.png", name) or (name == "" and votes[-1] == "10")


def test_raf_db_tree_is_as_published(written: Path, datasets: dict[str, FabricatedDataset]) -> None:
    basic = written / "raf_db/basic"
    lines = (basic / "EmoLabel/list_patition_label.txt").read_text("ascii").splitlines()

    assert len(lines) == 42
    assert all(re.fullmatch(r"(train_\d{5}|test_\d{4})\.jpg [1-7]", line) for line in lines)
    assert lines[0].startswith("train_00001.jpg ")
    assert lines[30].startswith("test_0001.jpg ")
    stems = {line.split(".")[0] for line in lines}
    assert {p.name for p in (basic / "Image/aligned").iterdir()} == {
        f"{stem}_aligned.jpg" for stem in stems
    }
    with Image.open(basic / "Image/aligned/train_00001_aligned.jpg") as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (100, 100), "RGB")
        difference = np.asarray(image, float) - datasets["raf_db"].images[0]
    assert np.abs(difference).mean() < 8


def test_raf_db_annotation_has_landmarks_gender_race_age(
    written: Path, datasets: dict[str, FabricatedDataset]
) -> None:
    folder = written / "raf_db/basic/Annotation/manual"
    truth = datasets["raf_db"].truth
    age_code = {"0-2": 0, "3-9": 1, "10-19": 1, "20-29": 2, "30-39": 2, "70+": 4}
    genders = []
    for number, row in enumerate(truth.itertuples()):
        stem = str(row.file).removesuffix(".jpg")
        lines = (folder / f"{stem}_manu_attri.txt").read_text("ascii").splitlines()
        points = np.array([line.split("\t") for line in lines[:5]], dtype=float)
        np.testing.assert_allclose(points, datasets["raf_db"].landmarks[number], atol=6e-4)
        gender, race, age = map(int, lines[5:])
        genders.append(gender)
        assert gender == (2 if row.gender_unsure else {"male": 0, "female": 1}[str(row.gender)])
        assert race == ["white", "black", "east_asian"].index(str(row.race))
        assert age == age_code.get(str(row.age_group), 3)
    assert set(genders) == {0, 1, 2}


def test_fairface_is_as_published(written: Path) -> None:
    folder = written / "fairface"
    for split, n_faces in (("train", 12), ("val", 6)):
        labels = pd.read_csv(folder / f"fairface_label_{split}.csv")
        assert list(labels.columns) == ["file", "age", "gender", "race", "service_test"]
        assert labels["file"].tolist() == [f"{split}/{n}.jpg" for n in range(1, n_faces + 1)]
        assert set(labels["gender"]) <= {"Male", "Female"}
        assert labels["race"].isin(
            ["White", "Black", "Latino_Hispanic", "East Asian", "Southeast Asian", "Indian",
             "Middle Eastern"]
        ).all()  # fmt: skip
        assert (
            labels["age"]
            .isin(
                ["0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70"]
            )
            .all()
        )
        assert labels["service_test"].dtype == bool
        with Image.open(folder / labels["file"].iloc[-1]) as image:
            assert (image.format, image.size, image.mode) == ("JPEG", (224, 224), "RGB")


def test_fairface_labels_are_those_drawn(
    written: Path, datasets: dict[str, FabricatedDataset]
) -> None:
    labels = pd.concat(
        pd.read_csv(written / f"fairface/fairface_label_{split}.csv") for split in ("train", "val")
    )
    truth = datasets["fairface"].truth

    races = labels["race"].str.lower().str.replace(" ", "_")
    assert races.tolist() == truth["race"].tolist()
    assert labels["gender"].str.lower().tolist() == truth["gender"].tolist()
    ages = labels["age"].replace("more than 70", "70+")
    assert ages.tolist() == truth["age_group"].tolist()
