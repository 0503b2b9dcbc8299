"""Any function from images to probabilities is audited, whatever library it is of."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from PIL import Image

from fer_fairness import Audit, Pictures, audit_model
from fer_fairness.auditing.faces import faces_of
from fer_fairness.errors import DoubtfulInputWarning, InvalidInputError

NAMES = ("happiness", "sadness")
QUICK: dict[str, Any] = {"n_bootstrap": 100, "n_permutations": 199, "n_scan_permutations": 99}


def faces(n: int = 80) -> tuple[npt.NDArray[np.uint8], pd.DataFrame]:
    """Bright faces are happy, dark ones sad; every fourth woman's face is as bright as a man's."""
    number = np.arange(n)
    happy, woman = number % 2 == 0, number % 4 >= 2
    looks_happy = happy ^ (woman & (number % 8 >= 6))
    images = np.where(looks_happy, 200, 50).astype(np.uint8)[:, None, None, None]
    table = pd.DataFrame(
        {
            "emotion": np.where(happy, "happiness", "sadness"),
            "gender": np.where(woman, "female", "male"),
        }
    )
    return np.broadcast_to(images, (n, 6, 6, 1)).copy(), table


def by_brightness(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The model: the brighter, the happier."""
    bright = images.mean(axis=(1, 2, 3)) / 255
    return np.stack([bright, 1 - bright], axis=1)


def audited(model: Any = by_brightness, **options: Any) -> Audit:
    given = {"dataset": faces(), "class_names": NAMES, "batch_size": 32, **QUICK, **options}
    return audit_model(model, **given)


def test_the_answers_of_a_function_are_audited() -> None:
    found = audited()

    assert found.name == "by_brightness"
    accuracy = found.groups[found.groups["metric"] == "accuracy"].set_index("group")["value"]
    assert accuracy["male"] == 1
    assert accuracy["female"] == pytest.approx(0.5)


def test_logits_are_made_probabilities_and_names_of_one_emotion_are_one() -> None:
    plain = audited(class_names=("happy", "sad"))
    logits = audited(lambda images: 3 * by_brightness(images) - 1, name="logits")

    pd.testing.assert_frame_equal(plain.confusion, logits.confusion)


