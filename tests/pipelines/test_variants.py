"""What pipelines are built for: the variants and training seeds of a configuration."""

import re
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.framework.session import KedroSession
from kedro.pipeline import Node, Pipeline

from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.mitigation import Composition, Given, Method, MethodBlock, PostMethodBlock
from fer_fairness.mitigation.composition import no_variants
from fer_fairness.mitigation.methods.continued_training import ContinuedTraining
from fer_fairness.mitigation.methods.reweighing import Reweighing
from fer_fairness.pipeline_registry import pipelines_for
from fer_fairness.pipelines.variants.configured import (
    default_structure,
    refuse_impossible_fine_tunings,
    structure_of,
    with_structure,
)
from fer_fairness.pipelines.variants.controls import Controls
from fer_fairness.pipelines.variants.nodes import compose_with_model
from fer_fairness.pipelines.variants.structure import Structure, Variant
from fer_fairness.provenance.differences import differences
from fer_fairness.provenance.records import NodeRecord

BASELINE = {"baseline": {"method": "baseline"}}
REWEIGHING = {"reweighing": {"method": "reweighing"}}
DEFAULT = default_structure()
SEVERAL_SEEDS = Structure(DEFAULT.variants, (0, 1, 12))
ONE, SEVERAL = pipelines_for(DEFAULT), pipelines_for(SEVERAL_SEEDS)
OF_VARIANTS = ("baseline", "emotion_augmentation", "demographic_augmentation", "mitigation")


def by_name(pipeline: Pipeline) -> dict[str, Node]:
    """Without the box of the pipeline: `reweighing.train` of `mitigation.reweighing.train`."""
    return {".".join(node.name.split(".")[-2:]): node for node in pipeline.nodes}


def test_without_a_configuration_every_method_is_there_once() -> None:
    assert DEFAULT.names[0] == "baseline"
    assert set(DEFAULT.names) >= {
        "emotion_augmentation",
        "demographic_augmentation",
        "continued_training",
        "reweighing",
        "equalized_odds",
    }
    assert [v.name for v in DEFAULT.trained] == [v.name for v in DEFAULT.variants if v.is_trained]
    assert DEFAULT.seeds == (0,)


def test_a_block_that_names_a_method_is_a_variant_whatever_it_is_called() -> None:
    found = structure_of(
        {
            "seed": 3,
            "odds": {"method": "equalized_odds"},
            "by_race": {"method": "reweighing", "attribute": "race"},
            **BASELINE,
            "by_gender": {"method": "reweighing"},
            "evaluation": {"attributes": ["race"]},
        }
    )
    assert found.names == ("baseline", "by_gender", "by_race", "odds")
    assert found.variants[2].method is Reweighing
    assert found.seeds == (3,)
    nodes = by_name(pipelines_for(found)["mitigation"])
    assert nodes["by_race.train"].inputs[0] == "params:by_race"
    assert {name.partition(".")[0] for name in nodes} == {"by_gender", "by_race", "odds"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"odd": {"method": "reweihing"}}, "block odd .* Did you mean reweighing"),
        ({"baseline": {"method": "reweighing"}}, r"are \[\]: expected one, called baseline"),
        ({"other": {"method": "baseline"}}, r"are \['other'\]: expected one"),
        (BASELINE | {"other": {"method": "baseline"}}, r"are \['baseline', 'other'\]"),
        (BASELINE | {"seeds": [1, 1]}, "seeds has 1 twice"),
        (BASELINE | {"a_seed_1": {"method": "reweighing"}}, "cannot be called a_seed_1"),
        (
            BASELINE | {"odd": {"method": "class_offsets", "after": "reweihing"}, **REWEIGHING},
            "after: reweihing, and no block .* mean reweighing.* is trained: baseline, reweighing",
        ),
        (
            BASELINE
            | {
                "odd": {"method": "class_offsets", "after": "odds"},
                "odds": {"method": "equalized_odds"},
            },
            "block odd .* after: odds, which changes predictions itself .* is trained: baseline",
        ),
        (
            BASELINE | {"odd": {"method": "class_offsets", "after": "odd"}},
            "block odd .* after: odd, which changes predictions itself",
        ),
        (
            BASELINE | {"odd": {"method": "class_offsets", "after": "fine_tuning"}},
            "after: fine_tuning, and no block of the parameters of this name has a method",
        ),
        (
            BASELINE | {"odd": {"method": "class_offsets", "after": None}},
            "block odd .* after: None, and no block",
        ),
        (
            BASELINE | {"odd": {"method": "crt", "after": "reweighing"}, **REWEIGHING},
            "block odd .* trains a model, which starts from baseline. Take after out.*class_off",
        ),
    ],
)
def test_a_configuration_that_cannot_be_built_says_why(
    parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        structure_of({"seed": 0} | parameters)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training": {"max_epoch": 2}}, "block tuned .* did you mean max_epochs"),
        ({"training": {"target_learning_rate": 1e-9}}, "block tuned .* above"),
        ({"training": {"initial_learning_rate": 2e-4}}, None),
    ],
)
def test_changes_are_held_against_the_fine_tuning_that_is_configured(
    changes: dict[str, Any], message: str | None
) -> None:
    given = BASELINE | {
        "seed": 0,
        "fine_tuning": {"training": {"target_learning_rate": 3e-4}},
        "tuned": {"method": "continued_training", "fine_tuning": changes},
    }
    if message is None:
        refuse_impossible_fine_tunings(given, structure_of(given))
    else:
        with pytest.raises(InvalidInputError, match=re.compile(message, re.DOTALL)):
            refuse_impossible_fine_tunings(given, structure_of(given))


