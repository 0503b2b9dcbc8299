"""What a report is made of: tidy tables with fixed columns, checked before anything is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

import pandas as pd

from fer_fairness.errors import InvalidInputError

DIFFERENCE_FOUND: Final = "difference found"
"""How a verdict begins where the corrected p-value survived."""

FEW_PEOPLE: Final = 30
"""Groups smaller than this are greyed: one face moves their accuracy by over three points."""

COLUMNS: Final = MappingProxyType(
    {
        "overall": (
            "variant",
            "evaluation_set",
            "metric",
            "value",
            "ci_low",
            "ci_high",
            "n_people",
        ),
        "groups": (
            "variant",
            "evaluation_set",
            "attribute",
            "attribute_source",
            "group",
            "metric",
            "value",
            "ci_low",
            "ci_high",
            "n_people",
        ),
        "gaps": (
            "variant",
            "evaluation_set",
            "attribute",
            "attribute_source",
            "metric",
            "family",
            "value",
            "ci_low",
            "ci_high",
            "corrected_value",
            "minimum_detectable",
            "equal_treatment",
            "null_mean",
            "null_95",
            "p_value",
            "p_value_holm",
            "p_value_benjamini_hochberg",
            "n_people",
            "n_groups",
            "smallest_group",
            "smallest_group_size",
            "n_missing",
            "left_out",
            "verdict",
        ),
        "comparisons": (
            "variant",
            "evaluation_set",
            "metric",
            "attribute",
            "difference",
            "corrected_difference",
            "ci_low",
            "ci_high",
            "level_down",
            "n_people",
        ),
        "aif360": (
            "variant",
            "evaluation_set",
            "attribute",
            "emotion",
            "privileged_group",
            "unprivileged_group",
            "n_privileged",
            "n_unprivileged",
            "metric",
            "value",
            "ci_low",
            "ci_high",
        ),
        "confusion": ("variant", "evaluation_set", "emotion", "predicted_emotion", "n_people"),
        "distributions": ("variant", "cell", "emotion", "n_before", "n_added", "n_after"),
        "histories": (
            "variant",
            "epoch",
            "loss",
            "accuracy",
            "validation_loss",
            "validation_accuracy",
            "learning_rate",
            "seconds",
        ),
        "labeller_confusion": ("attribute", "true", "predicted", "n_faces"),
        "labeller_summary": (
            "attribute",
            "n_faces",
            "accuracy",
            "ci_low",
            "ci_high",
            "expected_calibration_error",
            "majority_share",
        ),
        "scan": (
            "subgroup",
            "n_people",
            "observed_errors",
            "expected_errors",
            "score",
            "p_value",
            "verdict",
        ),
    }
)
"""The columns that each table of a `ReportInputs` must have; more are kept but not shown."""


@dataclass(frozen=True)
class ReportInputs:
    """Everything the report, the results file and the model cards are written from.

    Any table may be empty, with or without columns: its section then says so in a sentence.
    Values, intervals and p-values are shares in [0, 1] (not percent) unless a metric says
    otherwise; `n_*` are numbers of faces.

    Attributes:
        overall: Accuracy, balanced accuracy, macro F1 and recalls of each variant.
        groups: The same within each group of each attribute.
        gaps: Between-group metrics with interval, noise-corrected value, minimum detectable
            difference, null distribution, p-values and verdict; `family` is "summary" or
            "by_class" (metrics of one emotion).
        comparisons: Variant minus baseline, with an interval.
        aif360: One-versus-rest metrics of AIF360.
        confusion: Counts of true and predicted emotions.
        distributions: Training faces per cell before and after augmentation.
        histories: One row a training epoch.
        labeller_confusion: Held-out counts of true and predicted demographic labels.
        labeller_summary: Held-out accuracy and calibration of the demographic labeller.
        scan: The subgroup with the most errors above expectation; columns variant and
            evaluation_set are shown where they are there.
        kind: Whether the report is that of the project's own models, or the audit of one model
            that was not trained here. An audit has other sections.
        quality: The data-quality report of each dataset, nested mappings of JSON-able values.
        manifest: How the run was made: command, commit, versions, seed, parameters, data hashes.
            Of an audit also `reading`: how the file was read (see `sections.reading`).
        notes: Sentences the reader must see first, such as that the data are fabricated.

    Raises:
        InvalidInputError: If a table that has rows lacks a column.
    """

    overall: pd.DataFrame = field(default_factory=pd.DataFrame)
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    gaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    comparisons: pd.DataFrame = field(default_factory=pd.DataFrame)
    aif360: pd.DataFrame = field(default_factory=pd.DataFrame)
    confusion: pd.DataFrame = field(default_factory=pd.DataFrame)
    distributions: pd.DataFrame = field(default_factory=pd.DataFrame)
    histories: pd.DataFrame = field(default_factory=pd.DataFrame)
    labeller_confusion: pd.DataFrame = field(default_factory=pd.DataFrame)
    labeller_summary: pd.DataFrame = field(default_factory=pd.DataFrame)
    scan: pd.DataFrame = field(default_factory=pd.DataFrame)
    kind: Literal["project", "audit"] = "project"
    quality: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    manifest: Mapping[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, columns in COLUMNS.items():
            object.__setattr__(self, name, _checked(name, getattr(self, name), columns))

    @property
    def results_name(self) -> str:
        """The file that has all numbers for machines."""
        return "audit.json" if self.kind == "audit" else "results.json"

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name, in the order of `COLUMNS`."""
        return {name: getattr(self, name) for name in COLUMNS}

    def variants(self) -> tuple[str, ...]:
        """Every variant of any table, in order of first appearance, the baseline first."""
        found = _distinct([t["variant"] for t in self.tables().values() if "variant" in t.columns])
        return tuple(sorted(found, key=lambda name: name != "baseline"))

    def evaluation_sets(self) -> tuple[str, ...]:
        """Every evaluation set that something was scored on, in order of first appearance."""
        scored = (self.overall, self.groups, self.gaps, self.confusion)
        return tuple(_distinct([table["evaluation_set"] for table in scored]))


def _checked(name: str, table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    missing = [column for column in columns if column not in table.columns]
    if table.empty:
        return table.reindex(columns=[*table.columns, *missing])
    if missing:
        raise InvalidInputError(
            f"The report's table {name!r} lacks the columns {missing}; it has "
            f"{list(table.columns)}. Give the columns that COLUMNS[{name!r}] lists."
        )
    return table


def _distinct(columns: list[pd.Series]) -> list[str]:
    names = [str(name) for column in columns for name in column.dropna().unique()]
    return list(dict.fromkeys(names))
