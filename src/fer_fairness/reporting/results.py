"""The report's numbers for machines: one JSON-able document."""

from typing import Final

from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.json_values import Json, as_json

SCHEMA_VERSION: Final = "5.1"
"""Major: a table or column changes its meaning or goes away; minor: one is added."""


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