@pytest.mark.parametrize(
    ("method", "training", "message"),
    [
        ("gap_penalty", {"mixup_alpha": 0.4}, "block a_method .*mixup_alpha is 0.4"),
        ("sam", {"steps_per_epoch": None}, "block a_method .* takes 2 passes"),
        ("focal", {"mixup_alpha": 0.4, "steps_per_epoch": None}, None),
    ],
)
def test_what_a_method_cannot_be_trained_with_is_refused_before_anything_runs(
    method: str, training: dict[str, Any], message: str | None
) -> None:
    blocks = {"fine_tuning": {"training": training}, "a_method": {"method": method}}
    given = BASELINE | {"seed": 0, **blocks}
    if message is None:
        refuse_impossible_fine_tunings(given, structure_of(given))
    else:
        with pytest.raises(InvalidInputError, match=message):
            refuse_impossible_fine_tunings(given, structure_of(given))


def test_numbers_and_names_that_follow_reach_the_parameters() -> None:
    given = {"seed": 3, "seeds": "5;0;7", "other": 1, **BASELINE}
    found = with_structure(given, structure_of(given))
    assert found["seeds"] == [5, 0, 7]
    assert (found["training_seed"], found["seed"], found["other"]) == (5, 3, 1)
    assert found["training_seed_of"] == {"seed_0": 0, "seed_7": 7}
    assert found["baseline"] == {"method": "baseline", "name": "baseline"}


def test_a_method_that_looks_at_training_faces_has_them_predicted_by_the_baseline() -> None:
    class Looks(ContinuedTraining):
        needs = frozenset({"training_predictions"})

    structure = Structure((DEFAULT.variants[0], Variant("looks", Looks)), (0, 4))
    nodes = by_name(pipelines_for(structure)["mitigation"])
    predicted = nodes["looks_seed_4.predict_training_faces"]
    assert predicted.inputs[:2] == ["baseline_seed_4.model", "fer_plus.development_faces"]
    assert "trains" in predicted.tags
    assert predicted.outputs[0] in nodes["looks_seed_4.compose_training_set"].inputs
    assert "reweighing.predict_training_faces" not in by_name(ONE["mitigation"])


def test_a_method_that_needs_the_starting_model_is_given_that_of_its_seed() -> None:
    class Needs(ContinuedTraining):
        needs = frozenset({"starting_model"})

    structure = Structure((DEFAULT.variants[0], Variant("needs", Needs)), (0, 4))
    composed = by_name(pipelines_for(structure)["mitigation"])["needs_seed_4.compose_training_set"]
    assert composed.func is compose_with_model
    assert composed.inputs[:3] == [
        "params:needs",
        "baseline_seed_4.model",
        "fer_plus.development_faces",
    ]
    plain = by_name(ONE["mitigation"])["reweighing.compose_training_set"]
    assert not any(name.endswith(".model") for name in plain.inputs)


