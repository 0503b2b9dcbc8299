"""Tests of many changes corrected together."""

import numpy as np
import pandas as pd
import pytest

from fer_fairness.fairness.comparisons import measured
from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.comparisons.family import changes
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
