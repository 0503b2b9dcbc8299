"""Nodes of the audit: what they refuse, what they compare, what they write."""

import html
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydantic import ValidationError

from fer_fairness.auditing import measuring
from fer_fairness.auditing.measurements import EVALUATION_TABLES, LABEL_NOISE_TABLES
from fer_fairness.auditing.reading import People
from fer_fairness.auditing.report import AUDIT_COLUMNS
from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.foreign import running
from fer_fairness.params.audit import AuditParameters
from fer_fairness.pipelines.audit import model_file, nodes
from fer_fairness.taxonomy import EMOTIONS

FacesBuilder = Callable[..., pd.DataFrame]

QUICK: dict[str, Any] = {
    "n_scan_permutations": 99,
    "inference": {"n_bootstrap": 100, "n_permutations": 100, "n_power": 50},
}
MANIFEST = {"command": "kedro run --pipelines audit", "commit": None}

ROW_NUMBERS = (
    "No column tells the samples apart: the row numbers are used, so a sample that occurs twice "
    "cannot be found."
)


def predictions_of(n: int, **groups: list[str]) -> pd.DataFrame:
    """Predictions on `n` faces, wrong for four in five of race `black`, each attribute cyclic."""
    rng = np.random.default_rng(5)
    true = rng.choice(["anger", "fear", "neutral"], n)
    attributes = {name: rng.choice(values, n) for name, values in groups.items()}
    wrong = (attributes.get("race", np.full(n, "")) == "black") & (rng.random(n) < 0.8)
    predicted = np.where(wrong, rng.choice(["anger", "fear", "neutral"], n), true)
    return pd.DataFrame({"y_true": true, "y_pred": predicted, **attributes})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("given") / "model v1.2.csv"
    people = predictions_of(300, gender=["female", "male"], race=["asian", "black", "white"])
    people.to_csv(path, index=False)
    return path


@dataclass(frozen=True)
class Audited:
    """What the nodes made of a file."""

    tables: dict[str, pd.DataFrame]
    page: str
    results: dict[str, Any]
    table: pd.DataFrame

    @property
    def gaps(self) -> pd.DataFrame:
        return self.tables["gaps"]


def audited(path: Path, **parameters: Any) -> Audited:
    """Pass a file through every node."""
    chosen = AuditParameters.model_validate({"predictions": str(path), **QUICK, **parameters})
    people, reading, held_out, labels = nodes.read_prediction_file(chosen)
    measured_on = people, reading, chosen, 0
    evaluated = measuring.evaluate_people(*measured_on)
    corrected = measuring.correct_label_errors(*measured_on, held_out, labels)
    tables = {
        **dict(zip(EVALUATION_TABLES, evaluated, strict=True)),
        **dict(zip(LABEL_NOISE_TABLES, corrected, strict=True)),
        "comparisons": measuring.compare_models(*measured_on),
        "scan": measuring.scan_subgroups(*measured_on),
        "aif360": measuring.one_vs_rest(*measured_on),
    }
    page, table, *_, results = nodes.write_audit(reading, MANIFEST, chosen, 0, **tables)
    return Audited(tables, page, results, table)


def assumed(done: Audited) -> list[str]:
    """What the report says, behind the findings, that was assumed or left out."""
    notes: list[str] = done.results["manifest"]["reading"]["notes"]
    return notes


@pytest.fixture(scope="module")
def done(file: Path) -> Audited:
    """The file audited as it is."""
    return audited(file)


def test_no_file_named_says_how_to_name_one_and_where_models_go() -> None:
    with pytest.raises(InvalidInputError, match=r"audit\.predictions=FILE.*audit_model"):
        nodes.read_prediction_file(AuditParameters())


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"absent\.csv: there is no such file"):
        nodes.read_prediction_file(AuditParameters(predictions=str(tmp_path / "absent.csv")))