@pytest.mark.parametrize("is_needed", [True, False])
def test_no_other_method_is_given_the_starting_model(
    monkeypatch: pytest.MonkeyPatch, *, is_needed: bool
) -> None:
    found = []

    def spied(_: Method, faces: pd.DataFrame, images: np.ndarray, given: Given) -> Composition:
        found.append(given.model)
        return Composition(faces[["sample_id"]], no_variants(images.shape[1:]))

    needs = frozenset({"starting_model"} if is_needed else {"groups"})
    monkeypatch.setattr(ContinuedTraining, "needs", needs)
    monkeypatch.setattr(ContinuedTraining, "training_set", spied)
    block = MethodBlock.model_validate({"method": "continued_training"})
    faces, images = pd.DataFrame({"sample_id": ["a"]}), np.zeros((1, 8, 8, 1), np.uint8)
    compose_with_model(block, "the model", faces, images, 0)
    assert found == ["the model" if is_needed else None]


def combined(
    after: str | None, *, checked: bool = False, has_control: bool = False
) -> dict[str, Any]:
    block = {"method": "class_offsets"} | ({} if after is None else {"after": after})
    made: Any = PostMethodBlock.model_validate(block) if checked else block
    # Named so that it comes before the variant that it follows.
    control = {"continued_training": {"method": "continued_training"}} if has_control else {}
    return BASELINE | {"seeds": [0, 4], "a_combination": made, **REWEIGHING, **control}


@pytest.mark.parametrize("checked", [False, True])
@pytest.mark.parametrize(
    ("after", "has_control", "start"),
    [
        (None, False, "baseline"),
        (None, True, "continued_training"),
        ("baseline", True, "baseline"),
        ("reweighing", True, "reweighing"),
    ],
)
def test_a_method_on_predictions_takes_those_of_the_control_or_of_what_it_comes_after(
    after: str | None, start: str, *, has_control: bool, checked: bool
) -> None:
    given = combined(after, checked=checked, has_control=has_control)
    structure = structure_of(given)
    plain = given | {"a_combination": {"method": "class_offsets"}}
    assert with_structure(plain, structure)["a_combination"]["after"] == start
    nodes = by_name(pipelines_for(structure)["mitigation"])
    for seed in ("", "_seed_4"):
        for dataset in EVALUATION_SETS:
            fit = nodes[f"a_combination{seed}.fit_{dataset}"]
            apply = nodes[f"a_combination{seed}.apply_{dataset}"]
            assert fit.inputs[1] == f"{start}{seed}.{dataset}_validation_predictions"
            assert apply.inputs[1] == f"{start}{seed}.{dataset}_test_predictions"
            assert apply.outputs == [f"a_combination{seed}.{dataset}_test_predictions"]
            assert not any("test" in name for name in fit.inputs), "the test split chooses nothing"


def test_what_is_left_unanswered_is_measured_where_a_variant_abstains_and_nowhere_else() -> None:
    answering = pipelines_for(structure_of(combined(None)))["fairness_reporting"]
    assert not {name for name in answering.datasets() if "answer" in name}
    unsure = {"unsure": {"method": "abstention"}}
    report = pipelines_for(structure_of(combined(None) | unsure))["fairness_reporting"]
    (measuring,) = [node for node in report.nodes if "measure_answers" in node.name]
    assert measuring.inputs[0] == "unsure.scored"
    (writing,) = [node for node in report.nodes if node.name.endswith("write_report")]
    assert {"tables.answers", "tables.answer_curves"} <= set(writing.inputs)


@pytest.mark.parametrize("checked", [False, True])
def test_an_ensemble_takes_predictions_of_its_members_with_the_same_seed(*, checked: bool) -> None:
    given: Any = {"method": "ensemble", "of": "reweighing;a_focal"}
    block = PostMethodBlock.model_validate(given) if checked else given
    structure = structure_of(
        combined(None) | {"an_ensemble": block, "a_focal": {"method": "focal"}, "other": {}}
    )
    nodes = by_name(pipelines_for(structure)["mitigation"])
    members = ("baseline", "reweighing", "a_focal")
    for seed in ("", "_seed_4"):
        fit = nodes[f"an_ensemble{seed}.fit_fer_plus"].inputs
        apply = nodes[f"an_ensemble{seed}.apply_fer_plus"].inputs
        for split, inputs in (("validation", fit), ("test", apply)):
            found = [name for name in inputs if name.endswith(f"{split}_predictions")]
            assert found == [f"{name}{seed}.fer_plus_{split}_predictions" for name in members]
        assert not any("test" in name for name in fit), "the test split chooses nothing"
    budget = {"budget": {"trials": 2}, "an_ensemble": block, "a_focal": {"method": "focal"}}
    tuned = by_name(pipelines_for(structure_of(combined(None) | budget))["mitigation"])
    assert "a_focal.fer_plus_validation_predictions" in tuned["an_ensemble.tune_fer_plus"].inputs


