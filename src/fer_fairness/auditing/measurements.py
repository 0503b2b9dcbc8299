"""What is measured on scored faces, of a variant or of an audited model: tables for a report."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.fairness import evaluate, one_vs_rest_metrics
from fer_fairness.fairness.answers import answer_tables
from fer_fairness.fairness.group_names import INTERSECTION
from fer_fairness.fairness.label_noise import label_noise
from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.fairness.scored_faces import ScoredFaces, with_context
from fer_fairness.fairness.testing.omnibus import order_of_groups
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.reporting.labels import attribute_label, in_sentence
from fer_fairness.reporting.number_text import listed

logger = logging.getLogger(__name__)

EVALUATION_TABLES: Final = ("overall", "groups", "gaps", "confusion")
"""Names of the tables that `evaluation_tables` gives."""

ANSWER_TABLES: Final = ("answers", "answer_curves")
"""Names of the tables that `measured_answers` gives."""

LABEL_ERRORS_NOTE: Final = (
    "Its errors can hide a gap between people, and can make one up; values corrected for them "
    "stand beside those of the groups as labelled."
)
"""What must be known of groups that a labeller predicted, as a second sentence."""

_LABEL_NOISE: Final = "label_noise_"
LABEL_NOISE_TABLES: Final = tuple(
    f"{_LABEL_NOISE}{table}" for table in ("attributes", "groups", "scores", "gaps")
)
"""Names of the tables that `label_noise_tables` gives."""

FABRICATED_NOTE: Final = (
    "These faces are fabricated: drawn by a program, with a bias planted on purpose. Nothing here "
    "says anything about people."
)


def primary_notes(params: InferenceParameters, parameters_sha256: str) -> list[str]:
    """What must be known where outcomes were named before looking; nothing where none were.

    Args:
        params: How groups are compared.
        parameters_sha256: Of all parameters of the run, as its manifest has it.
    """
    if not params.primary:
        return []
    told = []
    for name in params.primary:
        metric, _, attribute = name.partition(" by ")
        told.append(f"{in_sentence(metric_words(metric).label)} by {attribute_label(attribute)}")
    note = (
        f"Primary outcomes, named before looking: {listed(told)}. They are tested first, together, "
        "at the full level; everything else is tested only where all of them were found (one whose "
        "groups cannot be compared keeps nothing waiting). The "
        f"parameters that name them have the SHA-256 {parameters_sha256[:12]}… in the manifest: "
        "whoever registered it beforehand can be believed."
    )
    return [note]


def evaluation_tables(
    parts: Sequence[ScoredFaces],
    attributes: Sequence[str],
    params: InferenceParameters,
    seed: int,
) -> tuple[pd.DataFrame, ...]:
    """Overall scores, group scores, gaps and confusion, on every evaluation set.

    Args:
        parts: The scored faces of each set.
        attributes: Attributes and intersections; those that nobody labelled are passed over.
        params: How groups are compared.
        seed: Seed of all draws.
    """
    found = [
        (
            part,
            evaluate(
                part.table,
                attributes=part.attributes(attributes),
                emotions=part.emotions,
                params=_with_primary_of(part.attributes(attributes), attributes, params),
                seed=seed,
                confidence=part.confidence,
                person=part.person,
            ),
        )
        for part in parts
    ]
    overall, groups, gaps, confusion = _tables(found, EVALUATION_TABLES)
    return overall, _in_order(groups), gaps, confusion


def _in_order(groups: pd.DataFrame) -> pd.DataFrame:
    """Scores of groups with those that stand for numbers as these rise: 2 before 10."""
    by_attribute = groups.groupby(["evaluation_set", "attribute"], sort=False, observed=True)
    places = np.arange(len(groups))
    for rows in by_attribute.indices.values():
        names = groups["group"].iloc[rows]
        order = order_of_groups(names.unique().tolist())
        if order is not None:
            place = names.map(dict(zip(names.unique(), order, strict=True)))
            places[rows] = rows[np.argsort(place.to_numpy(), kind="stable")]
    return groups.iloc[places].reset_index(drop=True)


def _with_primary_of(
    labelled: Sequence[str], wanted: Sequence[str], params: InferenceParameters
) -> InferenceParameters:
    """The parameters without primary outcomes of attributes that nobody labelled here."""
    unlabelled = tuple(f" by {name}" for name in wanted if name not in labelled)
    primary = tuple(name for name in params.primary if not name.endswith(unlabelled))
    for name in params.primary:
        if name not in primary:
            logger.warning("The primary outcome %s has no labels here and is not tested.", name)
    return params.model_copy(update={"primary": primary})


def measured_answers(
    parts: Sequence[ScoredFaces], attributes: Sequence[str], params: InferenceParameters
) -> tuple[pd.DataFrame, ...]:
    """How much of each group is answered, and how rightly, on every evaluation set.

    Args:
        parts: The scored faces of each set, with the column `abstained`.
        attributes: As of `evaluation_tables`.
        params: How sure intervals are.
    """
    found = [
        (
            part,
            answer_tables(
                part.table,
                sure,
                attributes=part.attributes(attributes),
                confidence=params.confidence,
                person=part.person,
            ),
        )
        for part in parts
        if (sure := part.confidence) is not None
    ]
    return _tables(found, ANSWER_TABLES)


def aif360_table(
    parts: Sequence[ScoredFaces],
    attributes: Sequence[str],
    params: InferenceParameters,
    seed: int,
) -> pd.DataFrame:
    """AIF360's metrics, one emotion against the rest; the arguments as of `evaluation_tables`.

    Intersections are passed over.
    """
    return with_context(
        [
            (
                part,
                one_vs_rest_metrics(
                    part.table,
                    attribute=attribute,
                    emotions=part.emotions,
                    params=params,
                    seed=seed,
                    person=part.person,
                ),
            )
            for part in parts
            for attribute in part.attributes(attributes)
            if INTERSECTION not in attribute
        ]
    )


def label_noise_tables(
    parts: Sequence[ScoredFaces],
    labeller: Mapping[str, Sequence[pd.DataFrame]],
    attributes: Sequence[str],
    params: InferenceParameters,
    seed: int,
) -> tuple[pd.DataFrame, ...]:
    """The tables of `LabelNoise` of every evaluation set, one under the other.

    Args:
        parts: The scored faces of each set.
        labeller: By the set's name the probabilities of the groups of its faces, without rows where
            they are not known, and the labeller's held-out faces.
        attributes: Attributes and intersections; those that nobody predicted are passed over.
        params: Draws, confidence, and when a confusion may be inverted.
        seed: Seed of all draws.
    """
    found = []
    for part in parts:
        probabilities, held_out = labeller[part.evaluation_set]
        noise = label_noise(
            part.table,
            attributes=part.attributes(attributes),
            emotions=part.emotions,
            held_out=held_out,
            probabilities=probabilities if len(probabilities) else None,
            params=params,
            seed=seed,
        )
        found.append((part, noise))
    return _tables(found, [name.removeprefix(_LABEL_NOISE) for name in LABEL_NOISE_TABLES])


def _tables(
    found: Sequence[tuple[ScoredFaces, object]], names: Sequence[str]
) -> tuple[pd.DataFrame, ...]:
    """Each of the tables that were found on every evaluation set, one under the other."""
    return tuple(
        with_context([(part, getattr(result, name)) for part, result in found]) for name in names
    )
