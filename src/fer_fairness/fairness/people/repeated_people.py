"""Finds rows that look like several faces of the same people where nobody said whose they are.

People are recognised together or mistaken together, so rows taken for people make intervals too
narrow and find differences that are not there. A column looks like people if it has several
values, most of them in several rows, and all rows of a value belong to the same groups, which by
chance would not happen. Columns that groups were made from (age in years beside age groups) do so
too: what shares a word with an attribute's name, names its groups in words, or has numbers cut into
three groups or more, is passed over.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import DoubtfulInputWarning
from fer_fairness.fairness.codes import Codes

_FEWEST_PEOPLE: Final = 5
_SHARE_REPEATED: Final = 0.8
_CHANCE: Final = 1e-6
_SHARE_OF_IDS: Final = 0.9
MOST_ROWS: Final = 50_000
"""Looked at."""

_MOST_PARTS: Final = 8
_WORD = re.compile(r"[a-z]+")
_PART = re.compile(r"[^\s_.\-/\\]+")
_DECIMAL = re.compile(r"-?\d*\.\d+([eE][+-]?\d+)?")
_LAST_NUMBER = re.compile(r"\d+(\.\w+)*$")


class RepeatedPeopleWarning(DoubtfulInputWarning):
    """Rows that were taken for people look like several faces of the same ones."""


@dataclass(frozen=True)
class RepeatedPeople:
    """What looks like people.

    Attributes:
        column: The column that repeats.
        n_people: How many different values it has.
        n_faces: How many rows.
        example: One of the values.
        in_ids: Whether the values are parts of the samples' ids, and no column of their own.
    """

    column: str
    n_people: int
    n_faces: int
    example: str
    in_ids: bool

    @property
    def sentence(self) -> str:
        """What was seen, and what it does to the results."""
        what = f"column {self.column!r} has"
        if self.in_ids:
            what = f"a part of the ids in column {self.column!r} has"
        return (
            f"The rows look like several faces of the same people: {what} {self.n_people:,} "
            f"different values in {self.n_faces:,} rows, such as {self.example!r}, each of one "
            "group only. Nobody said so, and every row was taken for a person of its own: if it is "
            "not, intervals are too narrow and differences may be found that are not there."
        )


def repeated_people(
    columns: pd.DataFrame, groups: pd.DataFrame, *, ids: str | None = None
) -> RepeatedPeople | None:
    """Look for people among columns that have no role, and in the ids of the samples.

    Args:
        columns: Columns to look at, one row a face: texts and whole numbers, others are passed
            over. Of more than 50,000 rows the first.
        groups: The attributes' columns, the same rows. Without two groups nothing can be said.
        ids: The column of the samples' ids among `columns`; parts of them are looked at.

    Returns:
        What looks most like people, the column with most values first; None if nothing does.
    """
    columns, groups = columns.iloc[:MOST_ROWS], groups.iloc[:MOST_ROWS]
    looked = _Groups.of(groups)
    if looked is None:
        return None
    found = []
    for name in columns:
        values = _texts(columns[name])
        if values is None:
            continue
        in_ids = name == ids or values.nunique() > _SHARE_OF_IDS * len(values)
        for candidate in _parts_of_ids(values, looked) if in_ids else [values]:
            candidate = candidate.replace("", None)
            n_people = looked.people_in(candidate, column="" if in_ids else str(name))
            if n_people:
                example = str(candidate.dropna().iloc[0])
                found.append(RepeatedPeople(str(name), n_people, len(values), example, in_ids))
    # A column says more clearly who is who than a part of an id.
    return min(found, key=lambda people: (people.in_ids, -people.n_people), default=None)


@dataclass(frozen=True)
class _Groups:
    """The groups that people would have: of each attribute, and of all together."""

    names: Sequence[str]
    by_attribute: Sequence[Codes]
    group_words: Sequence[Sequence[set[str]]]
    together: Codes

    @staticmethod
    def of(groups: pd.DataFrame) -> "_Groups | None":
        told = [name for name in groups if groups[name].nunique() > 1]
        if not told:
            return None
        coded = [pd.factorize(groups[name]) for name in told]
        stacked = np.stack([codes for codes, _ in coded])
        together = np.unique(stacked, axis=1, return_inverse=True)[1].ravel()
        return _Groups(
            names=[str(name) for name in told],
            by_attribute=[codes for codes, _ in coded],
            group_words=[[_words(str(group)) for group in names] for _, names in coded],
            together=together.astype(np.int64),
        )

    def are_groups(self, values: pd.Series) -> bool:
        """Whether values are the groups of an attribute, or numbers that groups are ranges of."""
        codes, names = pd.factorize(values)
        one_to_one = (
            not _mixed(codes, own) and not _mixed(own, codes) for own in self.by_attribute
        )
        return any(one_to_one) or self._cut_from(codes, names)

    def people_in(self, values: pd.Series, *, column: str) -> int:
        """Number of people that values tell apart; 0 if they look like no people.

        Args:
            values: One a row.
            column: The name of their column; "" of parts of ids.
        """
        words = _words(column)
        if any(words & _words(name) for name in self.names) or self._named_in(values):
            return 0
        codes, names = pd.factorize(values)
        known = codes >= 0
        sizes = np.bincount(codes[known], minlength=len(names))
        repeated = sizes[sizes > 1]
        most_groups = max(int(own.max()) + 1 for own in self.by_attribute)
        enough = len(names) >= _FEWEST_PEOPLE and len(names) > 2 * most_groups
        if not enough or repeated.sum() < _SHARE_REPEATED * len(values):
            return 0
        if any(_mixed(codes, own) for own in self.by_attribute):
            return 0
        shares = np.bincount(self.together) / len(self.together)
        by_chance = np.log((shares[:, np.newaxis] ** repeated).sum(axis=0)).sum()
        n_together = int(self.together.max()) + 1
        if by_chance > np.log(_CHANCE) or len(names) <= n_together or self._cut_from(codes, names):
            return 0
        return len(names)

    def _named_in(self, values: pd.Series) -> bool:
        """Whether values tell the groups of an attribute in words, as "White Male" does."""
        different = values.drop_duplicates().dropna()
        told = [_words(str(value)) for value in different]
        for own, names in zip(self.by_attribute, self.group_words, strict=True):
            of_values = own[values.index.get_indexer(different.index)]
            pairs = zip(told, of_values, strict=True)
            if all(group < 0 or set() < names[group] <= words for words, group in pairs):
                return True
        return False

    def _cut_from(self, codes: Codes, names: pd.Index) -> bool:
        """Whether an attribute of three groups or more is made of ranges of these numbers."""
        numbers = pd.to_numeric(pd.Series(names), errors="coerce")
        if numbers.isna().any():
            return False
        order = np.argsort(numbers.to_numpy())
        for own in self.by_attribute:
            known = (codes >= 0) & (own >= 0)
            first = np.full(len(names), -1)
            first[codes[known]] = own[known]
            changes = np.count_nonzero(np.diff(first[order]))
            if 3 <= int(own.max()) + 1 == changes + 1:
                return True
        return False


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _mixed(codes: Codes, groups: Codes) -> bool:
    """Whether some value occurs with two groups."""
    known = (codes >= 0) & (groups >= 0)
    pairs = np.unique(np.stack([codes[known], groups[known]]), axis=1)
    return bool(pairs.shape[1] > len(np.unique(pairs[0])))


def _texts(values: pd.Series) -> pd.Series | None:
    """Texts, or whole numbers as texts; None of other values."""
    if pd.api.types.is_bool_dtype(values):
        return None
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.dropna()
        whole = bool((numbers == numbers.round()).all()) if len(numbers) else False
        return values.astype("Int64").astype("string").astype(object) if whole else None
    texts = values.dropna().astype(object)
    if not texts.map(lambda value: isinstance(value, str)).all():
        return None
    stripped = values.astype(object).str.strip()
    decimals = stripped.dropna().map(lambda text: _DECIMAL.fullmatch(text) is not None)
    return None if decimals.mean() > 1 - _SHARE_REPEATED else stripped.replace("", None)


def _parts_of_ids(values: pd.Series, looked: _Groups) -> Iterator[pd.Series]:
    """What may name people in ids: their folders, beginnings and parts.

    Beginnings that hold a part which is a group (`25_female_0012.jpg`) are passed over.
    """
    texts = values.fillna("").astype(str)
    found = texts.map(_PART.findall)
    beginning, of_group = pd.Series("", index=texts.index), False
    for place in range(min(_MOST_PARTS, int(found.map(len).max()))):
        part = found.map(lambda parts, at=place: parts[at] if at < len(parts) else "")
        yield part
        of_group = of_group or looked.are_groups(part)
        beginning = beginning + "_" + part
        if place and not of_group:
            yield beginning.str.removeprefix("_")
    if not of_group:
        yield texts.map(lambda text: _LAST_NUMBER.sub("", text))
        yield texts.str.rpartition("/")[0]
