"""What datasets have in common: the emotions and groups that models are compared over.

A mean recall over eight emotions says nothing beside one over seven, nor does a gap between four
groups beside one between three. So every model is asked on every set about the emotions that all
sets label, and a gap is one between the groups that are large enough on every set on which at least
two are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.comparisons.crossed_predictions import people_of
from fer_fairness.taxonomy import EMOTIONS, probability_column

_FEWEST: Final = 2
"""So many emotions, groups or sets make a comparison."""


@dataclass(frozen=True)
class Shared:
    """What all sets have in common.

    Attributes:
        emotions: Those that all of them label, in the order of `taxonomy.EMOTIONS`.
        groups: By attribute those compared everywhere; fewer than two where the sets have no
            groups in common.
        n_other_emotion: By set how many of its faces show another emotion and take no part.
    """

    emotions: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    n_other_emotion: Mapping[str, int]


def on_shared(
    audiences: Sequence[Audience], minimum_size: int
) -> tuple[tuple[Audience, ...], Shared]:
    """The sets with the faces, answers and groups that can be compared between them.

    Args:
        audiences: The sets, each as all models predict it, with the emotions that it labels.
        minimum_size: People that a group must have on every set.

    Returns:
        The same sets; faces of other emotions are gone, other groups are missing.

    Raises:
        InvalidInputError: The sets share fewer than two emotions, or a table has no probabilities.
    """
    emotions = shared_emotions({one.name: one.emotions for one in audiences})
    kept = [
        replace(
            one,
            emotions=emotions,
            frames={
                model: {
                    seed: over_emotions(table, emotions, f"{model} on {one.name}")
                    for seed, table in tables.items()
                }
                for model, tables in one.frames.items()
            },
        )
        for one in audiences
    ]
    attributes = tuple(dict.fromkeys(name for one in kept for name in one.attributes))
    groups = {name: shared_groups(kept, name, minimum_size) for name in attributes}
    lost = {
        before.name: len(_first(before)) - len(_first(after))
        for before, after in zip(audiences, kept, strict=True)
    }
    return (
        tuple(_among(one, groups, minimum_size) for one in kept),
        Shared(emotions, groups, lost),
    )


def shared_emotions(labelled: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The emotions that every set labels, in the order of `taxonomy.EMOTIONS`.

    Args:
        labelled: By the name of the set.

    Raises:
        InvalidInputError: There are fewer than two.
    """
    shared = tuple(name for name in EMOTIONS if all(name in of for of in labelled.values()))
    if len(shared) < _FEWEST:
        told = "; ".join(f"{name} labels {', '.join(of)}" for name, of in labelled.items())
        raise InvalidInputError(
            f"These datasets share {len(shared)} emotions, expected at least {_FEWEST}: {told}. "
            "Compare others: cross_dataset.datasets."
        )
    return shared


def over_emotions(table: pd.DataFrame, emotions: Sequence[str], what: str) -> pd.DataFrame:
    """Predictions as a model gives them if asked about these emotions alone.

    The softmax over some of the logits is that over all of them, divided by what those get.

    Args:
        table: `emotion`, `predicted_emotion`, and `probability_*` of each of the emotions.
        emotions: The emotions asked about.
        what: The table in a message.

    Returns:
        The faces that show one of them, numbered anew; their probabilities sum to 1 and the
        emotion of the highest (the first of equal ones) is predicted. Where none has any
        probability all are as probable.

    Raises:
        InvalidInputError: A probability is missing.
    """
    columns = [probability_column(name) for name in emotions]
    absent = [name for name in columns if name not in table.columns]
    if absent or table[columns].isna().any(axis=None):
        raise InvalidInputError(
            f"The predictions of {what} lack {', '.join(absent) or 'probabilities in some rows'}: "
            "expected the probability of each emotion. Predict with probabilities."
        )
    kept = table[table["emotion"].isin(list(emotions))].reset_index(drop=True)
    given = kept[columns].to_numpy(dtype=float)
    total = given.sum(axis=1, keepdims=True)
    even = np.full_like(given, 1.0 / len(columns))
    shares = pd.DataFrame(np.divide(given, total, out=even, where=total > 0), columns=columns)
    predicted = [emotions[place] for place in shares.to_numpy().argmax(axis=1)]
    others = [name for name in kept.columns if not str(name).startswith(probability_column(""))]
    asked = kept[others].assign(predicted_emotion=pd.Series(predicted, dtype=object))
    return pd.concat([asked, shares], axis=1)


def shared_groups(
    audiences: Sequence[Audience], attribute: str, minimum_size: int
) -> tuple[str, ...]:
    """The groups of an attribute that are large enough on every set where at least two are."""
    by_set = [
        groups
        for one in audiences
        if attribute in one.attributes
        and len(groups := _large_groups(_first(one), attribute, minimum_size)) >= _FEWEST
    ]
    return tuple(sorted(set.intersection(*by_set))) if by_set else ()


def _large_groups(table: pd.DataFrame, attribute: str, minimum_size: int) -> set[str]:
    people = pd.Series(people_of(table), index=table.index)
    sizes = people.groupby(table[attribute]).nunique()
    return set(map(str, sizes.index[sizes >= minimum_size]))


def _among(
    audience: Audience, groups: Mapping[str, tuple[str, ...]], minimum_size: int
) -> Audience:
    """The set with these groups alone, and the attributes of which it has all of them."""
    table = _first(audience)
    attributes = tuple(
        name
        for name in audience.attributes
        if len(groups[name]) >= _FEWEST
        and set(groups[name]) <= _large_groups(table, name, minimum_size)
    )
    kept = {name: table[name].where(table[name].isin(groups[name])) for name in attributes}
    model, seed = next(iter(audience.frames)), audience.seeds[0]
    changed = {**audience.frames[model], seed: table.assign(**kept)}
    return replace(audience, frames={**audience.frames, model: changed}, attributes=attributes)


def _first(audience: Audience) -> pd.DataFrame:
    """The table that the groups of faces are read from."""
    return next(iter(audience.frames.values()))[audience.seeds[0]]
