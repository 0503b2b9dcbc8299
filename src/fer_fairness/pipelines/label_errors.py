"""What the labeller's errors do to the scores of predicted groups, of one variant or one audit."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from fer_fairness.fairness.label_noise import label_noise
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.pipelines.scoring import EvaluationSet, with_context

LABEL_NOISE_TABLES: Final = tuple(
    f"label_noise_{table}" for table in ("attributes", "groups", "scores", "gaps")
)
"""Names of the tables that `corrected_tables` gives."""

Corrected = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def corrected_tables(
    parts: Sequence[tuple[EvaluationSet, pd.DataFrame, pd.DataFrame | None]],
    attributes: Sequence[str],
    params: InferenceParameters,
    seed: int,
) -> Corrected:
    """The tables of `LabelNoise` of every evaluation set, one under the other.

    Args:
        parts: The scored people of each set; the labeller's held-out people; and the probabilities
            of the groups of the scored people, None where there are none.
        attributes: Attributes and intersections; those that nobody predicted are passed over.
        params: Draws, confidence, and when a confusion may be inverted.
        seed: Seed of all draws.
    """
    found = [
        (
            part,
            label_noise(
                part.scored,
                attributes=part.attributes(attributes),
                emotions=part.emotions,
                held_out=held_out,
                probabilities=probabilities,
                params=params,
                seed=seed,
            ),
        )
        for part, held_out, probabilities in parts
    ]
    return (
        with_context([(part, noise.attributes) for part, noise in found]),
        with_context([(part, noise.groups) for part, noise in found]),
        with_context([(part, noise.scores) for part, noise in found]),
        with_context([(part, noise.gaps) for part, noise in found]),
    )