def test_members_of_an_ensemble_take_part_where_it_does() -> None:
    given = combined(None) | {
        "an_ensemble": {"method": "ensemble", "of": ["reweighing"]},
        "a_focal": {"method": "focal"},
        "bench": {"methods": "an_ensemble"},
    }
    assert structure_of(given).names == ("baseline", "reweighing", "an_ensemble")


@pytest.mark.parametrize(
    ("asked", "controls"),
    [
        ("a_focal", ["plain"]),
        ("reweighing", ["plain", "plain_with_groups"]),
        ("after_reweighing", ["plain", "plain_with_groups"]),
        ("baseline", ["plain"]),
    ],
)
def test_what_a_variant_is_held_against_takes_part_where_it_does(
    asked: str, controls: list[str]
) -> None:
    given = combined("reweighing") | {
        "a_focal": {"method": "focal"},
        "after_reweighing": {"method": "class_offsets", "after": "reweighing"},
        "plain": {"method": "continued_training"},
        "plain_with_groups": {"method": "continued_training_with_groups"},
        "bench": {"methods": asked},
    }
    names = structure_of(given).names
    assert [name for name in names if name.startswith("plain")] == controls
    assert asked in names


def test_a_word_of_the_bench_that_is_no_variant_is_told_with_the_nearest() -> None:
    given = combined(None) | {"bench": {"methods": "reweihing"}}
    with pytest.raises(InvalidInputError, match=r"names reweihing, .* Did you mean reweighing\?"):
        structure_of(given)


def test_a_method_that_no_block_names_is_told_with_the_block_to_write() -> None:
    given = combined(None) | {"bench": {"methods": "vrex"}}
    with pytest.raises(InvalidInputError, match=r"the method vrex, .* `vrex: \{method: vrex\}`"):
        structure_of(given)


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ("reweihing", "block e .* says of: reweihing, and no block .* mean reweighing"),
        ("odds", "block e .* says of: odds, which changes predictions itself"),
        ("baseline", "block e .* names baseline twice"),
        ("reweighing;reweighing", "block e .* names reweighing twice"),
        ({"a": 1}, "block e .* says of"),
    ],
)
def test_members_that_cannot_be_are_named(of: object, message: str) -> None:
    blocks = {"e": {"method": "ensemble", "of": of}, "odds": {"method": "equalized_odds"}}
    with pytest.raises(InvalidInputError, match=message):
        structure_of(BASELINE | REWEIGHING | {"seed": 0} | blocks)


def test_what_a_combination_reads_is_made_by_the_same_run_and_in_the_report() -> None:
    pipelines = pipelines_for(structure_of(combined("reweighing")))
    whole = pipelines["__default__"]
    read = {name for node in whole.nodes for name in node.inputs if name.startswith("reweighing")}
    assert {name for name in read if "validation_predictions" in name} <= whole.all_outputs()
    assert "a_combination.fer_plus_test_predictions" in pipelines["fairness_reporting"].inputs()


def test_a_combination_that_follows_another_variant_now_reads_other_data_and_is_stale() -> None:
    before, now = (
        by_name(pipelines_for(structure_of(combined(after)))["mitigation"])[
            "a_combination.fit_fer_plus"
        ]
        for after in ("baseline", "reweighing")
    )
    first, second = (
        NodeRecord(node.name, "fit", "code", inputs=dict.fromkeys(node.inputs[1:], "contents"))
        for node in (before, now)
    )
    assert list(differences(first, second, {}, ())) == ["it reads other datasets now"]


@pytest.mark.parametrize(
    ("blocks", "control"),
    [
        ({}, "baseline"),
        ({"a": "reweighing", "plain": "continued_training"}, "plain"),
        ({"a": "continued_training", "continued_training": "continued_training"}, None),
    ],
)
def test_the_control_is_the_variant_of_plain_continued_training(
    blocks: dict[str, str], control: str | None
) -> None:
    given = {"seed": 0, **BASELINE, **{name: {"method": m} for name, m in blocks.items()}}
    structure = structure_of(given)
    assert structure.control == (control or "continued_training")
    assert with_structure(given, structure)["controls"]["control"] == structure.control


