import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from tests.reporting.rows import report, without

from fer_fairness.errors import InvalidInputError
from fer_fairness.files import file_sha256
from fer_fairness.reporting.findings.effects import control_of, effects
from fer_fairness.reporting.glance import statements
from fer_fairness.reporting.html import render_report
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.json_values import as_json
from fer_fairness.reporting.results.document import (
    read_inputs,
    read_results,
    read_table,
    results_json,
    with_sha256,
    write_results,
)
from fer_fairness.reporting.results.schema import SCHEMA_VERSION, Results, schema_text


def content_of(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


@pytest.fixture
def written(small_inputs: ReportInputs, tmp_path: Path) -> Path:
    """The results file of a project, beside its tables."""
    return write_results(small_inputs, tmp_path / "reports")


def test_a_written_file_is_what_the_published_schema_says(
    written: Path, audit: ReportInputs, tmp_path: Path, project_root: Path
) -> None:
    published = json.loads((project_root / "docs/results.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(published)
    validator.check_schema(published)
    content = content_of(written)
    validator.validate(content)
    validator.validate(content_of(write_results(audit, tmp_path)))
    assert content["schema_version"] == SCHEMA_VERSION
    for spoilt in (
        {**content, "schema_version": "5.1"},
        {**content, "more": 1},
        {**content, "tables": {"gaps": {**content["tables"]["gaps"], "sha256": "0"}}},
        {**content, "findings": [{**content["findings"][0], "verdict": "significant"}]},
    ):
        assert not validator.is_valid(spoilt)


def test_the_published_schema_is_that_of_the_models(project_root: Path) -> None:
    published = (project_root / "docs/results.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), "stale: run `make schema`"
    assert Results.model_fields["schema_version"].annotation.__args__ == (  # type: ignore[union-attr]
        SCHEMA_VERSION,
    )


def test_every_table_with_rows_is_named_and_its_file_holds_all_of_it(
    written: Path, small_inputs: ReportInputs
) -> None:
    tables = read_results(written).tables
    assert set(tables) == {name for name, table in small_inputs.tables.items() if len(table)}
    for name, told in tables.items():
        table = small_inputs.tables[name]
        assert file_sha256(written.parent / told.path) == told.sha256
        assert (told.n_rows, told.columns) == (len(table), list(table.columns))
        pd.testing.assert_frame_equal(read_table(written, name), table)


@pytest.mark.parametrize("kind", ["small_inputs", "audit"])
def test_a_report_can_be_written_again_from_its_results(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    inputs: ReportInputs = request.getfixturevalue(kind)
    again = read_inputs(write_results(inputs, tmp_path))
    assert results_json(again) == results_json(inputs)
    assert again.kind == inputs.kind
    assert render_report(again) == render_report(inputs)


def test_a_table_without_rows_is_not_there(small_inputs: ReportInputs, tmp_path: Path) -> None:
    file = write_results(without(small_inputs, "comparisons"), tmp_path)
    assert not (tmp_path / "tables/comparisons.parquet").exists()
    with pytest.raises(InvalidInputError, match=r"no table 'comparisons'.*'overall'"):
        read_table(file, "comparisons")


def test_the_headline_says_what_the_first_screen_says(
    written: Path, small_inputs: ReportInputs
) -> None:
    results = read_results(written)
    shown = [(one.sign, one.text, one.gap.attribute) for one in statements(small_inputs)]
    assert [(one.verdict, one.sentence, one.attribute) for one in results.findings] == shown
    gaps = small_inputs.tables["gaps"]
    for one in results.findings:
        told = one.model_dump()
        rows = gaps[gaps["metric"] == "accuracy_gap"]
        for name in ("variant", "evaluation_set", "attribute", "attribute_source"):
            rows = rows[rows[name] == told[name]]
        (row,) = rows.to_dict("records")
        assert told["accuracy_gap"] == row["value"]
        for name in ("ci_low", "ci_high", "p_value_corrected", "n_people", "n_faces"):
            assert told[name] == row[name]
    changes = [
        (method.variant, control_of(small_inputs) or "baseline", *audience, effect)
        for method in effects(small_inputs)
        for audience, effect in method.by_audience.items()
    ]
    assert [tuple(one.model_dump().values()) for one in results.methods] == changes


def test_missing_and_infinite_numbers_are_null(small_inputs: ReportInputs, tmp_path: Path) -> None:
    gaps = small_inputs.tables["gaps"].assign(value=np.nan, ci_low=np.inf, n_people=np.nan)
    first = content_of(write_results(report(gaps=gaps), tmp_path))["findings"][0]
    assert (first["accuracy_gap"], first["ci_low"], first["n_people"]) == (None, None, None)


def test_results_of_nothing_are_results(tmp_path: Path) -> None:
    results = read_results(write_results(report(), tmp_path))
    assert (results.findings, results.methods, results.tables) == ([], [], {})


def test_a_table_that_is_not_written_yet_is_not_named(small_inputs: ReportInputs) -> None:
    def sha256_of(path: str) -> str:
        return file_sha256(Path("nowhere") / path)

    with pytest.raises(InvalidInputError, match=r"nowhere/tables/\w+\.parquet is not there"):
        with_sha256(results_json(small_inputs), sha256_of)


def test_a_failure_while_tables_are_written_leaves_the_older_results(
    written: Path, small_inputs: ReportInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = written.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(OSError, match="disk full"):
        write_results(small_inputs, written.parent)
    assert written.read_bytes() == before


def test_another_table_in_the_place_of_one_that_is_named_is_refused(written: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(written.parent / "tables/gaps.parquet")
    with pytest.raises(InvalidInputError, match=r"gaps\.parquet has the SHA-256"):
        read_table(written, "gaps")
    assert len(read_table(written, "overall"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no JSON", "the file: Invalid JSON"),
        ("{}", "schema_version: Field required"),
        ('{"schema_version": "5.1"}', "schema_version: Input should be '7.0'"),
    ],
)
def test_another_file_is_refused_with_what_is_wrong(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text(text)
    with pytest.raises(InvalidInputError, match=rf"{told}.*expected results of .* 7\.0"):
        read_results(file)


def test_values_of_every_kind_become_json() -> None:
    value = {
        "array": np.arange(2),
        "scalar": np.float32(0.5),
        "flag": np.True_,
        "set": {"b", "a"},
        "gone": pd.NA,
        1: (None, float("nan")),
        "when": pd.Timestamp("2026-01-01"),
    }
    assert as_json(value) == {
        "array": [0, 1],
        "scalar": 0.5,
        "flag": True,
        "set": ["a", "b"],
        "gone": None,
        "1": [None, None],
        "when": "2026-01-01 00:00:00",
    }
