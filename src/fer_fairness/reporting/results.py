"""The report's numbers for machines: one JSON-able document."""

import math
from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
import pandas as pd
from pydantic import BaseModel

from fer_fairness.reporting.inputs import ReportInputs

SCHEMA_VERSION: Final = "5.0"
"""Major: a table or column changes its meaning or goes away; minor: one is added."""

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


def results_json(inputs: ReportInputs) -> dict[str, Json]:
    """All tables as records, with the manifest, the data quality and the notes.

    Args:
        inputs: The report's tables.

    Returns:
        Keys schema_version, kind ("project" or "audit"), manifest, notes, quality and tables (name
        to list of records). Missing and infinite numbers are null; nothing depends on the clock.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": inputs.kind,
        "manifest": as_json(inputs.manifest),
        "notes": as_json(inputs.notes),
        "quality": as_json(inputs.quality),
        "tables": {name: as_json(table) for name, table in inputs.tables.items()},
    }


def as_json(value: object) -> Json:
    """Any value of the report as JSON: arrays as lists, missing as null, the rest as text."""
    if isinstance(value, pd.DataFrame):
        return [as_json(record) for record in value.to_dict("records")]
    if isinstance(value, BaseModel):
        return as_json(value.model_dump(mode="json"))
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return as_json(value.tolist())
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((as_json(item) for item in value), key=str)
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bool, int, str)):
        return value
    return str(value)
