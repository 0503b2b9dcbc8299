"""One attribute's classifier: the kinds that are tried, and the calibrated one that is kept."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from fer_fairness.labeling.probability_calibration import Calibration
from fer_fairness.params.race_labeling import ClassifierName, LabellerParameters, MlpGrid

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MAX_ITERATIONS = 1000
STEPS_AN_EPOCH, SMALLEST_BATCH, LARGEST_BATCH = 32, 16, 200
SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Candidate:
    """A kind of classifier with its settings, not fitted yet.

    Attributes:
        name: The kind.
        settings: Values of its grid, by their names there.
    """

    name: ClassifierName
    settings: dict[str, float]

    def describe(self) -> str:
        """The settings in words, `name=value` with commas between; empty where there are none."""
        return ", ".join(f"{name}={value:g}" for name, value in self.settings.items())


@dataclass(frozen=True)
class FittedClassifier:
    """Fitted estimators of one candidate, whose mean probability counts.

    Attributes:
        estimators: scikit-learn pipelines that begin with standardisation; several of `mlp`.
    """

    estimators: tuple["Pipeline", ...]

    def logits(self, embeddings: np.ndarray) -> np.ndarray:
        """Log probabilities before calibration, float64 `(n, groups)`, of `(n, d)`, n above 0."""
        features = embeddings.astype(np.float32)
        with threadpool_limits(limits=1, user_api="blas"):
            each = [estimator.predict_proba(features) for estimator in self.estimators]
        mean = np.mean(each, axis=0, dtype=np.float64)
        logits: np.ndarray = np.log(np.maximum(mean, SMALLEST_PROBABILITY))
        return logits


@dataclass(frozen=True)
class AttributeClassifier:
    """Calibrated probabilities of one attribute's groups, from embeddings.

    Attributes:
        attribute: `race`, `gender` or `age_group`.
        groups: FairFace's groups, in the order of the columns of `probabilities`.
        candidate: What was chosen.
        fitted: The same, fitted.
        calibration: What makes its probabilities match frequencies.
    """

    attribute: str
    groups: tuple[str, ...]
    candidate: Candidate
    fitted: FittedClassifier
    calibration: Calibration

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, float64 `(n, groups)`, of finite embeddings `(n, d)`."""
        if len(embeddings) == 0:
            return np.zeros((0, len(self.groups)))
        return self.calibration.apply(self.fitted.logits(embeddings))


def candidates(params: LabellerParameters) -> list[Candidate]:
    """Every kind that is named with every combination of its settings, in the order named."""
    return [
        Candidate(name, settings)
        for name in params.classifiers
        for settings in _settings(name, params)
    ]


def fit_candidate(
    candidate: Candidate,
    embeddings: np.ndarray,
    codes: np.ndarray,
    params: LabellerParameters,
    *,
    seed: int,
) -> FittedClassifier:
    """Fit a candidate.

    Args:
        candidate: What to fit.
        embeddings: float `(n, d)`, finite.
        codes: Position of each face's group, int `(n,)`; every one from 0 to the highest occurs.
        params: Where the numbers stand that are not tried out.
        seed: Decides landmarks and the networks' first weights.

    Returns:
        The fitted classifier; its columns are the codes.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # In single precision and standardised in place: at a hundred thousand faces every copy counts.
    features = np.array(embeddings, dtype=np.float32)
    scaling = StandardScaler(copy=False).fit(features)
    features = scaling.transform(features)
    scaling.set_params(copy=True)  # what is predicted later belongs to somebody else
    estimators = []
    with single_threaded():
        for steps in _estimators(candidate, params, features.shape, seed):
            fitted = make_pipeline(*steps).fit(features, codes)
            estimators.append(make_pipeline(scaling, *(step for _, step in fitted.steps)))
    return FittedClassifier(tuple(estimators))


@contextmanager
def single_threaded() -> Iterator[None]:
    """Have each fit take one thread and say nothing of epochs that were all used.

    Belongs around threads that fit, too: what it sets is the whole process's, and of threads that
    each set and restore it, one would restore what another set.
    """
    # Matrices this small are multiplied faster by one thread than by several that wait.
    with threadpool_limits(limits=1, user_api="blas"), warnings.catch_warnings():
        # Networks stop after the epochs that were asked for; that is no failure to report.
        warnings.filterwarnings("ignore", message="Stochastic Optimizer: Maximum iterations")
        yield


def _settings(name: ClassifierName, params: LabellerParameters) -> list[dict[str, float]]:
    """Every combination of the values that the grid of a kind lists; one empty if it has none."""
    listed = {
        field: values for field, values in getattr(params, name, ()) if isinstance(values, tuple)
    }
    return [dict(zip(listed, values, strict=True)) for values in product(*listed.values())]


def _estimators(
    candidate: Candidate, params: LabellerParameters, shape: tuple[int, ...], seed: int
) -> list[tuple[Any, ...]]:
    """The steps after standardisation, for each estimator of a candidate."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression

    settings = candidate.settings
    if candidate.name == "mlp":
        return [
            (_network(params.mlp, settings["weight_penalty"], shape[0], _derived(seed, number)),)
            for number in range(params.mlp.n_networks)
        ]
    if candidate.name == "linear_discriminant":
        # Ledoit and Wolf's shrinkage: no setting to try out.
        return [(LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),)]
    regression = LogisticRegression(C=settings["inverse_regularisation"], max_iter=MAX_ITERATIONS)
    if candidate.name == "logistic_regression":
        return [(regression,)]
    landmarks = Nystroem(
        gamma=settings["width"] / shape[1],
        n_components=min(params.rbf_logistic.n_landmarks, shape[0]),
        random_state=_derived(seed, 0),
    )
    return [(landmarks, regression)]


def _network(grid: MlpGrid, weight_penalty: float, n_faces: int, random_state: int) -> Any:  # noqa: ANN401  scikit-learn is untyped
    from sklearn.neural_network import MLPClassifier

    # Of a few hundred faces, batches of 200 would make too few steps to learn anything.
    batch_size = min(max(n_faces // STEPS_AN_EPOCH, SMALLEST_BATCH), LARGEST_BATCH, n_faces)
    return MLPClassifier(
        hidden_layer_sizes=(grid.hidden_units,),
        alpha=weight_penalty,
        max_iter=grid.n_epochs,
        batch_size=batch_size,
        random_state=random_state,
    )


def _derived(seed: int, number: int) -> int:
    # scikit-learn wants 32 bits; neighbouring seeds must not share networks.
    return int(np.random.default_rng([seed, number]).integers(2**31))
