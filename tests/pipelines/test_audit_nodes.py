"""Nodes of the audit of a file: what they refuse, what they compare, what they write."""

import html
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from fer_fairness.auditing import measuring
from fer_fairness.auditing.measurements import EVALUATION_TABLES, LABEL_NOISE_TABLES
from fer_fairness.auditing.report import AUDIT_COLUMNS
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import AuditParameters
from fer_fairness.pipelines.audit import nodes

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
