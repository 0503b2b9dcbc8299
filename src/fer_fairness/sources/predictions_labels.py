"""Reads the true and the predicted class of a prediction file into one vocabulary.

The rule. Labels stay as the file has them. Integer codes get the names of `columns.class_names`, in
code order; without them those of a column of names that goes one to one with the true codes; else
the code is the name. The classes are those that occur as a true or as a predicted label, with these
errors, for a slip of spelling would otherwise pass for a class of its own:

- with `class_names`, any other label;
- two labels that differ only in case, spaces or punctuation;
- a label that is only ever predicted, unless `class_names` or the columns of probabilities name it
  or it is a code: if it is spelt nearly like another label, or if some true label is never
  predicted, so that the two could be one class under two names.
"""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from fer_fairness.sources.predictions_columns import Roles
from fer_fairness.sources.predictions_names import TRUE_NAMES
from fer_fairness.sources.predictions_table import ROWS, Table, TextColumn, as_text, rows_named

_INTEGER = re.compile(r"-?\d+")
_DECIMAL = re.compile(r"-?\d*\.\d+([eE][-+]?\d+)?")
_MAX_CLASSES: Final = 100
_CLOSE_SPELLING: Final = 0.8


@dataclass(frozen=True)
class Labels:
    """The two label columns in one vocabulary.

    Attributes:
        true: Class of each row.
        predicted: Predicted class of each row.
        codes: Name by integer code; empty where labels are names already.
        names_column: The column that names the codes, where one was found beside them.
    """

    true: TextColumn
    predicted: TextColumn
    codes: dict[int, str]
    names_column: str | None

    @property
    def occurring(self) -> tuple[str, ...]:
        """Labels that occur, in code order or alphabetical."""
        found = {*self.true.values, *self.predicted.values}
        if self.codes:
            return tuple(name for _, name in sorted(self.codes.items()) if name in found)
        return tuple(sorted(found))

    def named(self, text: str) -> str | None:
        """The label that a column's suffix, or a position, speaks of; None if there is none."""
        if _INTEGER.fullmatch(text) and int(text) in self.codes:
            return self.codes[int(text)]
        known = (*self.codes.values(), *self.occurring)
        return next((name for name in known if spelling(name) == spelling(text)), None)


