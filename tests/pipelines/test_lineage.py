"""Whether the report sees that its models are of different baselines."""

import logging
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from fer_fairness.mitigation import EqualizedOddsRates, apply_equalized_odds
from fer_fairness.pipelines.fairness_reporting.lineage import (
    lineage_inputs,
    trace_lineage,
)
from fer_fairness.pipelines.seeds import dataset_of_every_seed
from fer_fairness.pipelines.training_records import TRAINING_RECORD
from fer_fairness.pipelines.variants import TRAINED_VARIANTS
from fer_fairness.tables import PROBABILITY_COLUMNS
from fer_fairness.taxonomy import EMOTIONS

FINE_TUNED = [variant.name for variant in TRAINED_VARIANTS if variant.starts_from]
MANIFEST = {"environment": "sample"}


def record(
    variant: str, start: str | None, end: str, form: str = "compact", seed: int = 0
) -> dict[str, Any]:
    settings: dict[str, Any] = {"freezing": {"enabled": True}}
    if variant == "baseline":
        settings = {"architecture": {"weights": "random", "form": form}}
    return {
        "variant": variant,
        "seed": seed,
        "network": f"{form}_cnn",
        "n_weights": 100,
        "n_trainable_weights": 60,
        "start_fingerprint": start,
        "fingerprint": end,
        "parameters": {**settings, "training": {"max_epochs": 2}},
    }


