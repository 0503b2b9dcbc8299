"""AIF360's datasets of one emotion against all others, and its metrics of them.

A pair of `BinaryLabelDataset` differs only in labels and scores: the emotion shown, and the
emotion predicted.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import
from fer_fairness.fairness.metrics.group_metrics import Array, Counts

if TYPE_CHECKING:
    from aif360.datasets import BinaryLabelDataset

GROUP: Final = "group"
"""Name of the protected attribute: AIF360 takes `[{GROUP: code}]` for a group."""

TWO_GROUP_METRICS: Final = (
    "statistical_parity_difference",
    "disparate_impact",
    "equal_opportunity_difference",
    "average_odds_difference",
    "theil_index",
    "false_negative_rate_difference",
    "false_positive_rate_difference",
    "between_group_generalized_entropy_index",
)
"""Methods of `ClassificationMetric` that compare an unprivileged with a privileged group."""


def binary_datasets(
    groups: npt.NDArray[np.int64],
    shown: npt.NDArray[np.int64 | np.bool_],
    predicted: npt.NDArray[np.int64 | np.bool_],
    scores: Array | None = None,
) -> tuple["BinaryLabelDataset", "BinaryLabelDataset"]:
    """AIF360's datasets of people: the emotion as shown, and as predicted.

    Args:
        groups: Code of each person's group, shape (people,).
        shown: Whether each shows the emotion, shape (people,).
        predicted: Whether it is predicted, shape (people,).
        scores: Its predicted probability, shape (people,); by default the prediction itself.

    Raises:
        InvalidInputError: If nobody is given.
    """
    if not len(groups):
        raise InvalidInputError("AIF360 takes no empty dataset: nobody is left to be compared.")
    with quiet_aif360_import():
        from aif360.datasets import BinaryLabelDataset
    truth = BinaryLabelDataset(
        df=pd.DataFrame({GROUP: groups, "label": shown.astype(np.int64)}),
        label_names=["label"],
        protected_attribute_names=[GROUP],
    )
    outcome = truth.copy()
    outcome.labels = predicted.astype(np.float64).reshape(-1, 1)
    outcome.scores = outcome.labels.copy() if scores is None else scores.reshape(-1, 1)
    return truth, outcome


def aif360_values(tables: Counts) -> dict[str, float]:
    """AIF360's metrics of one binary outcome between two groups.

    The datasets have a row a person: instance weights would make them smaller, but AIF360 0.6.1
    ignores weights in the Theil and the between-group entropy indices.

    Args:
        tables: int64, shape (2, 2, 2): group (0 unprivileged, 1 privileged), whether the emotion
            is shown, whether it is predicted.

    Returns:
        A value by name of `TWO_GROUP_METRICS`, NaN where it is not defined.

    Raises:
        InvalidInputError: If nobody is counted.
    """
    cells = np.indices(tables.shape).reshape(3, -1)
    pair = binary_datasets(*np.repeat(cells, tables.astype(np.int64).ravel(), axis=1))
    with quiet_aif360_import():
        from aif360.metrics import ClassificationMetric
    metric = ClassificationMetric(
        *pair, unprivileged_groups=[{GROUP: 0}], privileged_groups=[{GROUP: 1}]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {name: float(getattr(metric, name)()) for name in TWO_GROUP_METRICS}
    return {name: value if np.isfinite(value) else np.nan for name, value in values.items()}
