"""What is known of label errors where groups were predicted, found for a row of `gaps`."""

import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from fer_fairness.reporting import page
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import capitalised, group_label
from fer_fairness.reporting.number_text import MISSING, listed, thousands
from fer_fairness.reporting.rows.labeller import (
    MAY_BE_ABSENT,
    LabelNoiseAttributeRow,
    LabelNoiseGapRow,
    LabelNoiseGroupRow,
)
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.scores import GapRow, Key, OfAttribute, OfSource

NOT_MEASURED: Final = "errors not measured"
TOO_FEW_COMPARED: Final = "too few groups of sure size"
_NARROW: Final = 18
"""Letters in a line of a cell that says why there is no number."""


@dataclass(frozen=True)
class LabelErrors:
    """Label errors by variant, evaluation set and attribute.

    Attributes:
        attributes: Rows of `label_noise_attributes`.
        gaps: Rows of `label_noise_gaps` of each key by metric.
        groups: Rows of `label_noise_groups` of each key.
    """

    attributes: Mapping[Key, LabelNoiseAttributeRow]
    gaps: Mapping[Key, Mapping[str, LabelNoiseGapRow]]
    groups: Mapping[Key, list[LabelNoiseGroupRow]]

    def refused(self, row: OfAttribute) -> str:
        """Why the correction was refused, in full; empty where it was not."""
        known = self.attributes.get(row.key)
        return "" if known is None else known.refused

    def reason(self, row: OfAttribute) -> str:
        """Why no gap is corrected, in a few words; empty where the gaps that can be are."""
        known = self.attributes.get(row.key)
        if known is None:
            return NOT_MEASURED
        return known.refusals or ("" if row.key in self.gaps else TOO_FEW_COMPARED)

    def gap(self, row: GapRow) -> LabelNoiseGapRow | None:
        """The row of `label_noise_gaps` of a row of `gaps`; None where there is none."""
        return self.gaps.get(row.key, {}).get(row.metric)

    def may_be_absent(self, row: OfSource) -> list[LabelNoiseGroupRow]:
        """Groups that are named no more often than the labeller's errors alone would name them."""
        groups = self.groups.get(row.key, []) if row.predicted else []
        return [group for group in groups if group.may_be_absent]

    def left_out(self, row: OfAttribute) -> list[str]:
        """Groups that somebody is labelled as and that the corrected gaps do not compare."""
        groups = self.groups.get(row.key, [])
        return [group.group for group in groups if not group.compared and group.n_labelled > 0]


def label_errors(inputs: ReportInputs) -> LabelErrors:
    """Index the tables on label errors of a report."""
    gaps = grouped(inputs.rows(LabelNoiseGapRow), lambda row: row.key)
    return LabelErrors(
        attributes={row.key: row for row in inputs.rows(LabelNoiseAttributeRow)},
        gaps={key: {row.metric: row for row in rows} for key, rows in gaps.items()},
        groups=grouped(inputs.rows(LabelNoiseGroupRow), lambda row: row.key),
    )


def corrected_cell(row: GapRow | None, errors: LabelErrors) -> page.Cell:
    """The corrected gap over its interval; without one in grey why, a dash where unknown."""
    if row is None:
        return page.DASH
    gap = errors.gap(row)
    if gap is not None:
        return page.numeric(gap.corrected)
    reason = textwrap.fill(errors.reason(row), _NARROW)
    return page.Cell(reason or MISSING, numeric=True, muted=True)


def correction_sentence(errors: LabelErrors, row: GapRow, left_out: Collection[str]) -> str:
    """A sentence on the corrected gaps of one attribute as a whole, for a finding.

    Args:
        errors: What is known of label errors.
        row: A row of `gaps` of predicted groups.
        left_out: The groups that the gap as labelled leaves out too, in words.

    Returns:
        Why nothing is corrected; or which groups the corrected gaps do not compare while the gaps
        as labelled do; empty where there are none.
    """
    if row.key not in errors.attributes:
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
    verb = "is" if len(more) == 1 else "are"
    return (
        f"{capitalised(listed(more))} {verb} compared as labelled only: once label errors are "
        "taken off, too few people may be left."
    )


def absence_sentence(errors: LabelErrors, row: OfSource) -> str:
    """Which groups of an attribute may not be in the data, and why; empty where none."""
    told = [
        f"{capitalised(group_label(group.group))} {MAY_BE_ABSENT}: "
        f"{thousands(group.n_labelled)} faces are named so, and the labeller errs so often that on "
        f"faces of the other groups alone it would name about {thousands(group.n_by_error)}, up to "
        f"{thousands(group.n_by_error_95)}."
        for group in errors.may_be_absent(row)
    ]
    return " ".join(told)
