"""What a model's predictions say of groups that a labeller predicted, raw and corrected."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from fer_fairness.fairness.counts import check_predictions
from fer_fairness.fairness.group_names import attribute_parts
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.label_noise.bounds import (
    bounded_scores,
    unidentified_bounded_accuracy,
)
from fer_fairness.fairness.label_noise.by_error import named_by_error
from fer_fairness.fairness.label_noise.corrected_gaps import corrected_gaps
from fer_fairness.fairness.label_noise.corrected_scores import (
    ACCURACY,
    CorrectedScores,
    ScoreEstimate,
    corrected_scores,
    raw_scores,
)
from fer_fairness.fairness.label_noise.inversion import Refusal, reasons_against
from fer_fairness.fairness.label_noise.labelled_people import (
    LabelledPeople,
    labelled_people,
    predicted_parts,
)
from fer_fairness.fairness.label_noise.soft_labels import soft_scores
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

AS_LABELLED: Final = "as_labelled"
CORRECTED: Final = "corrected"
SOFT_LABELS: Final = "soft_labels"
BOUNDS: Final = "bounds"

SCORE_COLUMNS: Final = (*("attribute", "group", "metric", "method", "value", "ci_low", "ci_high"),)
GROUP_COLUMNS: Final = (
    *("attribute", "group", "n_held_out", "labelled_rightly", "n_labelled"),
    *("n_by_error", "n_by_error_95", "n_corrected", "n_ci_low", "n_ci_high", "compared"),
)
GAP_COLUMNS: Final = (*("attribute", "metric", "value", "corrected_value", "ci_low", "ci_high"),)
ATTRIBUTE_COLUMNS: Final = (
    *("attribute", "n_people", "n_abstained", "share_abstained", "n_held_out"),
    *("refusals", "refused"),
)

_NOTHING: Final = (float("nan"),) * 3
"""Value and interval of a group that is not compared."""

Row: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class LabelNoise:
    """Scores and gaps of predicted groups, with what label errors do to them taken off.

    Attributes:
        attributes: `ATTRIBUTE_COLUMNS`, one row a predicted attribute: people, how many got no
            label, held-out people behind the confusion, and why there is no correction, as
            `Refusal` and in sentences (both empty where there is one).
        groups: `GROUP_COLUMNS`, one row a group: held-out people and the share of them labelled
            rightly, people labelled so, how many errors alone would label so if nobody were of the
            group (expected, and what 95 draws of 100 do not exceed; missing of intersections), and
            the corrected number of people with its interval.
        scores: `SCORE_COLUMNS`: the scores of `corrected_scores.SCORES` by each method (as
            labelled, corrected, soft labels, bounds). Of `BOUNDS` only the ends are there, and they
            are those of the bounds.
        gaps: `GAP_COLUMNS`, one row a metric: the value between groups as labelled, the one between
            true groups with the noise taken off, and its interval.
    """

    attributes: pd.DataFrame
    groups: pd.DataFrame
    scores: pd.DataFrame
    gaps: pd.DataFrame


def label_noise(
    frame: pd.DataFrame,
    *,
    attributes: Sequence[str],
    emotions: Sequence[str],
    held_out: pd.DataFrame,
    probabilities: pd.DataFrame | None,
    params: InferenceParameters,
    seed: int,
) -> LabelNoise:
    """Correct the scores and gaps of every attribute that was predicted in whole or in part.

    Args:
        frame: One row a person: sample_id, emotion, predicted_emotion, and of every part of an
            attribute the label (missing where the labeller abstained) and `<part>_source`. People
            whose source of a predicted part is "none" were not seen by the labeller and are left
            out.
        attributes: Attributes or intersections; those with no predicted part are passed over.
        emotions: The emotions scored.
        held_out: The labeller's held-out people (`confusion.label_confusion`).
        probabilities: sample_id and `probability_<part>_<group>` columns of these people; of an
            intersection they are multiplied. None leaves the soft-label estimates out.
        params: Draws, confidence, and when a confusion may be inverted.
        seed: Seed of all draws; each attribute draws on its own.

    Raises:
        InvalidInputError: A column is missing, a label is unknown to the labeller's held-out
            people, or a person has no probabilities.
    """
    check_predictions(frame)
    tables: dict[str, list[Row]] = {"attributes": [], "groups": [], "scores": [], "gaps": []}
    for attribute in attributes:
        predicted = predicted_parts(frame, attribute)
        if not predicted:
            continue
        part = labelled_people(frame, attribute, predicted, emotions, held_out, probabilities)
        for name, rows in _measured(part, params, seed_for(seed, f"labels of {attribute}")).items():
            tables[name] += rows
    return LabelNoise(
        attributes=pd.DataFrame(tables["attributes"], columns=list(ATTRIBUTE_COLUMNS)),
        groups=pd.DataFrame(tables["groups"], columns=list(GROUP_COLUMNS)),
        scores=pd.DataFrame(tables["scores"], columns=list(SCORE_COLUMNS)),
        gaps=pd.DataFrame(tables["gaps"], columns=list(GAP_COLUMNS)),
    )


def _measured(
    part: LabelledPeople, params: InferenceParameters, seed: tuple[int, int]
) -> dict[str, list[Row]]:
    noise = params.label_noise
    refused = reasons_against(part.confusion, noise)
    if not part.labelled.sum():
        refused = {Refusal.NOBODY: "Nobody was labelled."}
    elif part.has_one_label_for_several_faces:
        refused[Refusal.ONE_LABEL_A_PERSON] = (
            "People have several faces and one label for all of them: how often such a label is "
            "wrong is not known, since held-out faces were labelled one by one."
        )
    raw = raw_scores(
        part.labelled,
        part.everybody,
        n=noise.n_draws,
        confidence=params.confidence,
        seed=(*seed, 0),
        people=part.whole,
    )
    rows = _score_rows(part, AS_LABELLED, raw)
    corrected = None
    if not refused:
        corrected = corrected_scores(
            part.labelled,
            part.everybody,
            part.confusion,
            n=noise.n_draws,
            confidence=params.confidence,
            min_people=noise.min_people,
            seed=(*seed, 1),
        )
        rows += _score_rows(part, CORRECTED, corrected.scores, compared=corrected.compared)
    if part.probabilities is not None:
        soft = _soft_scores(part, part.probabilities, params.confidence)
        rows += _score_rows(part, SOFT_LABELS, soft)
    if part.everybody.sum():
        bounds = _bounds(part, params, (*seed, 2), invertible=not refused)
        rows += _score_rows(part, BOUNDS, bounds)
    return {
        "attributes": [_attribute_row(part, refused)],
        "groups": _group_rows(part, corrected, n=noise.n_draws, seed=(*seed, 4)),
        "scores": rows,
        "gaps": _gap_rows(part, corrected, params, (*seed, 3)),
    }


def _soft_scores(
    part: LabelledPeople, probabilities: Array, confidence: float
) -> dict[str, tuple[ScoreEstimate, ...]]:
    classes = pd.factorize(part.people["emotion"])[0].astype(np.int64)
    right = (part.people["emotion"] == part.people["predicted_emotion"]).to_numpy(dtype=bool)
    return soft_scores(probabilities, classes, right, confidence=confidence, people=part.whose)


def _score_rows(
    part: LabelledPeople,
    method: str,
    scores: dict[str, tuple[ScoreEstimate, ...]],
    *,
    compared: np.ndarray | None = None,
) -> list[Row]:
    rows: list[Row] = []
    for metric, estimates in scores.items():
        # Counts by true group are estimates that may be below zero, and their shares above one.
        least = 0.0 if metric == ACCURACY else -1.0
        for place, (group, found) in enumerate(zip(part.confusion.groups, estimates, strict=True)):
            told = compared is None or compared[place]
            numbers = (found.value, found.interval.low, found.interval.high) if told else _NOTHING
            row = (part.attribute, group, metric, method, *np.clip(numbers, least, 1.0).tolist())
            rows.append(dict(zip(SCORE_COLUMNS, row, strict=True)))
    return rows


def _bounds(
    part: LabelledPeople, params: InferenceParameters, seed: tuple[int, ...], *, invertible: bool
) -> dict[str, tuple[ScoreEstimate, ...]]:
    known = part.confusion
    if part.has_one_label_for_several_faces:
        known = replace(known, counts=np.zeros_like(known.counts))
    counted = part.labelled, part.everybody, known
    if invertible:
        n = params.label_noise.n_draws
        found = bounded_scores(*counted, n=n, confidence=params.confidence, seed=seed)
    else:
        found = {ACCURACY: unidentified_bounded_accuracy(*counted, confidence=params.confidence)}
    return {metric: bounds.estimates for metric, bounds in found.items()}


def _attribute_row(part: LabelledPeople, refused: dict[Refusal, str]) -> Row:
    n_people = int(part.everybody.sum())
    n_abstained = n_people - int(part.labelled.sum())
    return {
        "attribute": part.attribute,
        "n_people": n_people,
        "n_abstained": n_abstained,
        "share_abstained": n_abstained / n_people if n_people else float("nan"),
        "n_held_out": int(part.confusion.faces.sum()),
        "refusals": "; ".join(refused),
        "refused": " ".join(refused.values()),
    }


def _group_rows(
    part: LabelledPeople, corrected: CorrectedScores | None, *, n: int, seed: tuple[int, ...]
) -> list[Row]:
    confusion = part.confusion
    by_error, by_error_95 = _named_by_error(part, n, seed)
    rows = []
    for place, group in enumerate(confusion.groups):
        interval = corrected.people_intervals[place] if corrected else None
        rows.append(
            {
                "attribute": part.attribute,
                "group": group,
                "n_held_out": int(confusion.faces[place]),
                "labelled_rightly": float(confusion.shares[place, place]),
                "n_labelled": int(part.labelled[place].sum()),
                "n_by_error": float(by_error[place]),
                "n_by_error_95": float(by_error_95[place]),
                "n_corrected": float(corrected.people[place]) if corrected else float("nan"),
                "n_ci_low": interval.low if interval else float("nan"),
                "n_ci_high": interval.high if interval else float("nan"),
                "compared": bool(corrected.compared[place]) if corrected else False,
            }
        )
    return rows


def _named_by_error(part: LabelledPeople, n: int, seed: tuple[int, ...]) -> tuple[Array, Array]:
    """As `named_by_error`; missing of intersections, of which few people are in some group."""
    if len(attribute_parts(part.attribute)) > 1 or part.has_one_label_for_several_faces:
        unknown = np.full(len(part.confusion.groups), np.nan)
        return unknown, unknown
    named = part.labelled.sum(axis=(1, 2))
    labelled = np.append(named, part.everybody.sum() - named.sum())
    return named_by_error(labelled, part.confusion, n=n, seed=seed)


def _gap_rows(
    part: LabelledPeople,
    corrected: CorrectedScores | None,
    params: InferenceParameters,
    seed: tuple[int, ...],
) -> list[Row]:
    if corrected is None or corrected.compared.sum() < len(("one group", "another")):
        return []
    metrics = tuple(GAP_METRICS.values())
    large = part.labelled.sum(axis=(1, 2)) >= params.minimum_group_size
    found = corrected_gaps(
        part.labelled,
        part.everybody,
        part.confusion,
        corrected.compared,
        metrics,
        params,
        seed=seed,
    )
    raw = [float(metric(part.labelled[large])) for metric in metrics]
    return [
        {
            "attribute": part.attribute,
            "metric": metric.name,
            "value": value,
            "corrected_value": gap.estimate.corrected,
            "ci_low": gap.interval.low,
            "ci_high": gap.interval.high,
        }
        for metric, value, gap in zip(metrics, raw, found, strict=True)
    ]
