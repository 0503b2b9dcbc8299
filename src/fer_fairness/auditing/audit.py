"""An audit of any model from its predictions: what was measured, as tables, pictures and a page."""

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.auditing.measurements import EVALUATION_TABLES, LABEL_NOISE_TABLES
from fer_fairness.auditing.measuring import (
    correct_label_errors,
    evaluate_people,
    one_vs_rest,
    scan_subgroups,
)
from fer_fairness.auditing.reading import People
from fer_fairness.auditing.report import AUDIT_COLUMNS, report_inputs
from fer_fairness.auditing.wording import Way, worded
from fer_fairness.files import replacing
from fer_fairness.machine import computed_with
from fer_fairness.params.audit import AuditParameters
from fer_fairness.reporting import ReportInputs, render_report, results_json
from fer_fairness.reporting.figures.glance import headline_gaps_figure
from fer_fairness.reporting.glance import statements
from fer_fairness.reporting.json_values import Json
from fer_fairness.reporting.summary import summary_html, summary_text

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
class Audit:
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
    """

    name: str
    table: pd.DataFrame
    overall: pd.DataFrame
    groups: pd.DataFrame
    confusion: pd.DataFrame
    reading: dict[str, Any]
    parameters: AuditParameters
    seed: int
    _measured: dict[str, pd.DataFrame] = field(repr=False)
    _people: People = field(repr=False)
    _manifest: dict[str, Any] = field(repr=False)
    _way: Way = field(repr=False)

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
            _measured=measured,
            _people=(scored, reading, held_out, labels),
            _manifest={"started_at": started, **computed_with()},
            _way=way,
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
            (one.gap.attribute, str(one.sign), one.text) for one in statements(self._first_screen)
        ]
        return pd.DataFrame(told, columns=["attribute", "verdict", "sentence"])

    def plot(self) -> Figure:
        """The accuracy gap of each attribute with its interval; filled where one was found."""
        return headline_gaps_figure(statements(self._first_screen))

    def to_dict(self) -> dict[str, Json]:
        """What was found and how it came about, as `results.json` beside a report tells it.

        Of tables it has names and sizes; their rows are `table`, `groups`, `overall`, `confusion`.
        """
        return results_json(self.report_inputs)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """The report, one page that needs nothing else.

        Args:
            path: A file to write it to as well; one that is there is replaced.

        Returns:
            The page.

        Raises:
            MissingExtraError: AIF360's metrics were asked for and it is not installed.
        """
        page = render_report(self.report_inputs)
        if path is not None:
            with replacing(Path(path)) as unfinished:
                unfinished.write_text(page, encoding="utf-8")
        return page

    @cached_property
    def report_inputs(self) -> ReportInputs:
        """What the report is made of: beside the tables the worst-served subgroup, and more."""
        scored, reading, held_out, labels = self._people
        given = scored, reading, self.parameters, self.seed
        corrected = correct_label_errors(*given, held_out, labels)
        tables = {
            **self._measured,
            **dict(zip(LABEL_NOISE_TABLES, corrected, strict=True)),
            "scan": scan_subgroups(*given),
            "aif360": one_vs_rest(*given),
        }
        return self._inputs(tables)

    @cached_property
    def _first_screen(self) -> ReportInputs:
        """The tables that are there already: enough for what an audit came to."""
        return self._inputs(self._measured)

    def _inputs(self, tables: dict[str, pd.DataFrame]) -> ReportInputs:
        made = report_inputs(self.reading, self._manifest, self.parameters, self.seed, tables)
        return replace(made, notes=[worded(note, self._way) for note in made.notes])

    def __repr__(self) -> str:
        return summary_text(self._first_screen)

    def _repr_html_(self) -> str:
        return summary_html(self._first_screen)


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """A table of one model without the columns that say of which model and set it is."""
    return table.drop(columns=[name for name in _CONTEXT if name in table.columns])
