"""Reads the predictions of a model that was not trained here, for the fairness audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from fer_fairness.fairness.codes import repeated
from fer_fairness.fairness.swapped_classes import order_warnings
from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.foreign_tables.record_cells import spread_records
from fer_fairness.sources.foreign_tables.table import (
    MISSING,
    ROWS,
    ForeignTable,
    TextColumn,
    listed,
    quoted,
    rows_named,
)
from fer_fairness.sources.predictions.groups import MANY_GROUPS, MOST_NUMBERS, read_groups
from fer_fairness.sources.predictions.labels import Labels, check_vocabulary, read_labels
from fer_fairness.sources.predictions.labels_beside import FOLDER, with_folders, with_labels
from fer_fairness.sources.predictions.of_models import (
    with_first_answers,
    with_largest,
    with_only_model,
)
from fer_fairness.sources.predictions.people import read_people
from fer_fairness.sources.predictions.roles import Roles, find_roles, is_number, names_true
from fer_fairness.sources.predictions.scores import of_occurring_classes, probabilities, read_scores
from fer_fairness.sources.tool_outputs import (
    FACE,
    one_face_a_row,
    own_prediction,
    tool_output,
    without_answers,
)
from fer_fairness.tables import PERSON
from fer_fairness.taxonomy import probability_column

_TOLD_BY_TOOLS: Final = ("true", "predicted", "sample_id")


@dataclass(frozen=True)
class PredictionFile:
    """Somebody's predictions in the form that the audit takes.

    Attributes:
        frame: One row a sample, in the order of the file; all but ids and probabilities are
            categories of text: `sample_id`, `person` (missing
            where the file has none; only if there is such a column), `emotion` (the true class)
            and `predicted_emotion`, the attributes under their names in the file (missing where the
            file has no value), and `probability_<class>` in [0, 1], float64.
        classes: The classes that occur as true or predicted: in code order, in that of
            `class_names` or of the probability columns, else alphabetical.
        attributes: Columns of `frame` that hold groups.
        probability_columns: In the order of `classes`; empty where the file holds none.
        reading: How the file was understood; can be written as JSON. `file`, `sha256`, `format`,
            `n_rows`, `n_people` (rows where no column tells people apart), `columns` (by role:
            `column` or `columns`, and `by`: given, guessed or row numbers), `codes`, `n_by_class`,
            `n_without_group`, `unused_columns`, `warnings`: sentences on what may make the results
            wrong, and `notes`: sentences on what was assumed or left out.
    """

    frame: pd.DataFrame
    classes: tuple[str, ...]
    attributes: tuple[str, ...]
    probability_columns: tuple[str, ...]
    reading: dict[str, object]


def read_predictions(path: Path, columns: PredictionColumns) -> PredictionFile:
    """Read a CSV (also compressed with gzip), Parquet or JSON file of predictions: `read_table`.

    Args:
        path: The file.
        columns: Which column is what; the rest is guessed from the names.

    Raises:
        InvalidInputError: If the file cannot be opened, or as for `read_table`.
    """
    return read_table(open_table(path), columns)


def read_table(
    table: ForeignTable, columns: PredictionColumns, beside: Sequence[ForeignTable] = ()
) -> PredictionFile:
    """Read a table of predictions, that of a known tool among them (`tool_outputs`).

    Rows are left out only of a tool's output: pictures in which it found no face, or another one.
    The rule for labels is that of `predictions.labels`. A file of one
    class, or with one group, reads: the audit says that it is too little.

    Args:
        table: The table as it was given; what is found is told in its notes.
        columns: Which column is what; the rest is guessed from the names.
        beside: Tables of true emotions or groups of the same pictures (`with_labels`).

    Returns:
        The predictions, and how the file was understood.

    Raises:
        InvalidInputError: If a column is absent or ambiguous, a label
            is missing or probably misspelt, a sample occurs twice, a person has two groups of one
            attribute, or probabilities are none.
    """
    asked = columns
    table, columns = with_first_answers(spread_records(table), columns)
    table, columns = _of_tool(table, columns)
    if beside:
        table = with_labels(table, [spread_records(one) for one in beside], columns.sample_id)
    table, columns = with_largest(table, with_only_model(table, columns))
    table, roles = _with_roles(table, columns)
    for role in _TOLD_BY_TOOLS:
        if getattr(asked, role) is None and role in roles.origin:
            roles.origin[role] = "guessed"
    given = tuple(name.strip() for name in columns.class_names or ())
    labels = read_labels(table, roles, given)
    scores = roles.scores and read_scores(table, roles.scores, labels, given)
    declared = given or (scores.classes if scores else ())
    check_vocabulary(table, labels, declared, is_complete=bool(given))
    known = [name for name in declared if name in labels.occurring]
    classes = (*known, *(name for name in labels.occurring if name not in known))
    if roles.scores and scores:
        scores = probabilities(table, roles.scores, scores, labels)
        predicted = pd.Categorical(labels.predicted.texts, categories=list(classes)).codes
        scores = of_occurring_classes(table, scores, classes, predicted)
    samples = _sample_ids(table, roles)
    groups = read_groups(table, roles, columns)
    grouping = pd.DataFrame({column.name: column.texts for column in groups}, index=samples.index)
    people = read_people(table, roles, grouping, looked_for=columns.person is None)
    names = tuple(map(probability_column, classes)) if scores else ()
    frame = pd.DataFrame(
        {
            "sample_id": samples,
            **({} if people.column is None else {PERSON: people.column}),
            "emotion": labels.true.texts,
            "predicted_emotion": labels.predicted.texts,
            **{column.name: column.texts for column in groups},
            **(dict(zip(names, scores.values, strict=True)) if scores else {}),
        },
        copy=False,
    )
    swapped = order_warnings(
        labels.true.texts, labels.predicted.texts, "Number both columns alike."
    )
    return PredictionFile(
        frame=frame,
        classes=classes,
        attributes=tuple(column.name for column in groups),
        probability_columns=names,
        reading={
            **_reading(table, roles, labels, groups, has_scores=scores is not None),
            "n_people": people.n_people,
            "warnings": [*table.warnings, *people.warnings, *swapped],
        },
    )


def _of_tool(
    table: ForeignTable, columns: PredictionColumns
) -> tuple[ForeignTable, PredictionColumns]:
    """The faces that a known tool answered for, and which columns it named; others as they are.

    Predictions of somebody's own beside the tool's are audited in their place, on every face.
    """
    found = tool_output(table)
    if found is None:
        return table, columns
    own = own_prediction(table, found, columns.predicted)
    if own is not None:
        return without_answers(table, found, own, columns)
    table = one_face_a_row(found, columns.several_faces)
    ids = FACE if FACE in table.names else found.image
    told: dict[str, object] = {"predicted": found.predicted}
    told["sample_id"] = ids if columns.sample_id is None else columns.sample_id
    return table, columns.model_copy(update=told)


def _with_roles(table: ForeignTable, columns: PredictionColumns) -> tuple[ForeignTable, Roles]:
    """Which column is what; where none is the true emotion, the folders of pictures may be."""
    if columns.true is None and not names_true(table, columns):
        in_folders = with_folders(table, columns.sample_id)
        if in_folders is not None:
            return in_folders, find_roles(in_folders, columns.model_copy(update={"true": FOLDER}))
    return table, find_roles(table, columns)


def _sample_ids(table: ForeignTable, roles: Roles) -> pd.Series:
    if roles.sample_id is None:
        table.notes.append(
            "No column tells the samples apart: the row numbers are used, so a sample that occurs "
            "twice cannot be found."
        )
        numbers = pa.array(np.arange(1, table.n_rows + 1)).cast(pa.large_string())
        return pd.Series(numbers.to_pandas())
    ids = table.one_line(roles.sample_id).str.strip()
    absent = ids.isin(MISSING)
    if absent.any():
        table.refuse(
            f"{roles.sample_id!r} is empty in {rows_named(absent)} ({ROWS}). Fill it in, or number "
            "the rows with audit.columns.sample_id=none."
        )
    again = repeated(ids)
    if again.any():
        second = int(np.argmax(again))
        first = int(np.argmax(ids == ids.iloc[second]))
        table.refuse(
            f"{ids.iloc[second]!r} stands in column {roles.sample_id!r} in rows {first + 1} and "
            f"{second + 1} ({ROWS}); {int(again.sum()):,} rows repeat an earlier one. Keep one "
            "prediction a sample: those of one model and one run. If the column names people with "
            f"several faces each, give audit.columns.person={quoted(roles.sample_id)}; if it "
            "names no samples, give audit.columns.sample_id another, or none to number the rows."
        )
    return ids


def _reading(
    table: ForeignTable,
    roles: Roles,
    labels: Labels,
    groups: Sequence[TextColumn],
    *,
    has_scores: bool,
) -> dict[str, object]:
    used = {roles.true, roles.predicted, roles.sample_id, roles.person, *roles.attributes}
    used.add(labels.names_column)
    by = {"sample_id": "row numbers", "person": "every row is one", **roles.origin}
    understood: dict[str, object] = {
        "true": {"column": roles.true, "by": by["true"]},
        "predicted": {"column": roles.predicted, "by": by["predicted"]},
        "sample_id": {"column": roles.sample_id, "by": by["sample_id"]},
        "person": {"column": roles.person, "by": by["person"]},
        "attributes": {"columns": [column.name for column in groups], "by": by["attributes"]},
    }
    if has_scores and roles.scores is not None:
        used.update(roles.scores.columns)
        kind, names = roles.scores.kind, list(roles.scores.columns)
        understood[kind] = {"columns": names, "by": roles.scores.origin}
    unused = [name for name in table.names if name not in used]
    return {
        "file": table.name,
        **({"sha256": table.sha256} if table.sha256 else {}),
        "format": table.kind,
        "n_rows": table.n_rows,
        "columns": understood,
        "codes": {str(code): name for code, name in labels.codes.items()} or None,
        "codes_named_by": labels.names_column or ("class_names" if labels.codes else None),
        "n_by_class": labels.true.texts.value_counts().to_dict(),
        "n_without_group": {column.name: int(column.texts.isna().sum()) for column in groups},
        "unused_columns": unused,
        "notes": [*table.notes, *_unused_notes(table, unused)],
    }


def _is_no_group(cell: object) -> bool:
    """Whether a cell is an array of numbers, or a text of several lines."""
    return isinstance(cell, str) and ("\n" in cell or cell.lstrip().startswith("["))


def _few_values(table: ForeignTable, column: str) -> tuple[str, ...]:
    """The different values of a column that could be one of groups; none of another."""
    if table.is_list(column):
        return ()
    few = table.data.column(column).slice(0, 10_000).unique()
    if len(few) > MANY_GROUPS or any(map(_is_no_group, few.to_pylist())):
        return ()
    values = table.text(column).values
    return values if 1 < len(values) <= MANY_GROUPS else ()


def _unused_notes(table: ForeignTable, unused: Sequence[str]) -> list[str]:
    """Names the columns that could have been groups, and how to have them compared."""
    values = {name: found for name in unused if (found := _few_values(table, name))}
    notes = [
        f"Column {name!r} ({len(found)} different values, such as {found[0]!r}) was not used. If "
        "it holds groups, name it in audit.columns.attributes, with the others."
        for name, found in values.items()
        if not all(map(is_number, found))
    ]
    codes = [
        name
        for name, found in values.items()
        if all(map(str.isdecimal, found)) and len(found) <= min(MOST_NUMBERS, table.n_rows // 2)
    ]
    if codes:
        notes.append(
            f"Columns of few whole numbers, {listed(codes)}, were not used. If these are codes of "
            "groups, name them in audit.columns.attributes, with the others."
        )
    return notes
