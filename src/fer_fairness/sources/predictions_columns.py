"""Finds out which column of a prediction file is what, from what is given or from the names."""

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.predictions_names import (
    ATTRIBUTE_NAMES,
    ID_NAMES,
    LIST_NAMES,
    PREDICTED_NAMES,
    PREFIXES,
    TRUE_NAMES,
    WEAK_PREFIXES,
    Kind,
    normal,
    suffixes_of,
)
from fer_fairness.sources.predictions_table import Table, is_text

Origin = Literal["given", "guessed"]

_MAX_VALUES_NAMED = 50


@dataclass(frozen=True)
class ScoreColumns:
    """Columns of probabilities or logits.

    Attributes:
        kind: Which of the two.
        columns: One a class, or the one column of lists.
        suffixes: What the names of several columns say of the class; empty for a column of lists.
        origin: Given or guessed.
        is_weak: Whether a guess may be wrong: then the columns must name every class.
    """

    kind: Kind
    columns: tuple[str, ...]
    suffixes: tuple[str, ...]
    origin: Origin
    is_weak: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it is one column of lists."""
        return not self.suffixes


@dataclass(frozen=True)
class Roles:
    """Which column is what; `origin` says of each role how that was found."""

    true: str
    predicted: str
    sample_id: str | None
    attributes: tuple[str, ...]
    scores: ScoreColumns | None
    origin: dict[str, Origin]
    notes: tuple[str, ...]


def find_roles(table: Table, columns: PredictionColumns) -> Roles:
    """Find the columns of labels, groups, names and probabilities.

    Names are compared without regard to case, spaces, hyphens and points.

    Args:
        table: The file.
        columns: What is given; the rest is guessed.

    Returns:
        The roles. A column has one role at most.

    Raises:
        InvalidInputError: If a given column is not there, no column fits, or several fit equally.
    """
    finder = _Finder(table)
    true = finder.given("true", columns.true)
    predicted = finder.given("predicted", columns.predicted)
    sample_id = finder.given("sample_id", columns.sample_id or None)
    attributes = tuple(finder.named("attributes", name) for name in columns.attributes or ())
    scores = _given_scores(finder, columns)
    if predicted is None:
        predicted = finder.guess_one("predicted", PREDICTED_NAMES)
    if true is None:
        true = finder.guess_one("true", TRUE_NAMES)
    if sample_id is None and columns.sample_id is None:
        sample_id = finder.guess("sample_id", ID_NAMES)
    notes: list[str] = []
    if scores is None:
        scores = _guessed_scores(finder, notes)
    return Roles(
        true=true,
        predicted=predicted,
        sample_id=sample_id,
        attributes=attributes or finder.guess_attributes(),
        scores=scores,
        origin=finder.origin,
        notes=tuple(notes),
    )


def unused_notes(table: Table, used: Collection[str | None]) -> list[str]:
    """Names the columns that could have been groups, and how to have them compared."""
    notes = []
    for column in table.names:
        kind = table.data.column(column).type
        if column in used or not is_text(kind):
            continue
        values = table.data.column(column).slice(0, 10_000).unique()
        if len(values) > _MAX_VALUES_NAMED:
            continue
        found = table.text(column).values
        if 1 < len(found) <= _MAX_VALUES_NAMED and not all(map(_is_number, found)):
            notes.append(
                f"Column {column!r} ({len(found)} different values, such as {found[0]!r}) was not "
                "used. If it holds groups, name it in audit.columns.attributes, with the others."
            )
    return notes


class _Finder:
    """Columns that have no role yet."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.free = {column: normal(column) for column in table.names}
        self.origin: dict[str, Origin] = {}

    def given(self, role: str, name: str | None) -> str | None:
        return None if name is None else self.named(role, name)

    def named(self, role: str, name: str) -> str:
        names = self.table.names
        found = [name.strip()] if name.strip() in names else self._alike(name, names)
        if len(found) != 1:
            close = difflib.get_close_matches(name, names, n=1)
            self.table.refuse(
                f"columns.{role} names {name!r}, which is no column. The columns are "
                f"{_listed(names)}." + (f" Is {close[0]!r} meant?" if close else "")
            )
        self.take(role, found[0], "given")
        return found[0]

    def take(self, role: str, column: str, origin: Origin) -> None:
        if column not in self.free:
            self.table.refuse(
                f"columns.{role} names {column!r}, which another parameter of columns names too. "
                "Give each column one meaning."
            )
        del self.free[column]
        self.origin[role] = origin

    def guess(self, role: str, ranks: Sequence[str]) -> str | None:
        for rank in ranks:
            wanted = rank.split()
            found = [column for column, plain in self.free.items() if plain in wanted]
            if len(found) > 1:
                self.table.refuse(
                    f"the columns {_listed(found)} could each be the {role!r} one. Say which with "
                    f"columns.{role}."
                )
            if found:
                self.take(role, found[0], "guessed")
                return found[0]
        return None

    def guess_one(self, role: str, ranks: Sequence[str]) -> str:
        found = self.guess(role, ranks)
        if found is None:
            self.table.refuse(
                f"no column is named like one of {role} labels ({', '.join(ranks[0].split()[:4])} "
                f"...). The columns are {_listed(self.table.names)}. Name it with columns.{role}; "
                "the first line of the file must name the columns."
            )
        return found

    def guess_attributes(self) -> tuple[str, ...]:
        found = tuple(
            column
            for column, plain in self.free.items()
            if plain.removeprefix("perceived_") in ATTRIBUTE_NAMES.split()
        )
        if not found:
            self.table.refuse(
                "no column is named like a group of people (gender, race, age_group, skin_tone "
                f"...). The columns are {_listed(self.table.names)}. Name those to compare with "
                "audit.columns.attributes."
            )
        for column in found:
            self.take("attributes", column, "guessed")
        return found

    @staticmethod
    def _alike(name: str, names: Iterable[str]) -> list[str]:
        return [column for column in names if normal(column) == normal(name)]


