"""What is asked of predictions, however it is asked: from Python or on the console."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import pandas as pd

from fer_fairness.auditing.audit import Audit
from fer_fairness.auditing.comparison import Comparison
from fer_fairness.auditing.options import Options, parameters_of
from fer_fairness.auditing.reading import name_of_file, read_people
from fer_fairness.auditing.wording import Way, in_words_of
from fer_fairness.errors import InvalidInputError
from fer_fairness.extras import require_extra
from fer_fairness.files import home_expanded
from fer_fairness.sources.foreign_tables.given_frame import table_of_frame
from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.foreign_tables.table import ForeignTable, listed
from fer_fairness.sources.predictions.of_models import of_one_model, predicted_columns
from fer_fairness.taxonomy import probability_column

Source: TypeAlias = pd.DataFrame | str | os.PathLike[str]
"""Predictions: a table of them, or the path of a file."""

_UNNAMED: Final = "model"
_OF_ONE_MODEL: Final = {
    "probabilities": "audit.columns.probabilities",
    "logits": "audit.columns.logits",
    "name": "audit.name",
}


@dataclass(frozen=True)
class Request:
    """Predictions and what is to be done with them.

    Attributes:
        source: The predictions.
        y_true: Column of the true emotion; None: guessed.
        seed: Seed of all draws.
        options: All else that can be said.
        way: How it is asked: whatever is refused names settings as they are given there.
    """

    source: Source
    y_true: str | None
    seed: int
    options: Options
    way: Way

    def audit(self, y_pred: str | None) -> Audit:
        """The audit of one model; what may be wrong is told in `reading["warnings"]`.

        Args:
            y_pred: Column of its predictions; None: guessed.

        Raises:
            InvalidInputError: The predictions or an option cannot be used.
            MissingExtraError: AIF360's metrics are asked for and it is not installed.
        """
        with in_words_of(self.way):
            table, name = self._opened()
            try:
                return self._audited(table, name, y_pred, self.options)
            except InvalidInputError as error:
                models = predicted_columns(table, self.y_true) if y_pred is None else ()
                if len(models) < 2:
                    raise
                told = f"{error} To compare {listed(models)}, call audit_models."
                raise InvalidInputError(told) from error.__cause__

    def audit_models(self, y_pred: Sequence[str] | Mapping[str, str] | None) -> Comparison:
        """The audits of several models, and what each changes against the first.

        Args:
            y_pred: Columns of their predictions, or what each model is called and its column; None:
                those that are named like predictions.

        Raises:
            InvalidInputError: As for `audit`, or there are not two models.
            MissingExtraError: As for `audit`.
        """
        with in_words_of(self.way):
            table, _ = self._opened()
            columns = predicted_columns(table, self.y_true) if y_pred is None else y_pred
            models = columns if isinstance(columns, Mapping) else {name: name for name in columns}
            self._check_models(table, models)
            audits = []
            for name, column in models.items():
                own = of_one_model(table, column, models.values())
                audits.append(self._audited(own, name, column, {**self.options, "name": name}))
                if y_pred is None:
                    audits[-1].reading["columns"]["predicted"]["by"] = "guessed"
            return Comparison.of(audits)

    def has_several_models(self) -> bool:
        """Whether more than one column is named like predictions and holds true classes.

        Raises:
            InvalidInputError: The predictions cannot be opened.
        """
        with in_words_of(self.way):
            table, _ = self._opened()
            return len(predicted_columns(table, self.y_true)) > 1

    def _opened(self) -> tuple[ForeignTable, str]:
        """The table that is given, and what its model is called."""
        if isinstance(self.source, str | os.PathLike):
            path = home_expanded(self.source)
            return open_table(path), name_of_file(path)
        return table_of_frame(self.source), _UNNAMED

    def _audited(
        self, table: ForeignTable, name: str, y_pred: str | None, options: Options
    ) -> Audit:
        if options.get("aif360"):
            require_extra("aif360", needed_for="What AIF360 computes")
        probabilities = options.get("probabilities")
        if isinstance(probabilities, Mapping):
            names = {str(old): probability_column(str(of)) for of, old in probabilities.items()}
            table = table.renamed(names)
            options = {**options, "probabilities": list(names.values())}
        parameters = parameters_of(table.name, self.y_true, y_pred, options)
        people = read_people(table, parameters, name=parameters.name or name)
        return Audit.of(people, parameters, self.seed, self.way)

    def _check_models(self, table: ForeignTable, models: Mapping[str, str]) -> None:
        if len(models) < 2:
            there = f"only {', '.join(map(repr, models.values()))}" if models else "none"
            table.refuse(
                "expected columns with the predictions of two models at least, each named like "
                f"'pred_a' and with some of the true classes; there is {there}. Name them with "
                "audit.columns.predicted."
            )
        given = [name for name in _OF_ONE_MODEL if self.options.get(name) is not None]
        if given:
            raise InvalidInputError(
                f"{_OF_ONE_MODEL[given[0]]} is of one model, but {len(models)} are compared. Leave "
                "it out, or audit each model by itself."
            )
