"""Integer codes in the two columns of labels: whether there are some, and what they stand for."""

import re
from collections.abc import Collection, Sequence

import pandas as pd

from fer_fairness.sources.foreign_tables.table import ForeignTable, TextColumn
from fer_fairness.sources.predictions.roles import TRUE_NAMES, Roles

INTEGER = re.compile(r"-?\d+")
_DECIMAL = re.compile(r"-?\d*\.\d+([eE][-+]?\d+)?")


def is_coded(table: ForeignTable, column: TextColumn, given: Sequence[str]) -> bool:
    """Whether a column of labels holds codes; codes among names, and decimals, are refused."""
    others = [value for value in column.values if value not in given]
    coded = [value for value in others if INTEGER.fullmatch(value)]
    decimal = next((value for value in others if _DECIMAL.fullmatch(value)), None)
    if decimal is not None:
        table.refuse(
            f"{column.place(decimal)} is a decimal number, expected a class: a name or an integer "
            "code. If the column holds a score, write the class of each row instead."
        )
    if coded and len(coded) < len(others):
        name = next(value for value in others if value not in coded)
        table.refuse(
            f"{column.place(name)} is no integer code, but {coded[0]!r} in row "
            f"{column.row_of(coded[0])} is one. Write names or codes throughout."
        )
    return bool(coded)


def code_range(used: Collection[int], n_classes: int) -> range:
    """The codes of `n_classes` classes: from 1 where only that fits, else from 0."""
    first = int(0 not in used and max(used) == n_classes)
    return range(first, first + n_classes)


def given_codes(
    table: ForeignTable, columns: Sequence[TextColumn], given: Sequence[str]
) -> dict[int, str]:
    """The given names by code: from 1 where only that fits, else from 0; a note tells which."""
    used = {int(v) for column in columns for v in column.values if INTEGER.fullmatch(v)}
    codes = code_range(used, len(given))
    if codes[0] == 1:
        table.notes.append(f"The codes were counted from 1: 1 is {given[0]!r}.")
    elif 0 not in used:
        table.notes.append(
            f"The codes were counted from 0 although 0 never occurs: {min(used)} is "
            f"{given[min(*used, len(given) - 1)]!r}."
        )
    outside = sorted(used - set(codes))
    if outside:
        _refuse_shifted(table, columns, len(given))
        table.refuse(
            f"the code {outside[0]} occurs, but audit.columns.class_names names {len(given)} "
            f"classes, codes {codes[0]} to {codes[-1]}. Name all classes, in code order."
        )
    return dict(zip(codes, given, strict=True))


def names_beside(
    table: ForeignTable, roles: Roles, true: TextColumn
) -> tuple[str | None, dict[int, str]]:
    """A column of names that goes one to one with the true codes, and the names by code."""
    candidates = " ".join(TRUE_NAMES).split()
    for name in table.names:
        if name.strip().casefold() not in candidates or name in (roles.true, roles.predicted):
            continue
        if table.is_list(name) or table.n_different(name) != len(true.values):
            continue
        beside = table.text(name)
        both = pd.DataFrame({"code": true.texts, "name": beside.texts}).drop_duplicates()
        pairs = set(both.itertuples(index=False, name=None))
        is_one_to_one = len(pairs) == len(true.values) == len(beside.values)
        if is_one_to_one and not any(map(INTEGER.fullmatch, beside.values)):
            return name, {int(code): text for code, text in pairs}
    return None, {}


def codes_note(codes: dict[int, str], column: str | None, roles: Roles) -> str:
    """What codes were taken for, as a sentence."""
    if column is None:
        return (
            f"{roles.true!r} and {roles.predicted!r} hold integer codes, and the codes stand for "
            "the classes in the report. Give their names with audit.columns.class_names."
        )
    named = ", ".join(f"{code} is {name!r}" for code, name in sorted(codes.items()))
    return f"The names of the codes are those of column {column!r}: {named}."


def _refuse_shifted(table: ForeignTable, columns: Sequence[TextColumn], n_classes: int) -> None:
    """Refuse codes that are counted from 0 in one column, and from 1 in the other."""
    used = [{int(v) for v in column.values if INTEGER.fullmatch(v)} for column in columns]
    if not all(used):
        return
    ranges = [code_range(codes, n_classes) for codes in used]
    pairs = [*zip(columns, used, ranges, strict=True)]
    if len(set(ranges)) == 2 and all(codes <= set(own) for _, codes, own in pairs):
        told = " and ".join(
            f"{column.name!r} from {own[0]} to {own[-1]}" for column, _, own in pairs
        )
        table.refuse(
            f"codes are counted from different numbers: {told}, by the {n_classes} classes of "
            "audit.columns.class_names. Number both columns alike."
        )
