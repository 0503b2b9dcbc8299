"""Files in exactly the form of the tools' own output, read as they are."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.foreign_tables.given_frame import table_of_frame
from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.predictions.reading import PredictionFile, read_predictions, read_table

FER2013 = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
EIGHT = ("Anger", "Contempt", "Disgust", "Fear", "Happiness", "Neutral", "Sadness", "Surprise")
SEEN = ("happy", "sad", "sad", "happy", "angry", "happy")
"""What the tools see in the pictures 0 to 5."""

FOLDERS = ("happy", "sad", "happy", "happy", "angry", "sad")
"""What these show."""

PATHS = tuple(f"test/{folder}/{number}.jpg" for number, folder in enumerate(FOLDERS))


def shares(emotion: str) -> dict[str, float]:
    """88 percent for an emotion, the others alike."""
    return {name: 88.0 if name == emotion else 2.0 for name in FER2013}


def deepface(emotion: str, *, width: int = 40, woman: bool = True) -> dict[str, Any]:
    """A face as `DeepFace.analyze` returns it."""
    gender = {"Woman": 91.0, "Man": 9.0} if woman else {"Woman": 9.0, "Man": 91.0}
    return {
        "emotion": shares(emotion),
        "dominant_emotion": emotion,
        "region": {"x": 1, "y": 2, "w": width, "h": 41, "left_eye": [9, 9], "right_eye": None},
        "face_confidence": 0.9,
        "age": 37 if woman else 71,
        "gender": gender,
        "dominant_gender": "Woman" if woman else "Man",
        "race": {"asian": 0.5, "white": 99.5},
        "dominant_race": "white",
    }


FACES = [deepface(emotion, woman=bool(i % 2)) for i, emotion in enumerate(SEEN)]


def read_json(folder: Path, value: object, **columns: Any) -> PredictionFile:
    path = folder / "results.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return read_predictions(path, PredictionColumns(**columns))


def notes_of(found: PredictionFile) -> str:
    return " ".join(cast("list[str]", found.reading["notes"]))


def check_deepface(found: PredictionFile) -> None:
    assert found.frame["predicted_emotion"].tolist() == list(SEEN)
    assert found.frame["emotion"].tolist() == list(FOLDERS)
    assert found.attributes == ("age", "dominant_gender", "dominant_race")
    assert set(found.frame["age"]) == {"20-39", "70+"}
    assert found.frame[list(found.probability_columns)].max(axis=1).tolist() == [0.88] * 6


def test_deepface_json_by_picture(tmp_path: Path) -> None:
    by_picture = {path: [face] for path, face in zip(PATHS, FACES, strict=True)}
    check_deepface(read_json(tmp_path, by_picture))


@pytest.mark.parametrize(
    "write",
    [
        lambda frame, path: frame.to_csv(path, index=False),
        lambda frame, path: frame.map(_as_numpy_prints).to_csv(path, index=False),
        lambda frame, path: pd.json_normalize(frame.to_dict("records")).to_csv(path),
        lambda frame, path: frame.to_json(path, orient="records"),
        lambda frame, path: frame.to_json(path, orient="records", lines=True),
    ],
    ids=["dicts", "numpy_dicts", "json_normalize", "json", "json_lines"],
)
def test_deepface_saved_with_pandas(
    tmp_path: Path, write: Callable[[pd.DataFrame, Path], None]
) -> None:
    frame = pd.DataFrame(FACES).assign(img_path=PATHS)
    write(frame, tmp_path / "out.csv")
    check_deepface(read_predictions(tmp_path / "out.csv", PredictionColumns()))


def _as_numpy_prints(cell: object) -> object:
    if not isinstance(cell, dict):
        return cell
    return {k: np.float32(v) if isinstance(v, float) else v for k, v in cell.items()}


def test_deepface_as_a_data_frame_of_dictionaries() -> None:
    frame = pd.DataFrame(FACES).assign(img_path=PATHS)
    check_deepface(read_table(table_of_frame(frame), PredictionColumns()))


def test_faces_of_each_picture_without_names_need_a_column_of_labels(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no column is named like one of true labels"):
        read_json(tmp_path, [[face] for face in FACES])


def test_of_several_faces_the_largest_is_audited(tmp_path: Path) -> None:
    small, large = deepface("sad", width=10), deepface("happy", width=60)
    pictures = {path: [face] for path, face in zip(PATHS, FACES, strict=True)}
    found = read_json(tmp_path, pictures | {PATHS[0]: [small, large]})

    assert found.frame["predicted_emotion"].tolist() == list(SEEN)
    assert "1 pictures have several faces: the largest" in notes_of(found)
    assert found.reading["warnings"] == []

    every = read_json(tmp_path, pictures | {PATHS[0]: [small, large]}, several_faces="all")
    assert len(every.frame) == len(SEEN) + 1
    assert every.frame["sample_id"].tolist()[:2] == [PATHS[0], f"{PATHS[0]} face 2"]


def test_a_warning_tells_where_most_faces_are_left_out(tmp_path: Path) -> None:
    labelled = [face | {"true_emotion": "sad"} for face in FACES]
    found = read_json(tmp_path, {"train": labelled[:3], "test": labelled[3:]})

    warning = str(found.reading["warnings"])
    assert "2 pictures have several faces" in warning
    assert "4 others are left out" in warning
    assert "If 'train' is no picture" in warning


def test_pictures_without_a_face_are_counted(tmp_path: Path) -> None:
    pictures = {path: [face] for path, face in zip(PATHS, FACES, strict=True)}
    found = read_json(tmp_path, pictures | {"test/sad/9.jpg": []})

    assert len(found.frame) == len(SEEN)
    assert "found no face in 1 of 7 rows" in notes_of(found)


def test_a_tool_that_found_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="the JSON holds no records of faces"):
        read_json(tmp_path, {path: [] for path in PATHS})


def test_answers_for_whole_pictures_are_counted(tmp_path: Path) -> None:
    skipped = FACES[0] | {"face_confidence": 0}
    pictures = dict(zip(PATHS, [skipped, *FACES[1:]], strict=True))
    found = read_json(tmp_path, pictures)

    assert len(found.frame) == len(SEEN)
    assert "1 of 6 rows (face_confidence 0)" in notes_of(found)


def fer_face(emotion: str) -> dict[str, Any]:
    """A face as `FER.detect_emotions` returns it: shares rounded to two digits, not always one."""
    emotions = dict.fromkeys(FER2013, 0.03) | {emotion: 0.83}
    return {"box": [277, 90, 48, 63], "emotions": emotions}


def write_groups(folder: Path, paths: tuple[str, ...] = PATHS) -> Path:
    groups = ["f", "m"] * (len(paths) // 2)
    pd.DataFrame({"image": paths, "gender": groups}).to_csv(folder / "groups.csv", index=False)
    return folder / "groups.csv"


def test_fer_json(tmp_path: Path) -> None:
    pictures = {path: [fer_face(emotion)] for path, emotion in zip(PATHS, SEEN, strict=True)}
    (tmp_path / "fer.json").write_text(json.dumps(pictures | {"test/sad/8.jpg": []}))
    beside = [open_table(write_groups(tmp_path))]
    found = read_table(open_table(tmp_path / "fer.json"), PredictionColumns(), beside)

    assert found.frame["predicted_emotion"].tolist() == list(SEEN)
    assert found.frame["gender"].tolist() == ["f", "m"] * 3
    assert found.reading["warnings"] == []
    sums = found.frame[list(found.probability_columns)].sum(axis=1)
    assert (sums <= 1).all()
    assert found.frame["probability_happy"].max() == pytest.approx(0.83 / 1.01)


def test_fer_video_table_of_faces_side_by_side(tmp_path: Path) -> None:
    second = {f"{key}1": value for key, value in fer_face("sad")["emotions"].items()}
    rows = [
        {"box0": "[277, 90, 48, 63]"}
        | {f"{key}0": value for key, value in fer_face(emotion)["emotions"].items()}
        | ({"box1": "[9, 9, 100, 100]"} | second if number == 0 else {})
        | {"label": FOLDERS[number], "gender": "fm"[number % 2]}
        for number, emotion in enumerate(SEEN)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "data.csv", index=False)
    found = read_predictions(tmp_path / "data.csv", PredictionColumns())

    assert found.frame["predicted_emotion"].tolist() == ["sad", *SEEN[1:]]


def test_py_feat_table_with_empty_rows(tmp_path: Path) -> None:
    names = dict(zip(FER2013, ("anger", "disgust", "fear", "happiness", "sadness"), strict=False))
    rows = [
        {"FaceRectX": 1.0, "FaceRectWidth": 9.0, "FaceRectHeight": 9.0, "FaceScore": 0.99}
        | {f"x_{n}": 1.5 for n in range(68)}
        | {names.get(key, key): value / 100 for key, value in shares(emotion).items()}
        | {"input": path, "frame": 0.0}
        for path, emotion in zip(PATHS, SEEN, strict=True)
    ]
    frame = pd.DataFrame([*rows, {"input": "test/sad/9.jpg", "frame": 0.0}])
    frame.to_csv(tmp_path / "fex.csv", index=False)
    beside = [open_table(write_groups(tmp_path))]
    found = read_table(open_table(tmp_path / "fex.csv"), PredictionColumns(), beside)

    assert found.frame["predicted_emotion"].tolist() == list(SEEN)
    assert found.frame["emotion"].tolist() == list(FOLDERS)
    assert "'happiness' is 'happy'" in notes_of(found)
    assert "found no face in 1 of 7 rows" in notes_of(found)

    pictures = frame.drop(columns="frame").assign(gender=["f", "m"] * 3 + ["f"])
    pictures.to_csv(tmp_path / "pictures.csv", index=False)
    alone = read_table(open_table(tmp_path / "pictures.csv"), PredictionColumns())
    assert alone.frame["emotion"].tolist() == list(FOLDERS)


@pytest.mark.parametrize("extra", [[], [0.3, -0.1]], ids=["eight", "with_valence_and_arousal"])
@pytest.mark.parametrize("scale", [1.0, 12.0], ids=["shares", "logits"])
def test_emoti_eff_lib_labels_and_scores(tmp_path: Path, extra: list[float], scale: float) -> None:
    seen = ["Happiness", "Sadness", "Sadness", "Happiness", "Anger", "Happiness"]
    scores = [[0.65 * scale if n == s else 0.05 * scale for n in EIGHT] + extra for s in seen]
    pictures = {p: [[s], [own]] for p, s, own in zip(PATHS, seen, scores, strict=True)}
    (tmp_path / "hse.json").write_text(json.dumps(pictures))
    beside = [open_table(write_groups(tmp_path))]
    found = read_table(open_table(tmp_path / "hse.json"), PredictionColumns(), beside)

    assert found.frame["predicted_emotion"].tolist() == list(SEEN)
    largest = found.frame[list(found.probability_columns)].max(axis=1)
    expected = 0.65 if scale == 1 else np.exp(7.8) / (np.exp(7.8) + 7 * np.exp(0.6))
    np.testing.assert_allclose(largest, expected)


def test_emoti_eff_lib_table_whose_emotion_is_what_it_saw(tmp_path: Path) -> None:
    seen = ["Happiness", "Sadness", "Sadness", "Happiness", "Anger", "Happiness"]
    scores = [np.array([0.65 if n == s else 0.05 for n in EIGHT]) for s in seen]
    frame = pd.DataFrame({"image": PATHS, "emotion": seen, "scores": scores, "sex": ["f", "m"] * 3})
    frame.to_csv(tmp_path / "hse.csv", index=False)
    found = read_predictions(tmp_path / "hse.csv", PredictionColumns())

    assert found.frame["emotion"].tolist() == list(FOLDERS)
    assert found.frame["predicted_emotion"].tolist() == list(SEEN)
    columns = cast("dict[str, Any]", found.reading["columns"])
    assert columns["predicted"] == {"column": "emotion", "by": "guessed"}


REKOGNITION = ("ANGRY", "DISGUSTED", "FEAR", "HAPPY", "SAD", "SURPRISED", "CALM")


def rekognition_face(emotion: str, *, width: float = 0.5) -> dict[str, Any]:
    """A face as `detect_faces` of AWS Rekognition returns it."""
    names = dict(zip(FER2013, REKOGNITION, strict=True))
    emotions = [{"Type": names[name], "Confidence": n} for name, n in shares(emotion).items()]
    return {
        "BoundingBox": {"Width": width, "Height": 0.4, "Left": 0.1, "Top": 0.2},
        "Emotions": emotions,
        "Landmarks": [
            {"Type": "eyeLeft", "X": 0.1, "Y": 0.2},
            {"Type": "nose", "X": 0.3, "Y": 0.2},
        ],
        "Confidence": 99.9,
    }


def test_rekognition_json(tmp_path: Path) -> None:
    faces = [{"FaceDetails": [rekognition_face(emotion)]} for emotion in (*SEEN, "neutral")]
    faces[0]["FaceDetails"].append(rekognition_face("sad", width=0.1))
    pictures = dict(zip((*PATHS, "test/neutral/7.jpg"), faces, strict=True))
    pictures["test/sad/8.jpg"] = {"FaceDetails": []}
    (tmp_path / "faces.json").write_text(json.dumps(pictures))
    beside = [open_table(write_groups(tmp_path))]
    found = read_table(open_table(tmp_path / "faces.json"), PredictionColumns(), beside)

    assert found.frame["predicted_emotion"].tolist() == [*SEEN, "neutral"]
    assert found.frame[list(found.probability_columns)].max(axis=1).tolist() == [0.88] * 7
    assert "found no face in 1 of 9 rows" in notes_of(found)
    assert "1 pictures have several faces" in notes_of(found)
    assert "its CALM is read as neutral" in notes_of(found)


def test_hugging_face_pipeline_of_the_first_few_classes(tmp_path: Path) -> None:
    few = {
        path: [{"label": emotion, "score": 0.6}, {"label": "neutral", "score": 0.3}]
        for path, emotion in zip(PATHS, SEEN, strict=True)
    }
    (tmp_path / "few.json").write_text(json.dumps(few))
    beside = [open_table(write_groups(tmp_path))]
    found = read_table(open_table(tmp_path / "few.json"), PredictionColumns(), beside)

    assert found.frame["predicted_emotion"].tolist() == list(SEEN)
    assert found.probability_columns == ()
    assert "some lists lack classes, or do not sum to one" in notes_of(found)


def test_fairface_script_gives_the_groups(tmp_path: Path) -> None:
    (tmp_path / "faces.json").write_text(json.dumps(dict(zip(PATHS, FACES, strict=True))))
    cut_out = [f"detected_faces/{n}_face0.jpg" for n in range(5)] + ["detected_faces/4_face1.jpg"]
    frame = pd.DataFrame({"face_name_align": cut_out, "race": "Black", "gender": "Male"})
    frame = frame.assign(race_scores_fair=["[0.1 0.2\n 0.7]"] * 6)
    frame.to_csv(tmp_path / "fairface.csv", index=False)
    beside = [open_table(tmp_path / "fairface.csv")]
    found = read_table(open_table(tmp_path / "faces.json"), PredictionColumns(), beside)

    assert found.frame["race"].tolist()[:4] == ["Black"] * 4
    assert found.frame["race"].isna().tolist()[4:] == [True, True]
    assert "1 of its pictures have several faces" in notes_of(found)
