"""Tables of counts as people, one row each, and AIF360's metrics of them."""

import numpy as np
import pandas as pd

from fer_fairness.fairness.aif360_adapter import quiet_aif360_import
from fer_fairness.fairness.aif360_adapter.binary_datasets import binary_datasets
from fer_fairness.fairness.metrics import Counts


def people_of(counts: Counts) -> pd.DataFrame:
    cells = np.indices(counts.shape).reshape(3, -1)
    columns = np.repeat(cells, counts.ravel().astype(int), axis=1)
    return pd.DataFrame(dict(zip(("group", "true", "predicted"), columns, strict=True)))


def aif360_mean(metric: str, people: pd.DataFrame, *, n_classes: int = 3) -> float:
    """A method of AIF360's `ClassificationMetric` on each class against the rest, averaged."""
    with quiet_aif360_import():
        from aif360.metrics import ClassificationMetric
    values = []
    for place in range(n_classes):
        pair = binary_datasets(
            people["group"].to_numpy(),
            (people["true"] == place).to_numpy(),
            (people["predicted"] == place).to_numpy(),
        )
        values.append(getattr(ClassificationMetric(*pair), metric)())
    return float(np.mean(values))
