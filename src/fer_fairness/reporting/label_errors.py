"""What is known of label errors where groups were predicted, found for a row of `gaps`."""

import math
import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import pandas as pd

from fer_fairness.fairness.label_noise.evaluation import CORRECTED
from fer_fairness.fairness.label_noise.scores import ACCURACY
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.tables import (
    MISSING,
    Cell,
    interval,
    listed,
    number,
    percent,
    points,
    thousands,
    value_with_interval,
)
from fer_fairness.reporting.words import group_label, metric_words

PREDICTED: Final = "predicted"
"""The `attribute_source` of groups that a labeller named."""

NOT_MEASURED: Final = "errors not measured"
TOO_FEW_COMPARED: Final = "too few groups of sure size"
_NARROW: Final = 18
"""Letters in a line of a cell that says why there is no number."""

_UNKNOWN_REFUSAL: Final = "not corrected"
_SHORT_REFUSALS: Final = MappingProxyType(
    {
        "Too few held-out faces": "too few held-out faces",
        "hardly tells some of the groups apart": "labeller hardly tells groups apart",
        "knows one group only": "labeller knows one group only",
        "Nobody was labelled": "nobody was labelled",
    }
)
_CONDITIONS: Final = MappingProxyType(
    {
        "full_size": "as published",
        "colour": "in colour",
        "colour_100": "in colour at 100 pixels",
        "grey_48": "shrunk to 48 × 48 grey",  # noqa: RUF001 -- a times sign is meant
    }
)
_CONDITION_OF: Final = MappingProxyType({"fer_plus": "grey_48", "raf_db": "colour_100"})

Key: TypeAlias = tuple[str, str, str]
_KEY: Final = ("variant", "evaluation_set", "attribute")


def key_of(row: Row) -> Key:
    """Variant, evaluation set and attribute of a row of any table that has them."""
    return str(row["variant"]), str(row["evaluation_set"]), str(row["attribute"])


def condition_label(condition: str) -> str:
    """How the faces looked that the labeller was measured on: "shrunk to 48 x 48 grey"."""
    return _CONDITIONS.get(condition, condition.replace("_", " "))


def held_out_label(evaluation_set: str) -> str:
    """The faces on which the labeller was measured for an evaluation set, in words."""
    condition = _CONDITION_OF.get(evaluation_set)
    looks = "" if condition is None else f", {condition_label(condition)},"
    return f"held-out FairFace faces{looks}"


def short_refusal(refused: str) -> str:
    """Why there is no correction, in a few words; empty where there is one."""
    if not refused:
        return ""
    told = [short for sign, short in _SHORT_REFUSALS.items() if sign in refused]
    return "; ".join(told) or _UNKNOWN_REFUSAL


@dataclass(frozen=True)
class LabelErrors:
    """Label errors by variant, evaluation set and attribute.

    Attributes:
        attributes: Rows of `label_noise_attributes`.
        gaps: Rows of `label_noise_gaps` of each key by metric.
        groups: Rows of `label_noise_groups` of each key.
    """

    attributes: Mapping[Key, Row]
    gaps: Mapping[Key, Mapping[str, Row]]
    groups: Mapping[Key, list[Row]]

    def measured(self, row: Row) -> bool:
        """Whether the labeller's errors are known for the groups that a row is about."""
        return key_of(row) in self.attributes

    def concern(self, row: Row) -> bool:
        """Whether a row of `gaps` or `groups` is about groups that the labeller named."""
        return str(row["attribute_source"]) == PREDICTED

    def refused(self, row: Row) -> str:
        """Why the correction was refused, in full; empty where it was not."""
        known = self.attributes.get(key_of(row))
        value = None if known is None else known["refused"]
        return value if isinstance(value, str) else ""

    def reason(self, row: Row) -> str:
        """Why no gap is corrected, in a few words; empty where the gaps that can be are."""
        if not self.measured(row):
            return NOT_MEASURED
        if self.refused(row):
            return short_refusal(self.refused(row))
        return "" if key_of(row) in self.gaps else TOO_FEW_COMPARED

    def gap(self, row: Row) -> Row | None:
        """The row of `label_noise_gaps` of a row of `gaps`; None where there is none."""
        return self.gaps.get(key_of(row), {}).get(str(row["metric"]))

    def left_out(self, row: Row) -> tuple[str, ...]:
        """Groups that somebody is labelled as and that the corrected gaps do not compare."""
        groups = self.groups.get(key_of(row), [])
        return tuple(
            str(group["group"])
            for group in groups
            if not bool(group["compared"]) and as_float(group["n_labelled"]) > 0
        )


