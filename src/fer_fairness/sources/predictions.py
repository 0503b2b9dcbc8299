"""Reads the predictions of a model that was not trained here, for the fairness audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.predictions_columns import Roles, find_roles, unused_notes
from fer_fairness.sources.predictions_file import read_table
from fer_fairness.sources.predictions_labels import Labels, check_vocabulary, read_labels
from fer_fairness.sources.predictions_scores import (
    Scores,
    check_covered,
    note_disagreement,
    probabilities,
    read_values,
    score_classes,
)
from fer_fairness.sources.predictions_table import (
    MISSING,
    ROWS,
    Table,
    TextColumn,
    rows_named,
)
from fer_fairness.taxonomy import probability_column

_MANY_GROUPS: Final = 50
_MOST_NUMBERS: Final = 12
_SAYS_UNKNOWN: Final = frozenset(("unknown", "unsure", "not sure", "undefined", "?", "-", "none"))
_OWN_COLUMNS: Final = frozenset(("sample_id", "emotion", "predicted_emotion"))


@dataclass(frozen=True)
class PredictionFile:
    """Somebody's predictions in the form that the audit takes.

    Attributes:
        frame: One row a sample, in the order of the file: `sample_id`, `emotion` (the true class)
            and `predicted_emotion` as text, the attributes as text under their names in the file
            (missing where the file has no value), and `probability_<class>` in [0, 1], float64.
        classes: The classes that occur as true or predicted: in code order, in that of
            `class_names` or of the probability columns, else alphabetical.
        attributes: Columns of `frame` that hold groups.
        probability_columns: In the order of `classes`; empty where the file holds none.
        reading: How the file was understood; can be written as JSON. `file`, `sha256`, `format`,
            `n_rows`, `columns` (by role: `column` or `columns`, and `by`: given, guessed or row
            numbers), `codes`, `n_by_class`, `n_without_group`, `unused_columns`, and `notes`:
            sentences on what was assumed or left out.
    """

    frame: pd.DataFrame
    classes: tuple[str, ...]
    attributes: tuple[str, ...]
    probability_columns: tuple[str, ...]
    reading: dict[str, object]


def read_predictions(path: Path, columns: PredictionColumns) -> PredictionFile:
    """Read a CSV (also compressed with gzip) or Parquet file of predictions.

    No row is ever left out. The rule for labels is that of `predictions_labels`. A file of one
    class, or with one group, reads: the audit says that it is too little.

    Args:
        path: The file.
        columns: Which column is what; the rest is guessed from the names.

    Returns:
        The predictions, and how the file was understood.

    Raises:
        InvalidInputError: If the file cannot be opened, a column is absent or ambiguous, a label
            is missing or probably misspelt, a sample occurs twice, or probabilities are none.
    """
    table = read_table(path)
    roles = find_roles(table, columns)
    notes = [*table.notes, *roles.notes]
    labels = read_labels(table, roles, columns.class_names, notes)
    scores, declared = _read_scores(table, roles, labels, columns.class_names, notes)
    occurring = set(labels.occurring)
    classes = tuple(name for name in declared if name in occurring) or labels.occurring
    predicted = _codes_in(labels.predicted, classes)
    if scores is not None:
        scores = note_disagreement(table, scores, classes, predicted, notes)
    data: dict[str, pd.Series] = {
        "sample_id": _sample_ids(table, roles, notes),
        "emotion": labels.true.series(),
        "predicted_emotion": labels.predicted.series(),
    }
    groups = _groups(table, roles, notes)
    data |= {name: found.series() for name, found in groups.items()}
    if scores is not None:
        for number, name in enumerate(classes):
            data[probability_column(name)] = pd.Series(scores.values[:, number])
    return PredictionFile(
        frame=pd.DataFrame(data),
        classes=classes,
        attributes=tuple(groups),
        probability_columns=tuple(map(probability_column, classes)) if scores is not None else (),
        reading=_reading(table, roles, labels, groups, notes, has_scores=scores is not None),
    )


def _read_scores(
    table: Table,
    roles: Roles,
    labels: Labels,
    class_names: Sequence[str] | None,
    notes: list[str],
) -> tuple[Scores | None, tuple[str, ...]]:
    """The probabilities, and the classes that `class_names` or their columns name."""
    given = tuple(name.strip() for name in class_names or ())
    if roles.scores is None:
        check_vocabulary(table, roles, labels, given, notes, is_complete=bool(given))
        return None, given
    columns = roles.scores
    values = read_values(table, columns) if columns.is_list else None
    n_columns = len(columns.columns) if values is None else values.shape[1]
    score_names = score_classes(table, columns, labels, given, n_columns)
    is_guess = columns.is_weak and not set(labels.occurring) <= set(score_names)
    declared = given or (() if is_guess else score_names)
    check_vocabulary(table, roles, labels, declared, notes, is_complete=bool(given))
    if not check_covered(table, columns, score_names, labels.occurring):
        return None, given
    values = read_values(table, columns) if values is None else values
    found = probabilities(table, columns, values)
    if columns.kind == "logits":
        notes.append("The probabilities are the softmax of the logits.")
    return Scores(found, score_names), given or score_names


def _codes_in(found: TextColumn, classes: Sequence[str]) -> npt.NDArray[np.int64]:
    recode: npt.NDArray[np.int64] = np.array(
        [classes.index(value) for value in found.values], dtype=np.int64
    )
    return recode[found.codes]


def _sample_ids(table: Table, roles: Roles, notes: list[str]) -> pd.Series:
    if roles.sample_id is None:
        notes.append(
            "No column tells the samples apart: the row numbers are used, so a sample that occurs "
            "twice cannot be found."
        )
        return pd.Series(np.arange(1, table.n_rows + 1)).astype("str")
    column = table.one_line(roles.sample_id)
    ids = pd.Series(pc.utf8_trim_whitespace(column).to_pandas().astype("str"))
    absent = ids.isin(MISSING).to_numpy()
    if absent.any():
        table.refuse(
            f"{roles.sample_id!r} is empty in {rows_named(absent)} ({ROWS}). Fill it in, or number "
            "the rows with audit.columns.sample_id=none."
        )
    repeated = ids.duplicated().to_numpy()
    if repeated.any():
        second = int(np.argmax(repeated))
        first = int(np.argmax((ids == ids.iloc[second]).to_numpy()))
        table.refuse(
            f"{ids.iloc[second]!r} stands in column {roles.sample_id!r} in rows {first + 1} and "
            f"{second + 1} ({ROWS}); {int(repeated.sum()):,} rows repeat an earlier one. Keep one "
            "prediction a sample: those of one model and one run. If the column does not name "
            "samples, give audit.columns.sample_id another, or none to number the rows."
        )
    return ids


def _groups(table: Table, roles: Roles, notes: list[str]) -> dict[str, TextColumn]:
    groups: dict[str, TextColumn] = {}
    refused: list[str] = []
    for column in roles.attributes:
        if " x " in column or column in _OWN_COLUMNS or column.startswith("probability_"):
            table.refuse(
                f"a column of groups cannot be called {column!r} here. Rename it in the file."
            )
        found = table.text(column)
        if _is_measured(found):
            refused.append(
                f"Column {column!r} holds {len(found.values)} different numbers, such as "
                f"{found.values[0]}, no groups. Write the group in their place, as '20-39' for an "
                "age of 37; nothing is cut into groups here."
            )
            continue
        groups[column] = found
        notes += _group_notes(column, found)
    if refused and (roles.origin["attributes"] == "given" or not groups):
        table.refuse(refused[0])
    notes += [f"{sentence} It was not used." for sentence in refused]
    return groups


def _is_measured(found: TextColumn) -> bool:
    numbers = pd.to_numeric(pd.Series(found.values, dtype="str"), errors="coerce")
    return len(found.values) > _MOST_NUMBERS and bool(numbers.notna().all())


def _group_notes(column: str, found: TextColumn) -> list[str]:
    notes = []
    if found.missing:
        texts = ", ".join(f"{text!r} {count:,}" for text, count in found.missing.items())
        notes.append(
            f"{column!r} names no group in {rows_named(found.codes < 0)}, which take no part in "
            f"its comparisons (written and how often: {texts})."
        )
    if len(found.values) > _MANY_GROUPS:
        notes.append(f"{column!r} has {len(found.values)} groups: most will be small.")
    notes += [
        f"{column!r} has a group {value!r}, which is compared like any other. Leave the cell empty "
        "where the group is not known."
        for value in found.values
        if value.casefold() in _SAYS_UNKNOWN
    ]
    folded: dict[str, str] = {}
    for value in found.values:
        other = folded.setdefault(value.casefold(), value)
        if other != value:
            notes.append(f"{column!r}: {other!r} and {value!r} are read as different groups.")
    return notes


def _reading(
    table: Table,
    roles: Roles,
    labels: Labels,
    groups: dict[str, TextColumn],
    notes: list[str],
    *,
    has_scores: bool,
) -> dict[str, object]:
    used = {roles.true, roles.predicted, roles.sample_id, *roles.attributes}
    understood: dict[str, object] = {
        "true": {"column": roles.true, "by": roles.origin["true"]},
        "predicted": {"column": roles.predicted, "by": roles.origin["predicted"]},
        "sample_id": {
            "column": roles.sample_id,
            "by": roles.origin.get("sample_id", "row numbers"),
        },
        "attributes": {"columns": list(groups), "by": roles.origin["attributes"]},
    }
    if has_scores and roles.scores is not None:
        used.update(roles.scores.columns)
        by = roles.scores.origin
        understood[roles.scores.kind] = {"columns": list(roles.scores.columns), "by": by}
    used.add(labels.names_column)
    counts = labels.true.series().value_counts()
    return {
        "file": table.name,
        "sha256": table.sha256,
        "format": table.kind,
        "n_rows": table.n_rows,
        "columns": understood,
        "codes": {str(code): name for code, name in labels.codes.items()} or None,
        "codes_named_by": labels.names_column or ("class_names" if labels.codes else None),
        "n_by_class": {str(name): int(count) for name, count in counts.items()},
        "n_without_group": {name: sum(g.missing.values()) for name, g in groups.items()},
        "unused_columns": [name for name in table.names if name not in used],
        "notes": [*notes, *unused_notes(table, used)],
    }
