"""Every model on every dataset: scores and gaps, what changes between sets, and between models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtri

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.comparisons.compared import compared
from fer_fairness.fairness.comparisons.family import PRIMARY, changes_of, check_metrics, scores_of
from fer_fairness.fairness.comparisons.over_seeds import Row
from fer_fairness.fairness.cross_dataset.between_sets import (
    MEAN_RECALL,
    OVERCONFIDENCE,
    changes_between_sets,
)
from fer_fairness.fairness.cross_dataset.measuring import Noisy, OfSet, measured_sets
from fer_fairness.fairness.cross_dataset.shared import Shared, on_shared
from fer_fairness.fairness.evaluation import evaluate
from fer_fairness.fairness.group_names import LISTED, joined_names
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.tables import PERSON
from fer_fairness.taxonomy import probability_column

MATRIX_COLUMNS: Final = (
    "model",
    "trained_on",
    "evaluation_set",
    "attribute",
    "attribute_source",
    "group",
    "metric",
    "value",
    "ci_low",
    "ci_high",
    "raw_value",
    "n_people",
)

_FEWEST_SETS: Final = 2
_FROM_RECALLS: Final = (MEAN_RECALL, "accuracy")
"""Everybody's, told from recalls: draws of people alone show no noise where all are alike."""


@dataclass(frozen=True)
class CrossDataset:
    """What models trained on different sets come to on all of them.

    Attributes:
        shared: The emotions and groups that all are compared over.
        matrix: `MATRIX_COLUMNS`, a row a model, set and quantity, with the interval of that
            row alone: scores and the recall of each emotion of everybody, overconfidence and
            calibration error, the mean recall of each group, and the gaps of each attribute
            without what noise adds (`raw_value` as counted).
        between_sets: The same model on its own set and on others (`changes_between_sets`).
        between_models: On each set the other models against the one that was trained on it, on the
            same people (`family.changes`); a further family of tests.
    """

    shared: Shared
    matrix: pd.DataFrame
    between_sets: pd.DataFrame
    between_models: pd.DataFrame


def cross_dataset(
    audiences: Sequence[Audience],
    trained_on: Mapping[str, Sequence[str]],
    *,
    params: InferenceParameters,
    seed: int,
    primary: Sequence[str] = PRIMARY,
) -> CrossDataset:
    """Compare models that were trained on different datasets on each of these.

    Args:
        audiences: The sets, at least two, each as the same models with one training seed predict
            it, with probabilities. Attributes are single ones, their groups in the same words on
            all sets.
        trained_on: By model the sets that it was trained on; each set has a model of its own.
        params: Number of draws, confidence, significance, power, smallest group.
        seed: Seed of all draws.
        primary: Metrics that are looked at first; see `changes_between_sets`.

    Raises:
        InvalidInputError: There are fewer than two sets, a set has no model that was trained on it
            alone, the sets share fewer than two emotions, there is no metric of a primary outcome's
            name, or a table is not as it should be.
    """
    check_metrics(primary)
    homes = {model: sets[0] for model, sets in trained_on.items() if len(sets) == 1}
    ordered = [_own_model_first(one, homes) for one in audiences]
    if len(ordered) < _FEWEST_SETS:
        raise InvalidInputError(
            f"There is {len(ordered)} dataset to compare, expected at least {_FEWEST_SETS}. Add "
            "one to cross_dataset.datasets."
        )
    asked, shared = on_shared(ordered, params.minimum_group_size)
    sets = list(measured_sets(asked, params, seed))
    compared_parts = [compared(part) for one in sets for part in one.parts]
    scores = scores_of(compared_parts, params).rename(columns={"variant": "model"})
    scores = scores[~(scores["attribute"].isna() & scores["metric"].isin(_FROM_RECALLS))]
    rows = [row for one in sets for row in _further_rows(one, params, seed)]
    matrix = pd.concat([scores, pd.DataFrame(rows)], ignore_index=True)
    return CrossDataset(
        shared=shared,
        matrix=_marked(matrix, sets, trained_on),
        between_sets=changes_between_sets(sets, homes, params, seed=seed, primary=primary),
        between_models=changes_of(compared_parts, params=params, seed=seed, primary=primary).rename(
            columns={"variant": "model"}
        ),
    )