def test_groups_named_like_the_source_of_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "given.csv"
    predictions_of(60, race=["a", "b"], race_source=["c", "d"]).to_csv(path, index=False)
    parameters = AuditParameters.model_validate(
        {"predictions": str(path), "columns": {"attributes": ["race", "race_source"]}}
    )
    with pytest.raises(InvalidInputError, match=r"'race_source'.*'race'.*Rename the column"):
        nodes.read_prediction_file(parameters)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("v1.2.csv", "v1.2"), ("v1.2.csv.gz", "v1.2"), ("v1.3.parquet", "v1.3")],
)
def test_a_model_is_called_like_its_file_unless_named(
    name: str, shown: str, tmp_path: Path
) -> None:
    path, people = tmp_path / name, predictions_of(40, race=["a", "b"])
    if path.suffix == ".parquet":
        people.to_parquet(path)
    else:
        people.to_csv(path, index=False)
    _, reading, *_ = nodes.read_prediction_file(AuditParameters(predictions=str(path)))
    assert (reading["name"], reading["evaluation_set"]) == (shown, name)
    _, named, *_ = nodes.read_prediction_file(AuditParameters(predictions=str(path), name="mine"))
    assert named["name"] == "mine"


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


def test_page_names_the_file_its_hash_and_what_was_found(file: Path, done: Audited) -> None:
    _, reading, *_ = nodes.read_prediction_file(AuditParameters(predictions=str(file)))
    assert file.name in done.page
    assert reading["sha256"] in done.page
    assert "difference found" in done.page
    found = done.gaps[done.gaps["metric"] == "accuracy_gap"].set_index("attribute")["verdict"]
    assert found["race"] == "difference found"
    assert found["gender"].startswith("no difference found")
    assert set(found.index) == {"gender", "race", "gender x race"}
    assert done.results["notes"] == []
    assert assumed(done) == [ROW_NUMBERS]


def test_table_and_results_hold_every_metric_and_can_be_read_by_anything(done: Audited) -> None:
    assert list(done.table.columns) == list(AUDIT_COLUMNS)
    assert len(done.table) == len(done.gaps)
    assert done.gaps["minimum_detectable"].isna().any(), "or a missing number is not tested"
    text = json.dumps(done.results, allow_nan=False)
    assert json.loads(text)["kind"] == "audit"
    assert done.results["tables"]["gaps"]["n_rows"] == len(done.gaps)
    assert {row["attribute"] for row in done.results["findings"]} == {
        *("gender", "race", "gender x race")
    }
    assert done.results["manifest"]["reading"]["sha256"]


def test_several_models_are_one_report_with_what_each_changes(file: Path, tmp_path: Path) -> None:
    people = pd.read_csv(file)
    both = tmp_path / "both.csv"
    people.rename(columns={"y_pred": "pred_a"}).assign(pred_b=people["y_true"]).to_csv(both)
    done = audited(both, columns={"predicted": "pred_a;pred_b"}, intersections=[])
    assert set(done.table["model"]) == {"pred_a", "pred_b"}
    assert {row["variant"] for row in done.results["methods"]} == {"pred_b"}
    assert done.results["manifest"]["reading"]["models"] == ["pred_a", "pred_b"]
    assert "What the other models change" in done.page


def test_aif360_is_left_out_and_says_so_above_so_many_people(file: Path) -> None:
    assert "aif360" in audited(file, aif360_max_people=300, intersections=[]).results["tables"]
    without = audited(file, aif360_max_people=299, intersections=[])
    assert "aif360" not in without.results["tables"]
    numbered, note = assumed(without)
    assert numbered == ROW_NUMBERS
    assert "300 people, more than 299 (audit.aif360_max_people)" in note
    assert "audit.aif360_max_people" in without.page


def test_what_is_too_fine_to_compare_is_named(file: Path) -> None:
    done = audited(file, max_groups=2)
    assert set(done.tables["aif360"]["attribute"]) == {"gender"}
    _, pairs, aif360 = assumed(done)
    assert "more than 2 groups (audit.max_groups): gender x race." in pairs
    assert "left out for race:" in aif360
    assert set(done.table["attribute"]) == {"gender", "race"}


