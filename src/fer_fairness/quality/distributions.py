"""Who is in a dataset: counts by split, and the dataset-bias metrics, ready for JSON."""

import math
from collections.abc import Mapping
from typing import TypeAlias

import pandas as pd

from fer_fairness.fairness.dataset_bias import (
    Array,
    cramers_phi_c,
    effective_number_of_species,
    local_z,
    npmi,
    shannon_evenness,
)
from fer_fairness.tables import has_majority_emotion, has_target, usable
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS, SPLITS

Json: TypeAlias = "Mapping[str, Json] | list[Json] | str | int | float | bool | None"

MISSING = "missing"


def count_faces(faces: pd.DataFrame) -> dict[str, Json]:
    """Count the faces of each split, as a whole and by emotion and attribute.

    Args:
        faces: A `faces` table.

    Returns:
        For each split with faces: `n_faces`, `n_usable`, `n_with_target`,
        `n_with_majority_emotion`, `excluded` (reason to count) and, over the usable faces,
        `emotion`, `gender`, `race` and `age_group` (value to count, with "missing").
    """
    return {split: _count_split(rows) for split, rows in _by_split(faces)}


def measure_dataset_bias(faces: pd.DataFrame) -> dict[str, Json]:
    """Measure, by split, how evenly groups are present and how they depend on the emotion.

    Takes the usable faces with a majority emotion. An attribute that nobody annotated or predicted
    in a split is left out. Values that are not defined are None (see `fairness.dataset_bias`).

    Args:
        faces: A `faces` table.

    Returns:
        For each split with faces: under `emotion` the representational metrics
        (`effective_number_of_species`, `shannon_evenness`, `n_faces`), and under each attribute
        these together with `n_predicted` (faces whose value comes from a model),
        `cramers_phi_c`, and `npmi` and `local_z` as group to emotion to value.
    """
    scored = faces[has_majority_emotion(faces)]
    return {split: _measure_split(rows) for split, rows in _by_split(scored)}


def _by_split(faces: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    parts = [(split, faces[faces["split"] == split]) for split in SPLITS]
    return [(split, rows) for split, rows in parts if len(rows)]


def _count_split(faces: pd.DataFrame) -> dict[str, Json]:
    kept = faces[usable(faces)]
    return {
        "n_faces": len(faces),
        "n_usable": len(kept),
        "n_with_target": int(has_target(faces).sum()),
        "n_with_majority_emotion": int(has_majority_emotion(faces).sum()),
        "excluded": _counts(faces["excluded_reason"].dropna()),
        **{column: _counts(kept[column].fillna(MISSING)) for column in ("emotion", *ATTRIBUTES)},
    }


def _counts(values: pd.Series) -> dict[str, Json]:
    counts = values.value_counts()
    return {name: int(counts[name]) for name in sorted(counts.index, key=_canonical_place)}


def _canonical_place(value: str) -> tuple[int, str]:
    return (EMOTIONS.index(value) if value in EMOTIONS else len(EMOTIONS), value)


def _measure_split(faces: pd.DataFrame) -> dict[str, Json]:
    measured: dict[str, Json] = {"emotion": _representation(faces["emotion"])}
    for attribute in ATTRIBUTES:
        known = faces[faces[attribute].notna()]
        if len(known):
            measured[attribute] = _attribute_bias(known, attribute)
    return measured


def _attribute_bias(faces: pd.DataFrame, attribute: str) -> dict[str, Json]:
    table = pd.crosstab(faces[attribute], faces["emotion"])
    table = table[sorted(table.columns, key=lambda emotion: EMOTIONS.index(str(emotion)))]
    counts = table.to_numpy()
    return {
        **_representation(faces[attribute]),
        "n_predicted": int((faces[f"{attribute}_source"] == "predicted").sum()),
        "cramers_phi_c": _finite(cramers_phi_c(counts)),
        "npmi": _cells(npmi(counts), table),
        "local_z": _cells(local_z(counts), table),
    }


def _representation(values: pd.Series) -> dict[str, Json]:
    counts = values.value_counts().to_numpy()
    return {
        "n_faces": int(counts.sum()),
        "effective_number_of_species": _finite(effective_number_of_species(counts)),
        "shannon_evenness": _finite(shannon_evenness(counts)),
    }


def _cells(values: Array, table: pd.DataFrame) -> dict[str, Json]:
    return {
        str(group): {
            str(emotion): _finite(float(value))
            for emotion, value in zip(table.columns, row, strict=True)
        }
        for group, row in zip(table.index, values, strict=True)
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
