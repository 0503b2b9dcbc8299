"""What each method of the gym does to a planted bias, and the verdicts."""

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import pandas as pd

from fer_fairness.fabrication.planted import (
    Kind,
    planted_attributes,
    planted_biases,
    told,
)
from fer_fairness.fairness import Audience
from fer_fairness.fairness.comparisons.family import changes_and_scores
from fer_fairness.fairness.verdicts import Verdict as Found
from fer_fairness.params.fabrication import PlantedBias
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.pipelines.variants.structure import CONTROL
from fer_fairness.taxonomy import EMOTIONS

MARGIN: Final = 0.02
"""A change that is surely smaller than this is called none."""

INFERENCE: Final = InferenceParameters(n_bootstrap=2000)

OUTCOMES: Final = {
    "gap": "Gap",
    "mean_recall": "Mean recall",
    "worst_group": "Worst-group accuracy",
}
"""Of which each row has the change against continued training, with `PARTS`."""

PARTS: Final = ("change", "ci_low", "ci_high", "found", "minimum_detectable")

COLUMNS: Final = (
    "bias",
    "planted",
    "attribute",
    "groups_told",
    "variant",
    "verdict",
    "gap_metric",
    "control_gap",
    "control_gap_ci_low",
    "control_gap_ci_high",
    *(f"{outcome}_{part}" for outcome in OUTCOMES for part in PARTS),
    "level_down",
    "n_seeds",
    "n_faces",
)

Frames = Mapping[int, pd.DataFrame]


class Verdict(StrEnum):
    """What a method does to a bias; those that help first."""

    NARROWS = "narrows the gap"
    NARROWS_AT_A_COST = "narrows the gap, perhaps at a cost"
    SERVES_BETTER = "serves better, gap not told apart"
    NOTHING = "does nothing"
    CANNOT_TELL = "cannot tell"
    MIXED = "raises one, perhaps lowers the other"
    COSTS = "costs recall or the worst group"
    WIDENS = "widens the gap"


_ORDER: Final = {verdict: place for place, verdict in enumerate(Verdict)}


@dataclass(frozen=True)
class Change:
    """A difference to continued training; NaN where it is not defined.

    Attributes:
        difference: Of the means over seeds.
        low: Lower end of the 95 % interval of this difference alone.
        high: Its upper end.
        found: Whether there surely is one, after correction for all that the bias is asked about.
        minimum_detectable: The smallest that would have been found in 8 of 10 such studies.
    """

    difference: float
    low: float
    high: float
    found: bool
    minimum_detectable: float = np.nan

    @property
    def falls(self) -> bool:
        """Whether it is found below zero."""
        return self.found and self.difference < 0

    @property
    def rises(self) -> bool:
        """Whether it is found above zero."""
        return self.found and self.difference > 0

    @property
    def may_fall(self) -> bool:
        """Whether a loss of `MARGIN` and more is not excluded."""
        return not self.low > -MARGIN

    @property
    def is_none(self) -> bool:
        """Whether it is surely smaller than `MARGIN`."""
        return self.low > -MARGIN and self.high < MARGIN


def verdict_of(gap: Change, mean_recall: Change, worst: Change, *, level_down: bool) -> Verdict:
    """The verdict on a method.

    That it does nothing is said where all three changes are surely small: as all have to be, their
    intervals need no correction. That it narrows the gap and no more, or serves better, is said
    where for mean recall and the worst group a loss of `MARGIN` is excluded.

    Args:
        gap: Change of the gap between groups that was planted; smaller is better.
        mean_recall: Change of everybody's mean recall.
        worst: Change of the accuracy of the group served worst.
        level_down: Whether the gap is smaller because of loss alone.
    """
    may_cost = mean_recall.may_fall or worst.may_fall
    if gap.falls:
        return Verdict.NARROWS_AT_A_COST if may_cost or level_down else Verdict.NARROWS
    if gap.rises:
        return Verdict.WIDENS
    if mean_recall.falls or worst.falls:
        return Verdict.COSTS
    if mean_recall.rises or worst.rises:
        return Verdict.MIXED if may_cost else Verdict.SERVES_BETTER
    none = all(change.is_none for change in (gap, mean_recall, worst))
    return Verdict.NOTHING if none else Verdict.CANNOT_TELL


def gap_metric_of(planted: PlantedBias) -> str:
    """Which gap is looked at: of accuracy, or of mean recall where only emotions are rare.

    Where test faces of a group show an emotion as rarely as its training faces, a model that has
    learned so errs on the few that show it, which a group's accuracy hardly tells, and its recalls
    do.
    """
    only_rare = {bias.kind for bias in planted_biases(planted)} == {Kind.EMOTIONS}
    is_rare_in_test = only_rare and "test" in planted.emotion_splits
    return "balanced_accuracy_gap" if is_rare_in_test else "accuracy_gap"


