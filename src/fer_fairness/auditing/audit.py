"""An audit of any model from its predictions: what was measured, as tables, pictures and a page."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.auditing.measurements import EVALUATION_TABLES, LABEL_NOISE_TABLES
from fer_fairness.auditing.measuring import (
    correct_label_errors,
    evaluate_people,
    one_vs_rest,
    scan_subgroups,
)
from fer_fairness.auditing.reading import People, folder_name
from fer_fairness.auditing.report import AUDIT_COLUMNS, report_inputs
from fer_fairness.auditing.shown import Shown
from fer_fairness.auditing.wording import Way, worded
from fer_fairness.files import json_sha256, replacing
from fer_fairness.machine import computed_with
from fer_fairness.params.audit import AuditParameters
from fer_fairness.reporting import ReportInputs, as_json
from fer_fairness.reporting.figures.glance import headline_gaps_figure
from fer_fairness.reporting.glance import statements

if TYPE_CHECKING:
    from fer_fairness.auditing.comparison import Comparison

_CONTEXT: Final = ("variant", "evaluation_set", "attribute_source")
_GAPS: Final = (
    "attribute",
    "metric",
    "value",
    "ci_low",
    "ci_high",
    "verdict",
    "p_value_corrected",
    "minimum_detectable",
    "n_groups",
    "smallest_group_size",
)


@dataclass(frozen=True, repr=False, eq=False)
class Audit(Shown):
    """How unevenly one model treats groups of people. Made by `audit`.

    Values, intervals and p-values are shares in [0, 1]. In a notebook an audit shows what it came
    to; so does `print`.

    Attributes:
        name: What the model is called.
        table: Tidy, one row a question: `report.AUDIT_COLUMNS`. Of each attribute the row
            `any_difference` comes first: it is the question to begin with.
        overall: `metric`, `value`, `ci_low`, `ci_high`, `n_people`, `n_faces`: of all people.
        groups: The same of each group of each attribute, of any size.
        confusion: `emotion`, `predicted_emotion`, `n_people`, `n_faces`.
        reading: How the predictions were read: which column is what, given or guessed, and what
            was assumed or left out.
        parameters: All settings.
        seed: Seed of all draws.
        measured: The tables of the evaluation as the report has them.
        people: The people who were audited, and what is known of their labels.
        manifest: When and with what it was computed.
        way: How it was asked for.
    """

    name: str
    table: pd.DataFrame
    overall: pd.DataFrame
    groups: pd.DataFrame
    confusion: pd.DataFrame
    reading: dict[str, Any]
    parameters: AuditParameters
    seed: int
    measured: dict[str, pd.DataFrame] = field(repr=False)
    people: People = field(repr=False)
    manifest: dict[str, Any] = field(repr=False)
    way: Way = field(repr=False)

    @classmethod
    def of(cls, people: People, parameters: AuditParameters, seed: int, way: Way) -> Self:
        """Measure people that were read.

        Args:
            people: As they were read.
            parameters: All settings.
            seed: Seed of all draws.
            way: How the audit was asked for; sentences name settings as they are given there.
        """
        scored, reading, held_out, labels = people
        told = {name: [worded(one, way) for one in reading[name]] for name in ("warnings", "notes")}
        reading = {**reading, **told}
        found = evaluate_people(scored, reading, parameters, seed)
        measured = dict(zip(EVALUATION_TABLES, found, strict=True))
        plain = {name: _plain(table) for name, table in measured.items()}
        started = datetime.now(tz=UTC).isoformat(timespec="seconds")
        return cls(
            name=reading["name"],
            table=measured["gaps"][list(AUDIT_COLUMNS)],
            overall=plain["overall"],
            groups=plain["groups"],
            confusion=plain["confusion"],
            reading=reading,
            parameters=parameters,
            seed=seed,
            measured=measured,
            people=(scored, reading, held_out, labels),
            manifest={"started_at": started, **computed_with()},
            way=way,
        )

    @property
    def gaps(self) -> pd.DataFrame:
        """The metrics over all emotions, one row an attribute and metric, the columns read first.

        `value` has the widening by noise taken off; its interval is at the level of the verdict.
        """
        over_all = self.table[self.table["family"] == "summary"]
        return over_all[list(_GAPS)].reset_index(drop=True)

    @property
    def findings(self) -> pd.DataFrame:
        """What was found, one row an attribute: `attribute`, `verdict`, `sentence`."""
        told = [
            (one.gap.attribute, str(one.sign), one.text) for one in statements(self.first_screen)
        ]
        return pd.DataFrame(told, columns=["attribute", "verdict", "sentence"])

    def plot(self) -> Figure:
        """The accuracy gap of each attribute with its interval; filled where one was found."""
        return headline_gaps_figure(statements(self.first_screen))

    def write(self, folder: Path) -> list[Path]:
        """Write the report and its numbers under the names that the pipeline `audit` gives them.

        Args:
            folder: Where to; made where it is not there.

        Returns:
            `audit.html` to look at, `audit.json`, which names the Parquet files of all tables, and
            `audit.parquet`, the tidy table.
        """
        table = folder / "audit.parquet"
        written = super().write(folder)
        with replacing(table) as unfinished:
            self.table.to_parquet(unfinished)
        return [*written, table]

    def compare(self, other: "Audit") -> "Comparison":
        """What another model changes on the same people, tested pair by pair.

        Args:
            other: The audit of the other model. Samples are told by their ids, else by their rows.

        Raises:
            InvalidInputError: Both are called alike, compare no attribute in common, or are not
                about the same people with the same emotions.
        """
        from fer_fairness.auditing.comparison import Comparison

        return Comparison.of([self, other])

    @property
    def folder_name(self) -> str:
        """A folder for this audit alone: its name, and digits of what was audited, and how."""
        chosen = as_json(self.parameters.model_dump())
        content = {"seed": self.seed, "audit": chosen, "sha256": self.reading.get("sha256")}
        return folder_name(self.name, json_sha256(content))

    @cached_property
    def report_inputs(self) -> ReportInputs:
        """What the report is made of: beside the tables the worst-served subgroup, and more."""
        scored, reading, held_out, labels = self.people
        given = scored, reading, self.parameters, self.seed
        corrected = correct_label_errors(*given, held_out, labels)
        tables = {
            **self.measured,
            **dict(zip(LABEL_NOISE_TABLES, corrected, strict=True)),
            "scan": scan_subgroups(*given),
            "aif360": one_vs_rest(*given),
        }
        return self._inputs(tables)

    @cached_property
    def first_screen(self) -> ReportInputs:
        """The tables that are there already: enough for what an audit came to."""
        return self._inputs(self.measured)

    def _inputs(self, tables: dict[str, pd.DataFrame]) -> ReportInputs:
        return report_inputs(
            self.reading,
            self.manifest,
            self.parameters,
            self.seed,
            tables,
            say=partial(worded, way=self.way),
        )


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """A table of one model without the columns that say of which model and set it is."""
    return table.drop(columns=[name for name in _CONTEXT if name in table.columns])
