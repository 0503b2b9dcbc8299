import logging
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from fer_fairness.fairness.aif360_adapter import one_vs_rest as aif360_adapter
from fer_fairness.fairness.aif360_adapter.binary_datasets import TWO_GROUP_METRICS, aif360_values
from fer_fairness.fairness.aif360_adapter.one_vs_rest import (
    COUNT_FORMULAS,
    ONE_VS_REST_COLUMNS,
    one_vs_rest_metrics,
)
from fer_fairness.params.inference import InferenceParameters

EMOTIONS = ("neutral", "happiness", "fear")
FEW_DRAWS = InferenceParameters(n_bootstrap=200)


def fabricated(n: int = 300) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    emotion = generator.choice(EMOTIONS, n)
    return pd.DataFrame(
        {
            "sample_id": [str(number) for number in range(n)],
            "emotion": emotion,
            "predicted_emotion": np.where(
                generator.random(n) < 0.7, emotion, generator.choice(EMOTIONS, n)
            ),
            "race": generator.choice(["asian", "black", "white"], n, p=[0.2, 0.3, 0.5]),
        }
    )


def formulas(tables: np.ndarray) -> dict[str, float]:
    return {name: float(formula(tables)) for name, formula in COUNT_FORMULAS.items()}


@settings(max_examples=60)
@given(tables=arrays(np.int64, (2, 2, 2), elements=st.integers(0, 40)))
def test_count_formulas_are_aif360s(tables: np.ndarray) -> None:
    assume((tables.sum(axis=(1, 2)) > 0).all())
    expected, found = aif360_values(tables), formulas(tables)
    assert tuple(found) == tuple(expected) == TWO_GROUP_METRICS
    assert_allclose(list(found.values()), list(expected.values()), atol=1e-12)


def test_count_formulas_work_on_stacks_of_tables() -> None:
    tables = np.random.default_rng(0).integers(1, 30, size=(3, 5, 2, 2, 2))
    for formula in COUNT_FORMULAS.values():
        found = formula(tables)
        assert found.shape == (3, 5)
        assert_allclose(found[1, 2], formula(tables[1, 2]))


def test_values_are_those_of_a_table_computed_by_hand() -> None:
    tables = np.array([[[30, 10], [4, 6]], [[16, 4], [2, 8]]])
    values = aif360_values(tables)
    assert values["equal_opportunity_difference"] == pytest.approx(0.6 - 0.8)
    assert values["false_positive_rate_difference"] == pytest.approx(0.25 - 0.20)
    assert values["false_negative_rate_difference"] == pytest.approx(0.4 - 0.2)
    assert values["average_odds_difference"] == pytest.approx((-0.2 + 0.05) / 2)
    assert values["statistical_parity_difference"] == pytest.approx(16 / 50 - 12 / 30)
    assert values["disparate_impact"] == pytest.approx((16 / 50) / (12 / 30))


def test_what_is_not_defined_is_missing() -> None:
    nobody_shows_it = np.array([[[10, 0], [0, 0]], [[16, 0], [2, 8]]])
    values = aif360_values(nobody_shows_it)
    assert np.isnan(values["equal_opportunity_difference"])
    assert values["false_positive_rate_difference"] == 0.0
    assert np.isnan(
        aif360_values(nobody_shows_it[::-1][[0, 0]] * [[[1, 0], [0, 0]]])["disparate_impact"]
    )


def row_of(table: pd.DataFrame, emotion: str, group: str, metric: str) -> pd.Series:
    chosen = (table["emotion"] == emotion) & (table["metric"] == metric)
    return table[chosen & (table["unprivileged_group"] == group)].iloc[0]


def test_every_group_is_compared_with_the_largest() -> None:
    frame = fabricated()
    found = one_vs_rest_metrics(
        frame, attribute="race", emotions=EMOTIONS, params=FEW_DRAWS, seed=0
    )
    assert tuple(found) == ONE_VS_REST_COLUMNS
    assert set(found["privileged_group"]) == {"white"}
    assert set(found["unprivileged_group"]) == {"asian", "black"}
    assert len(found) == 2 * len(EMOTIONS) * len(COUNT_FORMULAS)
    assert (found["ci_low"] <= found["ci_high"]).all()
    row = row_of(found, "fear", "black", "equal_opportunity_difference")
    hit = (frame["predicted_emotion"] == "fear")[frame["emotion"] == "fear"]
    recall = hit.groupby(frame["race"]).mean()
    assert row["value"] == pytest.approx(recall["black"] - recall["white"])
    assert row["ci_low"] < row["value"] < row["ci_high"]
    assert row["n_unprivileged"] == (frame["race"] == "black").sum()


