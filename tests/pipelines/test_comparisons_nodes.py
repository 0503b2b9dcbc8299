"""Predictions of several seeds, put together for the report."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from tests.conftest import FacesBuilder

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fairness.metrics import GAP_METRICS, OVERALL_METRICS
from fer_fairness.params.fairness_reporting import COMPARED_METRICS, EvaluationParameters
from fer_fairness.pipelines.fairness_reporting.comparisons import (
    BENCH_TABLES,
    compare_one_seed,
    compare_over_seeds,
    compare_with_baseline,
    compare_with_offsets,
)
from fer_fairness.pipelines.scored_faces import scored_table
from fer_fairness.pipelines.variants.controls import Controls
from fer_fairness.reporting import ReportInputs
from fer_fairness.tables import PROBABILITY_COLUMNS
from fer_fairness.taxonomy import RAF_DB_EMOTIONS

PARAMETERS = EvaluationParameters(attributes=("gender", "race"), n_bootstrap=100)
SETS = list(EVALUATION_SETS)
SEEDS = [4, 1, 2, 3]
VARIANTS = {"baseline": 0.4, "reweighing": 0.95, "other": 0.4}


def held_against(control: str, demographic: str = "train_on") -> dict[str, Any]:
    """The block `controls`: reweighing is trained on the dataset with demographics."""
    return Controls(control, None, ("reweighing",), SETS[0], demographic).as_parameters()


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
    scored = [*of_seeds(faces, "baseline", sets=SETS), *of_seeds(faces, "b", sets=SETS)]
    found, *_ = compare_over_seeds(PARAMETERS, 0, SEEDS, held_against("baseline"), *scored)
    assert set(found["evaluation_set"]) == set(SETS)
    assert list(found["variant"].unique()) == ["baseline", "b"]
    assert set(found["attribute"].dropna()) == {"gender"}
    assert set(found["attribute_source"].dropna()) == {"annotated"}
    assert set(found["n_seeds"]) == {4}
    accuracy = found[(found["metric"] == "accuracy") & (found["evaluation_set"] == SETS[-1])]
    expected = [(t["emotion"] == t["predicted_emotion"]).mean() for t in scored[:4]]
    assert accuracy["value"].iloc[0] == pytest.approx(np.mean(expected))


def test_an_absent_set_is_left_out(faces: pd.DataFrame) -> None:
    scored = of_seeds(faces, "baseline")
    found, *_ = compare_over_seeds(PARAMETERS, 0, SEEDS, held_against("baseline"), *scored)
    assert set(found["evaluation_set"]) == {SETS[0]}


def test_all_variants_are_compared_with_the_baseline_as_one_family(faces: pd.DataFrame) -> None:
    tables = [of_seeds(faces, name, recall) for name, recall in VARIANTS.items()]
    scored = [one for part in tables for one in part]
    _, found, *bench = compare_over_seeds(PARAMETERS, 0, SEEDS, held_against("other"), *scored)
    assert [len(table) for table in bench] == [0] * len(BENCH_TABLES), "of three variants none"
    assert list(found["variant"].unique()) == ["reweighing", "other"]
    assert set(found["n_tested"]) == {found["p_value"].notna().sum()}
    recall = found[found["metric"] == "balanced_accuracy"].set_index("variant")
    assert recall["verdict"].to_dict() == {
        "reweighing": "difference found",
        "other": "no difference found",
    }
    assert set(found.loc[found["metric"] == "accuracy", "outcome"]) == {"secondary"}


def test_the_first_seed_is_compared_as_one_family_too(faces: pd.DataFrame) -> None:
    tables = [of_seeds(faces, name, recall)[0] for name, recall in VARIANTS.items()]
    found = compare_with_baseline(PARAMETERS, 0, *tables)
    assert set(found["n_seeds"]) == {1}
    assert set(found["n_tested"]) == {found["p_value"].notna().sum()}
    better = found[(found["variant"] == "reweighing") & (found["metric"] == "balanced_accuracy")]
    assert better["verdict"].tolist() == ["difference found"]


def test_which_method_helps_is_told_by_one_seed_or_by_several(faces: pd.DataFrame) -> None:
    variants = {**VARIANTS, "plain": 0.4}
    tables = [of_seeds(faces, name, recall, SETS) for name, recall in variants.items()]
    of_first = [part[0] for part in tables]
    scored = [one for part in tables for one in part]
    changes, *one = compare_one_seed(PARAMETERS, 0, held_against("plain"), *of_first)
    pd.testing.assert_frame_equal(changes, compare_with_baseline(PARAMETERS, 0, *of_first))
    _, _, *several = compare_over_seeds(PARAMETERS, 0, SEEDS, held_against("plain"), *scored)
    for found, n_seeds in ((one, 1), (several, len(SEEDS))):
        against, ranks, tests, fronts = found
        assert set(against["variant"]) == {"baseline", "reweighing", "other"}
        assert set(against["attribute_source"].dropna()) == {"annotated"}
        assert set(against["n_seeds"]) == set(fronts["n_seeds"]) == {n_seeds}
        assert set(ranks["variant"]) == set(fronts["variant"]) == set(variants)
        assert set(ranks.loc[ranks["is_control"], "variant"]) == {"plain"}
        assert set(tests["n_blocks"]) == {n_seeds * len(SETS)}
        ReportInputs(dict(zip(BENCH_TABLES, found, strict=True)))


def test_metrics_to_compare_by_are_those_that_there_are() -> None:
    assert set(COMPARED_METRICS) == {*GAP_METRICS, *(metric.name for metric in OVERALL_METRICS)}
    with pytest.raises(ValueError, match="comparison_primary holds 'luck': expected one of accur"):
        EvaluationParameters(comparison_primary=("luck",))


@pytest.mark.parametrize("demographic", ["auto", "train_on"])
def test_what_was_trained_on_other_faces_is_not_held_against_the_control(
    faces: pd.DataFrame, demographic: str
) -> None:
    variants = {**VARIANTS, "plain": 0.4, "more": 0.4}
    of_first = [of_seeds(faces, name, recall, SETS)[0] for name, recall in variants.items()]
    _, against, ranks, *_ = compare_one_seed(
        PARAMETERS, 0, held_against("plain", demographic), *of_first
    )
    elsewhere = {"reweighing"} if demographic == "auto" else set()
    assert set(against["variant"]) == {"baseline", "reweighing", "other", "more"} - elsewhere
    assert set(against["control"]) == {"plain"}
    assert set(ranks["variant"]) == set(variants) - elsewhere


def answers(
    faces: pd.DataFrame, variant: str, seed: int, *, signal: float, shift: float
) -> pd.DataFrame:
    """Answers of a model that favours the emotion that most faces show, but for a shift."""
    generator = np.random.default_rng(seed)
    true = faces["emotion"].to_numpy()[:, np.newaxis] == np.array(RAF_DB_EMOTIONS)
    logits = generator.normal(0.0, 1.0, true.shape) + signal * true
    logits[:, 0] += 2.0 - shift
    columns = [f"probability_{name}" for name in RAF_DB_EMOTIONS]
    table = pd.DataFrame(softmax(logits, axis=1), columns=columns).reindex(
        columns=list(PROBABILITY_COLUMNS), fill_value=0.0
    )
    return table.assign(
        sample_id=faces["sample_id"].to_numpy(),
        variant=variant,
        seed=seed,
        emotion=faces["emotion"].to_numpy(),
        predicted_emotion=np.array(RAF_DB_EMOTIONS)[logits.argmax(axis=1)],
    )


@pytest.mark.parametrize("seeds", [None, SEEDS])
def test_with_offsets_a_shift_is_no_gain_and_what_a_model_knows_more_remains(
    make_faces: FacesBuilder, seeds: list[int] | None
) -> None:
    emotions = [RAF_DB_EMOTIONS[0]] * 400 + [*RAF_DB_EMOTIONS[1:]] * 60
    n = len(emotions)
    shown = make_faces(["test"] * n, emotions, gender=["female", "male"] * (n // 2))
    models: dict[str, dict[str, float]] = {
        "baseline": {"signal": 2.0, "shift": 0.0},
        "control": {"signal": 2.0, "shift": 0.0},
        "shifted": {"signal": 2.0, "shift": 2.0},
        "better": {"signal": 3.0, "shift": 0.0},
    }
    scored, tables = [], []
    for name, model in models.items():
        for seed in seeds or [0]:
            tested = scored_table({SETS[0]: (answers(shown, name, seed, **model), shown)})
            validation = answers(shown, name, seed + 100, **model)
            scored.append(tested)
            tables += [tested, validation, *[validation.iloc[:0]] * (len(SETS) - 1)]
    controls = held_against("control")
    asked = (PARAMETERS, 0, seeds or [0], controls)
    before = compare_over_seeds(*asked, *scored)[BENCH_TABLES.index("changes_against_control") + 2]
    after = compare_with_offsets(PARAMETERS, 0, seeds, controls, *tables)

    def gain(changes: pd.DataFrame, variant: str) -> float:
        of_all = (changes["metric"] == "balanced_accuracy") & changes["attribute"].isna()
        return float(changes.loc[of_all & (changes["variant"] == variant), "difference"].iloc[0])

    assert gain(before, "shifted") > 0.15
    assert abs(gain(after, "shifted")) < 0.02
    assert gain(after, "better") > 0.08
    assert list(after.columns) == list(before.columns)
    assert set(after["variant"]) == {"baseline", "shifted", "better"}
