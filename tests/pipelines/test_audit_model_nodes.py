"""Nodes of the audit of a model: how it is prepared, what it is shown, what is scored."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer_fairness.auditing.reading import People
from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.foreign import running
from fer_fairness.params.audit import AuditParameters
from fer_fairness.pipelines.audit import model_file, nodes
from fer_fairness.taxonomy import EMOTIONS

FacesBuilder = Callable[..., pd.DataFrame]


def test_no_model_named_says_how_to_name_one_and_where_files_go(
    make_faces: FacesBuilder,
) -> None:
    with pytest.raises(InvalidInputError, match=r"audit\.model=FILE.*audit\.predictions=FILE"):
        score(make_faces(["test"], ["fear"]), AuditParameters())


def test_an_absent_dataset_is_named_with_the_pipelines_that_read_it(
    make_faces: FacesBuilder,
) -> None:
    parameters = AuditParameters(model="any.keras", dataset="raf_db")
    with pytest.raises(InvalidInputError, match=r"raf_db.*data_processing,race_labeling"):
        score(make_faces(["test"], ["fear"]), parameters)


def test_a_model_that_is_not_there_is_named(make_faces: FacesBuilder, tmp_path: Path) -> None:
    parameters = AuditParameters(model=str(tmp_path / "absent.keras"))
    with pytest.raises(InvalidInputError, match=r"absent\.keras"):
        score(make_faces(["test"], ["fear"]), parameters)


UNPREPARED: dict[str, Any] = {
    "input_scale": None,
    "scale_reason": None,
    "class_names": None,
    "notes": [],
}


FOLDERS = [Path("absent") for _ in model_file.image_folders()]


def score(
    faces: pd.DataFrame, parameters: AuditParameters, preparation: dict[str, Any] = UNPREPARED
) -> People:
    """Score faces of the first evaluation set with no faces of the others beside them."""
    images = np.arange(len(faces) * 16, dtype=np.uint8).reshape(len(faces), 4, 4, 1)
    quality = {"reading": {"fabricated": True}}
    nothing = pd.DataFrame()
    absent = [images[:0], faces.iloc[:0], quality, nothing, nothing] * (len(EVALUATION_SETS) - 1)
    return nodes.score_foreign_model(
        parameters, 0, preparation, images, faces, quality, nothing, nothing, *absent, *FOLDERS
    )


@pytest.fixture
def model_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[int], Path]:
    """A stand-in for a loaded model of `n` outputs that always says its first class."""

    class FirstClass:
        def __init__(self, n_classes: int) -> None:
            self.n_classes = n_classes

        def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
            return np.tile(np.eye(self.n_classes)[0], (len(images), 1))

    def make(n_classes: int) -> Path:
        from fer_fairness.foreign import ForeignModel

        foreign = ForeignModel(
            model=FirstClass(n_classes),
            outputs="probabilities",
            n_classes=n_classes,
            input_shape=(4, 4, 1),
            notes=("Loaded.",),
        )
        monkeypatch.setattr(running, "load_foreign_model", lambda _, **_options: foreign)
        monkeypatch.setattr(
            model_file, "run_isolated", lambda *given: running.run_model_file(*given[:3])
        )
        path = tmp_path / "theirs.keras"
        path.write_bytes(b"weights")
        return path

    return make


def test_faces_that_cannot_be_scored_are_left_out_and_counted(
    make_faces: FacesBuilder, model_of: Callable[[int], Path]
) -> None:
    faces = make_faces(
        ["test"] * 5,
        ["neutral", "contempt", None, "fear", "neutral"],
        gender=["female", "male", "male", "female", "male"],
        excluded_reason=[None, None, None, None, "no face"],
    )
    seven = tuple(EMOTIONS[:-1])
    parameters = AuditParameters.model_validate(
        {"model": str(model_of(7)), "columns": {"class_names": seven}, "input_scale": "0-255"}
    )
    people, reading, *_ = score(faces, parameters)
    assert list(people["sample_id"]) == ["face_0", "face_3"]
    assert set(people["predicted_emotion"]) == {"neutral"}
    assert reading["classes"] == list(seven)
    assert reading["attributes"] == ["gender"]
    assert reading["n_rows"] == 2
    assert len(reading["sha256"]) == 64
    said = " ".join(reading["notes"])
    assert "2 of 5 test faces have no majority emotion" in said
    assert "1 test faces show contempt, which the model does not know" in said


@pytest.mark.parametrize(
    ("faces", "columns", "message"),
    [
        ({"gender": ["a", "b"]}, {"class_names": ["anger", "fear"]}, r"None of the 2 test faces"),
        ({}, None, r"No test face of fer_plus has a label of gender, race, age_group.*FairFace"),
        ({"gender": ["a", "b"]}, {"attributes": ["sex"]}, r"names 'sex'.*gender, race, age_group"),
        ({"gender": ["a", "b"]}, {"attributes": ["race"]}, r"has a label of race,"),
    ],
)
def test_a_model_that_cannot_be_audited_says_why_and_what_to_do(
    faces: dict[str, list[str]],
    columns: dict[str, Any] | None,
    message: str,
    make_faces: FacesBuilder,
    model_of: Callable[[int], Path],
) -> None:
    n_classes = len((columns or {}).get("class_names", EMOTIONS))
    parameters = AuditParameters.model_validate(
        {"model": str(model_of(n_classes)), "columns": columns or {}, "input_scale": "0-255"}
    )
    with pytest.raises(InvalidInputError, match=message):
        score(make_faces(["test"] * 2, ["neutral"] * 2, **faces), parameters)


def find(model: Path, faces: pd.DataFrame, images: np.ndarray, **given: Any) -> dict[str, Any]:
    """What is found on the development faces of the first set, with none of the others beside."""
    parameters = AuditParameters.model_validate({"model": str(model), **given})
    absent = [images[:0], faces.iloc[:0]] * (len(EVALUATION_SETS) - 1)
    return model_file.find_preparation(parameters, images, faces, *absent, *FOLDERS)


def test_a_model_whose_classes_nothing_tells_is_refused_before_it_is_run(
    make_faces: FacesBuilder, tmp_path: Path
) -> None:
    path = tmp_path / "seven.keras"
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(7)]
    keras.Sequential(layers).save(path)
    faces = make_faces(["test"] * 2, ["fear"] * 2, gender=["a", "b"])
    with pytest.raises(InvalidInputError, match=r"7 outputs.* assumed where none are given"):
        score(faces, AuditParameters(model=str(path), isolation="none"))


def test_a_model_of_colour_sees_the_files_of_a_dataset_and_not_the_small_grey_array(
    make_faces: FacesBuilder, tmp_path: Path
) -> None:
    image = keras.Input((64, 64, 3))
    reds_and_blues = keras.layers.GlobalAveragePooling2D()(image)
    head = keras.layers.Dense(8, activation="softmax")
    model = keras.Model(image, head(reds_and_blues))
    weights = np.zeros((3, 8))
    weights[0, EMOTIONS.index("anger")] = weights[2, EMOTIONS.index("sadness")] = 50
    head.set_weights([weights, np.zeros(8)])
    model.save(tmp_path / "theirs.keras")
    emotions = ["anger", "sadness", "sadness", "anger"]
    files = [f"{number}.png" for number in range(4)]
    for file, emotion in zip(files, emotions, strict=True):
        # As bright as each other, to within a grey level.
        colour = (255, 0, 0) if emotion == "anger" else (34, 34, 255)
        Image.new("RGB", (100, 100), colour).save(tmp_path / file)
    faces = make_faces(
        ["test"] * 4, emotions, dataset=["raf_db"] * 4, image_file=files, gender=["a", "b"] * 2
    )
    nothing, grey = pd.DataFrame(), np.zeros((4, 48, 48, 1), dtype=np.uint8)
    quality = {"reading": {"fabricated": True}}
    absent = [grey[:0], faces.iloc[:0], quality, nothing, nothing]
    given = [grey, faces, quality, nothing, nothing]

    def audit(**how: str) -> People:
        parameters = AuditParameters.model_validate(
            {"model": str(tmp_path / "theirs.keras"), "dataset": "raf_db", "isolation": "none"}
            | {"input_scale": "0-1", **how}
        )
        return nodes.score_foreign_model(parameters, 0, UNPREPARED, *absent, *given, tmp_path)

    def answers(**how: str) -> list[str]:
        people, reading, *_ = audit(**how)
        assert any("read from their files in colour" in note for note in reading["notes"])
        assert reading["warnings"] == []
        return people["predicted_emotion"].tolist()

    assert answers() == emotions
    assert answers(input_colours="BGR") == ["sadness", "anger", "anger", "sadness"]

    (tmp_path / files[0]).unlink()
    with pytest.raises(InvalidInputError, match=r"0\.png.*put it back"):
        audit()
    for file in files[1:]:
        (tmp_path / file).unlink()
    people, reading, *_ = audit()
    assert people["predicted_emotion"].nunique() == 1, "the array is the same for all"
    assert re.search("no longer in the raw folder.*grey and 48 px", " ".join(reading["warnings"]))


def test_the_order_of_classes_and_the_scale_are_found_on_validation_faces(
    make_faces: FacesBuilder, tmp_path: Path
) -> None:
    raf_db = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
    # Each emotion is one grey; training faces, which are not looked at, show others than they say.
    emotions = [*raf_db] * 12
    greys = np.tile(np.arange(7) * 30 + 20, 12).astype(np.uint8)
    images = np.broadcast_to(np.r_[greys, greys[::-1]][:, None, None, None], (168, 8, 8, 1))
    faces = make_faces(["validation"] * 84 + ["train"] * 84, emotions * 2)
    path = tmp_path / "theirs.keras"
    image = keras.Input((8, 8, 1))
    mean = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(image))
    nearest = [np.array([[g / 255 for g in greys[:7]]]) * 900, -450 * (greys[:7] / 255.0) ** 2]
    head = keras.layers.Dense(7, activation="softmax")
    model = keras.Model(image, head(mean))
    head.set_weights(nearest)
    model.save(path)

    found = find(path, faces, images, isolation="none")
    assert found["class_names"] == list(raf_db)
    assert found["input_scale"] == "0-255"
    assert "84 validation faces" in found["notes"][0]
    named = find(path, faces, images, isolation="none", columns={"class_names": raf_db})
    assert (named["class_names"], named["notes"]) == (None, [])
    test = faces.assign(split="test", gender=["a", "b"] * 84)
    prepared = score(test.iloc[:7], AuditParameters(model=str(path), isolation="none"), found)
    assert {"RAF-DB" in note for note in prepared[1]["notes"]} == {True, False}


def test_nothing_is_looked_for_that_is_configured_or_without_validation_faces(
    make_faces: FacesBuilder,
) -> None:
    faces, images = make_faces(["train"], ["fear"]), np.zeros((1, 8, 8, 1), np.uint8)
    configured = {"input_scale": "0-1", "columns": {"class_names": EMOTIONS}}
    validation = faces.assign(split="validation")
    assert find(Path("absent.keras"), validation, images, **configured) == UNPREPARED
    assert find(Path("absent.keras"), faces, images) == UNPREPARED


def test_a_model_whose_classes_seem_to_be_in_another_order_is_warned_of(
    make_faces: FacesBuilder, model_of: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "order_warnings", lambda _true, _predicted, remedy: [remedy])
    parameters = AuditParameters(model=str(model_of(8)), input_scale="0-255")
    faces = make_faces(["test"] * 2, ["fear"] * 2, gender=["a", "b"])
    assert score(faces, parameters)[1]["warnings"] == ["Look at audit.columns.class_names."]


def test_only_the_attributes_asked_for_are_compared_of_a_model(
    make_faces: FacesBuilder, model_of: Callable[[int], Path]
) -> None:
    faces = make_faces(["test"] * 2, ["fear"] * 2, gender=["a", "b"], race=["c", "d"])
    parameters = AuditParameters.model_validate(
        {"model": str(model_of(8)), "columns": {"attributes": ["race"]}, "input_scale": "0-255"}
    )
    assert score(faces, parameters)[1]["attributes"] == ["race"]
