"""What the report of an audit is made of."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from fer_fairness.auditing.coverage import left_out_notes, predicted_groups_notes
from fer_fairness.auditing.measurements import FABRICATED_NOTE, primary_notes
from fer_fairness.fairness.gaps import GAP_COLUMNS
from fer_fairness.files import json_sha256
from fer_fairness.params.audit import AuditParameters
from fer_fairness.reporting import ReportInputs, as_json

AUDIT_COLUMNS: Final = (
    "metric",
    "attribute",
    "group",
    "other_group",
    *GAP_COLUMNS[5:10],
    "verdict",
    "family",
    *GAP_COLUMNS[10:-1],
)
"""Of the tidy table of an audit: what was measured of whom, what it came to, how it was judged."""


def tidy_table(gaps: pd.DataFrame, reading: Mapping[str, Any]) -> pd.DataFrame:
    """The table of gaps with `AUDIT_COLUMNS`, of several models behind a column `model`.

    Args:
        gaps: As the report has it.
        reading: How the people were read.
    """
    own = ["model"] if "models" in reading else []
    return gaps.rename(columns={"variant": "model"})[[*own, *AUDIT_COLUMNS]]


def report_inputs(
    reading: dict[str, Any],
    manifest: Mapping[str, Any],
    parameters: AuditParameters,
    seed: int,
    tables: Mapping[str, pd.DataFrame],
    *,
    say: Callable[[str], str] = str,
) -> ReportInputs:
    """The tables of an audit with what must be known of them and how they came about.

    Args:
        reading: How the people were read.
        manifest: Of the run: command, versions.
        parameters: All settings of the audit.
        seed: Seed of all draws.
        tables: By the names of the report; `gaps` at least.
        say: Gives a sentence that names settings in the words of whoever asked.
    """
    gaps = tables["gaps"]
    chosen = parameters.model_dump()
    sha256 = json_sha256({"seed": seed, "audit": as_json(chosen)})
    left_out = left_out_notes(gaps, tables.get("aif360", pd.DataFrame()), reading, parameters)
    notes = [
        *primary_notes(parameters.inference, sha256),
        *([FABRICATED_NOTE] if reading.get("fabricated") else []),
        *reading["warnings"],
        *predicted_groups_notes(gaps),
    ]
    about = {
        "seed": seed,
        "parameters": chosen,
        "parameters_sha256": sha256,
        # What was assumed or left out stands behind the findings, where the reading is told.
        "reading": {**reading, "notes": [*reading["notes"], *map(say, left_out)]},
    }
    return ReportInputs(
        tables, kind="audit", manifest={**manifest, **about}, notes=[*map(say, notes)]
    )
