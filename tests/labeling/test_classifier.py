import numpy as np
import pytest

from fer_fairness.labeling.classifier import (
    AttributeClassifier,
    Candidate,
    candidates,
    fit_candidate,
)
from fer_fairness.labeling.probability_calibration import TemperatureCalibration
from fer_fairness.params.race_labeling import (
    LabellerParameters,
    LogisticRegressionGrid,
    MlpGrid,
    RbfLogisticGrid,
)

EVERY = LabellerParameters(
    classifiers=("logistic_regression", "linear_discriminant", "rbf_logistic", "mlp"),
    logistic_regression=LogisticRegressionGrid(inverse_regularisation=(0.1, 1.0)),
    rbf_logistic=RbfLogisticGrid(n_landmarks=40, width=(0.2, 0.5), inverse_regularisation=(1.0,)),
    mlp=MlpGrid(hidden_units=16, n_epochs=30, n_networks=2, weight_penalty=(1.0,)),
)


def faces(n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    codes = np.arange(n) % 3
    features = generator.normal(size=(n, 5))
    features[np.arange(n), codes] += 2.0
    return features, codes


def test_every_kind_is_tried_with_every_setting() -> None:
    described = [(candidate.name, candidate.describe()) for candidate in candidates(EVERY)]
    assert described == [
        ("logistic_regression", "inverse_regularisation=0.1"),
        ("logistic_regression", "inverse_regularisation=1"),
        ("linear_discriminant", ""),
        ("rbf_logistic", "width=0.2, inverse_regularisation=1"),
        ("rbf_logistic", "width=0.5, inverse_regularisation=1"),
        ("mlp", "weight_penalty=1"),
    ]


@pytest.mark.parametrize("candidate", candidates(EVERY), ids=lambda c: f"{c.name} {c.describe()}")
class TestEveryCandidate:
    def test_log_probabilities_are_finite_and_mostly_right(self, candidate: Candidate) -> None:
        features, codes = faces()
        fitted = fit_candidate(candidate, features, codes, EVERY, seed=0)
        logits = fitted.logits(features)
        assert logits.shape == (200, 3)
        assert logits.dtype == np.float64
        np.testing.assert_allclose(np.exp(logits).sum(axis=1), 1.0, rtol=1e-5)
        assert (logits.argmax(axis=1) == codes).mean() > 0.7

    def test_the_seed_alone_decides(self, candidate: Candidate) -> None:
        features, codes = faces()
        one, same = (
            fit_candidate(candidate, features, codes, EVERY, seed=7).logits(features)
            for _ in range(2)
        )
        np.testing.assert_array_equal(one, same)

    def test_a_face_infinitely_far_away_has_finite_logits(self, candidate: Candidate) -> None:
        fitted = fit_candidate(candidate, *faces(), EVERY, seed=0)
        assert np.isfinite(fitted.logits(np.full((1, 5), 1e6))).all()


def test_networks_of_one_candidate_differ_and_their_mean_counts() -> None:
    features, codes = faces()
    fitted = fit_candidate(candidates(EVERY)[-1], features, codes, EVERY, seed=0)
    one, other = (network.predict_proba(features) for network in fitted.estimators)
    assert not np.allclose(one, other)
    np.testing.assert_allclose(np.exp(fitted.logits(features)), (one + other) / 2, rtol=1e-4)


@pytest.mark.parametrize("candidate", candidates(EVERY)[:1], ids=str)
def test_neither_fitting_nor_predicting_changes_the_embeddings(candidate: Candidate) -> None:
    """They are standardised in place, of a copy."""
    features, codes = faces()
    features = features.astype(np.float32)
    before = features.copy()
    fitted = fit_candidate(candidate, features, codes, EVERY, seed=0)
    first = fitted.logits(features)
    np.testing.assert_array_equal(features, before)
    np.testing.assert_array_equal(fitted.logits(features), first)


def test_more_landmarks_than_faces_are_not_asked_for() -> None:
    params = LabellerParameters(classifiers=("rbf_logistic",))
    fitted = fit_candidate(candidates(params)[0], *faces(30), params, seed=0)
    assert fitted.estimators[0][1].n_components == 30


def test_without_faces_there_are_no_probabilities() -> None:
    candidate = candidates(EVERY)[0]
    classifier = AttributeClassifier(
        "gender",
        ("a", "b", "c"),
        candidate,
        fit_candidate(candidate, *faces(), EVERY, seed=0),
        TemperatureCalibration(1.0),
    )
    assert classifier.probabilities(np.zeros((0, 5))).shape == (0, 3)
