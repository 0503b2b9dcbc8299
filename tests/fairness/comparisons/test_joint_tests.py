"""Tests of many changes corrected together."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from fer_fairness.fairness.comparisons import measured
from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.comparisons.estimates import SeedMeans
from fer_fairness.fairness.comparisons.family import changes
from fer_fairness.fairness.comparisons.joint_tests import joint_tests
from fer_fairness.params.inference import InferenceParameters


def audience(name: str, n_people: int) -> Audience:
    generator = np.random.default_rng(n_people)
    true = generator.integers(0, 2, n_people)
    table = pd.DataFrame({"sample_id": np.arange(n_people), "emotion": np.array(["a", "b"])[true]})
    frames = {}
    for recall in (0.5, 0.9):
        given = np.where(generator.random(n_people) < recall, true, 1 - true)
        frames[str(recall)] = {0: table.assign(predicted_emotion=np.array(["a", "b"])[given])}
    return Audience(name, frames, (), ("a", "b"))


def test_sets_of_so_many_people_that_fewer_are_drawn_are_tested_with_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measured, "_WEIGHTS_HELD", 400 * 320)
    params = InferenceParameters(n_bootstrap=500)
    found = changes([audience("few", 60), audience("many", 400)], params=params, seed=0)
    recall = found[found["metric"] == "balanced_accuracy"]
    assert recall["evaluation_set"].tolist() == ["few", "many"]
    assert set(recall["verdict"]) == {"difference found"}


def test_changes_whose_noise_is_rarely_large_do_not_hide_the_others() -> None:
    n_tests, heavy = 20, 8
    generator = np.random.default_rng(1)
    noise = generator.standard_normal((9999, n_tests))
    noise[:, :heavy] = t(4.5).rvs((9999, heavy), random_state=generator)
    values = np.zeros(n_tests)
    values[[0, -1]] = 3.6
    means = SeedMeans(
        values=values,
        errors=np.ones(n_tests),
        seed_share=np.zeros(n_tests),
        seed_standard_deviation=np.full(n_tests, np.nan),
        freedom=np.full(n_tests, np.inf),
        n_seeds=1,
    )
    found = joint_tests(
        [means],
        [noise / noise.std(axis=0)],
        np.ones(n_tests, dtype=bool),
        np.arange(n_tests),
        InferenceParameters(),
        seed=0,
    )
    is_found = found["verdict"] == "difference found"
    # As far from zero, noise of the first kind is ten times as frequent.
    assert is_found.tolist() == [False] * (n_tests - 1) + [True]
    assert found["ci_high"][0] - 3.6 > 1.2 * (found["ci_high"][n_tests - 1] - 3.6)
    assert ((found["ci_low"] > 0) == is_found).all()
    assert found["minimum_detectable"][n_tests - 1] == pytest.approx(3.0 + 0.84, abs=0.15)
