"""Reject option: near the threshold, faces of one side are given an emotion, others are not.

Kamiran et al. 2012 (ICDM, "Decision theory for discrimination-aware classification"), with the
choice of threshold and margin of AIF360's `RejectOptionClassification`: of 100 thresholds with 50
margins each, those with the highest balanced accuracy of which both sides' true positive rates
agree within a tolerance. AIF360 makes datasets and metrics of each of these 5,000 pairs; here the
same rates are counted, and a test holds the choices to AIF360's.

Each emotion against all others is such a problem. Faces of the side that is given the emotion have
a threshold lower by the margin, the others one higher by it. The eight become one answer by the
largest ratio of probability to threshold, which for two classes is the paper's rule; that step is
this project's.
"""

from typing import ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from fer_fairness.mitigation.one_against_others import (
    OneAgainstOthers,
    Side,
    Sides,
    not_fitted,
)
from fer_fairness.mitigation.post_method import Json
from fer_fairness.mitigation.scored import (
    Array,
    Flags,
    emotion_codes,
    group_names,
    probabilities_of,
    with_predictions,
)
from fer_fairness.taxonomy import EMOTIONS

_THRESHOLDS: Final = np.linspace(0.01, 0.99, 100)
_N_MARGINS: Final = 50
"""AIF360's own."""