def test_intervals_are_those_of_resampled_people() -> None:
    frame = fabricated(600)
    options = {"attribute": "race", "emotions": EMOTIONS, "seed": 0}
    found = one_vs_rest_metrics(frame, params=InferenceParameters(n_bootstrap=2_000), **options)  # type: ignore[arg-type]
    row = row_of(found, "fear", "black", "equal_opportunity_difference")
    shows = frame[frame["emotion"] == "fear"]
    hit = (shows["predicted_emotion"] == "fear").groupby(shows["race"])
    recall, people = hit.mean(), hit.size()
    variance = (recall * (1 - recall) / people)[["black", "white"]].sum()
    assert row["ci_high"] - row["ci_low"] == pytest.approx(2 * 1.96 * variance**0.5, rel=0.1)


def test_one_seed_gives_one_table_however_much_is_held_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = {"attribute": "race", "emotions": EMOTIONS, "params": FEW_DRAWS}
    found = one_vs_rest_metrics(fabricated(), seed=0, **options)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(
        found,
        one_vs_rest_metrics(fabricated(), seed=0, **options),  # type: ignore[arg-type]
    )
    monkeypatch.setattr(aif360_adapter, "CELLS_AT_ONCE", 2_000)
    in_turns = one_vs_rest_metrics(fabricated(), seed=0, **options)  # type: ignore[arg-type]
    pd.testing.assert_series_equal(in_turns["value"], found["value"])
    assert not in_turns["ci_low"].equals(found["ci_low"])


def test_no_thread_holds_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    held = []
    of_pair = COUNT_FORMULAS["theil_index"]

    def spy(tables: np.ndarray) -> np.ndarray:
        held.append(tables.size)
        return of_pair(tables)

    monkeypatch.setattr(aif360_adapter, "COUNT_FORMULAS", {**COUNT_FORMULAS, "theil_index": spy})
    monkeypatch.setattr(aif360_adapter, "CELLS_AT_ONCE", 5_000)
    frame = fabricated()
    frame["predicted_emotion"] = frame["predicted_emotion"].where(lambda x: x != "fear", "neutral")
    frame = frame[frame["emotion"] != "fear"]
    one_vs_rest_metrics(frame, attribute="race", emotions=EMOTIONS[:2], params=FEW_DRAWS, seed=0)
    assert len(held) > 1
    assert max(held) <= 5_000


def test_what_is_not_defined_has_no_interval() -> None:
    frame = fabricated()
    frame = frame[(frame["race"] != "black") | (frame["emotion"] != "fear")]
    found = one_vs_rest_metrics(
        frame, attribute="race", emotions=EMOTIONS, params=FEW_DRAWS, seed=0
    )
    row = row_of(found, "fear", "black", "equal_opportunity_difference")
    assert row[["value", "ci_low", "ci_high"]].isna().all()
    assert row_of(found, "fear", "black", "statistical_parity_difference").notna().all()


def test_small_groups_take_no_part() -> None:
    frame = fabricated()
    frame.loc[:4, "race"] = "pacific"
    frame.loc[5:9, "race"] = None
    found = one_vs_rest_metrics(
        frame, attribute="race", emotions=EMOTIONS, params=FEW_DRAWS, seed=0
    )
    assert set(found["unprivileged_group"]) == {"asian", "black"}


def test_one_group_gives_an_empty_table() -> None:
    found = one_vs_rest_metrics(
        fabricated().assign(race="white"),
        attribute="race",
        emotions=EMOTIONS,
        params=FEW_DRAWS,
        seed=0,
    )
    assert found.empty
    assert tuple(found) == ONE_VS_REST_COLUMNS


@pytest.mark.slow
def test_importing_aif360_prints_nothing_and_leaves_no_trace() -> None:
    code = (
        "import logging, sys\n"
        "from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import\n"
        "with quiet_aif360_import():\n"
        "    import aif360.metrics, aif360.sklearn.preprocessing\n"
        "assert 'tensorflow' not in sys.modules\n"
        "assert logging.getLogger().handlers == logging.getLogger().filters == []\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_other_log_records_pass(caplog: pytest.LogCaptureFixture) -> None:
    aif360_values(np.ones((2, 2, 2), dtype=np.int64))
    logging.getLogger().warning("something else")
    assert "something else" in caplog.text
