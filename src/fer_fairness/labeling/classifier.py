"""One attribute's classifier: scaling, logistic regression, and a calibrating temperature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import log_softmax, softmax
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

LOG_TEMPERATURE_BOUNDS = (-3.0, 3.0)
MAX_ITERATIONS = 1000


@dataclass(frozen=True)
class AttributeClassifier:
    """Probabilities of one attribute's groups, from embeddings.

    Attributes:
        attribute: `race`, `gender` or `age_group`.
        groups: The groups, in the order of the columns of `probabilities`.
        estimator: Standardisation and multinomial logistic regression, fitted.
        temperature: What the logits are divided by before the softmax; above 1 where the
            regression was too sure of itself.
    """

    attribute: str
    groups: tuple[str, ...]
    estimator: "Pipeline"
    temperature: float

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, float64 `(n, groups)`, of embeddings `(n, d)`."""
        if len(embeddings) == 0:
            return np.zeros((0, len(self.groups)))
        shares: np.ndarray = softmax(_logits(self.estimator, embeddings) / self.temperature, axis=1)
        return shares


def fit_classifier(
    attribute: str,
    fitting: tuple[np.ndarray, np.ndarray],
    calibration: tuple[np.ndarray, np.ndarray],
    inverse_regularisation: Sequence[float],
) -> AttributeClassifier:
    """Fit on some faces; choose the regularisation and the temperature on others.

    The temperature is that of Guo et al. 2017 (arXiv 1706.04599, section 4.2): the one number that
    minimises the log loss of the calibration faces. Of the given values of C the one is kept whose
    calibrated log loss is lowest there; a cross-validation within the fitting faces would prefer
    too large a C, because the embedder has already seen those.

    Args:
        attribute: Name of the attribute.
        fitting: Embeddings `(n, d)` and labels `(n,)`, at least two groups.
        calibration: The same for other faces; every label must occur among those of `fitting`.
        inverse_regularisation: The values of logistic regression's C to choose from.

    Returns:
        The fitted classifier.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    best: tuple[float, AttributeClassifier] | None = None
    for inverse in inverse_regularisation:
        regression = LogisticRegression(C=inverse, max_iter=MAX_ITERATIONS)
        estimator = make_pipeline(StandardScaler(), regression)
        # Matrices this small are multiplied faster by one thread than by several that wait.
        with threadpool_limits(limits=1, user_api="blas"):
            estimator.fit(fitting[0].astype(np.float64), fitting[1].astype(str))
        groups = tuple(str(group) for group in estimator.classes_)
        logits = _logits(estimator, calibration[0])
        temperature, loss = fit_temperature(logits, np.searchsorted(groups, calibration[1]))
        if best is None or loss < best[0]:
            best = loss, AttributeClassifier(attribute, groups, estimator, temperature)
    if best is None:
        raise ValueError("inverse_regularisation is empty: give at least one value of C.")
    return best[1]


def fit_temperature(logits: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """The temperature that minimises the mean log loss, and that loss.

    Args:
        logits: float `(n, groups)`, n at least 1.
        codes: Position of each face's true group, int `(n,)`.

    Returns:
        Temperature, between exp(-3) and exp(3), and the mean log loss in nats.
    """
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        likelihoods = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float(likelihoods[np.arange(len(codes)), codes].mean())

    found = minimize_scalar(loss, bounds=LOG_TEMPERATURE_BOUNDS, method="bounded")
    return float(np.exp(found.x)), float(found.fun)


def _logits(estimator: "Pipeline", embeddings: np.ndarray) -> np.ndarray:
    # Log probabilities are logits up to a constant per face, which a softmax does not see; unlike
    # `decision_function` they have a column for each of two groups too.
    logits: np.ndarray = estimator.predict_log_proba(embeddings.astype(np.float64))
    return logits