def test_outputs_that_are_no_classes_are_left_out() -> None:
    def with_valence(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        return np.insert(by_brightness(images), 1, -9, axis=1)

    found = audited(with_valence, class_names=("happiness", "-", "sadness"))
    pd.testing.assert_frame_equal(found.confusion, audited().confusion)


def test_class_names_are_those_of_whole_number_true_labels_too() -> None:
    images, table = faces()
    codes = table.assign(emotion=(table["emotion"] == "sadness").astype(int))
    found = audited(dataset=(images, codes))
    pd.testing.assert_frame_equal(found.confusion, audited().confusion)

    def with_valence(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        return np.insert(by_brightness(images), 2, -9, axis=1)

    names = ("happiness", "sadness", "-")
    found = audited(with_valence, dataset=(images, codes), class_names=names)
    pd.testing.assert_frame_equal(found.confusion, audited().confusion)


class Tensor:
    """As PyTorch's that needs gradients: NumPy cannot read it."""

    def __array__(self, dtype: object = None, copy: object = None) -> npt.NDArray[np.float64]:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (lambda images: by_brightness(images)[:, 0], r"shape \(32,\) for 32 images"),
        (lambda images: by_brightness(images)[:5], r"shape \(5, 2\) for 32 images"),
        (lambda images: by_brightness(images) * np.nan, "for image 0, counted from 0"),
        (lambda _: Tensor(), r"give .detach\(\)"),
        (lambda images: np.eye(2 + (len(images) < 32))[np.zeros(len(images), int)], "2 and 3"),
    ],
)
def test_outputs_that_are_none_are_refused(model: Any, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        audited(model)


def test_a_model_without_names_is_refused_but_for_eight_classes() -> None:
    with pytest.raises(InvalidInputError, match="2 outputs and nothing tells their names"):
        audited(class_names=None)
    with pytest.raises(InvalidInputError, match=r"1 names \(sad\) and the model 2"):
        audited(class_names=["sad"])


def test_images_and_rows_must_be_as_many() -> None:
    images, table = faces()
    with pytest.raises(InvalidInputError, match="79 images and 80 rows"):
        audited(dataset=(images[1:], table))
    with pytest.raises(InvalidInputError, match="float64 of shape"):
        audited(dataset=(images / 255, table))
    with pytest.raises(InvalidInputError, match=r"expected .images, table., Pictures"):
        audited(dataset="nobody")


def test_faces_are_cut_out_of_larger_pictures(tmp_path: Path) -> None:
    images, table = faces()
    for number, face in enumerate(images):
        picture = np.full((40, 40), 125, dtype=np.uint8)
        picture[10:16, 20:26] = face[..., 0]
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    table = table.assign(image=[f"{n}.png" for n in range(80)], x=20, y=10, w=6, h=6)
    table.to_csv(tmp_path / "faces.csv", index=False)
    found = audited(dataset=Pictures(tmp_path / "faces.csv", size_px=6))

    pd.testing.assert_frame_equal(found.confusion, audited().confusion)
    (tmp_path / "7.png").unlink()
    with pytest.raises(InvalidInputError, match=r"'7\.png' in row 8 cannot be read"):
        audited(dataset=Pictures(tmp_path / "faces.csv"))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_column_that_is_not_used_may_hold_anything_beside_pictures(
    tmp_path: Path, kind: str
) -> None:
    Image.fromarray(np.full((40, 30), 200, dtype=np.uint8)).save(tmp_path / "a.png")
    file = tmp_path / f"faces.{kind}"
    if kind == "csv":
        file.write_text('image,embedding,who\na.png,"[1 2\n 3 4]",007\n')
    else:
        who = pd.array([None, 10**17 + 1], dtype="Int64")
        cells = {"image": "a.png", "embedding": [[0.5, 1.5]] * 2, "who": who}
        pd.DataFrame(cells).to_parquet(file)
    found = faces_of(Pictures(file, size_px=6), tmp_path)
    assert str(found.table["who"].iloc[-1]) in ("007", "100000000000000001")


def test_a_box_is_clipped_or_refused_and_one_that_lacks_is_told(
    tmp_path: Path,
) -> None:
    Image.fromarray(np.full((40, 30), 200, dtype=np.uint8)).save(tmp_path / "a.png")
    image = str(tmp_path / "a.png")
    given = {"image": [image] * 3, " x": [20, -5, None], "y": 10, "w": 20, "h": 6}
    table = pd.DataFrame(given)
    found = faces_of(Pictures(table, size_px=6), tmp_path)
    assert (found.images == 200).all()  # no black edge of a box that ends outside
    assert list(found.table) == ["image"]
    assert "1 of 3 faces have no box" in found.warnings[0]
    corners = table.assign(x1=20, y1=10, x2=40, y2=16)[["image", "x1", "y1", "x2", "y2"]]
    in_one_cell = table[["image"]].assign(bbox="[1, 2, 3, 4]")
    assert "'bbox' is not read" in faces_of(Pictures(in_one_cell), tmp_path).warnings[0]
    of_windows = corners.assign(image=image.replace("/", "\\"))
    assert list(faces_of(Pictures(of_windows), tmp_path).table) == ["image"]
    for wrong in ({"w": 0}, {"y": 40}, {" x": -20}):
        with pytest.raises(InvalidInputError, match=r"in row 1 .* is not in a picture of 30 x 40"):
            faces_of(Pictures(table.assign(**wrong)), tmp_path)


def test_a_picture_without_a_face_is_taken_whole_and_the_report_says_so(tmp_path: Path) -> None:
    pytest.importorskip("dlib")
    images, table = faces()
    for number, face in enumerate(images):
        Image.fromarray(face[..., 0]).resize((40, 40)).save(tmp_path / f"{number}.png")
    table = table.assign(image=[str(tmp_path / f"{n}.png") for n in range(80)])

    told = "In 80 pictures no face was found"
    with pytest.warns(DoubtfulInputWarning, match=told):
        found = audited(dataset=Pictures(table, size_px=6, alignment="detect"))
    assert told in found.reading["warnings"][-1]


def evaluation_set(root: Path, name: str, **columns: Any) -> dict[str, Path]:
    """A data folder with a prepared evaluation set, stored in another order than its table's."""
    images, table = faces()
    files = {
        "faces": root / "05_model_input" / name / "test_labelled_faces.parquet",
        "images": root / "03_primary" / name / "test_images.npy",
        "held_out": root / "08_reporting" / "labeller" / "grey_48" / "held_out_labels.parquet",
    }
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True)
    np.save(files["images"], images[::-1])
    stored = table.assign(
        sample_id=[f"f{n}" for n in range(80)],
        image_index=np.arange(80)[::-1],
        excluded_reason=None,
        race=None,
        age_group=None,
        gender_source="annotated",
        race_source="none",
        age_group_source="none",
    )
    stored.assign(**columns).iloc[::-1].to_parquet(files["faces"])
    return files