def test_one_group_alone_gives_a_report_that_says_too_few(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    predictions_of(40, gender=["female"]).to_csv(path, index=False)
    done = audited(path)
    assert set(done.table["verdict"]) == {"too few people to say"}
    assert "left out for gender" in assumed(done)[1]
    assert json.dumps(done.results, allow_nan=False)


def test_held_out_labels_correct_the_groups_they_are_about_and_no_others(
    file: Path, tmp_path: Path
) -> None:
    generator = np.random.default_rng(3)
    true = generator.choice(["asian", "black", "white"], 900)
    predicted = np.where(generator.random(900) < 0.7, true, generator.permutation(true))
    path = tmp_path / "held_out.csv"
    pd.DataFrame({"true_race": true, "predicted_race": predicted}).to_csv(path, index=False)
    found = audited(file, held_out_labels=str(path), intersections=[])
    assert set(found.tables["label_noise_attributes"]["attribute"]) == {"race"}
    gap = found.tables["label_noise_gaps"].set_index("metric").loc["accuracy_gap"]
    assert gap["corrected_value"] > gap["value"], "labels that err had made the gap smaller"
    sources = found.gaps.groupby("attribute")["attribute_source"].first()
    assert sources.to_dict() == {"gender": "given", "race": "predicted"}
    assert found.results["manifest"]["reading"]["held_out_labels"]["n_people"] == 900
    assert "predicted by a labeller" in found.page


def test_primary_outcomes_are_told_with_the_hash_of_the_parameters_that_name_them(
    file: Path, done: Audited
) -> None:
    inference = {"primary": ["accuracy_gap by race"], "n_bootstrap": 100, "n_permutations": 100}
    named = audited(file, inference=inference)
    note = named.results["notes"][0]
    assert "named before looking: accuracy gap by perceived race" in note
    sha256 = named.results["manifest"]["parameters_sha256"]
    assert f"{sha256[:12]}…" in note
    page = html.unescape(named.page)
    assert note in page
    assert page.index("Primary outcomes</h3>") < page.index("headline comparisons")
    assert "Primary outcomes</h3>" not in done.page
    assert sha256 != done.results["manifest"]["parameters_sha256"]
    assert not any("Primary" in note for note in done.results["notes"])


def test_without_held_out_labels_nothing_is_corrected(done: Audited) -> None:
    assert "label_noise_attributes" not in done.results["tables"]
    assert "held_out_labels" not in done.results["manifest"]["reading"]


def test_people_that_nobody_named_are_warned_of_in_the_log_and_on_top_of_the_report(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "frames.csv"
    frames = predictions_of(360)
    who = frames.index // 15
    frames = frames.assign(
        who=[f"S{number:02d}" for number in who], gender=np.where(who % 2, "f", "m")
    )
    frames.to_csv(path, index=False)
    found = audited(path)
    (warning,) = (record for record in caplog.records if record.levelname == "WARNING")
    assert "audit.columns.person=who" in warning.getMessage()
    assert found.results["notes"][0] == warning.getMessage()
    assert found.results["manifest"]["reading"]["n_people"] == 360


def test_held_out_labels_of_a_model_are_refused() -> None:
    with pytest.raises(ValidationError, match="held_out_labels is given without predictions"):
        AuditParameters(model="m.keras", held_out_labels="h.csv")


@pytest.mark.parametrize(
    "name", [b"new\nline", b"<script>alert(1)", b"bad\xff\xfe", b"-rf", b"{variant} %s", b"a,b;c"]
)
def test_a_file_of_any_name_is_audited(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name + b".csv"))
    predictions_of(60, gender=["female", "male"]).to_csv(path, index=False)
    parameters = AuditParameters.model_validate(QUICK | {"predictions": str(path)})
    people, reading, held_out, labels = nodes.read_prediction_file(parameters)
    given = people, reading, parameters, 0
    empty = measuring.correct_label_errors(*given, held_out, labels)
    tables = {
        **dict(zip(EVALUATION_TABLES, measuring.evaluate_people(*given), strict=True)),
        **dict(zip(LABEL_NOISE_TABLES, empty, strict=True)),
        "scan": measuring.scan_subgroups(*given),
        "aif360": measuring.one_vs_rest(*given),
    }
    page, table, *_, results = nodes.write_audit(reading, MANIFEST, parameters, 0, **tables)
    assert page.count("<script") == 1, "the page's own"
    for text in (page, json.dumps(results, ensure_ascii=False), json.dumps(reading)):
        text.encode()
    tables["gaps"].to_parquet(tmp_path / "gaps.parquet")
    assert len(table)