class Region(BaseModel):
    """Of one emotion: where it is decided by the side.

    Attributes:
        threshold: Of its probability, in (0, 1].
        margin: Faces within so much of the threshold are decided by their side.
        given_to: The side that is given the emotion there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(gt=0.0, le=1.0)
    margin: float = Field(default=0.0, ge=0.0, lt=1.0)
    given_to: Side = "unprivileged"

    def threshold_of(self, side: Side) -> float:
        """The threshold of either side."""
        return self.threshold + (-self.margin if side == self.given_to else self.margin)


class RejectOptionRegions(Sides):
    """What was fitted, JSON-able.

    Attributes:
        regions: By emotion; none where no emotion could be evened out. One that could not be has no
            margin, and as threshold the share of faces that show it.
    """

    regions: dict[str, Region]


class RejectOption(OneAgainstOthers):
    """Evens out how often emotions are recognised, by answers near the threshold alone.

    The side that is given an emotion is the one with which balanced accuracy is higher. In AIF360
    one side is given all, but no group is served worst in all emotions. Where no pair evens rates
    out, AIF360 takes that of the lowest difference, sign included: the most unequal one, if it is
    negative. Here the emotion is not evened out, and said to be so. Nothing is drawn.
    """

    label: ClassVar[str] = "Reject option"
    source: ClassVar[str] = "Kamiran et al. 2012, ICDM, doi 10.1109/ICDM.2012.45"
    search: ClassVar = {"tolerance": (0.02, 0.05, 0.1)}

    method: Literal["reject_option"] = "reject_option"
    tolerance: float = Field(
        default=0.05,
        ge=0.0,
        le=1.0,
        description="How far the true positive rates of the sides may be apart.",
    )

    def fit(self, validation: pd.DataFrame) -> dict[str, Json]:
        """Fit the regions on validation predictions.

        An emotion is not evened out, with the reason told, where a side has nobody who shows it (or
        nobody who does not), or where no region does. People without a group take no part.

        Raises:
            InvalidInputError: `privileged` is no group of the table.
        """
        people = validation[validation[self.attribute].notna()]
        privileged = self.privileged_group(people)
        on_privileged = (people[self.attribute] == privileged).to_numpy(dtype=bool)
        shown = emotion_codes(people["emotion"])[:, np.newaxis] == np.arange(len(EMOTIONS))
        scores = probabilities_of(people)
        regions: dict[str, Region] = {}
        untouched: dict[str, str] = {}
        for emotion, shows, score in zip(EMOTIONS, shown.T, scores.T, strict=True):
            fitted = not_fitted(shows, on_privileged) or self._fit_one(shows, score, on_privileged)
            if isinstance(fitted, Region):
                regions[emotion] = fitted
            else:
                untouched[emotion] = fitted
        if regions:
            shares = dict(zip(EMOTIONS, shown.mean(axis=0).tolist(), strict=True))
            regions |= {name: Region(threshold=shares[name]) for name in untouched if shares[name]}
        return RejectOptionRegions(
            privileged=privileged,
            unprivileged=tuple(
                name for name in group_names(people, self.attribute) if name != privileged
            ),
            regions=regions,
            untouched=untouched,
        ).model_dump(mode="json")

    def _fit_one(self, shows: Flags, scores: Array, on_privileged: Flags) -> Region | str:
        """The region of one emotion, or why there is none."""
        sides: dict[Side, Flags] = {"unprivileged": ~on_privileged, "privileged": on_privileged}
        found = {
            side: best
            for side, given in sides.items()
            if (best := best_region(shows, scores, given, self.tolerance)) is not None
        }
        if not found:
            return f"no region evens its recognition out within {self.tolerance:g}"
        side = max(found, key=lambda name: found[name][0])
        _, threshold, margin = found[side]
        return Region(threshold=threshold, margin=margin, given_to=side)

    def apply(self, scored: pd.DataFrame, rules: dict[str, Json], *, seed: int) -> pd.DataFrame:  # noqa: ARG002  nothing is drawn
        """The emotions with the largest ratios of probability to threshold.

        An emotion of probability zero (one that the evaluation set does not have) is never given.
        People without a group, or of one that the fit had not seen, keep their prediction.
        """
        fitted = RejectOptionRegions.model_validate(rules)
        probabilities = probabilities_of(scored)
        after = emotion_codes(scored["predicted_emotion"])
        sides: tuple[Side, ...] = ("privileged", "unprivileged") if fitted.regions else ()
        for side in sides:
            on_side = fitted.on(side, scored[self.attribute])
            # An emotion that no validation face showed is given where nothing else is likely.
            thresholds = [
                fitted.regions[name].threshold_of(side) if name in fitted.regions else 1.0
                for name in EMOTIONS
            ]
            ratios = probabilities[on_side] / np.maximum(thresholds, np.finfo(np.float64).eps)
            after[on_side] = ratios.argmax(axis=1)
        return with_predictions(scored, after)


def best_region(
    shows: Flags, scores: Array, given: Flags, tolerance: float
) -> tuple[float, float, float] | None:
    """Balanced accuracy, threshold and margin of the best region; of equals the first.

    Args:
        shows: Who shows the emotion, shape (people,): some of either side do, and some do not.
        scores: Its probability, shape (people,).
        given: Who is given it near the threshold, shape (people,).
        tolerance: How far the true positive rates of `given` and the others may be apart.

    Returns:
        None where the rates of no region agree so far.
    """
    # A row a threshold, as AIF360 goes through them.
    widest = np.minimum(_THRESHOLDS, 1.0 - _THRESHOLDS)
    margins = np.linspace(0.0, widest, _N_MARGINS).T
    lower, upper = _THRESHOLDS[:, np.newaxis] - margins, _THRESHOLDS[:, np.newaxis] + margins
    recognised = _n_above(scores[shows & given], lower), _n_above(scores[shows & ~given], upper)
    claimed = _n_above(scores[~shows & given], lower) + _n_above(scores[~shows & ~given], upper)
    balanced = 0.5 * (sum(recognised) / shows.sum() + 1.0 - claimed / (~shows).sum())
    gap = recognised[0] / (shows & given).sum() - recognised[1] / (shows & ~given).sum()
    balanced[np.abs(gap) > tolerance] = -1.0
    best = np.unravel_index(balanced.argmax(), balanced.shape)
    if balanced[best] < 0.0:
        return None
    return float(balanced[best]), float(_THRESHOLDS[best[0]]), float(margins[best])


def _n_above(scores: Array, cuts: Array) -> npt.NDArray[np.int64]:
    """How many scores are above each cut, in the shape of the cuts."""
    return len(scores) - np.searchsorted(np.sort(scores), cuts, side="right")
