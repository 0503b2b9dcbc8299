"""Reads the true and the predicted class of a prediction file into one vocabulary.

The rule. Labels stay as the file has them. Integer codes get the names of `columns.class_names`, in
code order; without them those of a column of names that goes one to one with the true codes; else
the code is the name. The classes are those that occur as a true or as a predicted label, with these
errors, for a slip of spelling would otherwise pass for a class of its own:

- with `class_names`, any other label;
- two labels that differ only in case, spaces or punctuation;
- a label that is only ever predicted, unless `class_names` or the columns of probabilities name it
  or it is a code: if it is spelt nearly like another label, or if some true label is never
  predicted, so that the two could be one class under two names;
- a label that is never predicted, likewise, if it is spelt nearly like one that is.

No error are two names of one emotion ("Happiness", "happy"), one only ever true and the other only
predicted: they are one class, under its true name, and a note says so.
"""

import difflib
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from fer_fairness.sources.foreign_tables.table import (
    ROWS,
    SAYS_UNKNOWN,
    ForeignTable,
    TextColumn,
    listed,
    rows_named,
)
from fer_fairness.sources.predictions.codes import (
    INTEGER,
    codes_note,
    given_codes,
    is_coded,
    names_beside,
)
from fer_fairness.sources.predictions.roles import Roles
from fer_fairness.taxonomy import EMOTION_ALIASES, EMOTIONS

_MAX_CLASSES: Final = 100
_NO_LABEL: Final = SAYS_UNKNOWN | {"-1"}
_CLOSE_SPELLING: Final = 0.8
"""Labels more alike than this (`difflib`) may be one class with a slip of spelling."""


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
    codes: dict[int, str] = field(default_factory=dict)
    names_column: str | None = None

    @property
    def occurring(self) -> tuple[str, ...]:
        """Labels that occur, in code order or alphabetical."""
        found = {*self.true.values, *self.predicted.values}
        if self.codes:
            return tuple(name for _, name in sorted(self.codes.items()) if name in found)
        return tuple(sorted(found))

    def named(self, text: str) -> str | None:
        """The label that a column's suffix, or a position, speaks of; None if there is none."""
        if INTEGER.fullmatch(text) and int(text) in self.codes:
            return self.codes[int(text)]
        known = (*self.codes.values(), *self.occurring)
        spelt = next((name for name in known if spelling(name) == spelling(text)), None)
        return spelt or next((name for name in known if emotion(name) == emotion(text)), None)