def _given_scores(finder: _Finder, columns: PredictionColumns) -> ScoreColumns | None:
    kinds: dict[Kind, tuple[str, ...] | str | None] = {
        "probabilities": columns.probabilities,
        "logits": columns.logits,
    }
    for kind, given in kinds.items():
        if isinstance(given, str):
            return ScoreColumns(kind, (finder.named(kind, given),), (), "given")
        if given is not None:
            names = tuple(finder.named(kind, name) for name in given)
            return ScoreColumns(kind, names, suffixes_of(names, kind), "given")
    return None


def _guessed_scores(finder: _Finder, notes: list[str]) -> ScoreColumns | None:
    for kind, list_names in LIST_NAMES.items():
        found = _guesses(finder, kind, list_names)
        if len(found) > 1:
            finder.table.refuse(
                f"{' and '.join(_listed(option.columns) for option in found)} could each be the "
                f"{kind}. Say which with columns.{kind}."
            )
        if found:
            for column in found[0].columns:
                finder.take(kind, column, "guessed")
            if kind == "probabilities" and _guesses(finder, "logits", LIST_NAMES["logits"]):
                notes.append("The file holds logits as well: the probabilities were used.")
            return found[0]
    return None


def _guesses(finder: _Finder, kind: Kind, list_names: str) -> list[ScoreColumns]:
    found: list[ScoreColumns] = []
    for prefix in PREFIXES[kind]:
        columns = tuple(name for name, plain in finder.free.items() if plain.startswith(prefix))
        if len(columns) > 1:
            suffixes, is_weak = suffixes_of(columns, kind), prefix in WEAK_PREFIXES
            found.append(ScoreColumns(kind, columns, suffixes, "guessed", is_weak))
    strong = [option for option in found if not option.is_weak]
    lists = [
        ScoreColumns(kind, (column,), (), "guessed")
        for column, plain in finder.free.items()
        if plain in list_names.split() and _holds_lists(finder.table, column)
    ]
    return strong + lists or found


def _holds_lists(table: Table, column: str) -> bool:
    values = table.data.column(column)
    if is_text(values.type):
        return not _is_number(str(values[0].as_py()))
    return "list" in str(values.type)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")