def test_an_evaluation_set_is_read_from_the_data_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"There is no file .*test_images\.npy"):
        audited(dataset="fer_plus", data_root=tmp_path)
    evaluation_set(tmp_path, "fer_plus")
    found = audited(dataset="fer_plus", data_root=tmp_path)

    assert found.reading["n_rows"] == 80
    assert found.reading["attributes"] == ["gender"]
    assert set(found.measured["gaps"]["attribute_source"]) == {"given"}


def test_predicted_groups_of_an_evaluation_set_are_corrected_for_the_labellers_errors(
    tmp_path: Path,
) -> None:
    predicted = {"race": np.tile(["white", "black"], 40), "race_source": "predicted"}
    held_out = evaluation_set(tmp_path, "fer_plus", **predicted)["held_out"]
    with pytest.raises(InvalidInputError, match=r"predicted \(race\).*--pipelines race_labeling"):
        audited(dataset="fer_plus", data_root=tmp_path)
    race = np.tile(["white", "black"], 200)
    wrong = np.where(np.arange(400) % 10 < 2, race[::-1], race)
    known = pd.DataFrame({"true_race": race, "predicted_race": wrong})
    # The file knows of gender too, which is annotated here and therefore as it is told.
    known.assign(true_gender="female", predicted_gender="male").to_parquet(held_out)
    found = audited(dataset="fer_plus", data_root=tmp_path, attributes=["gender", "race"])

    gaps = found.measured["gaps"]
    sources = dict(gaps[["attribute", "attribute_source"]].drop_duplicates().to_numpy())
    assert sources == {"gender": "given", "race": "predicted"}
    assert found.reading["held_out_labels"]["attributes"] == ["race"]
    assert set(found.report_inputs.tables["label_noise_gaps"]["attribute"]) == {"race"}


def test_a_model_is_scored_over_the_emotions_of_the_evaluation_set(tmp_path: Path) -> None:
    evaluation_set(tmp_path, "raf_db")

    def sure_of_contempt(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        return np.column_stack([by_brightness(images), np.full(len(images), 5.0)])

    names = ("Happy", "sad", "contempt")
    found = audited(sure_of_contempt, dataset="raf_db", data_root=tmp_path, class_names=names)
    assert found.overall.set_index("metric")["value"]["accuracy"] == 0.75
    with pytest.raises(InvalidInputError, match="expected two in common at least"):
        audited(sure_of_contempt, dataset="raf_db", data_root=tmp_path, class_names=("a", "b", "c"))
