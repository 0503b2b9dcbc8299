from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling import (
    DemographicLabeller,
    fit_labeller,
    labeller_confusion,
    labeller_summary,
)
from fer_fairness.labeling.assessment import expected_calibration_error, wilson_interval
from fer_fairness.params.race_labeling import LabellerParameters
from fer_fairness.taxonomy import ATTRIBUTES

FairFace = tuple[pd.DataFrame, np.ndarray]
Maker = Callable[..., FairFace]


@pytest.fixture
def fitted(fairface: Maker) -> DemographicLabeller:
    faces, embeddings = fairface(800, seed=0, spread=0.6)
    return fit_labeller(
        embeddings, faces, LabellerParameters(inverse_regularisation=(0.1,)), seed=0
    )


@pytest.fixture
def unseen(fairface: Maker) -> FairFace:
    faces, embeddings = fairface(300, seed=1, spread=0.6, split="test")
    return faces, embeddings


def test_confusion_is_that_of_scikit_learn(fitted: DemographicLabeller, unseen: FairFace) -> None:
    faces, embeddings = unseen
    confusion = labeller_confusion(fitted, embeddings, faces)
    labels = fitted.predict(embeddings, list(faces["sample_id"]))
    for attribute in ATTRIBUTES:
        table = confusion[confusion["attribute"] == attribute]
        groups = list(fitted.classifiers[attribute].groups)
        counts = table.pivot_table(index="true", columns="predicted", values="n_faces")
        expected = confusion_matrix(
            fitted.true_labels(faces, attribute), labels[attribute], labels=groups
        )
        np.testing.assert_array_equal(counts.loc[groups, groups], expected)


def test_summary_agrees_with_the_confusion(fitted: DemographicLabeller, unseen: FairFace) -> None:
    faces, embeddings = unseen
    faces.loc[:99, "excluded_reason"] = "duplicate"
    confusion = labeller_confusion(fitted, embeddings, faces)
    summary = labeller_summary(fitted, embeddings, faces).set_index("attribute")
    for attribute in ATTRIBUTES:
        table = confusion[confusion["attribute"] == attribute]
        right = table.loc[table["true"] == table["predicted"], "n_faces"].sum()
        assert table["n_faces"].sum() == summary.loc[attribute, "n_faces"] == 200
        assert summary.loc[attribute, "accuracy"] == pytest.approx(right / 200)
        largest = table.groupby("true")["n_faces"].sum().max()
        assert summary.loc[attribute, "majority_share"] == pytest.approx(largest / 200)
    assert (summary["ci_low"] < summary["accuracy"]).all()
    assert (summary["accuracy"] < summary["ci_high"]).all()


def test_faces_without_labels_cannot_measure(fitted: DemographicLabeller, unseen: FairFace) -> None:
    faces, embeddings = unseen
    faces["gender"] = pd.Series([None] * len(faces), dtype=str)
    with pytest.raises(InvalidInputError, match="None of 300 faces carries a label of gender"):
        labeller_summary(fitted, embeddings, faces)


@settings(deadline=None)
@given(n=st.integers(1, 5000), share=st.floats(0, 1))
def test_wilson_is_that_of_scipy(n: int, share: float) -> None:
    n_right = round(share * n)
    expected = binomtest(n_right, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(n_right, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


class TestExpectedCalibrationError:
    def test_a_hand_worked_case(self) -> None:
        # Bins 13/15 (.9, .9, one right) and 7/15 (.5, right): (2 |.9 - .5| + |.5 - 1|) / 3.
        error = expected_calibration_error(np.array([0.9, 0.9, 0.5]), np.array([True, False, True]))
        assert error == pytest.approx((2 * 0.4 + 0.5) / 3)

    def test_calibrated_draws_are_near_nought(self) -> None:
        generator = np.random.default_rng(0)
        confidence = generator.uniform(0.3, 1.0, size=200_000)
        right = generator.random(200_000) < confidence
        assert expected_calibration_error(confidence, right) < 0.01

    def test_sure_and_wrong_is_one(self) -> None:
        assert expected_calibration_error(np.ones(5), np.zeros(5, dtype=bool)) == 1.0
