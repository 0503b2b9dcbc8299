"""Predictions of several seeds, put together for the report."""

import numpy as np
import pandas as pd
import pytest
from tests.conftest import FacesBuilder

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.inference.corrections import holm
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.pipelines.fairness_reporting import nodes
from fer_fairness.pipelines.fairness_reporting.over_seeds import (
    compare_with_baseline_over_seeds,
    score_over_seeds,
)
from fer_fairness.taxonomy import RAF_DB_EMOTIONS

PARAMETERS = EvaluationParameters(attributes=("gender", "race"), n_bootstrap=100)
NONE = pd.DataFrame(columns=["sample_id", "variant", "seed", "emotion", "predicted_emotion"])
SEEDS = [4, 1, 2, 3]


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    """RAF-DB's emotions, so that the same faces serve as either dataset."""
    generator = np.random.default_rng(0)
    emotions = generator.choice(RAF_DB_EMOTIONS, 140).tolist()
    return make_faces(["test"] * 140, emotions, gender=["female", "male"] * 70)


def predictions(faces: pd.DataFrame, variant: str, seed: int, recall: float) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    right = generator.random(len(faces)) < recall
    guessed = generator.choice(RAF_DB_EMOTIONS, len(faces))
    return pd.DataFrame(
        {
            "sample_id": faces["sample_id"],
            "variant": variant,
            "seed": seed,
            "emotion": faces["emotion"],
            "predicted_emotion": np.where(right, faces["emotion"], guessed),
        }
    )


def of_seeds(faces: pd.DataFrame, variant: str, recall: float = 0.6) -> list[pd.DataFrame]:
    return [predictions(faces, variant, seed, recall) for seed in SEEDS]


def test_scores_are_of_every_set_with_predictions_and_of_labelled_attributes(
    faces: pd.DataFrame,
) -> None:
    both = [*of_seeds(faces, "baseline"), *of_seeds(faces, "baseline")]
    found = score_over_seeds(faces, faces, PARAMETERS, 0, SEEDS, *both)
    assert set(found["evaluation_set"]) == {"fer_plus", "raf_db"}
    assert set(found["attribute"].dropna()) == {"gender"}
    assert set(found["n_seeds"]) == {4}
    accuracy = found[(found["metric"] == "accuracy") & (found["evaluation_set"] == "raf_db")]
    expected = [(t["emotion"] == t["predicted_emotion"]).mean() for t in both[: len(SEEDS)]]
    assert accuracy["value"].tolist() == [pytest.approx(np.mean(expected))]


def test_an_absent_set_is_left_out(faces: pd.DataFrame) -> None:
    tables = [*of_seeds(faces, "baseline"), *[NONE] * len(SEEDS)]
    found = score_over_seeds(faces, faces, PARAMETERS, 0, SEEDS, *tables)
    assert set(found["evaluation_set"]) == {"fer_plus"}


def test_differences_are_to_the_baseline_and_adjusted_over_all_of_one_set(
    faces: pd.DataFrame,
) -> None:
    baseline, better = of_seeds(faces, "baseline", 0.4), of_seeds(faces, "reweighing", 0.95)
    nothing = [NONE] * len(SEEDS)
    tables = [*baseline, *nothing, *better, *nothing]
    found = compare_with_baseline_over_seeds(faces, faces, PARAMETERS, 0, SEEDS, *tables)
    assert set(found["variant"]) == {"reweighing"}
    np.testing.assert_allclose(found["p_value_holm"], holm(found["p_value"]))
    accuracy = found[found["metric"] == "accuracy"].iloc[0]
    assert accuracy["difference"] > 0.3
    assert accuracy["verdict"] == "difference found"
    adjusted = found["p_value_holm"]
    said = found["verdict"] == "difference found"
    assert (said == (adjusted <= PARAMETERS.significance)).all()
    worst = found[found["metric"] == "worst_class_recall"]
    assert worst["attribute"].isna().all()
    assert len(worst) == 1


def test_a_variant_that_changes_nothing_is_no_difference(faces: pd.DataFrame) -> None:
    tables = [*of_seeds(faces, "baseline"), *[NONE] * len(SEEDS)]
    found = compare_with_baseline_over_seeds(faces, faces, PARAMETERS, 0, SEEDS, *tables, *tables)
    assert set(found["verdict"]) == {"no difference found"}


def test_predictions_that_another_run_left_are_refused(faces: pd.DataFrame) -> None:
    left = [*of_seeds(faces, "baseline"), *[NONE] * len(SEEDS)]
    with pytest.raises(InvalidInputError, match=r"baseline .* seed 1 are of seed 4: .*again"):
        score_over_seeds(faces, faces, PARAMETERS, 0, [1, 4, 2], *left)


def test_tables_over_other_seeds_are_refused_and_one_seed_has_none() -> None:
    table = pd.DataFrame({"n_seeds": [2, 2]})
    assert nodes._of_seeds(table, [0, 1]) is table
    assert nodes._of_seeds(None, [0]).empty
    with pytest.raises(InvalidInputError, match="are of 2 seeds, and seeds lists 3"):
        nodes._of_seeds(table, [0, 1, 2])
