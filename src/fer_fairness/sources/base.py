"""What the readers share: facts about a dataset, what a reader gives, the record of damage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import DamagedDataError, DatasetNotFoundError
from fer_fairness.params.data_processing import SourceParameters
from fer_fairness.tables import FACES_SCHEMA, TARGET_COLUMNS, VOTES_COLUMNS, empty_table
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
"""A value that the json module can write."""

LEFT_OUT: Final = "left out"
REPAIRED: Final = "repaired"
ATTRIBUTES_LEFT_OUT: Final = "attributes left out"

_SHOWN_CHARACTERS = 80
_SHOWN_DAMAGES = 5


@dataclass(frozen=True, kw_only=True)
class DatasetFacts:
    """What its publisher says of a dataset.

    Attributes:
        dataset: Name in the `dataset` column.
        title: Name as publications give it.
        licence: Terms of use.
        how_to_obtain: Where a researcher gets it.
        parameters: What its reader takes.
        layouts: The layouts that the reader knows, each one line.
        md5: Published md5 of a file, by file name.
        n_rows: Published number of rows or images, by file name or split.
    """

    dataset: str
    title: str
    licence: str
    how_to_obtain: str
    parameters: type[SourceParameters]
    layouts: tuple[str, ...]
    md5: Mapping[str, str] = field(default_factory=dict)
    n_rows: Mapping[str, int] = field(default_factory=dict)


class RawFaces(NamedTuple):
    """What a reader gives: a tuple, so that a reader is a node as it is.

    Attributes:
        faces: The `faces` table (`tables.FACES_SCHEMA`), one row a readable face.
        images: uint8 of shape (n, 48, 48, 1), row `image_index` of `faces`.
        rejected: One row a damaged or repaired value: `dataset`, `file`, `row` (1-based line,
            missing for a file without lines), `value` found, `reason`, `action`.
        report: What was found against what was published; can be written as JSON.
    """

    faces: pd.DataFrame
    images: npt.NDArray[np.uint8]
    rejected: pd.DataFrame
    report: dict[str, Json]


def shortened(value: str) -> str:
    """A value as messages and records show it, cut to 80 characters."""
    return value if len(value) <= _SHOWN_CHARACTERS else value[: _SHOWN_CHARACTERS - 3] + "..."


class Damage(NamedTuple):
    """One value that is not what the publisher wrote."""

    file: str
    row: int | None
    value: str
    reason: str
    action: str

    def __str__(self) -> str:
        place = self.file if self.row is None else f"{self.file}, line {self.row}"
        return f"{place}: {self.reason} (found {self.value!r})"


class DamageRecord:
    """Collects damage by name, and stops a reader that meets too much of it."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        self.damages: list[Damage] = []

    def add(
        self, file: str, row: int | None, value: str, reason: str, *, action: str = LEFT_OUT
    ) -> None:
        """Record one damaged value; a long value is cut to 80 characters."""
        self.damages.append(Damage(file, row, shortened(value), reason, action))

    @property
    def left_out(self) -> list[Damage]:
        """The damages for which a face was left out."""
        return [damage for damage in self.damages if damage.action == LEFT_OUT]

    def check_share(
        self,
        n_rows: int,
        max_share: float,
        *,
        remedy: str = "Obtain the files again from their publisher",
    ) -> None:
        """Stop when more was left out than may be.

        Args:
            n_rows: Number of rows or images met, readable or not.
            max_share: Largest share that may be left out.
            remedy: What to do about damaged files, as the message begins its last sentence.

        Raises:
            DamagedDataError: There are no rows, or more than `max_share` of them are damaged.
                The message names the first five.
        """
        if n_rows == 0:
            raise DamagedDataError(
                f"{self.dataset}: its label files and folders hold no rows. {remedy}."
            )
        left_out = self.left_out
        if len(left_out) > max_share * n_rows:
            shown = "\n".join(f"  {damage}" for damage in left_out[:_SHOWN_DAMAGES])
            what_to_do = f"{remedy}, or raise max_damaged_share to read the rest."
            if len(left_out) > n_rows / 2:
                what_to_do = (
                    "These are most, so that they may be of another form rather than damaged: "
                    f"compare what was found with the dataset's folder. {remedy} otherwise."
                )
            raise DamagedDataError(
                f"{self.dataset}: {len(left_out)} of {n_rows} rows are damaged, more than "
                f"max_damaged_share = {max_share:g} allows. The first are\n{shown}\n"
                f"{what_to_do}"
            )

    def frame(self) -> pd.DataFrame:
        """The record as a table, one row a damage."""
        table = pd.DataFrame(self.damages, columns=list(Damage._fields))
        table.insert(0, "dataset", self.dataset)
        text = dict.fromkeys(("dataset", "file", "value", "reason", "action"), "str")
        return table.astype({**text, "row": "Int64"})

    def repaired_values(self) -> list[dict[str, Json]]:
        """Repairs grouped by file, found value and reading, with their lines counted."""
        groups: dict[tuple[str, str, str], list[int | None]] = {}
        for damage in self.damages:
            if damage.action == REPAIRED:
                key = (damage.file, damage.value, damage.reason)
                groups.setdefault(key, []).append(damage.row)
        return [
            {
                "file": file,
                "line": rows[0],
                "found": found,
                "used": used,
                "n_lines": len(rows),
            }
            for (file, found, used), rows in groups.items()
        ]