def _own_model_first(audience: Audience, homes: Mapping[str, str]) -> Audience:
    own = [model for model in audience.variants if homes.get(model) == audience.name]
    if not own:
        raise InvalidInputError(
            f"No model was trained on {audience.name} alone; the models are "
            f"{', '.join(audience.variants)}. Train one, or leave the dataset out of "
            "cross_dataset.datasets."
        )
    others = [model for model in audience.variants if model != own[0]]
    return replace(audience, frames={name: audience.frames[name] for name in (*own[:1], *others)})


def _further_rows(one: OfSet, params: InferenceParameters, seed: int) -> Iterator[Row]:
    """Recalls of everybody, emotions and groups, and calibration, of every model on one set."""
    emotions = one.audience.emotions
    for (attribute, group), recalls in one.recalls.items():
        shown = recalls.n_people > 0
        sums = [shown / shown.sum()]
        if group is None:
            yield from _rows(one, recalls, [f"recall_{name}" for name in emotions], params)
            sums.append(one.emotion_shares)
        part = recalls.weighed(np.stack(sums, axis=1))
        names = _FROM_RECALLS[: len(sums)]
        yield from _rows(one, part, names, params, attribute=attribute, group=group)
    yield from _rows(one, one.overconfidence, [OVERCONFIDENCE], params, lowest=-1.0)
    yield from _calibration_errors(one, params, seed)


def _rows(
    one: OfSet,
    part: Noisy,
    names: Sequence[str],
    params: InferenceParameters,
    *,
    attribute: str | None = None,
    group: str | None = None,
    lowest: float = 0.0,
) -> Iterator[Row]:
    halves = ndtri(0.5 + params.confidence / 2.0) * np.sqrt(part.variances)
    for model, name in enumerate(one.audience.variants):
        for place, metric in enumerate(names):
            value, half = float(part.values[model, place]), float(halves[model, place])
            yield {
                "evaluation_set": one.audience.name,
                "model": name,
                "attribute": attribute,
                "group": group,
                "metric": metric,
                "value": value,
                "ci_low": max(value - half, lowest),
                "ci_high": min(value + half, 1.0),
                "raw_value": value,
                "n_people": int(part.n_people[place]),
            }


def _calibration_errors(one: OfSet, params: InferenceParameters, seed: int) -> Iterator[Row]:
    columns = [probability_column(name) for name in one.audience.emotions]
    first = next(iter(one.audience.tables().values()))
    person = PERSON if PERSON in first.columns and first[PERSON].notna().any() else None
    for model, table in one.audience.tables().items():
        overall = evaluate(
            table,
            attributes=(),
            emotions=one.audience.emotions,
            params=params,
            seed=seed,
            confidence=table[columns].max(axis=1).to_numpy(dtype=np.float64),
            person=person,
        ).overall
        for row in overall[overall["metric"] == "calibration_error"].to_dict("records"):
            yield {
                **{str(name): value for name, value in row.items()},
                "evaluation_set": one.audience.name,
                "model": model,
                "raw_value": row["value"],
            }


def _marked(
    matrix: pd.DataFrame, sets: Sequence[OfSet], trained_on: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """The table with what each model was trained on and who labelled the groups."""
    sources = {
        (one.audience.name, attribute): source
        for one in sets
        for attribute, source in one.audience.sources.items()
    }
    pairs = zip(matrix["evaluation_set"], matrix["attribute"], strict=True)
    marked = matrix.assign(
        trained_on=[joined_names(list(trained_on[name]), LISTED) for name in matrix["model"]],
        attribute_source=pd.Series([sources.get(pair) for pair in pairs], dtype=object),
    )
    return marked.reindex(columns=list(MATRIX_COLUMNS))
