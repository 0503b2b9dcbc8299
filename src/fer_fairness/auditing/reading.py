"""Reads what is audited: a table of somebody's predictions, and what is known of its groups."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd

from fer_fairness.fairness.codes import categorical
from fer_fairness.fairness.scored_faces import ScoredFaces, with_confidence
from fer_fairness.params.audit import AuditParameters
from fer_fairness.sources.foreign_tables.reading import open_table
from fer_fairness.sources.foreign_tables.table import ForeignTable
from fer_fairness.sources.held_out_labels import HeldOutLabels, read_held_out_labels
from fer_fairness.sources.image_files.listing import printable
from fer_fairness.sources.predictions.reading import read_table

_NAME_LENGTH: Final = 60

People: TypeAlias = tuple[pd.DataFrame, dict[str, Any], pd.DataFrame, pd.DataFrame]
"""Scored people, how they were read, the labeller's held-out people and the people's probabilities
of groups; the last two are empty where no group was predicted or nothing is known of it."""


def read_people(table: ForeignTable, parameters: AuditParameters, *, name: str) -> People:
    """Somebody's predictions as a table, how it was understood, and what is known of labels.

    Args:
        table: The predictions as they were given.
        parameters: Which column is what, and where the labeller's held-out people are.
        name: What the model is called.

    Raises:
        InvalidInputError: The table cannot be read, or a column of groups bears the name that the
            source of another one has here; or predicted attributes are named that there are not.
    """
    beside = [open_table(Path(path)) for path in parameters.labels or ()]
    found = read_table(table, parameters.columns, beside)
    groups = {name: found.frame[name].dropna().unique().tolist() for name in found.attributes}
    named = parameters.predicted_attributes
    unknown = [name for name in named or () if name not in groups]
    if unknown:
        table.refuse(
            f"audit.predicted_attributes names {unknown[0]!r}, but the attributes are "
            f"{', '.join(groups)}. Name some of these, or leave it out."
        )
    held_out = _held_out(parameters, groups if named is None else {n: groups[n] for n in named})
    predicted = named or (held_out.attributes if held_out else ())
    sources = {
        f"{name}_source": "predicted" if name in predicted else "given" for name in found.attributes
    }
    taken = sorted(set(sources) & set(found.attributes))
    if taken:
        table.refuse(
            f"{taken[0]!r} cannot be compared beside {taken[0].removesuffix('_source')!r}, whose "
            "source is called that here. Rename the column, or leave it out of "
            "audit.columns.attributes."
        )
    reading = {
        "name": name,
        "evaluation_set": table.name,
        "classes": list(found.classes),
        "attributes": list(found.attributes),
        **found.reading,
    }
    if held_out:
        reading["held_out_labels"] = {
            "file": printable(Path(str(parameters.held_out_labels)).name),
            "sha256": held_out.sha256,
            "n_people": len(held_out.frame),
            "attributes": list(held_out.attributes),
        }
    people = with_confidence(scored_faces(found.frame, reading))
    # As categories: of millions of rows a text each would take as much as all else.
    constant = {
        name: categorical(np.zeros(len(people), dtype=np.int8), [source])
        for name, source in sources.items()
    }
    known = held_out.frame if held_out else pd.DataFrame()
    return people.assign(**constant), reading, known, pd.DataFrame()


def scored_faces(people: pd.DataFrame, reading: dict[str, Any]) -> ScoredFaces:
    """The people as the measurements take them.

    Args:
        people: The first table of `People`.
        reading: How they were read.
    """
    return ScoredFaces(
        evaluation_set=reading["evaluation_set"],
        variant=reading["name"],
        emotions=tuple(reading["classes"]),
        table=people,
    )


def name_of_file(path: Path) -> str:
    """`model_v1.2` of `model_v1.2.csv.gz` or `model_v1.2.weights.h5`."""
    return Path(printable(path.name).removesuffix(".gz")).stem.removesuffix(".weights")


def folder_name(name: str, sha256: str) -> str:
    """Such as `my_model-1f3c9e02`: what is readable of an audit's name, and digits of its content.

    Args:
        name: What the audit is called.
        sha256: Of what is audited, and how.
    """
    readable = re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).lstrip(".-")[:_NAME_LENGTH]
    return f"{readable or 'audit'}-{sha256[:8]}"


def _held_out(
    parameters: AuditParameters, groups: Mapping[str, Sequence[str]]
) -> HeldOutLabels | None:
    if parameters.held_out_labels is None:
        return None
    return read_held_out_labels(Path(parameters.held_out_labels), groups)
