"""A table that somebody else wrote: its cells as texts and numbers, and how messages name them."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.codes import Codes, categorical, code_type, looked_up, numbered, tallied
from fer_fairness.sources.base import shortened
from fer_fairness.sources.foreign_tables.arrow_columns import is_list, is_text, numbers_of

MISSING: Final = frozenset(
    (
        *("", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "nan", "NaN", "NAN", "-nan", "-NaN"),
        *("NULL", "null", "None", "NaT", "#N/A N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?"),
        *("nan(ind)", "-nan(ind)", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    )
)
"""Texts that read as no value: how Python, pandas, R, spreadsheets and C on Windows write one."""

SAYS_UNKNOWN: Final = frozenset(
    ("unknown", "unsure", "uncertain", "not sure", "undefined", "?", "-", "--", "none")
)
"""Words and signs, in lower case, by which people write that they do not know."""

ROWS: Final = "the first row after the header is row 1"

_WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")
_WRAPPED = re.compile(r"(?:tensor|np\.\w+|array)\(\s*\[?\s*([^,\])]*?)\s*\]?\s*(?:,.*)?\)")
_SHOWN_ROWS = 5


@dataclass(frozen=True, eq=False)
class TextColumn:
    """A column of texts.

    Attributes:
        name: The column's name in the file.
        texts: One a row, as categories, without surrounding spaces, missing values as such.
        missing: Number of rows by the text that reads as missing ("" for an empty cell).
        merged: The different cells that became one text, by that text; those of one cell are not
            among them.
    """

    name: str
    texts: pd.Series
    missing: dict[str, int]
    merged: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The different texts, in order of first appearance."""
        return tuple(self.texts.dropna().unique())

    def row_of(self, value: str) -> int:
        """1-based row where `value` first stands."""
        return int(np.argmax(self.texts == value)) + 1

    def place(self, value: str) -> str:
        """Where `value` first stands, as a message names it."""
        return f"column {self.name!r}, row {self.row_of(value)} ({ROWS}): {value!r}"

    def translated(self, names: Mapping[str, str | None]) -> "TextColumn":
        """The column with other texts, or none, in place of some."""
        every = [names.get(value, value) for value in self.texts.cat.categories]
        texts = categorical(np.asarray(self.texts.cat.codes), every)
        return TextColumn(self.name, texts, self.missing, self.merged)


@dataclass(frozen=True)
class UnreadColumn:
    """A column of a file that stays behind.

    Attributes:
        reason: What it holds, a clause that follows its name: "holds {'a': 1} in row 1, ...".
        is_damaged: Whether it is text, some of which cannot be read, and not of another kind.
    """

    reason: str
    is_damaged: bool