def test_variants_that_need_groups_are_trained_on_other_faces_and_have_a_control_there() -> None:
    blocks: dict[str, dict[str, Any]] = {
        "emotions": {"method": "focal"},
        "groups": {"method": "reweighing"},
        "groups_after": {"method": "class_offsets", "after": "groups"},
        "averaged": {"method": "ensemble", "of": ["emotions", "groups"]},
        "offsets": {"method": "class_offsets", "after": "emotions"},
    }
    alone = structure_of({"seed": 0, **BASELINE, **blocks}).controls("auto")
    assert set(alone.on_demographic) == {"groups", "groups_after", "averaged"}
    both = structure_of(
        {
            "seed": 0,
            **BASELINE,
            **blocks,
            "plain": {"method": "continued_training"},
            "there": {"method": "continued_training_with_groups"},
        }
    ).controls("auto")
    assert Controls.from_parameters(both.as_parameters()) == both
    names = ("baseline", *blocks, "plain", "there")
    on_raf_db = dict.fromkeys(("groups", "groups_after", "averaged"), "there")
    same = dict.fromkeys(("baseline", "emotions", "offsets"), "plain")
    assert both.of(names, ["fer_plus", "raf_db"]) == same | on_raf_db
    assert alone.of(names[:-2], ["fer_plus", "raf_db"]) == {
        "emotions": "baseline",
        "offsets": "baseline",
    }
    assert next(iter(both.of(names[::-1], ["fer_plus", "raf_db"]).values())) == "plain"
    assert set(both.of(names, ["fer_plus"]).values()) == {"plain"}


@pytest.mark.parametrize(
    "name", ["training_seed", "training_seed_of", "controls", "scored_over", "crossed"]
)
def test_what_follows_from_seeds_and_variants_cannot_be_set(name: str) -> None:
    with pytest.raises(
        InvalidInputError, match=f"parameter {name} is set, but follows from others"
    ):
        with_structure({name: 1}, Structure((), (0, 1)))


@pytest.mark.parametrize("name", OF_VARIANTS)
def test_every_further_seed_has_the_nodes_of_the_first_with_data_of_its_own(name: str) -> None:
    first, nodes = by_name(ONE[name]), by_name(SEVERAL[name])
    made = {output for pipeline in OF_VARIANTS for output in ONE[pipeline].all_outputs()}

    def of_seed(dataset: str, seed: int) -> str:
        if dataset == "params:training_seed":
            return f"params:training_seed_of.seed_{seed}"
        variant, _, rest = dataset.partition(".")
        return f"{variant}_seed_{seed}.{rest}" if dataset in made else dataset

    assert len(nodes) == 3 * len(first)
    for name_of_node, original in first.items():
        variant, _, rest = name_of_node.partition(".")
        for seed in (1, 12):
            copy = nodes[f"{variant}_seed_{seed}.{rest}"]
            assert copy.func is original.func
            assert copy.tags == original.tags
            for before, after in ((original.inputs, copy.inputs), (original.outputs, copy.outputs)):
                assert after == [of_seed(dataset, seed) for dataset in before]


def test_every_node_that_the_training_seed_changes_takes_it() -> None:
    for name in OF_VARIANTS:
        readers = [node for node in SEVERAL[name].nodes if "params:seed" in node.inputs]
        assert readers == [], "the same random choices would be made for every seed"
        assert "params:training_seed" in ONE[name].inputs()


def test_pipelines_without_variants_are_the_same_for_any_seeds() -> None:
    others = set(ONE) - {*OF_VARIANTS, "fairness_reporting", "__default__"}
    assert {name: set(ONE[name].nodes) for name in others} == {
        name: set(SEVERAL[name].nodes) for name in others
    }


def test_the_report_reads_the_test_predictions_of_every_seed() -> None:
    read = SEVERAL["fairness_reporting"].inputs()
    for variant in DEFAULT.names:
        names = SEVERAL_SEEDS.of_every_seed(f"{variant}.fer_plus_test_predictions")
        assert len(names) == 3
        assert set(names) <= read
    assert not any("_seed_" in name for name in ONE["fairness_reporting"].inputs())


def test_files_of_a_further_seed_lie_beside_those_of_the_first(kedro_project: Path) -> None:
    session = KedroSession.create(project_path=kedro_project, env="base")
    catalog: Any = session.load_context().catalog
    for name in {output for pipeline in OF_VARIANTS for output in ONE[pipeline].all_outputs()}:
        first, further = (catalog.get(each) for each in Structure((), (0, 12)).of_every_seed(name))
        assert type(first) is type(further)
        paths = [PurePath(str(each.filepath)) for each in (first, further)]
        folder = paths[0].parent
        assert paths[1] == folder.with_name(f"{folder.name}_seed_12") / paths[0].name
        assert first.metadata == further.metadata
