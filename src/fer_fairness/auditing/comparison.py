"""Several models on the same people: each audited, and what each changes against the first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.auditing.audit import Audit
from fer_fairness.auditing.models import audience_of, joined_reading
from fer_fairness.auditing.reading import folder_name, scored_faces
from fer_fairness.auditing.shown import Shown
from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.comparisons.audience import Audience, with_sources
from fer_fairness.fairness.comparisons.family import changes
from fer_fairness.files import json_sha256
from fer_fairness.reporting import ReportInputs
from fer_fairness.reporting.figures.trade_off import fairness_accuracy_figure
from fer_fairness.reporting.findings.effects import effects
from fer_fairness.reporting.rows.scores import GapRow, OverallRow


@dataclass(frozen=True, repr=False, eq=False)
class Comparison(Shown):
    """What other models change against a first one. Made by `audit_models` and `Audit.compare`.

    Attributes:
        audits: The audit of each model by its name, the reference first.
        table: Tidy, one row a model, attribute (missing: everybody) and metric: the columns of
            `fairness.comparisons.family.changes`. All of it is corrected as one family of tests,
            because the best of many models looks good by chance.
        changes: The same as the report has it.
    """

    audits: dict[str, Audit]
    table: pd.DataFrame
    changes: pd.DataFrame = field(repr=False)

    @classmethod
    def of(cls, audits: Sequence[Audit]) -> Self:
        """Compare models that are audited.

        Args:
            audits: The reference first; settings and seed of the draws are its own.

        Raises:
            InvalidInputError: Two are called alike, they compare no attribute in common, or are not
                about the same people with the same emotions.
        """
        first = audits[0]
        names = [one.name for one in audits]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InvalidInputError(
                f"Two of the models are called {twice!r}: they could not be told apart. Name one "
                "of them otherwise with name."
            )
        audience = _audience(audits)
        found = changes([audience], params=first.parameters.inference, seed=first.seed)
        plain = found.drop(columns="evaluation_set").rename(columns={"variant": "model"})
        return cls(dict(zip(names, audits, strict=True)), plain, with_sources(found, [audience]))

    @property
    def reference(self) -> str:
        """The model that the others are compared with."""
        return next(iter(self.audits))

    @property
    def findings(self) -> pd.DataFrame:
        """What each model changes, a row a model and attribute (missing: everybody): `effect`."""
        told = [
            (one.variant, attribute, str(effect))
            for one in effects(self.first_screen)
            for (_, attribute), effect in one.by_audience.items()
        ]
        return pd.DataFrame(told, columns=["model", "attribute", "effect"])

    @property
    def gaps(self) -> pd.DataFrame:
        """`Audit.gaps` of every model."""
        return pd.concat(
            [one.gaps.assign(model=name) for name, one in self.audits.items()], ignore_index=True
        )

    def plot(self) -> Figure:
        """Accuracy of every model against its accuracy gap, one panel an attribute."""
        inputs = self.first_screen
        overall, gaps = inputs.rows(OverallRow), inputs.rows(GapRow)
        return fairness_accuracy_figure(overall, gaps, variants=inputs.variants())

    @property
    def reading(self) -> dict[str, Any]:
        """How the predictions were read: of the first model, and what the others were read from."""
        return joined_reading([one.reading for one in self.audits.values()])

    @property
    def folder_name(self) -> str:
        """A folder for this comparison alone."""
        folders = [one.folder_name for one in self.audits.values()]
        return folder_name("_and_".join(self.audits), json_sha256(folders))

    def write(self, folder: Path) -> list[Path]:
        """As of an audit; `comparisons.parquet` has the changes."""
        return [*super().write(folder), folder / "comparisons.parquet"]

    @cached_property
    def first_screen(self) -> ReportInputs:
        """What each model came to, and what it changes."""
        return self._joined([one.first_screen for one in self.audits.values()])

    @cached_property
    def report_inputs(self) -> ReportInputs:
        """The reports of all models as one, and what each changes."""
        return self._joined([one.report_inputs for one in self.audits.values()])

    def _joined(self, reports: Sequence[ReportInputs]) -> ReportInputs:
        """The tables of all models under one another, as of one evaluation set."""
        first = reports[0]
        where = self.changes["evaluation_set"].iloc[0]
        tables = {
            name: pd.concat(
                [
                    one.tables[name].assign(evaluation_set=where)
                    for one in reports
                    if len(one.tables[name])
                ]
            )
            for name in first.tables
            if any(len(one.tables[name]) for one in reports)
        }
        own = {one for audit in self.audits.values() for one in audit.reading["warnings"]}
        others = [note for one in reports for note in one.notes if note not in own]
        notes = list(dict.fromkeys([*self.reading["warnings"], *others]))
        return ReportInputs(
            {**tables, "comparisons": self.changes},
            kind="audit",
            manifest={**first.manifest, "reading": self.reading},
            notes=notes,
        )


def _audience(audits: Sequence[Audit]) -> Audience:
    """What the models predict of the people of the first: all classes, common attributes."""
    compared = [list(one.table["attribute"].unique()) for one in audits]
    attributes = tuple(name for name in compared[0] if all(name in other for other in compared))
    if not attributes:
        raise InvalidInputError(
            f"The models compare no attribute in common: {audits[0].name!r} has "
            f"{', '.join(compared[0]) or 'none'}. Audit them by the same attributes."
        )
    parts = [scored_faces(one.people[0], one.reading) for one in audits]
    return audience_of(parts, attributes)
