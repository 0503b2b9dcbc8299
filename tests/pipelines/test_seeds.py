"""Further training seeds: copies of the variants' pipelines in namespaces of their own."""

from pathlib import Path, PurePath
from typing import Any

import pytest
from kedro.framework.session import KedroSession
from kedro.pipeline import Node, Pipeline

from fer_fairness.errors import InvalidInputError
from fer_fairness.pipeline_registry import register_pipelines
from fer_fairness.pipelines.seeds import (
    dataset_of_every_seed,
    for_every_seed,
    with_training_seeds,
)

VARIANTS = ("baseline", "emotion_augmentation", "demographic_augmentation", "mitigation")
ONE, SEVERAL = register_pipelines(), register_pipelines([0, 1, 12])


def by_name(pipeline: Pipeline) -> dict[str, Node]:
    return {node.name: node for node in pipeline.nodes}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_further_seed_has_the_nodes_of_the_first(name: str) -> None:
    first, nodes = by_name(ONE[name]), by_name(SEVERAL[name])
    copies = {f"{space}.{node}" for space in ("seed_1", "seed_12") for node in first}
    assert set(nodes) == {*first, *copies}
    for copy in copies:
        node, original = nodes[copy], first[copy.partition(".")[2]]
        assert node.func is original.func
        assert node.tags == original.tags
        assert str(node.namespace).startswith(copy.partition(".")[0])


@pytest.mark.parametrize("name", VARIANTS)
def test_a_further_seed_shares_data_and_parameters_and_nothing_else(name: str) -> None:
    first, nodes = by_name(ONE[name]), by_name(SEVERAL[name])
    made = {output for pipeline in VARIANTS for output in ONE[pipeline].all_outputs()}
    own = made | {"params:training_seed"}
    for original in first.values():
        copy = nodes[f"seed_12.{original.name}"]
        for before, after in zip(
            [*original.inputs, *original.outputs], [*copy.inputs, *copy.outputs], strict=True
        ):
            expected = before.replace("params:", "params:seed_12.") if "params:" in before else ""
            assert after == ((expected or f"seed_12.{before}") if before in own else before)


def test_every_node_that_the_training_seed_changes_takes_it() -> None:
    for name in VARIANTS:
        readers = [node for node in SEVERAL[name].nodes if "params:seed" in node.inputs]
        assert readers == [], "the same random choices would be made for every seed"
        assert "params:training_seed" in ONE[name].inputs()
        assert "params:seed_12.training_seed" in SEVERAL[name].inputs()


def test_pipelines_without_variants_are_the_same_for_any_seeds() -> None:
    others = set(ONE) - {*VARIANTS, "fairness_reporting", "__default__"}
    assert {name: set(ONE[name].nodes) for name in others} == {
        name: set(SEVERAL[name].nodes) for name in others
    }


def test_the_report_reads_the_test_predictions_of_every_seed() -> None:
    read = SEVERAL["fairness_reporting"].inputs()
    for variant in ("baseline", "reweighing", "equalized_odds"):
        for dataset in ("fer_plus", "raf_db"):
            names = dataset_of_every_seed(f"{variant}.{dataset}_test_predictions", [0, 1, 12])
            assert len(names) == 3
            assert set(names) <= read
    assert not any(name.startswith("seed_") for name in ONE["fairness_reporting"].inputs())


def test_files_of_a_further_seed_lie_in_its_folder_as_those_of_the_first_do(
    kedro_project: Path,
) -> None:
    session = KedroSession.create(project_path=kedro_project, env="base")
    catalog: Any = session.load_context().catalog
    for name in {output for pipeline in VARIANTS for output in ONE[pipeline].all_outputs()}:
        first, further = (catalog.get(each) for each in dataset_of_every_seed(name, [0, 12]))
        assert type(first) is type(further)
        paths = [PurePath(str(getattr(each, "filepath", ""))) for each in (first, further)]
        folder = paths[0].parent
        if folder.name:
            assert paths[1] == folder.parent / "seed_12" / folder.name / paths[0].name
        assert getattr(first, "metadata", None) == getattr(further, "metadata", None)
        checked = catalog.validator_specs
        assert (name in checked) == (f"seed_12.{name}" in checked)


def test_namespaces_are_not_interrupted() -> None:
    """Kedro warns of a namespace that is left and entered again: Kedro-Viz could not fold it."""
    whole = for_every_seed(sum((ONE[name] for name in VARIANTS), Pipeline([])), [0, 1])
    assert {str(node.namespace).partition(".")[0] for node in whole.nodes} >= {"seed_1"}


def test_the_only_seed_is_that_of_everything_else() -> None:
    found = with_training_seeds({"seed": 3, "seeds": None, "other": 1})
    assert found == {"seed": 3, "seeds": [3], "training_seed": 3, "other": 1}


def test_every_further_seed_has_its_number_in_its_namespace() -> None:
    found = with_training_seeds({"seed": 3, "seeds": "5;0;7"})
    assert found["seeds"] == [5, 0, 7]
    assert (found["training_seed"], found["seed"]) == (5, 3)
    assert (found["seed_0"], found["seed_7"]) == ({"training_seed": 0}, {"training_seed": 7})


@pytest.mark.parametrize("name", ["training_seed", "seed_1"])
def test_what_follows_from_the_seeds_cannot_be_set(name: str) -> None:
    with pytest.raises(InvalidInputError, match=f"parameter {name} is set, but follows from seeds"):
        with_training_seeds({"seed": 0, "seeds": [0, 1], name: 1})
