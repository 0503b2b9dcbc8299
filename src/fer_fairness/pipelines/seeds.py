"""Predictions of several training seeds must be those of the seeds asked for."""

import pandas as pd

from fer_fairness.errors import InvalidInputError


def check_seed(predictions: pd.DataFrame, seed: int) -> None:
    """Refuse predictions of another training seed, such as an earlier run left behind.

    Raises:
        InvalidInputError: Naming both seeds.
    """
    others = sorted(set(predictions["seed"]) - {seed})
    if others:
        raise InvalidInputError(
            f"Predictions of {predictions['variant'].iloc[0]} that should be of the training seed "
            f"{seed} are of seed {others[0]}: an earlier run with other seeds left them. "
            "Run the pipelines of the variants again, without --only-missing-outputs."
        )
