import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from fer_fairness.labeling.classifier import fit_classifier, fit_temperature


@settings(deadline=None, max_examples=25)
@given(temperature=st.floats(0.2, 5.0))
def test_the_temperature_that_made_the_labels_is_found(temperature: float) -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(scale=3.0, size=(4000, 3))
    cumulative = softmax(logits / temperature, axis=1).cumsum(axis=1)
    codes = (generator.random((4000, 1)) > cumulative).sum(axis=1).clip(max=2)
    found, _ = fit_temperature(logits, codes)
    assert found == pytest.approx(temperature, rel=0.15)


def test_calibration_does_not_change_the_answer() -> None:
    generator = np.random.default_rng(0)
    features, labels = generator.normal(size=(200, 5)), np.repeat(["x", "y"], 100)
    features[100:, 0] += 1.0
    classifier = fit_classifier("gender", (features, labels), (features, labels), [1.0])
    np.testing.assert_array_equal(
        np.array(classifier.groups)[classifier.probabilities(features).argmax(axis=1)],
        classifier.estimator.predict(features),
    )


def test_noise_is_met_with_the_strongest_regularisation() -> None:
    generator = np.random.default_rng(0)
    features, labels = generator.normal(size=(400, 50)), np.repeat(["x", "y"], 200)
    half = np.arange(400) % 2 == 0
    classifier = fit_classifier(
        "gender", (features[half], labels[half]), (features[~half], labels[~half]), [100.0, 1e-4]
    )
    assert classifier.estimator[-1].C == 1e-4


def test_without_a_value_of_c_nothing_is_fitted() -> None:
    faces = np.zeros((2, 1)), np.array(["x", "y"])
    with pytest.raises(ValueError, match="at least one value of C"):
        fit_classifier("gender", faces, faces, [])
