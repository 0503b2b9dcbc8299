"""Shares of groups in a crowd that a labeller counted."""

import numpy as np
import pandas as pd
import pytest

from fer_fairness.fairness.label_noise.composition import composition
from fer_fairness.params.inference import InferenceParameters

SHARES = np.array([[0.8, 0.15, 0.05], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6]])
GROUPS = np.array(["asian", "black", "white"])
PARAMS = InferenceParameters()


def labelled(true: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    draws = generator.random(len(true))[:, np.newaxis]
    return np.asarray(GROUPS[(draws > SHARES[true].cumsum(axis=1)).sum(axis=1)])


def held_out(n: int, generator: np.random.Generator) -> pd.DataFrame:
    true = generator.integers(3, size=n)
    return pd.DataFrame({"true_race": GROUPS[true], "predicted_race": labelled(true, generator)})


def test_corrected_shares_are_those_of_the_crowd_where_the_labels_are_not() -> None:
    generator = np.random.default_rng(0)
    crowd = generator.choice(3, size=20_000, p=[0.1, 0.1, 0.8])
    labels = pd.DataFrame({"race": labelled(crowd, generator)})
    found = composition(
        labels, attributes=["race"], held_out=held_out(9000, generator), params=PARAMS, seed=0
    ).set_index("group")
    white = found.loc["white", ["share_labelled", "share_corrected"]].to_numpy(dtype=np.float64)
    assert white[0] < 0.7
    assert white[1] == pytest.approx(0.8, abs=0.03)
    assert (found["ci_low"] <= found["share_corrected"]).all()
    assert (found["share_corrected"] <= found["ci_high"]).all()
    assert found["share_corrected"].sum() == pytest.approx(1.0, abs=1e-6)


def test_intervals_hold_the_true_share_about_as_often_as_they_say() -> None:
    generator = np.random.default_rng(1)
    params = PARAMS.model_copy(
        update={"label_noise": PARAMS.label_noise.model_copy(update={"n_draws": 400})}
    )
    held: list[bool] = []
    for seed in range(150):
        crowd = generator.choice(3, size=600, p=[0.3, 0.2, 0.5])
        found = composition(
            pd.DataFrame({"race": labelled(crowd, generator)}),
            attributes=["race"],
            held_out=held_out(900, generator),
            params=params,
            seed=seed,
        ).set_index("group")
        low, high = found.loc["white", ["ci_low", "ci_high"]].to_numpy(dtype=np.float64)
        held.append(bool(low <= 0.5 <= high))
    assert 0.9 <= np.mean(held) <= 0.99


def test_a_labeller_that_cannot_tell_groups_apart_is_refused_in_words() -> None:
    generator = np.random.default_rng(2)
    blind = held_out(900, generator).assign(predicted_race=generator.choice(GROUPS, size=900))
    found = composition(
        pd.DataFrame({"race": generator.choice(GROUPS, size=100)}),
        attributes=["race"],
        held_out=blind,
        params=PARAMS,
        seed=0,
    )
    assert found["share_corrected"].isna().all()
    assert found["refused"].str.contains("hardly tells").all()
    assert found["share_labelled"].sum() == pytest.approx(1.0)


def test_nobody_has_no_shares() -> None:
    generator = np.random.default_rng(3)
    found = composition(
        pd.DataFrame({"race": pd.Series([], dtype="str")}),
        attributes=["race"],
        held_out=held_out(900, generator),
        params=PARAMS,
        seed=0,
    )
    assert (found["n_labelled"] == 0).all()
    assert found["share_corrected"].isna().all()
