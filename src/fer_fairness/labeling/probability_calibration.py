"""Probabilities that mean what they say: temperature scaling and isotonic regression."""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.temperature import fit_temperature
from fer_fairness.params.race_labeling import CalibrationName


@dataclass(frozen=True)
class TemperatureCalibration:
    """Division of the logits by one number before the softmax.

    Guo et al. 2017, arXiv 1706.04599, section 4.2. The most probable group stays the same.

    Attributes:
        temperature: Above 1 where the classifier was too sure of itself.
    """

    temperature: float

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities, float64 `(n, groups)`, from logits."""
        shares: np.ndarray = softmax(logits / self.temperature, axis=1)
        return shares


@dataclass(frozen=True)
class IsotonicCalibration:
    """A rising curve for each group against all others, then division by the sum.

    Zadrozny and Elkan 2002 (KDD, "Transforming classifier scores into accurate multiclass
    probability estimates"). The most probable group can change.

    Attributes:
        curves: For each group the probabilities before, rising, and after; between them straight.
    """

    curves: tuple[tuple[np.ndarray, np.ndarray], ...]

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities, float64 `(n, groups)`, from logits."""
        before = softmax(logits, axis=1)
        after = np.column_stack(
            [np.interp(before[:, g], *curve) for g, curve in enumerate(self.curves)]
        )
        total = after.sum(axis=1, keepdims=True)
        # Where every curve says "not this group", they have nothing to divide.
        shares: np.ndarray = np.where(total > 0, after / np.where(total > 0, total, 1.0), before)
        return shares


Calibration = TemperatureCalibration | IsotonicCalibration
"""What turns a classifier's log probabilities into probabilities to be believed."""


def fit_calibration(name: CalibrationName, logits: np.ndarray, codes: np.ndarray) -> Calibration:
    """Learn a calibration from faces that the classifier was not fitted on.

    Args:
        name: Which.
        logits: float `(n, groups)`, n at least 1.
        codes: Position of each face's true group, int `(n,)`.

    Returns:
        The calibration.

    Raises:
        InvalidInputError: If isotonic is asked for and a group has no face.
    """
    if name == "temperature":
        return TemperatureCalibration(fit_temperature(logits, codes)[0])
    return _fit_isotonic(logits, codes)


def _fit_isotonic(logits: np.ndarray, codes: np.ndarray) -> IsotonicCalibration:
    from sklearn.isotonic import IsotonicRegression

    counts = np.bincount(codes, minlength=logits.shape[1])
    if not counts.all():
        raise InvalidInputError(
            f"{int((counts == 0).sum())} of {len(counts)} groups have no face to calibrate on; "
            "isotonic calibration needs some of each. Add faces, or set labeller.calibration to "
            "temperature."
        )
    before = softmax(logits, axis=1)
    curves = []
    for group in range(logits.shape[1]):
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        fitted.fit(before[:, group], codes == group)
        curves.append((fitted.X_thresholds_, fitted.y_thresholds_))
    return IsotonicCalibration(tuple(curves))