def groups_told(truth: pd.Series, told_so: pd.Series) -> str:
    """What methods are told most often of each group's faces: `asian of 88 % of east_asian`.

    Args:
        truth: The groups that faces were drawn with, by sample_id.
        told_so: Those that methods are told, by sample_id, perhaps by other names; of some faces
            none may be known.
    """
    words = []
    for group, labels in told_so.reindex(truth.index).groupby(truth):
        shares = labels.value_counts() / len(labels)
        if len(shares):
            words.append(f"{shares.index[0]} of {round(100 * shares.iloc[0])} % of {group}")
    return ", ".join(words)


def findings(
    bias: str,
    frames: Mapping[str, Frames],
    truth: pd.DataFrame,
    planted: PlantedBias,
    labelled: pd.DataFrame,
) -> pd.DataFrame:
    """What each variant changes against continued training on the faces of a bias.

    Args:
        bias: Its name.
        frames: Predictions of test faces by variant and training seed, those of
            `continued_training` among them.
        truth: The truth about the dataset: sample_id, and the groups that faces were drawn with.
        planted: The bias.
        labelled: Test faces with the groups that methods are told: sample_id and attributes.

    Returns:
        `COLUMNS`, a row for each attribute that the bias is planted by and each variant but the
        control, those that help first. Differences and their intervals are those of `changes`, over
        seeds and people; found is what is so after correction for all variants, attributes and the
        three outcomes of this bias together.

    Raises:
        InvalidInputError: As for `changes`.
    """
    attributes, metric = planted_attributes(planted), gap_metric_of(planted)
    groups = truth.set_index("sample_id")[list(attributes)]
    first, *further = frames[CONTROL].items()
    seed, control = first
    known = control.join(groups, on="sample_id")
    reference: dict[str, Frames] = {CONTROL: {seed: known, **dict(further)}}
    others = {name: of for name, of in frames.items() if name != CONTROL}
    table, scores = changes_and_scores(
        [Audience(bias, reference | others, attributes, EMOTIONS)],
        params=INFERENCE,
        seed=0,
        primary=("balanced_accuracy", "worst_group_accuracy", metric),
    )
    faces = groups.loc[control["sample_id"]]
    told_so = labelled.set_index("sample_id")
    words = {name: groups_told(faces[name], told_so[name]) for name in attributes}
    rows = pd.DataFrame(
        [
            {
                "bias": bias,
                "planted": told(planted),
                "groups_told": words[row["attribute"]],
                **row,
            }
            for row in _rows(table, scores, metric)
        ],
        columns=list(COLUMNS),
    )
    by = [rows["attribute"].map(attributes.index), rows["verdict"].map(_ORDER), rows["gap_change"]]
    return rows.iloc[np.lexsort([*reversed(by)])].reset_index(drop=True)


def _rows(table: pd.DataFrame, scores: pd.DataFrame, metric: str) -> Iterator[dict[str, Any]]:
    """The changes of each attribute and variant side by side, with their verdict."""
    of_control = scores[(scores["variant"] == CONTROL) & (scores["metric"] == metric)]
    gaps = of_control.set_index("attribute")
    everybody = table[table["attribute"].isna()].set_index(["variant", "metric"])
    for attribute, of_groups in table.dropna(subset="attribute").groupby("attribute", sort=False):
        by_metric = of_groups.set_index(["variant", "metric"])
        for variant in of_groups["variant"].unique():
            gap = by_metric.loc[(variant, metric)]
            found = {
                "gap": _change(gap),
                "mean_recall": _change(everybody.loc[(variant, "balanced_accuracy")]),
                "worst_group": _change(by_metric.loc[(variant, "worst_group_accuracy")]),
            }
            level_down = bool(gap["level_down"])
            yield {
                "attribute": attribute,
                "variant": variant,
                "verdict": str(verdict_of(*found.values(), level_down=level_down)),
                "gap_metric": metric,
                "control_gap": gap["baseline_value"],
                "control_gap_ci_low": gaps.loc[str(attribute), "ci_low"],
                "control_gap_ci_high": gaps.loc[str(attribute), "ci_high"],
                "level_down": level_down,
                "n_seeds": gap["n_seeds"],
                "n_faces": gap["n_faces"],
                **{
                    f"{outcome}_{part}": value
                    for outcome, change in found.items()
                    for part, value in zip(PARTS, astuple(change), strict=True)
                },
            }


def _change(row: pd.Series) -> Change:
    ends = float(row["uncorrected_ci_low"]), float(row["uncorrected_ci_high"])
    return Change(
        float(row["difference"]),
        *ends,
        found=row["verdict"] == Found.FOUND,
        minimum_detectable=float(row["minimum_detectable"]),
    )
