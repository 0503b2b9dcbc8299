"""Whether the report sees that its models are of different baselines."""

import logging
from typing import Any

import pandas as pd
import pytest

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.mitigation import MethodBlock
from fer_fairness.pipelines.fairness_reporting.lineage import lineage_inputs, trace_lineage
from fer_fairness.pipelines.variants.structure import Structure, default_structure, structure_of
from fer_fairness.pipelines.variants.training_records import TRAINING_RECORD

FINE_TUNED = [variant.name for variant in default_structure().trained[1:]]
POST = [variant.name for variant in default_structure().post_processed]
MANIFEST = {"environment": "sample"}


def parameters(seeds: list[int]) -> dict[str, Any]:
    blocks = {v.name: {"method": v.name} for v in default_structure().variants}
    return {"seed": 0, "seeds": seeds, **blocks}


def record(
    variant: str, start: str | None, end: str, form: str = "compact", seed: int = 0
) -> dict[str, Any]:
    settings: dict[str, Any] = {"fine_tuning": {"training": {"max_epochs": 2}}}
    if variant == "baseline":
        settings = {"architecture": {"weights": "random", "form": form}, "training": {}}
    return {
        "variant": variant,
        "seed": seed,
        "network": f"{form}_cnn",
        "n_weights": 100,
        "n_trainable_weights": 60,
        "start_fingerprint": start,
        "fingerprint": end,
        "parameters": settings,
    }


def of_one_run(seeds: list[int]) -> dict[str, Any]:
    """Everything as one run leaves it, by the names of the datasets."""
    structure, found = Structure((), tuple(seeds)), {}
    for place, seed in enumerate(seeds):
        start = f"baseline_{seed}"
        datasets = {f"baseline.{TRAINING_RECORD}": record("baseline", None, start, seed=seed)}
        for name in FINE_TUNED:
            tuned = record(name, start, f"{name}_{seed}", seed=seed)
            datasets[f"{name}.{TRAINING_RECORD}"] = tuned
        for name in POST:
            for part in EVALUATION_SETS:
                datasets[f"{name}.{part}_rules"] = {"start_fingerprint": start, "rules": {}}
        for dataset, value in datasets.items():
            found[structure.of_every_seed(dataset)[place]] = value
    return found


def traced(found: dict[str, Any], seeds: list[int]) -> tuple[pd.DataFrame, dict[str, Any]]:
    given = parameters(seeds) | {"baseline": MethodBlock.model_validate({"method": "baseline"})}
    inputs = (found[name] for name in lineage_inputs(structure_of(given)))
    return trace_lineage(given, MANIFEST, *inputs)


@pytest.mark.parametrize("seeds", [[0], [4, 1]])
def test_models_of_one_run_belong_together_and_nothing_is_said(
    seeds: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    models, lineage = traced(of_one_run(seeds), seeds)
    assert lineage["notes"] == []
    assert caplog.records == []
    assert models["of_this_baseline"].all()
    seeds_of = models.groupby("variant")["seed"].apply(list).to_dict()
    assert seeds_of == dict.fromkeys(("baseline", *FINE_TUNED, *POST), seeds)
    started = models.drop_duplicates("variant").set_index("variant")["started_from"]
    assert started["baseline"] == "random"
    assert set(started.drop("baseline")) == {"baseline"}


def test_a_baseline_trained_again_alone_is_seen_by_all_that_came_from_the_earlier_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = of_one_run([0])
    found[f"baseline.{TRAINING_RECORD}"] = record("baseline", None, "new", form="separable")
    with caplog.at_level(logging.WARNING):
        models, lineage = traced(found, [0])
    (note,) = lineage["notes"]
    assert [logged.getMessage() for logged in caplog.records] == [note]
    assert note.startswith("Models of different baselines are mixed here.")
    for label in ("Emotion augmentation", "Continued training", "Reweighing", "Equalized odds"):
        assert label in note
    assert "Baseline" not in note
    command = note.partition("--pipelines ")[2].split(" ")[0].split(",")
    assert command[-1] == "fairness_reporting"
    assert set(command[:-1]) == {"emotion_augmentation", "demographic_augmentation", "mitigation"}
    assert "kedro run --env sample --pipelines" in note
    fits = models.set_index("variant")["of_this_baseline"]
    assert fits["baseline"]
    assert not fits.drop("baseline").any()
    assert lineage["trained_with"]["baseline"]["architecture"]["form"] == "separable"


def test_one_variant_of_one_seed_is_named_alone() -> None:
    found = of_one_run([0, 1])
    name = f"reweighing_seed_1.{TRAINING_RECORD}"
    found[name] = record("reweighing", "baseline_0", "reweighing_1", seed=1)
    (note,) = traced(found, [0, 1])[1]["notes"]
    assert "of it: Reweighing (seed 1). Differences" in note
    assert "--pipelines mitigation,fairness_reporting" in note


def test_rules_found_on_another_model_on_either_set_are_seen() -> None:
    found = of_one_run([0])
    found["equalized_odds.raf_db_rules"] = {"start_fingerprint": "another", "rules": {}}
    (note,) = traced(found, [0])[1]["notes"]
    assert "of it: Equalized odds. Differences" in note


def test_models_without_records_are_said_to_be_unknown_and_not_to_be_mixed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = of_one_run([0])
    for name in ("baseline", "reweighing"):
        found[f"{name}.{TRAINING_RECORD}"] = None
    models, lineage = traced(found, [0])
    (note,) = lineage["notes"]
    assert "(Baseline, " in note
    assert "Not recorded" in note
    assert "kedro run --env sample --pipelines baseline," in note
    assert caplog.records == []
    assert models["of_this_baseline"].isna().all()
    assert lineage["trained_with"]["reweighing"] is None
    assert lineage["trained_with"]["continued_training"] is not None


def test_the_seed_shown_is_that_of_the_model() -> None:
    models, _ = traced(of_one_run([0]), [7])
    assert set(models.set_index("variant")["seed"].drop(POST)) == {0}