@dataclass(frozen=True)
class ForeignTable:
    """A file or DataFrame with named columns, values still as they were written.

    Attributes:
        name: The file's name, for messages.
        sha256: Of the file as it lies on the disk; empty of a DataFrame.
        kind: "CSV", "Parquet" or "DataFrame".
        data: The columns that can be read as text, numbers or lists of numbers; texts that repeat
            may be a dictionary.
        notes: Sentences on how the file was understood; every reader of the table adds its own.
        unread: Columns that cannot be read, by name.
        warnings: Sentences on what may make results wrong; readers add theirs as to the notes.
    """

    name: str
    sha256: str
    kind: str
    data: pa.Table
    notes: list[str] = field(default_factory=list)
    unread: dict[str, UnreadColumn] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that can be read."""
        return tuple(self.data.column_names)

    @property
    def every_name(self) -> tuple[str, ...]:
        """Names of all columns, of those too that are refused once they are asked for."""
        return (*self.names, *self.unread)

    @property
    def n_rows(self) -> int:
        """Number of rows after the header."""
        return int(self.data.num_rows)

    def renamed(self, names: Mapping[str, str]) -> "ForeignTable":
        """The same with other names of some columns.

        Raises:
            InvalidInputError: One of them cannot be read, or such a name is taken.
        """
        for column, name in names.items():
            if column not in self.names:
                self.refuse(
                    f"there is no column {column!r} of texts or numbers. The columns are "
                    f"{listed(self.every_name)}."
                )
            if name in self.every_name and name not in names:
                self.refuse(f"there is a column {name!r} already. Rename it.")
        return replace(
            self, data=self.data.rename_columns([names.get(name, name) for name in self.names])
        )

    def without(self, columns: Collection[str]) -> "ForeignTable":
        """The same without some columns, and with notes and warnings of its own."""
        return replace(
            self,
            data=self.data.select([name for name in self.names if name not in columns]),
            notes=[*self.notes],
            warnings=[*self.warnings],
            unread={name: why for name, why in self.unread.items() if name not in columns},
        )

    def is_text(self, column: str) -> bool:
        """Whether a column holds strings, as every column of a CSV file does."""
        return is_text(self.values(column).type)

    def is_list(self, column: str) -> bool:
        """Whether the cells of a column are lists of numbers, of a type of their own."""
        return is_list(self.values(column).type)

    def values(self, column: str) -> pa.ChunkedArray:
        """A column as the file has it.

        Raises:
            InvalidInputError: It cannot be read; with what it holds.
        """
        if column in self.unread:
            self.refuse(
                f"column {column!r} {self.unread[column].reason}, expected one text or one number "
                "a row. Write it so, or name another column."
            )
        return self.data.column(column)

    def numbers(self, column: str) -> npt.NDArray[np.float64]:
        """A column of numbers, or of texts of numbers, as float64 `(n,)`; NaN where none is."""
        values = self._of_single_values(column)
        return numbers_of(values.cast(pa.string()) if is_text(values.type) else values)

    def n_different(self, column: str) -> int:
        """Number of different cells of a column, empty ones included."""
        return len(self._coded(column)[1])

    def text(self, column: str) -> TextColumn:
        """A column of one-line texts, without surrounding spaces, whole numbers without ".0"."""
        codes, written = self._coded(column)
        broken = np.array(["\n" in text for text in written] + [False])
        if broken.any():
            self._refuse_lines(column, int(np.argmax(looked_up(broken, codes))))
        plain = [_plain(text) for text in written]
        counts = tallied((codes, len(plain)))
        missing: Counter[str] = Counter()
        cells: dict[str, list[str]] = {}
        for cell, text, n_rows in zip(written, plain, counts.tolist(), strict=True):
            if text in MISSING:
                missing[text] += n_rows
            else:
                cells.setdefault(text, []).append(cell)
        merged = {text: found for text, found in cells.items() if len(found) > 1}
        texts = categorical(codes, [None if text in MISSING else text for text in plain])
        return TextColumn(column, texts, dict(missing), merged)

    def one_line(self, column: str) -> pd.Series:
        """A column as strings, none of several lines; "" for nothing.

        Raises:
            InvalidInputError: If a cell holds a line end: most likely a quote was not closed, and
                the rows up to the next quote were read as one cell.
        """
        written = pc.fill_null(self._written(column).cast(pa.large_string()), "")
        broken = pc.match_substring(written, "\n").to_numpy()
        if broken.any():
            self._refuse_lines(column, int(np.argmax(broken)))
        return pd.Series(written.to_pandas()).astype("str")

    def cell(self, column: str, row: int) -> str:
        """What stands in a column at a 0-based row, cut to 80 characters."""
        return shortened(str(self.values(column)[row].as_py()))

    def refuse(self, message: str) -> NoReturn:
        """Raise InvalidInputError with the file's name in front."""
        raise InvalidInputError(f"{self.name}: {message}")

    def _refuse_lines(self, column: str, row: int) -> NoReturn:
        self.refuse(
            f"column {column!r} holds {self.cell(column, row)!r} in row {row + 1} ({ROWS}), "
            "expected one line. If a double quote is not closed before, close it."
        )

    def _written(self, column: str) -> pa.ChunkedArray:
        """A column as texts; those that repeat may be a dictionary."""
        values = self._of_single_values(column)
        if pa.types.is_boolean(values.type):
            values = pc.if_else(values, "True", "False")
        return values if is_text(values.type) else values.cast(pa.string())

    def _coded(self, column: str) -> tuple[Codes, list[str]]:
        """A code a row, and the texts that occur by code; "" for nothing."""
        places = {"": 0}
        codes: list[Codes] = []
        for chunk in self._written(column).chunks:
            encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
            texts = encoded.dictionary.to_pylist()
            own = [*(places.setdefault(text or "", len(places)) for text in texts), 0]
            rows = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy()
            codes.append(looked_up(np.array(own, dtype=code_type(len(places))), rows))
        present, occurring = numbered(np.concatenate(codes), len(places))
        names = list(places)
        return occurring, [names[place] for place in present]

    def _of_single_values(self, column: str) -> pa.ChunkedArray:
        if self.is_list(column):
            self.refuse(
                f"column {column!r} holds the list {self.cell(column, 0)} in row 1 ({ROWS}), "
                "expected one text or one number a row. Write it so, or name another column."
            )
        return self.values(column)


def rows_named(bad: npt.ArrayLike) -> str:
    """Names the first five rows of a mask, 1-based: "3 rows, the first are rows 2, 5 and 9"."""
    found = np.flatnonzero(bad) + 1
    rows = [str(row) for row in found[:_SHOWN_ROWS].tolist()]
    if len(rows) == 1:
        return f"row {rows[0]}"
    shown = f"{', '.join(rows[:-1])} and {rows[-1]}"
    return (
        f"rows {shown}"
        if len(found) == len(rows)
        else f"{len(found):,} rows, the first are {shown}"
    )


def quoted(name: str) -> str:
    """A name as a sentence sets something to it, as in `audit.columns.person=who`.

    It is in single quotes where a shell or a reader could part it.
    """
    return name if re.fullmatch(r"\w+", name) else "'" + name.replace("'", "'\"'\"'") + "'"


def listed(names: Iterable[str]) -> str:
    """Names as a message lists them, twenty at most."""
    names = list(names)
    return ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")


def _plain(text: str) -> str:
    text = text.strip()
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[1]
    whole = _WHOLE_NUMBER.fullmatch(text)
    return whole[1] if whole else text