def label_errors(inputs: ReportInputs) -> LabelErrors:
    """Index the tables on label errors of a report."""
    groups: dict[Key, list[Row]] = {}
    for row in records(inputs.label_noise_groups):
        groups.setdefault(key_of(row), []).append(row)
    gaps: dict[Key, dict[str, Row]] = {}
    for row in records(inputs.label_noise_gaps):
        gaps.setdefault(key_of(row), {})[str(row["metric"])] = row
    return LabelErrors(
        attributes={key_of(row): row for row in records(inputs.label_noise_attributes)},
        gaps=gaps,
        groups=groups,
    )


def corrected_text(gap: Row) -> str:
    """A corrected gap with its interval: "9.6 points [5.1 to 14.2]", or "0.912 [...]"."""
    words = metric_words(str(gap["metric"]))
    value, low, high = (as_float(gap[name]) for name in ("corrected_value", "ci_low", "ci_high"))
    if not words.in_points:
        return f"{number(value)} [{interval(low, high)}]"
    return f"{points(value)} [{interval(low, high, scale=100, digits=1)}]"


def corrected_cell(gap: Row | None, reason: str) -> Cell:
    """A corrected gap over its interval; without one the reason in grey, else a dash."""
    if gap is None:
        return Cell(textwrap.fill(reason, _NARROW) or MISSING, numeric=True, muted=True)
    in_points = metric_words(str(gap["metric"])).in_points
    value, low, high = (as_float(gap[name]) for name in ("corrected_value", "ci_low", "ci_high"))
    text = value_with_interval(value, low, high, in_points=in_points)
    return Cell(text.replace(" [", "\n["), numeric=True)


def correction_sentence(errors: LabelErrors, row: Row, left_out: Collection[str]) -> str:
    """A sentence on the corrected gaps of one attribute as a whole, for a finding.

    Args:
        errors: What is known of label errors.
        row: A row of `gaps` of predicted groups.
        left_out: The groups that the gap as labelled leaves out too, in words.

    Returns:
        Why nothing is corrected; or which groups the corrected gaps do not compare while the gaps
        as labelled do; empty where there are none.
    """
    if not errors.measured(row):
        return (
            "Not corrected for label errors: how the labeller errs on such faces was not measured."
        )
    if errors.refused(row):
        return f"Not corrected for label errors. {errors.refused(row)}"
    if errors.reason(row):
        return (
            "Not corrected for label errors: once they are taken off, fewer than two groups have "
            "people enough for sure."
        )
    fewer = [group_label(name) for name in errors.left_out(row)]
    more = [name for name in fewer if name not in left_out]
    if not more:
        return ""
    verb, names = "is" if len(more) == 1 else "are", listed(more)
    return (
        f"{names[:1].upper()}{names[1:]} {verb} compared as labelled only: once label errors are "
        "taken off, too few people may be left."
    )


def right_label_share(groups: pd.DataFrame) -> float:
    """Share of held-out faces given the right label; a face without a label is not.

    Args:
        groups: Rows of `label_noise_groups` of one variant, evaluation set and attribute.

    Returns:
        In [0, 1]; NaN without held-out faces.
    """
    faces = groups["n_held_out"].astype(float)
    if not faces.sum() > 0:
        return math.nan
    return float((faces * groups["labelled_rightly"].astype(float)).sum() / faces.sum())


def abstained_text(row: Row) -> str:
    """How many people got no label: "241 of 3,153 people (7.6 %)"."""
    without, people = (as_float(row[name]) for name in ("n_abstained", "n_people"))
    share = percent(as_float(row["share_abstained"]))
    return f"{thousands(without)} of {thousands(people)} people ({share})"


def corrected_accuracies(inputs: ReportInputs) -> dict[tuple[str, ...], Row]:
    """Rows of `label_noise_scores` with corrected accuracy, by the three keys and the group."""
    rows = inputs.label_noise_scores
    rows = rows[(rows["metric"] == ACCURACY) & (rows["method"] == CORRECTED)]
    return {(*key_of(row), str(row["group"])): row for row in records(rows)}


def of_key(table: pd.DataFrame, key: Key) -> pd.DataFrame:
    """The rows of a table on one variant, evaluation set and attribute."""
    same = pd.Series(data=True, index=table.index)
    for name, value in zip(_KEY, key, strict=True):
        same &= table[name].astype(str) == value
    return table[same]
