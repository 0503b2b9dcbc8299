"""Predictions of several seeds, put together for the report."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from fer_fairness.pipelines.fairness_reporting.over_seeds import (
    compare_with_baseline_over_seeds,
    score_over_seeds,
)
from tests.conftest import FacesBuilder

from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fairness.inference.corrections import holm
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.pipelines.fairness_reporting import nodes
from fer_fairness.pipelines.scored_faces import scored_table
from fer_fairness.taxonomy import RAF_DB_EMOTIONS

PARAMETERS = EvaluationParameters(attributes=("gender", "race"), n_bootstrap=100)
SETS = list(EVALUATION_SETS)
SEEDS = [4, 1, 2, 3]


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    """Of emotions that every set has, so that the same faces serve as any."""
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


def of_seeds(
    faces: pd.DataFrame, variant: str, recall: float = 0.6, sets: Sequence[str] = SETS[:1]
) -> list[pd.DataFrame]:
    """Scored faces of every seed."""
    return [
        scored_table({name: (predictions(faces, variant, seed, recall), faces) for name in sets})
        for seed in SEEDS
    ]


def test_scores_are_of_every_set_with_predictions_and_of_labelled_attributes(
    faces: pd.DataFrame,
) -> None:
    scored = of_seeds(faces, "baseline", sets=SETS)
    found = score_over_seeds(PARAMETERS, 0, SEEDS, *scored)
    assert set(found["evaluation_set"]) == set(SETS)
    assert set(found["attribute"].dropna()) == {"gender"}
    assert set(found["n_seeds"]) == {4}
    accuracy = found[(found["metric"] == "accuracy") & (found["evaluation_set"] == SETS[-1])]
    expected = [(t["emotion"] == t["predicted_emotion"]).mean() for t in scored]
    assert accuracy["value"].tolist() == [pytest.approx(np.mean(expected))]


def test_an_absent_set_is_left_out(faces: pd.DataFrame) -> None:
    found = score_over_seeds(PARAMETERS, 0, SEEDS, *of_seeds(faces, "baseline"))
    assert set(found["evaluation_set"]) == {SETS[0]}


def test_differences_are_to_the_baseline_and_adjusted_over_all_of_one_set(
    faces: pd.DataFrame,
) -> None:
    baseline, better = of_seeds(faces, "baseline", 0.4), of_seeds(faces, "reweighing", 0.95)
    found = compare_with_baseline_over_seeds(PARAMETERS, 0, SEEDS, *baseline, *better)
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
    tables = of_seeds(faces, "baseline")
    found = compare_with_baseline_over_seeds(PARAMETERS, 0, SEEDS, *tables, *tables)
    assert set(found["verdict"]) == {"no difference found"}


def test_predictions_that_another_run_left_are_refused(faces: pd.DataFrame) -> None:
    left = of_seeds(faces, "baseline")
    with pytest.raises(InvalidInputError, match=r"baseline .* seed 1 are of seed 4: .*again"):
        score_over_seeds(PARAMETERS, 0, [1, 4, 2, 3], *left)


def test_tables_over_other_seeds_are_refused_and_one_seed_has_none() -> None:
    table = pd.DataFrame({"n_seeds": [2, 2]})
    nodes.refuse_tables_of_other_seeds({"scores_over_seeds": table}, [0, 1])
    nodes.refuse_tables_of_other_seeds({"scores_over_seeds": table.iloc[:0], "gaps": table}, [0])
    with pytest.raises(InvalidInputError, match="are of 2 seeds, and seeds lists 3"):
        nodes.refuse_tables_of_other_seeds({"scores_over_seeds": table}, [0, 1, 2])
