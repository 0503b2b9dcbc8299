"""The report tells of every model where it started and what it was trained with."""

from typing import Any

import pytest

from fer_fairness.mitigation import MethodBlock
from fer_fairness.pipelines.fairness_reporting.lineage import lineage_inputs, trace_lineage
from fer_fairness.pipelines.variants.configured import default_structure, structure_of

TRAINED = [variant.name for variant in default_structure().trained]
POST = [variant.name for variant in default_structure().post_processed]


def record(name: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"fine_tuning": {"training": {"max_epochs": 2}}}
    if name.startswith("baseline"):
        settings = {"architecture": {"weights": "random"}, "training": {}}
    return {
        "network": "compact_cnn",
        "n_weights": 100,
        "n_trainable_weights": 60,
        "start_fingerprint": None if name.startswith("baseline") else "start",
        "fingerprint": name,
        "parameters": settings,
    }


@pytest.mark.parametrize("seeds", [[0], [4, 1]])
def test_every_model_has_a_row_with_its_record(seeds: list[int]) -> None:
    blocks: dict[str, Any] = {v.name: {"method": v.name} for v in default_structure().variants}
    blocks["baseline"] = MethodBlock.model_validate({"method": "baseline"})
    parameters = {"seed": 0, "seeds": seeds, **blocks}
    names = [name.partition(".")[0] for name in lineage_inputs(structure_of(parameters))]
    models, trained_with = trace_lineage(parameters, *map(record, names))
    assert models.groupby("variant")["seed"].apply(list).to_dict() == dict.fromkeys(
        [*TRAINED, *POST], seeds
    )
    started = models.drop_duplicates("variant").set_index("variant")["started_from"]
    assert started["baseline"] == "random"
    assert set(started[started.index.isin(TRAINED)].drop("baseline")) == {"baseline"}
    assert set(started[started.index.isin(POST)]) == {"continued_training"}
    trained = models[models["variant"].isin(TRAINED)]
    assert sorted(trained["fingerprint"]) == sorted(names)
    assert models[models["variant"].isin(POST)]["fingerprint"].isna().all()
    assert set(trained_with) == set(names)
    assert trained_with["reweighing"]["fine_tuning"]["training"]["max_epochs"] == 2


def test_a_combination_says_which_variant_it_started_from() -> None:
    parameters: dict[str, Any] = {
        "seed": 0,
        "baseline": {"method": "baseline"},
        "reweighing": {"method": "reweighing"},
        "both": {"method": "class_offsets", "after": "reweighing"},
    }
    models, _ = trace_lineage(parameters, record("baseline"), record("reweighing"))
    started = models.set_index("variant")["started_from"]
    assert started.to_dict() == {
        "baseline": "random",
        "reweighing": "baseline",
        "both": "reweighing",
    }


def test_a_variant_trained_from_scratch_started_from_random_weights() -> None:
    parameters = {"seed": 0, "baseline": {"method": "baseline"}, "focal": {"method": "focal"}}
    anew = record("focal") | {"start_fingerprint": None}
    models, _ = trace_lineage(parameters, record("baseline"), anew)
    assert models.set_index("variant")["started_from"]["focal"] == "random"
