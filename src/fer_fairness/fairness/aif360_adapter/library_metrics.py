"""Fairness metrics of fairlearn and AIF360, refused where the libraries would mislead.

The libraries' metrics are made for two classes. With more, or with labels that are text, some
return a number that is no answer (0.0, "no disparity", for emotions by name), others raise an
error that names no way out; a rate that nobody allows to measure is a number in both. Such calls
end here with what to use instead.

Checked against fairlearn 0.15.0 and AIF360 0.6.1.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import
from fer_fairness.fairness.counts import Labels


@dataclass(frozen=True)
class _LibraryMetric:
    """What a library's metric compares, and what to use instead where it misleads.

    Attributes:
        instead: Our metric of any number of classes.
        needs: The labels (1 the outcome, 0 its absence) that every group must have people of.
        answers: Whether the library returns a number on more than two classes.
    """

    instead: str
    needs: tuple[int, ...] = ()
    answers: bool = False


_FAIRLEARN: Final[Mapping[str, _LibraryMetric]] = MappingProxyType(
    {
        "demographic_parity_difference": _LibraryMetric("selection_rate_gap", answers=True),
        "demographic_parity_ratio": _LibraryMetric("selection_rate_gap", answers=True),
        "equalized_odds_difference": _LibraryMetric("equalized_odds_gap", needs=(0, 1)),
        "equalized_odds_ratio": _LibraryMetric("equalized_odds_gap", needs=(0, 1)),
        "equal_opportunity_difference": _LibraryMetric("equal_opportunity_gap", needs=(1,)),
        "equal_opportunity_ratio": _LibraryMetric("equal_opportunity_ratio", needs=(1,)),
    }
)
_AIF360: Final[Mapping[str, _LibraryMetric]] = MappingProxyType(
    {
        "statistical_parity_difference": _LibraryMetric("selection_rate_gap", answers=True),
        "disparate_impact_ratio": _LibraryMetric("selection_rate_gap", answers=True),
        "equal_opportunity_difference": _LibraryMetric("equal_opportunity_gap", needs=(1,)),
        "average_odds_difference": _LibraryMetric("equalized_odds_gap", needs=(0, 1)),
    }
)

_ONE_VS_REST: Final = "one_vs_rest_metrics for each emotion against the others"


def fairlearn_metric(
    name: str, y_true: Labels, y_pred: Labels, groups: Labels, *, favourable: object = 1
) -> float:
    """A metric of `fairlearn.metrics` on two classes.

    Args:
        name: demographic_parity_difference or _ratio, equalized_odds_difference or _ratio,
            equal_opportunity_difference or _ratio.
        y_true: True label of each person.
        y_pred: Predicted label of each person.
        groups: Group of each person.
        favourable: The label that counts as the outcome. fairlearn has no such argument for these
            metrics and takes the label 1.

    Returns:
        The library's number.

    Raises:
        InvalidInputError: If there are more than two labels, saying what fairlearn would have
            returned and what to use; if `favourable` is not among them; if a group lacks the
            people that the metric's rates are of; if anything is missing or lengths differ.
    """
    import fairlearn.metrics

    known = _known("fairlearn", name, _FAIRLEARN)
    function = getattr(fairlearn.metrics, name)

    def call(true: object, predicted: object, membership: object) -> float:
        return float(function(true, predicted, sensitive_features=membership))

    columns = _columns(y_true, y_pred, groups)
    _refuse_more_than_two("fairlearn", name, known, columns, call)
    true, predicted, membership = _binary("fairlearn", name, known, columns, favourable)
    return call(true, predicted, membership)


def aif360_metric(
    name: str,
    y_true: Labels,
    y_pred: Labels,
    groups: Labels,
    *,
    privileged: str,
    favourable: object = 1,
) -> float:
    """A metric of `aif360.sklearn.metrics` on two classes, all other groups against one.

    Args:
        name: statistical_parity_difference, disparate_impact_ratio, equal_opportunity_difference
            or average_odds_difference.
        y_true: True label of each person.
        y_pred: Predicted label of each person.
        groups: Group of each person. AIF360 compares the privileged group with everybody else
            together: of three groups, what differs between the two others is not seen.
        privileged: The group that the others are compared with.
        favourable: The label that counts as the outcome.

    Returns:
        The library's number, others minus (or by) privileged.

    Raises:
        InvalidInputError: As `fairlearn_metric`; also if `privileged` is not a group, or for a
            ratio to a rate of zero, which AIF360 would call 0.
    """
    known = _known("AIF360", name, _AIF360)
    with quiet_aif360_import():
        import aif360.sklearn.metrics
    function = getattr(aif360.sklearn.metrics, name)

    def call(true: object, predicted: object, membership: object) -> float:
        found = function(true, predicted, prot_attr=membership, priv_group=privileged)
        return float(found)

    columns = _columns(y_true, y_pred, groups)
    if privileged not in set(columns["group"]):
        raise InvalidInputError(
            f"The privileged group {privileged!r} is no group; those are "
            f"{', '.join(map(str, pd.unique(columns['group'])))}. Name one of them."
        )
    _refuse_more_than_two("AIF360", name, known, columns, call)
    others = np.where(columns["group"] == privileged, columns["group"], f"not {privileged}")
    columns = {**columns, "group": others.astype(object)}
    true, predicted, membership = _binary("AIF360", name, known, columns, favourable)
    if name == "disparate_impact_ratio" and not predicted[membership == privileged].any():
        raise InvalidInputError(
            f"Nobody of {privileged!r} is given {favourable!r}: AIF360's {name} would be 0, but a "
            "ratio to zero is not defined. Use statistical_parity_difference."
        )
    return call(true, predicted, membership)


def _known(library: str, name: str, metrics: Mapping[str, _LibraryMetric]) -> _LibraryMetric:
    if name not in metrics:
        raise InvalidInputError(
            f"{name!r} is no metric of {library} that is passed on here; those are "
            f"{', '.join(metrics)}."
        )
    return metrics[name]


def _columns(y_true: Labels, y_pred: Labels, groups: Labels) -> dict[str, npt.NDArray[Any]]:
    columns = {
        what: np.asarray(values, dtype=object)
        for what, values in (("true label", y_true), ("predicted label", y_pred), ("group", groups))
    }
    lengths = {what: len(values) for what, values in columns.items()}
    if len(set(lengths.values())) > 1 or not lengths["group"]:
        told = ", ".join(f"{what}: {length}" for what, length in lengths.items())
        raise InvalidInputError(f"One value a person is needed in each column, found {told}.")
    for what, values in columns.items():
        missing = np.flatnonzero(pd.isna(values))
        if missing.size:
            raise InvalidInputError(
                f"Row {missing[0]} has no {what}, expected one for everybody; {missing.size} rows "
                "are like it. Leave such rows out."
            )
    return columns


def _labels_of(columns: Mapping[str, npt.NDArray[Any]]) -> list[Any]:
    """The labels that occur, sorted by their text."""
    found = {*columns["true label"].tolist(), *columns["predicted label"].tolist()}
    return sorted(found, key=str)


def _refuse_more_than_two(
    library: str,
    name: str,
    known: _LibraryMetric,
    columns: Mapping[str, npt.NDArray[Any]],
    call: Callable[[object, object, object], float],
) -> None:
    labels = _labels_of(columns)
    if len(labels) <= 2:
        return
    consequence = "would end in an error that names no way out"
    if known.answers:
        true, predicted = (np.array(columns[what].tolist()) for what in list(columns)[:2])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            number = call(true, predicted, columns["group"])
        consequence = (
            f"would return {number:.4g}, which compares how often the label 1 alone is given and "
            "leaves out all others"
        )
    raise InvalidInputError(
        f"{library}'s {name} is made for two labels, found {len(labels)} "
        f"({', '.join(map(str, labels))}): it {consequence}. Use {known.instead}, which takes any "
        f"number of classes, or {_ONE_VS_REST}."
    )


def _binary(
    library: str,
    name: str,
    known: _LibraryMetric,
    columns: Mapping[str, npt.NDArray[Any]],
    favourable: object,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Labels as 1 (favourable) and 0, and the groups, where every rate of the metric is defined."""
    labels = _labels_of(columns)
    if favourable not in labels:
        raise InvalidInputError(
            f"The outcome {favourable!r} is not among the labels {', '.join(map(str, labels))}: "
            f"{library}'s {name} would compare how often it is given, which is never. Name one of "
            "them as `favourable`."
        )
    true = (columns["true label"] == favourable).astype(np.int64)
    predicted = (columns["predicted label"] == favourable).astype(np.int64)
    groups = columns["group"]
    names = pd.unique(groups)
    if len(names) < 2:
        raise InvalidInputError(f"All people are of the group {names[0]!r}: nothing to compare.")
    for group in names:
        of_group = true[groups == group]
        lacking = [label for label in known.needs if not (of_group == label).any()]
        if lacking:
            shown = "has nobody of the label" if lacking[0] else "has only people of the label"
            raise InvalidInputError(
                f"The group {group!r} {shown} {favourable!r}: a rate of {name} is not defined for "
                f"it, and {library} would put a number in its place. Leave the group out, or use "
                f"{known.instead}, which leaves it out of that class."
            )
    return true, predicted, groups
