"""AIF360's datasets of one emotion against all others, and its metrics of them.

A pair of `BinaryLabelDataset` differs only in labels (and scores): the emotion shown, and the
emotion predicted. Groups are codes of one protected attribute, as many as there are groups; AIF360
compares two of them, or all at once where a metric's name says "all groups".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import
from fer_fairness.fairness.counts import check_predictions, groups_of
from fer_fairness.fairness.metrics.group_metrics import Array, Counts
from fer_fairness.taxonomy import probability_column

if TYPE_CHECKING:
    from aif360.datasets import BinaryLabelDataset

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

ALL_GROUP_METRICS: Final = (
    "between_all_groups_generalized_entropy_index",
    "between_all_groups_theil_index",
    "between_all_groups_coefficient_of_variation",
    "smoothed_empirical_differential_fairness",
    "differential_fairness_bias_amplification",
)
"""Methods that look at any number of groups at once."""


@dataclass(frozen=True)
class OneVsRest:
    """The pair of datasets of one emotion.

    Attributes:
        truth: Label 1 where the emotion is shown.
        outcome: Label 1 where it is predicted, and the model's probability as its score (the label
            where there are no probabilities).
        attribute: Name of the protected attribute; its values are positions in `groups`.
        groups: Names of the groups.
        n_missing: People without a group, who are in neither dataset.
    """

    truth: "BinaryLabelDataset"
    outcome: "BinaryLabelDataset"
    attribute: str
    groups: tuple[str, ...]
    n_missing: int

    def condition(self, *groups: str) -> list[dict[str, int]]:
        """What AIF360 takes as `privileged_groups` or `unprivileged_groups`.

        Raises:
            InvalidInputError: If one is no group of these datasets.
        """
        unknown = [name for name in groups if name not in self.groups]
        if unknown:
            raise InvalidInputError(
                f"{unknown[0]!r} is no group of {self.attribute!r}; those are "
                f"{', '.join(self.groups)}."
            )
        return [{self.attribute: self.groups.index(name)} for name in groups]


def one_vs_rest_datasets(
    frame: pd.DataFrame, *, attribute: str, emotion: str, groups: Sequence[str] | None = None
) -> OneVsRest:
    """AIF360's datasets of the people of a prediction table.

    Args:
        frame: One row a person: sample_id, emotion, predicted_emotion, the attribute's column, and
            `probability_<emotion>` where scores are wanted.
        attribute: Attribute, or intersection such as "gender x race".
        emotion: The emotion that is told from all others.
        groups: The groups taken, in the order of their codes; by default all, sorted. People of
            other groups are left out, as those without a group are.

    Raises:
        InvalidInputError: If a column is missing, somebody is listed twice, or nobody is left.
    """
    check_predictions(frame)
    members = groups_of(frame, attribute)
    known = members.notna()
    names = tuple(sorted(set(members[known].astype(str))) if groups is None else groups)
    codes = pd.Index(names, dtype=object).get_indexer(pd.Index(members, dtype=object))
    taken = frame[codes >= 0]
    if taken.empty:
        raise InvalidInputError(
            f"None of {len(frame)} people has a group of {attribute!r} among "
            f"{', '.join(names) or 'no names'}: AIF360 takes no empty dataset."
        )
    column = probability_column(emotion)
    return OneVsRest(
        *_datasets(
            attribute,
            codes[codes >= 0].astype(np.int64),
            (taken["emotion"] == emotion).to_numpy().astype(np.int64),
            (taken["predicted_emotion"] == emotion).to_numpy().astype(np.int64),
            taken[column].to_numpy(dtype=np.float64) if column in taken else None,
        ),
        attribute=attribute,
        groups=names,
        n_missing=int((~known).sum()),
    )


def datasets_of_counts(tables: Counts, groups: Sequence[str] | None = None) -> OneVsRest:
    """AIF360's datasets of people who are only counted.

    They have a row a person: instance weights would make them smaller, but AIF360 0.6.1 ignores
    weights in the Theil and the between-group entropy indices.

    Args:
        tables: int64, shape (groups, 2, 2): group, whether the emotion is shown, whether it is
            predicted.
        groups: Names of the groups, by default "0", "1", ...

    Raises:
        InvalidInputError: If the shape is another, or nobody is counted.
    """
    names = tuple(map(str, range(len(tables)))) if groups is None else tuple(groups)
    if tables.shape != (len(names), 2, 2) or not tables.sum():
        raise InvalidInputError(
            f"AIF360's datasets need counts of shape ({len(names)}, 2, 2) with somebody in them, "
            f"found shape {tables.shape} and {int(tables.sum())} people."
        )
    group, shown, predicted = (
        np.repeat(codes, tables.astype(np.int64).ravel())
        for codes in np.indices(tables.shape).reshape(3, -1)
    )
    pair = _datasets("group", group, shown, predicted, None)
    return OneVsRest(*pair, attribute="group", groups=names, n_missing=0)


def aif360_values(tables: Counts) -> dict[str, float]:
    """AIF360's metrics of one binary outcome between two groups.

    Args:
        tables: int64, shape (2, 2, 2): group (0 unprivileged, 1 privileged), whether the emotion
            is shown, whether it is predicted.

    Returns:
        A value by name of `TWO_GROUP_METRICS`, NaN where it is not defined.
    """
    pair = datasets_of_counts(tables, ("unprivileged", "privileged"))
    return _values(pair, TWO_GROUP_METRICS, pair.groups[0], pair.groups[1])


def aif360_values_of_all_groups(pair: OneVsRest) -> dict[str, float]:
    """AIF360's metrics of one binary outcome over any number of groups.

    Returns:
        A value by name of `ALL_GROUP_METRICS`, NaN where it is not defined (fewer than two groups
        with people). `smoothed_empirical_differential_fairness` is of the emotions shown, and
        `differential_fairness_bias_amplification` what the predictions add to it.
    """
    if len(np.unique(pair.truth.protected_attributes)) < 2:
        return dict.fromkeys(ALL_GROUP_METRICS, float("nan"))
    return _values(pair, ALL_GROUP_METRICS)


def _values(pair: OneVsRest, metrics: Sequence[str], *two_groups: str) -> dict[str, float]:
    with quiet_aif360_import():
        from aif360.metrics import ClassificationMetric
    metric = ClassificationMetric(
        pair.truth,
        pair.outcome,
        unprivileged_groups=pair.condition(*two_groups[:1]) or None,
        privileged_groups=pair.condition(*two_groups[1:]) or None,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {name: float(getattr(metric, name)()) for name in metrics}
    return {name: value if np.isfinite(value) else np.nan for name, value in values.items()}


def _datasets(
    attribute: str, group: Counts, shown: Counts, predicted: Counts, scores: Array | None
) -> tuple["BinaryLabelDataset", "BinaryLabelDataset"]:
    with quiet_aif360_import():
        from aif360.datasets import BinaryLabelDataset
    truth = BinaryLabelDataset(
        df=pd.DataFrame({attribute: group, "label": shown}),
        label_names=["label"],
        protected_attribute_names=[attribute],
    )
    outcome = truth.copy()
    outcome.labels = predicted.astype(np.float64).reshape(-1, 1)
    outcome.scores = outcome.labels.copy() if scores is None else scores.reshape(-1, 1)
    return truth, outcome
