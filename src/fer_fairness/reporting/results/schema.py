"""What `results.json` and `audit.json` say, as the models that their JSON Schema is made from."""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from fer_fairness.reporting.findings.effects import Effect
from fer_fairness.reporting.glance import Sign

SCHEMA_VERSION: Final = "7.0"
"""Major: a key, table or column changes its meaning or goes away; minor: one is added."""

Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AttributeFinding(_Part):
    """What was found between the groups of one attribute, of the baseline or the audited model."""

    variant: str
    evaluation_set: str
    attribute: str = Field(description='Such as "race"; "gender x race" are intersections.')
    attribute_source: str = Field(description="Who labelled the groups; all labels are perceived.")
    verdict: Sign = Field(description="Over all metrics of the attribute, after correction.")
    sentence: str
    accuracy_gap: float | None = Field(
        description="Share in [0, 1], noise taken off; null where it could not be computed."
    )
    ci_low: float | None = Field(description="Of the accuracy gap, at the level of its verdict.")
    ci_high: float | None
    p_value_corrected: float | None = Field(description="Of the accuracy gap alone.")
    n_people: Count | None = Field(description="Compared; null where nobody could be.")
    n_faces: Count | None


class MethodChange(_Part):
    """What a method changed, for one audience."""

    variant: str
    against: str = Field(description="The variant set against: a control, or the baseline.")
    evaluation_set: str
    attribute: str | None = Field(description="Of whose groups; null is everybody.")
    effect: Effect


class TableFile(_Part):
    """A table in a Parquet file of its own."""

    path: str = Field(description="Relative to the folder of this file, with forward slashes.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of the file.")
    n_rows: Annotated[int, Field(ge=1)]
    columns: list[str]


class Results(_Part):
    """The numbers of a report for programs: what was found, and where the tables are."""

    schema_version: Literal["7.0"]
    kind: Literal["project", "audit"] = Field(description="Own models, or one made elsewhere.")
    summary: str = Field(description="What was measured on whom, in a sentence.")
    findings: list[AttributeFinding] = Field(
        description="Differences found first, then wider gaps first."
    )
    methods: list[MethodChange] = Field(description="Those with most help and least harm first.")
    notes: list[str] = Field(description="What must be read first.")
    manifest: dict[str, Any] = Field(description="How the run was made.")
    quality: dict[str, Any] = Field(description="The data-quality report of each dataset.")
    tables: dict[str, TableFile] = Field(description="By name; one without a row is not there.")


def schema_text() -> str:
    """The JSON Schema of the results file (draft 2020-12), as it is published."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Results.model_json_schema(),
        "title": f"Results of fer-fairness, version {SCHEMA_VERSION}",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