def dataset_not_found(facts: DatasetFacts, folder: Path, missing: str) -> DatasetNotFoundError:
    """The error for an absent dataset: what was looked for, where, and how to obtain it.

    Args:
        facts: The dataset.
        folder: Where it was looked for.
        missing: What is missing, one sentence.

    Returns:
        The error, to be raised by the caller.
    """
    layouts = "\n".join(f"  - {layout}" for layout in facts.layouts)
    return DatasetNotFoundError(
        f"{facts.title} was not found in {folder}: {missing} "
        f"One of these layouts was looked for there:\n{layouts}\n"
        f"To obtain it: {facts.how_to_obtain} Terms: {facts.licence}"
    )


def absent_or_unknown(facts: DatasetFacts, folder: Path) -> RawFaces:
    """`no_faces` where the folder is not there or empty.

    Raises:
        DatasetNotFoundError: It holds something, but no layout that is known; with what it holds.
    """
    held = sorted(path.name + "/" * path.is_dir() for path in folder.glob("[!.]*"))
    if held:
        shown = shortened(", ".join(held))
        raise dataset_not_found(facts, folder, f"what lies there has no known layout ({shown}).")
    return no_faces(facts, folder)


def no_faces(facts: DatasetFacts, folder: Path) -> RawFaces:
    """What the reader of a dataset gives that is not there and need not be.

    Its report has `present: False`, where it was looked for and how to obtain it.
    """
    error = dataset_not_found(facts, folder, "there are no files of a known layout.")
    return RawFaces(
        faces=empty_table(FACES_SCHEMA),
        images=np.zeros((0, 48, 48, 1), dtype=np.uint8),
        rejected=DamageRecord(facts.dataset).frame(),
        report={
            "dataset": facts.dataset,
            "present": False,
            "looked_for_in": folder.name,
            "how_to_obtain": str(error),
        },
    )


def faces_table(
    columns: Mapping[str, npt.ArrayLike | pd.Series],
    attributes: Sequence[Mapping[str, str | None]] | None = None,
) -> pd.DataFrame:
    """A valid `faces` table from the columns that a dataset has.

    Columns that it lacks read as absent: no votes, no target, attributes from no source; `person`
    alone, which a table need not have, stays away.

    Args:
        columns: At least `sample_id`, `dataset`, `split`; all of one length or scalar.
        attributes: The annotated attributes of each face, by name; None stands for one that was
            annotated without a value ("unsure").

    Returns:
        A table in the form of `tables.FACES_SCHEMA`, `image_index` counting from zero.
    """
    given = pd.DataFrame(dict(columns))
    defaults: dict[str, object] = {
        "image_index": np.arange(len(given)),
        "image_file": None,
        "emotion": None,
        "excluded_reason": None,
        **dict.fromkeys(VOTES_COLUMNS, np.nan),
        **dict.fromkeys(TARGET_COLUMNS, 0.0),
    }
    of_faces = attributes if attributes is not None else [{}] * len(given)
    for name in ATTRIBUTES:
        defaults[name] = pd.Series([found.get(name) for found in of_faces], dtype="str")
        sources = ["annotated" if name in found else "none" for found in of_faces]
        defaults |= {f"{name}_source": sources, f"{name}_confidence": np.nan}
    absent = {name: value for name, value in defaults.items() if name not in given}
    table = pd.concat([given, pd.DataFrame(absent, index=given.index)], axis=1)
    return FACES_SCHEMA.validate(table[[name for name in FACES_SCHEMA.columns if name in table]])


def one_hot_targets(emotion: pd.Series) -> dict[str, npt.NDArray[np.float64]]:
    """Target columns that put everything on the label; zeros where it is missing."""
    return {
        name: np.asarray(emotion == label, dtype=np.float64)
        for name, label in zip(TARGET_COLUMNS, EMOTIONS, strict=True)
    }


def counts_by_split(faces: pd.DataFrame, column: str) -> dict[str, dict[str, int]]:
    """Number of faces by split and value of `column`; a missing value counts as "missing"."""
    counts: dict[str, dict[str, int]] = {}
    for split, of_split in faces.groupby("split", sort=False)[column]:
        n_by_value = of_split.fillna("missing").value_counts()
        counts[str(split)] = {str(value): int(n) for value, n in n_by_value.items()}
    return counts


def comparison(figure: str, published: Json, found: Json) -> dict[str, Json]:
    """One line of a report: a published figure and the one found."""
    return {
        "figure": figure,
        "published": published,
        "found": found,
        "agrees": None if published is None else published == found,
    }


def reading_report(
    facts: DatasetFacts, layout: str, faces: pd.DataFrame, record: DamageRecord, **found: Json
) -> dict[str, Json]:
    """What every reader reports, and what one alone has `found`."""
    return {
        "dataset": facts.dataset,
        "title": facts.title,
        "licence": facts.licence,
        "layout": layout,
        "n_faces": len(faces),
        "n_rejected": len(record.left_out),
        "n_attributes_rejected": sum(d.action == ATTRIBUTES_LEFT_OUT for d in record.damages),
        "repaired": record.repaired_values(),
        "n_by_split": {str(k): int(v) for k, v in faces["split"].value_counts().items()},
        **{
            f"n_by_split_and_{column}": counts_by_split(faces, column)
            for column in ("emotion", *ATTRIBUTES)
        },
        **found,
    }
