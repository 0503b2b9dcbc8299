import logging
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.aif360_adapter import (
    COUNT_FORMULAS,
    ONE_VS_REST_COLUMNS,
    aif360_values,
    one_vs_rest_metrics,
)
from fer_fairness.params.fairness_reporting import EvaluationParameters

EMOTIONS = ("neutral", "happiness", "fear")
FEW_DRAWS = EvaluationParameters(n_bootstrap=200)


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


@pytest.mark.parametrize("seed", range(5))
def test_count_formulas_are_aif360s(seed: int) -> None:
    tables = np.random.default_rng(seed).integers(0, 12, size=(2, 2, 2)) + (seed % 2)
    expected = aif360_values(tables)
    found = {name: float(formula(tables)) for name, formula in COUNT_FORMULAS.items()}
    assert_allclose(list(found.values()), list(expected.values()), atol=1e-12)


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
    row = found[
        (found["emotion"] == "fear")
        & (found["unprivileged_group"] == "black")
        & (found["metric"] == "equal_opportunity_difference")
    ].iloc[0]
    hit = (frame["predicted_emotion"] == "fear")[frame["emotion"] == "fear"]
    recall = hit.groupby(frame["race"]).mean()
    assert row["value"] == pytest.approx(recall["black"] - recall["white"])
    assert row["ci_low"] < row["value"] < row["ci_high"]
    assert row["n_unprivileged"] == (frame["race"] == "black").sum()


def test_the_privileged_group_can_be_named() -> None:
    options = {"attribute": "race", "emotions": EMOTIONS, "params": FEW_DRAWS, "seed": 0}
    found = one_vs_rest_metrics(fabricated(), privileged="asian", **options)  # type: ignore[arg-type]
    assert set(found["privileged_group"]) == {"asian"}
    with pytest.raises(InvalidInputError, match="'nobody' is no group of 'race'"):
        one_vs_rest_metrics(fabricated(), privileged="nobody", **options)  # type: ignore[arg-type]


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
        "from fer_fairness.fairness.aif360_import import quiet_aif360_import\n"
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
