import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_fairness.labeling import DemographicLabeller, labeller_reliability, labeller_summary
from fer_fairness.labeling.reliability import expected_calibration_error, reliability_bins

FairFace = tuple[pd.DataFrame, np.ndarray]


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


@settings(deadline=None)
@given(confidence=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_everybody_is_in_the_bin_of_their_confidence(confidence: list[float]) -> None:
    bins = reliability_bins(np.array(confidence), np.ones(len(confidence), dtype=bool))
    assert bins.people.sum() == bins.right.sum() == len(confidence)
    used = bins.people > 0
    means = bins.confidence[used] / bins.people[used]
    number = np.flatnonzero(used)
    assert (means >= number / 15 - 1e-9).all()
    assert (means <= (number + 1) / 15 + 1e-9).all()


def test_the_table_holds_the_faces_and_the_errors_of_the_summary(
    unsure_labeller: DemographicLabeller, unseen: FairFace
) -> None:
    faces, embeddings = unseen
    table = labeller_reliability(unsure_labeller, embeddings, faces)
    summary = labeller_summary(unsure_labeller, embeddings, faces)
    for _, row in summary.iterrows():
        bins = table[
            (table["attribute"] == row["attribute"]) & (table["grouping"] == row["grouping"])
        ]
        assert bins["n_faces"].sum() == 300
        assert (bins["asked"] == row["asked"]).all()
        distance = (bins["mean_confidence"] - bins["accuracy"]).abs()
        error = np.average(distance, weights=bins["n_faces"])
        assert row["expected_calibration_error"] == pytest.approx(error)
    assert (table["n_faces"] > 0).all()
    assert table["mean_confidence"].between(table["confidence_low"], table["confidence_high"]).all()
    assert (table["ci_low"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["ci_high"]).all()
