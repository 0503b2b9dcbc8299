"""A report's numbers for programs: one small JSON document, and the tables in Parquet beside it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from fer_fairness.errors import InvalidInputError
from fer_fairness.files import file_sha256, replacing, verify_sha256
from fer_fairness.reporting.findings.effects import controls, effects
from fer_fairness.reporting.glance import Statement, statements, subject
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.json_values import Json, as_json
from fer_fairness.reporting.results.schema import SCHEMA_VERSION, Results
from fer_fairness.reporting.rows.schema import Row


def results_json(inputs: ReportInputs) -> dict[str, Any]:
    """What `schema.Results` tells, but for the SHA-256 of tables: `with_sha256` adds them.

    Args:
        inputs: The report's tables.

    Returns:
        JSON-able. Missing and infinite numbers are null; nothing depends on the clock.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": inputs.kind,
        "summary": subject(inputs),
        "findings": [_finding(one) for one in statements(inputs)],
        "methods": _methods(inputs),
        "notes": as_json(inputs.notes),
        "manifest": as_json(inputs.manifest),
        "quality": as_json(inputs.quality),
        "tables": {
            name: {
                "path": inputs.file_of(Row.schemas[name]),
                "n_rows": len(table),
                "columns": [str(column) for column in table.columns],
            }
            for name, table in inputs.tables.items()
            if len(table)
        },
    }


def _finding(statement: Statement) -> Json:
    gap = statement.gap
    return as_json(
        {
            "variant": gap.variant,
            "evaluation_set": gap.evaluation_set,
            "attribute": gap.attribute,
            "attribute_source": gap.attribute_source,
            "verdict": statement.sign.value,
            "sentence": statement.text,
            "accuracy_gap": gap.value,
            "ci_low": gap.ci_low,
            "ci_high": gap.ci_high,
            "p_value_corrected": gap.p,
            "n_people": gap.n_people,
            "n_faces": gap.n_faces,
        }
    )


def _methods(inputs: ReportInputs) -> list[Json]:
    control = controls(inputs)
    return [
        {
            "variant": method.variant,
            "against": control.get(method.variant, inputs.variants()[0]),
            "evaluation_set": evaluation_set,
            "attribute": attribute,
            "effect": effect.value,
        }
        for method in effects(inputs)
        for (evaluation_set, attribute), effect in method.by_audience.items()
    ]


def with_sha256(results: dict[str, Any], sha256_of: Callable[[str], str]) -> dict[str, Any]:
    """Results whose tables are all written, each with the SHA-256 of its file.

    Args:
        results: Those of `results_json`.
        sha256_of: Gives the SHA-256 of a table's file by its path in the results.

    Raises:
        InvalidInputError: A table's file is not there.
    """
    try:
        tables = {
            name: {**table, "sha256": sha256_of(table["path"])}
            for name, table in results["tables"].items()
        }
    except FileNotFoundError as error:
        raise InvalidInputError(
            f"{error.filename} is not there, but results with this table were to be saved; "
            "expected all tables before. Run the same command with --only-missing-outputs."
        ) from error
    return Results.model_validate({**results, "tables": tables}).model_dump(mode="json")


def write_results(inputs: ReportInputs, folder: Path) -> Path:
    """Write every table that has rows, and then the results file that names them.

    Args:
        inputs: The report's tables.
        folder: Where to; made where it is not there.

    Returns:
        The results file. It is replaced at once, after the tables: it never names one that is not
        there.
    """
    for name, table in inputs.tables.items():
        if len(table):
            with replacing(folder / inputs.file_of(Row.schemas[name])) as unfinished:
                table.to_parquet(unfinished)
    results = with_sha256(results_json(inputs), lambda path: file_sha256(folder / path))
    file = folder / inputs.results_name
    with replacing(file) as unfinished:
        text = json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False)
        unfinished.write_text(text, encoding="utf-8")
    return file


def read_table(results: Path, name: str) -> pd.DataFrame:
    """A table of a results file, as the run that wrote the file left it.

    Args:
        results: `results.json` or `audit.json`.
        name: The table's name.

    Raises:
        InvalidInputError: The file is no results file of this version, has no such table, or the
            table's file is another one now.
    """
    told = read_results(results)
    if name not in told.tables:
        raise InvalidInputError(
            f"{results} has no table {name!r}; expected one of {list(told.tables)}. A table "
            "without a row is not there."
        )
    table = told.tables[name]
    path = results.parent / table.path
    verify_sha256(path, table.sha256, remedy=f"Write {results.name} again, after its tables.")
    return pd.read_parquet(path)


def read_inputs(results: Path) -> ReportInputs:
    """What a report was written from: for another card, or the page again.

    Args:
        results: `results.json` or `audit.json`, beside its tables.

    Raises:
        InvalidInputError: As `read_table`; or a table lacks a column.
    """
    told = read_results(results)
    return ReportInputs(
        {name: read_table(results, name) for name in told.tables},
        kind=told.kind,
        quality=told.quality,
        manifest=told.manifest,
        notes=told.notes,
    )


def read_results(path: Path) -> Results:
    """A results file.

    Raises:
        InvalidInputError: It is no results file of this version.
    """
    try:
        return Results.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidInputError(
            f"{path}: {where}: {first['msg']}; expected results of the schema version "
            f"{SCHEMA_VERSION} (docs/results.schema.json). Write the report again."
        ) from error