def spelling(label: str) -> str:
    """What is left of a label without case, spaces and punctuation."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    return "".join(char for char in folded if char.isalnum()) or folded


def read_labels(
    table: Table, roles: Roles, class_names: Sequence[str] | None, notes: list[str]
) -> Labels:
    """Read both columns of labels; `check_vocabulary` is to follow.

    Args:
        table: The file.
        roles: Which columns.
        class_names: All classes, in code order, if given.
        notes: Where it is told what codes were taken for.

    Raises:
        InvalidInputError: If labels are missing, are decimal numbers, mix names and codes, or are
            codes on one side only.
    """
    true = _label_column(table, roles.true, "true")
    predicted = _label_column(table, roles.predicted, "predicted")
    given = tuple(name.strip() for name in class_names or ())
    true_is_coded = _is_coded(table, roles.true, true, given)
    predicted_is_coded = _is_coded(table, roles.predicted, predicted, given)
    if not (true_is_coded or predicted_is_coded):
        return Labels(true, predicted, {}, None)
    if given:
        codes, names_column = _given_codes(table, (true, predicted), given, notes), None
    else:
        if true_is_coded != predicted_is_coded:
            table.refuse(
                f"{roles.true!r} and {roles.predicted!r} differ: one holds integer codes "
                f"and the other names ({true.values[0]!r} and {predicted.values[0]!r} in row 1). "
                "Give audit.columns.class_names, the names in code order."
            )
        found = {int(code) for code in (*true.values, *predicted.values)}
        named = _names_beside(table, roles, true)
        names_column = named[0] if named else None
        codes = {code: str(code) for code in sorted(found)} | (named[1] if named else {})
        _note_codes(codes, names_column, roles, notes)
    return Labels(
        _translated(true, codes) if true_is_coded else true,
        _translated(predicted, codes) if predicted_is_coded else predicted,
        codes,
        names_column,
    )


def check_vocabulary(
    table: Table,
    roles: Roles,
    labels: Labels,
    declared: Sequence[str] | None,
    notes: list[str],
    *,
    is_complete: bool,
) -> None:
    """Refuse labels that are probably another spelling of a class: the rule of this module.

    Args:
        table: The file.
        roles: Which columns.
        labels: What they hold.
        declared: Classes that `class_names` or the columns of probabilities name.
        notes: Where classes that nobody has are told.
        is_complete: Whether `declared` holds all classes that there may be.

    Raises:
        InvalidInputError: Naming the row, the label, and the labels known.
    """
    known = tuple(declared or ())
    for column, found in ((roles.true, labels.true), (roles.predicted, labels.predicted)):
        outside = [value for value in found.values if value not in known]
        if is_complete and outside:
            table.refuse(
                f"{_place(column, found, outside[0])} is no class. The classes are "
                f"{_listed(known)}. Correct the label, or add it to audit.columns.class_names."
            )
    _refuse_two_spellings(table, roles, labels, known)
    only_predicted = [name for name in labels.predicted.values if name not in labels.true.values]
    never_predicted = [name for name in labels.true.values if name not in labels.predicted.values]
    for name in only_predicted:
        if name not in known and not labels.codes:
            place = _place(roles.predicted, labels.predicted, name)
            close = difflib.get_close_matches(name, labels.true.values, n=1, cutoff=_CLOSE_SPELLING)
            suspects = close or never_predicted
            if suspects:
                table.refuse(
                    f"{place} never occurs as a true label; it could be another name of "
                    f"{_listed(suspects)}. The true labels are "
                    f"{_listed(sorted(labels.true.values))}. Write one name for one class; if "
                    "they are different classes, name all in "
                    "audit.columns.class_names."
                )
    for name in only_predicted:
        is_it = labels.predicted.codes == labels.predicted.values.index(name)
        notes.append(
            f"{name!r} is predicted in {rows_named(is_it)} and is the true class of nobody."
        )


def _label_column(table: Table, column: str, role: str) -> TextColumn:
    n_different = pc.count_distinct(as_text(table.data.column(column))).as_py()
    if n_different > _MAX_CLASSES:
        table.refuse(
            f"{column!r} holds {n_different:,} different values, expected at most {_MAX_CLASSES} "
            f"classes. Name the column of the {role} class with columns.{role}."
        )
    found = table.text(column)
    if found.missing:
        texts = ", ".join(map(repr, found.missing))
        table.refuse(
            f"{column!r} has no label in {rows_named(found.codes < 0)} ({ROWS}; found {texts}). "
            "Leave such rows out of the file, or write another name for a class that is called so."
        )
    return found


def _is_coded(table: Table, column: str, found: TextColumn, given: Sequence[str]) -> bool:
    others = [value for value in found.values if value not in given]
    coded = [value for value in others if _INTEGER.fullmatch(value)]
    decimal = next((value for value in others if _DECIMAL.fullmatch(value)), None)
    if decimal is not None:
        table.refuse(
            f"{_place(column, found, decimal)} is a decimal number, expected a class: a name or an "
            "integer code. If the column holds a score, write the class of each row instead."
        )
    if coded and len(coded) < len(others):
        name = next(value for value in others if value not in coded)
        table.refuse(
            f"{_place(column, found, name)} is no integer code, but {coded[0]!r} in row "
            f"{found.row_of(coded[0])} is one. Write names or codes throughout."
        )
    return bool(coded)


def _given_codes(
    table: Table, columns: Sequence[TextColumn], given: Sequence[str], notes: list[str]
) -> dict[int, str]:
    used = {int(v) for column in columns for v in column.values if _INTEGER.fullmatch(v)}
    first = 1 if 0 not in used and max(used) == len(given) else 0
    if first == 1:
        notes.append(f"The codes were counted from 1: 1 is {given[0]!r}.")
    elif 0 not in used:
        notes.append(
            f"The codes were counted from 0 although 0 never occurs: {min(used)} is "
            f"{given[min(*used, len(given) - 1)]!r}."
        )
    last = first + len(given) - 1
    if min(used) < first or max(used) > last:
        wrong = min(used) if min(used) < first else max(used)
        table.refuse(
            f"the code {wrong} occurs, but audit.columns.class_names names {len(given)} classes, "
            f"codes {first} to {last}. Name all classes, in code order."
        )
    return dict(enumerate(given, start=first))


def _names_beside(
    table: Table, roles: Roles, true: TextColumn
) -> tuple[str, dict[int, str]] | None:
    """A column of names that goes one to one with the true codes."""
    candidates = " ".join(TRUE_NAMES).split()
    for column in table.names:
        if column.strip().casefold() not in candidates or column in (roles.true, roles.predicted):
            continue
        if pc.count_distinct(as_text(table.data.column(column))).as_py() != len(true.values):
            continue
        names = table.text(column)
        pairs = np.unique(np.stack([true.codes, names.codes]), axis=1)
        is_one_to_one = pairs.shape[1] == len(true.values) == len(names.values)
        if is_one_to_one and not any(map(_INTEGER.fullmatch, names.values)):
            return column, {int(true.values[c]): names.values[n] for c, n in pairs.T.tolist()}
    return None


def _note_codes(codes: dict[int, str], column: str | None, roles: Roles, notes: list[str]) -> None:
    if column is None:
        notes.append(
            f"{roles.true!r} and {roles.predicted!r} hold integer codes, and the codes stand for "
            "the classes in the report. Give their names with audit.columns.class_names."
        )
        return
    listed = ", ".join(f"{code} is {name!r}" for code, name in sorted(codes.items()))
    notes.append(f"The names of the codes are those of column {column!r}: {listed}.")


def _translated(found: TextColumn, codes: dict[int, str]) -> TextColumn:
    values = tuple(
        codes[int(value)] if _INTEGER.fullmatch(value) else value for value in found.values
    )
    # Codes written in two ways, such as 1 and 01, become one class.
    unique = tuple(dict.fromkeys(values))
    recode: npt.NDArray[np.int64] = np.array([unique.index(value) for value in values])
    return TextColumn(recode[found.codes], unique, found.missing)


def _refuse_two_spellings(
    table: Table, roles: Roles, labels: Labels, declared: Sequence[str]
) -> None:
    spelt: dict[str, str] = {}
    for column, found in ((roles.true, labels.true), (roles.predicted, labels.predicted)):
        for value in found.values:
            other = spelt.setdefault(spelling(value), value)
            if other != value and not (value in declared and other in declared):
                table.refuse(
                    f"{_place(column, found, value)} and {other!r} differ only in case, spaces or "
                    "punctuation. Write one name for one class."
                )


def _place(column: str, found: TextColumn, value: str) -> str:
    return f"column {column!r}, row {found.row_of(value)} ({ROWS}): {value!r}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
