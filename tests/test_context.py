"""The training seeds configured decide which pipelines there are."""

from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession

from fer_fairness.errors import InvalidInputError


def load(root: Path, **parameters: Any) -> dict[str, Any]:
    session = KedroSession.create(project_path=root, env="sample", runtime_params=parameters)
    return session.load_context().params


def seeds_of(pipeline: str) -> set[str]:
    spaces = {str(node.namespace).partition(".")[0] for node in pipelines[pipeline].nodes}
    return {space for space in spaces if space.startswith("seed_")}


def test_contexts_of_one_process_have_the_pipelines_of_their_own_seeds(kedro_project: Path) -> None:
    for given, expected in (
        ([0, 1], {"seed_1"}),
        ("5;6;7", {"seed_6", "seed_7"}),
        (4, set()),
        (None, set()),
    ):
        found = load(kedro_project, seeds=given)
        assert {f"seed_{seed}" for seed in found["seeds"][1:]} == expected
        for pipeline in ("baseline", "mitigation", "__default__"):
            assert seeds_of(pipeline) == expected


def test_one_seed_given_as_before_is_the_training_seed(kedro_project: Path) -> None:
    found = load(kedro_project, seed=3)
    assert (found["seed"], found["seeds"], found["training_seed"]) == (3, [3], 3)


def test_kedro_viz_sees_the_namespaces_though_it_runs_no_hooks(kedro_project: Path) -> None:
    load_data = import_module("kedro_viz.integrations.kedro.data_loader").load_data

    _, shown, _ = load_data(kedro_project, env="sample", extra_params={"seeds": [0, 9]})
    spaces = {str(node.namespace) for node in shown["__default__"].nodes}
    assert {"baseline", "seed_9.baseline", "seed_9.reweighing"} <= spaces


@pytest.mark.parametrize("seeds", [[], [1, 1], "a;b", [-1]])
def test_bad_seeds_are_one_plain_error_on_the_command_line(
    seeds: object, kedro_project: Path
) -> None:
    with (
        click.Context(click.Command("run")),
        pytest.raises(click.ClickException, match="The parameter seeds"),
    ):
        load(kedro_project, seeds=seeds)
    with pytest.raises(InvalidInputError, match="The parameter seeds"):
        load(kedro_project, seeds=seeds)


def test_a_run_is_of_its_own_seeds_whatever_was_asked_for_before(kedro_project: Path) -> None:
    """`kedro run --pipelines` has Kedro forget its pipelines before the context is made."""
    load(kedro_project, seeds=[0, 1])
    session = KedroSession.create(
        project_path=kedro_project, env="sample", runtime_params={"seeds": [0, 2]}
    )
    with patch("kedro.runner.SequentialRunner.run", return_value={}) as run:
        session.run(pipeline_names=["baseline"])
    ran, _ = run.call_args.args[:2]
    assert {str(node.namespace) for node in ran.nodes} == {"baseline", "seed_2.baseline"}
