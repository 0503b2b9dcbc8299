"""What every post-processing mitigation offers."""

from typing import Protocol, Self, TypeAlias

import pandas as pd

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


class FittedPostProcessor(Protocol):
    """Changes a model's predictions by rules that were fitted on validation predictions.

    It can be written as JSON and read back, and knows nothing of the model or the images.
    """

    def to_dict(self) -> dict[str, Json]:
        """The rules as JSON-able values."""

    @classmethod
    def from_dict(cls, rules: dict[str, Json]) -> Self:
        """The rules back from `to_dict`."""

    def transform(
        self, predictions: pd.DataFrame, groups: pd.Series, *, seed: int, variant: str
    ) -> pd.DataFrame:
        """Predictions after the change, valid under `tables.PREDICTIONS_SCHEMA`.

        Args:
            predictions: A `predictions` table.
            groups: Group of each row, in the same order; missing where nobody knows it.
            seed: Seed of whatever is drawn.
            variant: Name of the result.
        """
