"""What a report is made of: named tables with fixed columns, checked before anything is drawn."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.reporting.labels import shortened, variant_label
from fer_fairness.reporting.passed_on import passed_on_mapping
from fer_fairness.reporting.rows.schema import R, Row, checked_table, rows_of

MOST_VARIANTS: Final = 8
"""Of more, or of more than half as many on more than two evaluation sets, only the comparison of
methods shows all: pages stay small, and figures readable."""

_MOST_SETS: Final = 2


@dataclass(frozen=True)
class ReportInputs:
    """Everything the report, the results file and the model cards are written from.

    Values, intervals and p-values are shares in [0, 1] (not percent) unless a metric says
    otherwise; `n_*` are numbers of faces.

    Attributes:
        tables: By the names of `REPORT_TABLES`, with at least the columns of their rows. Any may
            be empty, with or without columns, or not given: its section then says so in a sentence.
        kind: Whether the report is that of the project's own models, or the audit of one model
            that was not trained here. An audit has other sections.
        quality: The data-quality report of each dataset, nested mappings of JSON-able values.
        manifest: How the run was made: command, commit, versions, seed, parameters, data hashes.
            `parameters` are those of the run that wrote the report, `trained_with` those of each
            model's own training, None where they were not recorded.
            Of an audit also `reading`: how the file was read (see `sections.reading`).
        notes: Sentences the reader must see first, such as that the data are fabricated.

    In `manifest`, `quality` and `notes` paths are cut to the names of files (`passed_on`).

    Raises:
        InvalidInputError: A table has a name that no section reads, or rows and not all columns.
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    _: KW_ONLY
    kind: Literal["project", "audit"] = "project"
    quality: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    manifest: Mapping[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _read: dict[type[Row], list[Any]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        unknown = sorted(set(self.tables) - set(Row.schemas))
        if unknown:
            raise InvalidInputError(
                f"The report has no tables {unknown}; it has {list(Row.schemas)}. Check the "
                "spelling, or write the section that reads them (a Row with that table name)."
            )
        checked = {
            name: checked_table(self.tables.get(name, pd.DataFrame()), kind)
            for name, kind in Row.schemas.items()
        }
        object.__setattr__(self, "tables", checked)
        # Reports are passed on: what tells of folders of this machine ends here.
        told = {"manifest": self.manifest, "quality": self.quality, "notes": self.notes}
        for name, content in passed_on_mapping(told).items():
            object.__setattr__(self, name, content)

    @property
    def results_name(self) -> str:
        """The file for programs, which names those of all tables."""
        return "audit.json" if self.kind == "audit" else "results.json"

    @property
    def primary(self) -> list[str]:
        """The outcomes that were named before looking: "accuracy_gap by race"."""
        parameters = self.manifest.get("parameters")
        part = "inference" if self.kind == "audit" else "evaluation"
        chosen = parameters.get(part) if isinstance(parameters, Mapping) else None
        named = chosen.get("primary") if isinstance(chosen, Mapping) else None
        return [str(name) for name in named or ()]

    def reading_of(self, dataset: str) -> Mapping[str, Any]:
        """How a dataset was read, or of an audit its predictions; empty where nothing is known."""
        about = self.manifest if self.kind == "audit" else self.quality.get(dataset, {})
        reading = about.get("reading")
        return reading if isinstance(reading, Mapping) else {}

    def is_fabricated(self, dataset: str) -> bool:
        """Whether a program drew the faces of a dataset."""
        return bool(self.reading_of(dataset).get("fabricated"))

    def file_of(self, kind: type[Row]) -> str:
        """The file beside the page that has all rows of a table."""
        return f"{'' if self.kind == 'audit' else 'tables/'}{kind.table}.parquet"

    def rows(self, kind: type[R]) -> list[R]:
        """The rows of the table that has such rows."""
        if kind not in self._read:
            as_given = self.kind == "audit"
            self._read[kind] = rows_of(self.tables[kind.table], kind, as_given=as_given)
        return self._read[kind]

    def label_of(self, variant: str) -> str:
        """A variant in words; the name that somebody gave an audited model stays as it is."""
        return shortened(variant) if self.kind == "audit" else variant_label(variant)

    def variants(self) -> tuple[str, ...]:
        """Every variant of any table, in order of first appearance; a project's baseline first."""
        return self._variants

    @cached_property
    def _variants(self) -> tuple[str, ...]:
        tables = self.tables.values()
        found = _distinct([table["variant"] for table in tables if "variant" in table.columns])
        if self.kind == "audit":  # its reference is the first model, whatever another is called
            return tuple(found)
        return tuple(sorted(found, key=lambda name: name != "baseline"))

    @property
    def reference(self) -> str:
        """What others are compared with: the baseline, or by name the first model of an audit."""
        names = self.variants()
        return f"“{self.label_of(names[0])}”" if self.kind == "audit" and names else "the baseline"

    @property
    def noun(self) -> str:
        """What one of those compared is called: variants of a project, models of an audit."""
        return "model" if self.kind == "audit" else "variant"

    def variants_shown(self) -> tuple[str, ...]:
        """Those that figures and tables of single variants are of: of many the first alone."""
        variants, n_sets = self.variants(), max(2, len(self.evaluation_sets()))
        return variants if len(variants) * n_sets <= 2 * MOST_VARIANTS else variants[:1]

    def evaluation_sets(self) -> tuple[str, ...]:
        """Every evaluation set that something was scored on, in order of first appearance."""
        return self._evaluation_sets

    @cached_property
    def _evaluation_sets(self) -> tuple[str, ...]:
        scored = ("overall", "groups", "gaps", "confusion")
        return tuple(_distinct([self.tables[name]["evaluation_set"] for name in scored]))

    def in_front(self, evaluation_set: str) -> bool:
        """Whether the page shows of an evaluation set what it folds of the third and further."""
        return evaluation_set not in self.evaluation_sets()[_MOST_SETS:]


def _distinct(columns: list[pd.Series]) -> list[str]:
    names = [str(name) for column in columns for name in column.dropna().unique()]
    return list(dict.fromkeys(names))
