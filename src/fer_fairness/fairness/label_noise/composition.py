"""How many people of each group there really are, where a labeller that errs counted them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fer_fairness.fairness.counts import Counts
from fer_fairness.fairness.group_names import groups_of
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.label_noise.confusion import label_confusion
from fer_fairness.fairness.label_noise.corrected_scores import corrected_scores
from fer_fairness.fairness.label_noise.inversion import reasons_against
from fer_fairness.params.inference import InferenceParameters

COMPOSITION_COLUMNS = (
    *("attribute", "group", "n_labelled", "share_labelled"),
    *("share_corrected", "ci_low", "ci_high", "n_people", "n_abstained", "refused"),
)


def composition(
    labels: pd.DataFrame,
    *,
    attributes: Sequence[str],
    held_out: pd.DataFrame,
    params: InferenceParameters,
    seed: int,
) -> pd.DataFrame:
    """Shares of the groups among people, as labelled and with the labeller's errors taken off.

    Args:
        labels: One row a person that the labeller saw, with a column for each part of an attribute;
            missing where it abstained.
        attributes: Attributes or intersections.
        held_out: The labeller's held-out people (`confusion.label_confusion`).
        params: Draws, confidence, and when a confusion may be inverted.
        seed: Seed of all draws.

    Returns:
        `COMPOSITION_COLUMNS`, one row a group. `share_labelled` is of those with a label,
        `share_corrected` with its interval of all; they are missing where `refused` says why.

    Raises:
        InvalidInputError: As for `label_confusion`.
    """
    rows = []
    for attribute in attributes:
        confusion = label_confusion(held_out, attribute)
        given = groups_of(labels, attribute)
        found_counts = given.value_counts().reindex(confusion.groups, fill_value=0)
        counts: Counts = np.asarray(found_counts, dtype=np.int64)
        refused = reasons_against(confusion, params.label_noise)
        found = None
        if not refused and len(labels):
            found = corrected_scores(
                counts[:, np.newaxis, np.newaxis],
                np.array([[len(labels)]]),
                confusion,
                n=params.label_noise.n_draws,
                confidence=params.confidence,
                min_people=0.0,
                seed=seed_for(seed, f"composition by {attribute}"),
            )
        n_labelled = int(counts.sum())
        for place, group in enumerate(confusion.groups):
            interval = found.people_intervals[place] if found else None
            rows.append(
                (
                    attribute,
                    group,
                    int(counts[place]),
                    counts[place] / n_labelled if n_labelled else np.nan,
                    _share(found.people[place], len(labels)) if found else np.nan,
                    _share(interval.low, len(labels)) if interval else np.nan,
                    _share(interval.high, len(labels)) if interval else np.nan,
                    len(labels),
                    len(labels) - n_labelled,
                    " ".join(refused.values()),
                )
            )
    return pd.DataFrame(rows, columns=list(COMPOSITION_COLUMNS))


def _share(n_people: float, n: int) -> float:
    return float(np.clip(n_people / n, 0.0, 1.0))