def predicted(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of a model, and what equalized odds makes of them."""
    n = 40
    shares = np.random.default_rng(seed).dirichlet(np.ones(len(EMOTIONS)), size=n)
    before = pd.DataFrame(
        {
            "sample_id": [f"face_{row}" for row in range(n)],
            "variant": "baseline",
            "seed": 0,
            "emotion": ["neutral", "fear"] * (n // 2),
            "predicted_emotion": np.array(EMOTIONS, dtype=object)[shares.argmax(axis=1)],
            **dict(zip(PROBABILITY_COLUMNS, shares.T, strict=True)),
        }
    )
    sides: Any = {
        "privileged": {"keep": 0.5, "claim": 0.5},
        "unprivileged": {"keep": 0.4, "claim": 0.6},
    }
    rates = EqualizedOddsRates.from_dict(
        {
            "privileged": "female",
            "unprivileged": ["male"],
            "n_people": {"privileged": 20, "unprivileged": 20},
            "rates": {"neutral": sides, "fear": sides},
            "untouched": {},
        }
    )
    groups = pd.Series(["female", "male"] * (n // 2))
    after = apply_equalized_odds(before, groups, rates, seed=0, variant="equalized_odds")
    assert (before["predicted_emotion"] != after["predicted_emotion"]).any()
    return before, after


def of_one_run(seeds: list[int]) -> dict[str, Any]:
    """Everything as one run leaves it, by the names of the datasets."""
    found: dict[str, Any] = {}
    for place, seed in enumerate(seeds):
        before, after = predicted(seed)
        datasets: dict[str, Any] = {
            f"baseline.{TRAINING_RECORD}": record("baseline", None, f"baseline_{seed}", seed=seed)
        }
        for name in FINE_TUNED:
            tuned = record(name, f"baseline_{seed}", f"{name}_{seed}", seed=seed)
            datasets[f"{name}.{TRAINING_RECORD}"] = tuned
        for part in ("fer_plus", "raf_db"):
            datasets[f"baseline.{part}_test_predictions"] = before
            datasets[f"equalized_odds.{part}_test_predictions"] = after
        for name, value in datasets.items():
            found[dataset_of_every_seed(name, seeds)[place]] = value
    return found


class Lineage(NamedTuple):
    """What `trace_lineage` gives, by names."""

    models: pd.DataFrame
    trained_with: dict[str, Any]
    notes: list[str]


def traced(found: dict[str, Any], seeds: list[int]) -> Lineage:
    models, told = trace_lineage(seeds, MANIFEST, *(found[name] for name in lineage_inputs(seeds)))
    return Lineage(models, **told)


@pytest.mark.parametrize("seeds", [[0], [4, 1]])
def test_models_of_one_run_belong_together_and_nothing_is_said(
    seeds: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    lineage = traced(of_one_run(seeds), seeds)
    assert lineage.notes == []
    assert caplog.records == []
    models = lineage.models
    assert models["of_this_baseline"].all()
    seeds_of = models.groupby("variant")["seed"].apply(list).to_dict()
    assert seeds_of == dict.fromkeys(("baseline", *FINE_TUNED, "equalized_odds"), seeds)
    started = models.drop_duplicates("variant").set_index("variant")["started_from"]
    assert started["baseline"] == "random"
    assert set(started.drop("baseline")) == {"baseline"}


def test_a_baseline_trained_again_alone_is_seen_by_all_that_came_from_the_earlier_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = of_one_run([0])
    found[f"baseline.{TRAINING_RECORD}"] = record("baseline", None, "new", form="separable")
    found["baseline.fer_plus_test_predictions"] = predicted(9)[0]
    found["baseline.raf_db_test_predictions"] = predicted(9)[0]
    with caplog.at_level(logging.WARNING):
        lineage = traced(found, [0])
    (note,) = lineage.notes
    assert [logged.getMessage() for logged in caplog.records] == [note]
    assert note.startswith("Models of different baselines are mixed here.")
    for label in (
        "Emotion augmentation",
        "Demographic augmentation",
        "Continued training",
        "Reweighing and Equalized odds",
    ):
        assert label in note
    assert "Baseline" not in note
    assert (
        "kedro run --env sample --pipelines emotion_augmentation,demographic_augmentation,"
        "mitigation,fairness_reporting" in note
    )
    fits = lineage.models.set_index("variant")["of_this_baseline"]
    assert fits["baseline"]
    assert not fits.drop("baseline").any()
    trained_with = lineage.trained_with["baseline"]
    assert trained_with is not None
    assert trained_with["architecture"]["form"] == "separable"


def test_one_variant_of_one_seed_is_named_alone() -> None:
    found = of_one_run([0, 1])
    name = f"seed_1.reweighing.{TRAINING_RECORD}"
    found[name] = record("reweighing", "baseline_0", "reweighing_1", seed=1)
    (note,) = traced(found, [0, 1]).notes
    assert "of it: Reweighing (seed 1). Differences" in note
    assert "--pipelines mitigation,fairness_reporting" in note


def test_post_processing_of_other_predictions_on_either_set_is_seen() -> None:
    found = of_one_run([0])
    found["equalized_odds.raf_db_test_predictions"] = predicted(9)[1]
    (note,) = traced(found, [0]).notes
    assert "of it: Equalized odds. Differences" in note
    found["equalized_odds.raf_db_test_predictions"] = predicted(0)[1].iloc[1:]
    assert len(traced(found, [0]).notes) == 1


def test_models_without_records_are_said_to_be_unknown_and_not_to_be_mixed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = of_one_run([0])
    for name in ("baseline", "reweighing"):
        found[f"{name}.{TRAINING_RECORD}"] = None
    lineage = traced(found, [0])
    (note,) = lineage.notes
    assert "(Baseline and Reweighing)" in note
    assert "Not recorded" in note
    assert "kedro run --env sample --pipelines baseline,emotion_augmentation," in note
    assert caplog.records == []
    fits = lineage.models.set_index("variant")["of_this_baseline"]
    assert fits.drop("equalized_odds").isna().all()
    assert lineage.trained_with["reweighing"] is None
    assert lineage.trained_with["continued_training"] is not None


def test_the_seed_shown_is_that_of_the_model() -> None:
    found = of_one_run([0])
    of_trained = traced(found, [7]).models.set_index("variant")["seed"].drop("equalized_odds")
    assert set(of_trained) == {0}
