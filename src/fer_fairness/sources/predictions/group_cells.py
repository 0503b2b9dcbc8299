"""Groups as cells write them: what nobody sees, codes that a legend names, several in one cell."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from fer_fairness.sources.foreign_tables.table import ForeignTable, TextColumn, listed

_BETWEEN_LETTERS: Final = re.compile(r"(?<=[^\W\d_])[\s_\-\u2010-\u2015./,']+(?=[^\W\d_])")
_BETWEEN: Final = re.compile(r"\s*[;|,/&+]\s*")

_UNSEEN: Final = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Soft hyphen, blanks without width, marks of the direction of writing."""

_JOINED: Final = "\u0590-\u1dff\u2190-\u2bff\u2e80-\U0010ffff"
"""Letters of scripts from Hebrew on, and pictures: what joiners join, or keep from joining."""

_VIRAMA: Final = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
"""Behind these a joiner is seen at the end of a word too."""

_JOINER: Final = "\u200c\u200d"
_NEEDLESS_JOINERS: Final = re.compile(
    f"(?<![{_JOINED}{_JOINER}])[{_JOINER}]++|(?<![{_VIRAMA}{_JOINER}])[{_JOINER}]++(?![{_JOINED}])"
)


def as_seen(text: str) -> str:
    """A text without what nobody sees: accents are one letter (NFC), no characters without width.

    Joiners stay between letters of scripts that are written with them, and in pictures.
    """
    seen = _NEEDLESS_JOINERS.sub("", _UNSEEN.sub("", text))
    return unicodedata.normalize("NFC", seen).strip()


def read_as_seen(table: ForeignTable, column: TextColumn) -> TextColumn:
    """The column with its groups as they are seen (`as_seen`); a note counts the cells."""
    seen = {value: text for value in column.values if (text := as_seen(value)) not in ("", value)}
    if not seen:
        return column
    table.notes.append(
        f"{column.name!r}: {int(column.texts.isin(seen).sum()):,} cells hold characters that "
        "nobody sees, or accents as letters of their own, and are read without: "
        f"{', '.join(f'{value!a} as {text!r}' for value, text in list(seen.items())[:5])}."
    )
    return column.translated(seen)


def spelt_nearly_alike(values: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of groups that differ only in case, or in blanks and punctuation between letters."""
    folded: dict[str, str] = {}
    firsts = [(folded.setdefault(_BETWEEN_LETTERS.sub("", v.casefold()), v), v) for v in values]
    return [(first, value) for first, value in firsts if first != value]


def named_by(
    table: ForeignTable, column: TextColumn, legend: Mapping[str, str], *, setting: str
) -> TextColumn:
    """The column with the groups that its codes stand for.

    Args:
        table: The file.
        column: Codes.
        legend: The group of each code.
        setting: What the legend is called, for the message.

    Raises:
        InvalidInputError: A code is not in the legend.
    """
    unknown = [value for value in column.values if value not in legend]
    if unknown:
        table.refuse(
            f"{column.place(unknown[0])} is none of the codes {', '.join(map(repr, legend))}. Add "
            f"it to {setting}, or correct the cell."
        )
    return column.translated(dict(legend))


def combination_notes(column: TextColumn) -> list[str]:
    """What cells with several groups became, where one of these stands in a cell of its own too."""
    single = set(column.values)
    several = [
        value
        for value in column.values
        if len(parts := _BETWEEN.split(value)) > 1 and single.intersection(parts)
    ]
    if not several:
        return []
    n_rows = int(column.texts.isin(several).sum())
    told = (
        f"{column.name!r} has several groups in one cell in {n_rows:,} rows: {listed(several)}. "
        "Each combination is read as a group of its own; write one group where that is not meant."
    )
    return [told]
