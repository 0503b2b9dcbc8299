from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from fer_fairness.tables import FACES_SCHEMA, VOTES_COLUMNS
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS, target_column

FacesBuilder = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def make_faces() -> FacesBuilder:
    """Build a `faces` table from its splits and emotions; other columns by keyword."""

    def build(
        splits: Sequence[str], emotions: Sequence[str | None], **columns: Sequence[object]
    ) -> pd.DataFrame:
        n = len(splits)
        table: dict[str, object] = {
            "sample_id": [f"face_{row}" for row in range(n)],
            "image_index": np.arange(n),
            "dataset": ["fabricated"] * n,
            "split": list(splits),
            "emotion": list(emotions),
            "excluded_reason": [None] * n,
        }
        table |= dict.fromkeys(VOTES_COLUMNS, np.full(n, np.nan))
        for emotion in EMOTIONS:
            table[target_column(emotion)] = [float(found == emotion) for found in emotions]
        for attribute in ATTRIBUTES:
            table[attribute] = columns.get(attribute, [None] * n)
            known = [value is not None for value in columns.get(attribute, [None] * n)]
            table[f"{attribute}_source"] = ["annotated" if given else "none" for given in known]
            table[f"{attribute}_confidence"] = [1.0 if given else np.nan for given in known]
        return FACES_SCHEMA.validate(pd.DataFrame(table | columns))

    return build
