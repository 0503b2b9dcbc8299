"""The nodes that choose a method's parameters, and how they are wired."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.mitigation import MethodBlock, PostMethodBlock, post_methods, trained_methods
from fer_fairness.modeling import build_network
from fer_fairness.params.budget import BudgetParameters
from fer_fairness.params.fine_tuning import FineTuningParameters, merged
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.prediction import PredictionParameters
from fer_fairness.pipeline_registry import pipelines_for
from fer_fairness.pipelines.fairness_reporting.nodes import collect_trials
from fer_fairness.pipelines.variants import nodes, tuning
from fer_fairness.pipelines.variants.configured import structure_of, with_structure
from fer_fairness.pipelines.variants.structure import DEMOGRAPHIC_CONTROL, Structure
from fer_fairness.tables import PREDICTIONS_SCHEMA, PROBABILITY_COLUMNS
from fer_fairness.taxonomy import ATTRIBUTES, EMOTIONS

CONF = Path(__file__).parents[2] / "conf"
BASELINE = {"seed": 0, "baseline": {"method": "baseline"}}
FINE_TUNING = FineTuningParameters.model_validate(
    {
        "training": {"max_epochs": 1, "batch_size": 8, "warmup_epochs": 0, "steps_per_epoch": 2},
        "freezing": {"n_trainable_layers": 1},
    }
)


@pytest.fixture
def faces(make_faces: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    table = make_faces(
        ["train"] * 20 + ["validation"] * 8,
        [*["neutral"] * 12, *["fear"] * 8, *["neutral", "fear"] * 4],
        dataset=["fer_plus"] * 28,
        gender=["female", "male", "female", None] * 7,
    )
    return table.assign(**{f"{attribute}_confidence": np.nan for attribute in ATTRIBUTES})


@pytest.fixture
def images(faces: pd.DataFrame) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (len(faces), 48, 48, 1), dtype=np.uint8)


@pytest.fixture
def tuned(faces: pd.DataFrame, images: np.ndarray, tmp_path: Path) -> Callable[..., Any]:
    architecture = ArchitectureParameters(blocks=((2, 2), (4,)), n_dense_blocks=1)

    def run(trials: int, study: str | None = None, **settings: Any) -> Any:
        return tuning.tune(
            MethodBlock.model_validate({"name": "tested"} | settings),
            BudgetParameters(trials=trials, study=study),
            FINE_TUNING,
            PredictionParameters(average_mirrored=False, average_shifted_px=0),
            faces,
            images,
            faces,
            3,
            str(tmp_path),
            build_network(architecture, seed=0),
            {"fer_plus": list(EMOTIONS)},
        )

    return run


def test_what_is_chosen_is_a_block_that_the_template_takes_and_its_training_is_there(
    tuned: Callable[..., Any],
    faces: pd.DataFrame,
    images: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    block, trials = json.loads(json.dumps(tuned(3, method="focal", gamma=0.7)))
    assert len(trials["trials"]) == trials["n_asked"] == 3
    assert trials["trials"][0]["settings"] == {}
    assert set(trials["by_rule"].values()) <= {0, 1, 2}
    checkpoints = list(tmp_path.rglob("*.npz"))
    assert len(checkpoints) == 3

    # Whatever trains again would take a step.
    monkeypatch.setattr("fer_fairness.modeling.training_run.TrainingRun.run_epoch", _refuse)
    composed = nodes.compose_training_set(block, faces, images, 3)
    architecture = ArchitectureParameters(blocks=((2, 2), (4,)), n_dense_blocks=1)
    _, history, record = nodes.train_model(
        block,
        FINE_TUNING,
        faces,
        images,
        composed[0],
        *composed[2:],
        3,
        str(tmp_path),
        build_network(architecture, seed=0),
    )
    assert len(history) == 1
    chosen = trials["trials"][trials["chosen"]]["settings"]
    assert record["parameters"]["method"]["gamma"] == chosen.get("gamma", 0.7)


def _refuse(*_: Any) -> None:
    raise AssertionError("trained again")


def test_a_trial_that_diverges_is_named_and_the_others_go_on(
    tuned: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    train = nodes.train_model

    def diverging(block: MethodBlock, *others: Any) -> Any:
        if block.root.gamma == 0.7:  # type: ignore[attr-defined]
            raise TrainingError("The loss is nan after step 3.")
        return train(block, *others)

    monkeypatch.setattr(nodes, "train_model", diverging)
    block, trials = tuned(2, method="focal", gamma=0.7)
    assert trials["trials"][0]["failure"] == "The loss is nan after step 3."
    assert trials["trials"][0]["scores"] is None
    assert trials["chosen"] == 1
    assert block["gamma"] != 0.7
    assert "tested: the trial as configured failed: The loss is nan after step 3." in caplog.text


def test_a_study_that_is_full_trains_nothing_more(
    tuned: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = str(tmp_path / "sweep.journal")
    first = tuned(2, study, method="focal", gamma=0.7)
    monkeypatch.setattr(nodes, "train_model", _refuse)
    assert tuned(2, study, method="focal", gamma=0.7) == first
    assert first[1]["objectives"] == ["mean_recall"]
    with pytest.raises(InvalidInputError, match=r"'tested' in .* was made with other method"):
        tuned(2, study, method="focal", gamma=0.8)


def test_a_method_on_predictions_is_tuned_alike(faces: pd.DataFrame, tmp_path: Path) -> None:
    validation = faces[faces["split"] == "validation"]
    shares = {name: np.full(len(validation), 0.05) for name in PROBABILITY_COLUMNS}
    shares["probability_neutral"] += 0.6
    predictions = PREDICTIONS_SCHEMA.validate(
        pd.DataFrame(
            {
                "sample_id": validation["sample_id"].to_numpy(),
                "variant": "baseline",
                "seed": 3,
                "emotion": validation["emotion"].to_numpy(),
                "predicted_emotion": "neutral",
                **shares,
            }
        )
    )
    block = PostMethodBlock.model_validate({"method": "class_offsets", "name": "offsets"})
    budget = BudgetParameters(trials=4)
    settled, trials = tuning.tune_post_method(block, budget, predictions, faces, 3)
    assert len(trials["trials"]) == 4
    chosen = PostMethodBlock.model_validate(settled)
    assert nodes.fit_post_method(chosen, predictions, faces)["rules"]
    in_study = BudgetParameters(trials=4, study=str(tmp_path / "sweep.journal"))
    _, studied = tuning.tune_post_method(block, in_study, predictions, faces, 3)
    assert len(studied["trials"]) == 4
    assert studied["trials"][0] == trials["trials"][0]
    absent, none = tuning.tune_post_method(block, budget, predictions.iloc[:0], faces, 3)
    assert absent == block.root.model_dump(mode="json")
    assert none["trials"] == []


def test_trials_of_all_variants_are_one_table(tuned: Callable[..., Any]) -> None:
    _, trials = tuned(3, method="focal")
    absent = trials | {"trials": []}
    table = collect_trials(**{"focal.trials": trials, "post.raf_db_trials": absent})
    assert table["variant"].tolist() == ["focal"] * 3
    assert table["evaluation_set"].tolist() == [""] * 3
    assert table["is_chosen"].sum() == 1
    assert sum(rules.count("_") > 0 for rules in table["rules"]) >= 1
    chosen = table[table["is_chosen"]].iloc[0]
    assert "mean_recall" in chosen["rules"]
    assert (chosen["settings"] == "") == (chosen["trial"] == 0)
    nested = {"fine_tuning": {"training": {"target_learning_rate": 0.001}}, "gamma": 2.0}
    told = collect_trials(**{"focal.trials": trials | {"trials": [{"settings": nested}]}})
    assert told["settings"].tolist() == [
        "fine_tuning.training.target_learning_rate=0.001, gamma=2.0"
    ]
    other = collect_trials(**{"post.raf_db_trials": trials})
    assert set(other["evaluation_set"]) == {"raf_db"}


def structure(**parameters: Any) -> Structure:
    found = BASELINE | {"a": {"method": "focal"}, "b": {"method": "linear_post", "after": "a"}}
    return structure_of(found | {"seeds": [0, 1]} | parameters)


def test_without_a_budget_nothing_is_tuned_and_the_graph_is_that_of_before() -> None:
    whole = pipelines_for(structure())["__default__"]
    assert not [node for node in whole.nodes if "tune" in node.name]
    assert pipelines_for(structure(budget={"trials": 1}))["__default__"].nodes == whole.nodes


def test_the_first_seed_tunes_and_every_seed_takes_what_was_chosen() -> None:
    mitigation = pipelines_for(structure(budget={"trials": 2}))["mitigation"]
    by_name = {node.name.removeprefix("mitigation."): node for node in mitigation.nodes}
    assert {name for name in by_name if "tune" in name} == {
        "a.tune",
        "b.tune_fer_plus",
        "b.tune_raf_db",
    }
    for space in ("a", "a_seed_1"):
        for node in ("compose_training_set", "train", "describe_training_set"):
            assert by_name[f"{space}.{node}"].inputs[0] == "a.block"
    for space in ("b", "b_seed_1"):
        assert by_name[f"{space}.fit_raf_db"].inputs[0] == "b.raf_db_block"
        assert by_name[f"{space}.apply_raf_db"].inputs[0] == "b.raf_db_block"
    baseline = pipelines_for(structure(budget={"trials": 2}))["baseline"]
    assert not [node for node in baseline.nodes if "tune" in node.name]


def test_what_a_choice_reads_is_made_by_the_same_run() -> None:
    """Whether the method is trained on FER+ or on the dataset with demographics."""

    def read(trials: int) -> set[str]:
        made = structure(budget={"trials": trials}, c={"method": "group_dro"})
        whole = pipelines_for(made)["__default__"]
        return {name for name in whole.inputs() if not name.startswith("params:")}

    assert read(2) == read(1)


def test_no_test_face_is_behind_a_choice() -> None:
    whole = pipelines_for(structure(budget={"trials": 2}))["__default__"]
    tuning_nodes = [node for node in whole.nodes if "tune" in node.name]
    assert all("trains" in node.tags for node in tuning_nodes)
    behind = whole.to_outputs(*{name for node in tuning_nodes for name in node.outputs})
    read = {
        name for node in behind.nodes if not node.name.endswith(".split") for name in node.inputs
    }
    assert not {name for name in read if "test_" in name}


def test_some_methods_take_part_with_what_they_build_on() -> None:
    parameters = BASELINE | {
        "control": {"method": "continued_training"},
        "a": {"method": "focal"},
        "b": {"method": "linear_post", "after": "a"},
        "c": {"method": "group_dro"},
    }
    chosen = {"bench": {"methods": "linear_post"}}
    found = structure_of(parameters | chosen)
    assert found.names == ("baseline", "a", "control", "b")
    assert with_structure(parameters | chosen, found)["c"] is None
    assert structure_of(parameters | {"bench": {"methods": ["c"]}}).names == (
        "baseline",
        "c",
        "control",
    )
    with pytest.raises(InvalidInputError, match=r"bench\.methods names focl,.*There are baseline"):
        structure_of(parameters | {"bench": {"methods": "c;focl"}})


def test_a_variant_called_as_its_method_takes_part_without_others_of_the_method() -> None:
    parameters = BASELINE | {
        "jtt": {"method": "jtt"},
        "class_offsets": {"method": "class_offsets"},
        "jtt_with_offsets": {"method": "class_offsets", "after": "jtt"},
    }
    chosen = parameters | {"bench": {"methods": "class_offsets"}}
    assert structure_of(chosen).names == ("baseline", "class_offsets")


@pytest.mark.parametrize("wrong", [{"trials": 0}, {"trails": 2}, {"selection": "accuracy"}])
def test_a_budget_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="block budget of the parameters"):
        structure_of(BASELINE | {"budget": wrong})


def test_the_bench_has_every_method_and_a_budget() -> None:
    parameters: dict[str, Any] = {}
    for file in sorted([*CONF.glob("base/parameters*.yml"), *CONF.glob("bench/parameters*.yml")]):
        loaded = yaml.safe_load(file.read_text()) or {}
        parameters = merged(parameters, loaded)
    found = structure_of(parameters | {"seed": 0})
    methods = {variant.method for variant in found.variants}
    # In the bench all methods are trained on the same faces, and have one control.
    known: dict[str, type] = {**trained_methods(), **post_methods()}
    left_out = [n for n in known if n != DEMOGRAPHIC_CONTROL and known[n] not in methods]
    lines = [f"{name}: {{method: {name}}}" for name in left_out]
    assert not left_out, f"conf/bench/parameters_bench.yml lacks {lines}"
    assert found.n_trials > 1
    assert len(found.seeds) == 5
    untrained = [each.name for each in found.post_processed if each.after == found.variants[0].name]
    assert not untrained, "held against the control, these lack its training: give them `after`"