def spelling(label: str) -> str:
    """What is left of a label without case, spaces and punctuation; a code with its sign."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    kept = "" if INTEGER.fullmatch(folded) else "".join(filter(str.isalnum, folded))
    return kept or folded


def emotion(label: str) -> str:
    """The emotion of the taxonomy that a label names, else the label as it is compared."""
    plain = spelling(label)
    return EMOTION_ALIASES.get(plain, plain)


def read_labels(table: ForeignTable, roles: Roles, given: Sequence[str]) -> Labels:
    """Read both columns of labels; `check_vocabulary` is to follow.

    Args:
        table: The file; a note tells what codes were taken for.
        roles: Which columns.
        given: All classes, in code order; empty if they are not given.

    Raises:
        InvalidInputError: If labels are missing or a sign for none ("-", -1, "unknown") that is no
            class of the model, are decimal numbers, mix names and codes, or are
            codes on one side only.
    """
    answers = _label_column(table, roles.predicted, "predicted")
    classes = {*given, *answers.values, *(roles.scores.suffixes if roles.scores else ())}
    columns = [_label_column(table, roles.true, "true", classes), answers]
    coded = [column for column in columns if is_coded(table, column, given)]
    if not coded:
        return Labels(columns[0], columns[1] if given else _same_names(table, *columns))
    names_column: str | None = None
    if given:
        codes = given_codes(table, columns, given)
    elif len(coded) == 1:
        table.refuse(
            f"{roles.true!r} and {roles.predicted!r} differ: one holds integer codes and the other "
            f"names ({' and '.join(repr(column.values[0]) for column in columns)} in row 1). "
            "Give audit.columns.class_names, the names in code order."
        )
    else:
        names_column, names = names_beside(table, roles, columns[0])
        found = {int(code) for column in columns for code in column.values}
        codes = {code: str(code) for code in sorted(found)} | names
        table.notes.append(codes_note(codes, names_column, roles))
    true, predicted = (
        # Codes written in two ways, such as 1 and 01, become one class.
        column.translated({v: codes[int(v)] for v in column.values if INTEGER.fullmatch(v)})
        if column in coded
        else column
        for column in columns
    )
    return Labels(true, predicted, codes, names_column)


def _same_names(table: ForeignTable, true: TextColumn, predicted: TextColumn) -> TextColumn:
    """The predicted labels, in the names of the true ones where these name the same emotions."""
    meant = [*map(emotion, {*true.values, *predicted.values})]
    unmet = {emotion(name): name for name in true.values if name not in predicted.values}
    names = {
        name: unmet[emotion(name)]
        for name in predicted.values
        if name not in true.values and emotion(name) in unmet
        # A third name, or names of no emotion: nobody knows which are one class.
        if meant.count(emotion(name)) == 2 and emotion(name) in EMOTIONS
    }
    if not names:
        return predicted
    table.notes.append(
        "Predicted and true emotions have other names: "
        + ", ".join(f"{name!r} is {other!r}" for name, other in names.items())
        + "."
    )
    return predicted.translated(names)


def check_vocabulary(
    table: ForeignTable, labels: Labels, declared: Sequence[str], *, is_complete: bool
) -> None:
    """Refuse labels that are probably another spelling of a class: the rule of this module.

    Args:
        table: The file; a note tells of classes that nobody has.
        labels: What its columns of labels hold.
        declared: Classes that `class_names` or the columns of probabilities name.
        is_complete: Whether `declared` holds all classes that there may be.

    Raises:
        InvalidInputError: Naming the row, the label, and the labels known.
    """
    columns = (labels.true, labels.predicted)
    for column in columns:
        outside = [value for value in column.values if value not in declared]
        if is_complete and outside:
            table.refuse(
                f"{column.place(outside[0])} is no class. The classes are {listed(declared)}. "
                "Correct the label, or add it to audit.columns.class_names."
            )
    spelt: dict[str, str] = {}
    for column in columns:
        for value in column.values:
            other = spelt.setdefault(spelling(value), value)
            if other != value and not (value in declared and other in declared):
                table.refuse(
                    f"{column.place(value)} and {other!r} differ only in case, spaces or "
                    "punctuation. Write one name for one class."
                )
    true, predicted = labels.true.values, labels.predicted.values
    only_predicted = [name for name in predicted if name not in true]
    for name in only_predicted:
        if name in declared or labels.codes:
            continue
        close = difflib.get_close_matches(name, true, n=1, cutoff=_CLOSE_SPELLING)
        if suspects := close or [other for other in true if other not in predicted]:
            table.refuse(
                f"{labels.predicted.place(name)} never occurs as a true label; it could be another "
                f"name of {listed(suspects)}. The true labels are {listed(sorted(true))}. Write "
                "one name for one class; if they are different classes, name all in "
                "audit.columns.class_names."
            )
    _refuse_misspelt_true(table, labels, declared)
    table.notes.extend(
        f"{name!r} is predicted in {rows_named(labels.predicted.texts == name)} and is the true "
        "class of nobody."
        for name in only_predicted
    )


def _refuse_misspelt_true(table: ForeignTable, labels: Labels, declared: Sequence[str]) -> None:
    predicted = labels.predicted.values
    for name in labels.true.values:
        if name in predicted or name in declared or labels.codes:
            continue
        if close := difflib.get_close_matches(name, predicted, n=1, cutoff=_CLOSE_SPELLING):
            table.refuse(
                f"{labels.true.place(name)} is never predicted; it could be another spelling of "
                f"{close[0]!r}. Write one name for one class; if they are different classes, name "
                "all in audit.columns.class_names."
            )


def _label_column(
    table: ForeignTable, name: str, role: str, classes: Collection[str] | None = None
) -> TextColumn:
    """A column of labels; signs for none are refused as empty cells are, if not in `classes`."""
    n_different = table.n_different(name)
    if n_different > _MAX_CLASSES:
        table.refuse(
            f"{name!r} holds {n_different:,} different values, expected at most {_MAX_CLASSES} "
            f"classes. Name the column of the {role} class with audit.columns.{role}."
        )
    column = table.text(name)
    signs = [
        value
        for value in column.values
        if classes is not None and value not in classes and value.casefold() in _NO_LABEL
    ]
    if column.missing or signs:
        absent = column.texts.isna() | column.texts.isin(signs)
        table.refuse(
            f"{name!r} has no label in {rows_named(absent)} ({ROWS}; found "
            f"{listed([*column.missing, *signs])}). Leave such rows out of the file, or write "
            "another name for a class that is called so."
        )
    return column
