"""The variants and training seeds configured decide which pipelines there are."""

from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession

from fer_fairness.errors import InvalidInputError
from fer_fairness.hooks import unknown_parameters


def load(root: Path, **parameters: Any) -> dict[str, Any]:
    session = KedroSession.create(project_path=root, env="sample", runtime_params=parameters)
    return session.load_context().params


def variants_in(pipeline: str) -> set[str]:
    return {str(node.namespace).rpartition(".")[2] for node in pipelines[pipeline].nodes}


def test_sessions_of_one_process_have_the_pipelines_of_their_own_seeds(kedro_project: Path) -> None:
    for given, expected in (
        ([0, 1], {"baseline", "baseline_seed_1"}),
        ("5;6;7", {"baseline", "baseline_seed_6", "baseline_seed_7"}),
        (4, {"baseline"}),
        (None, {"baseline"}),
    ):
        load(kedro_project, seeds=given)
        assert variants_in("baseline") == expected
        assert expected <= variants_in("__default__")


def test_a_block_given_at_run_time_is_a_variant(kedro_project: Path) -> None:
    found = load(kedro_project, by_race={"method": "reweighing", "attribute": "race"})
    assert found["by_race"].root.name == "by_race"
    assert variants_in("mitigation") >= {"by_race", "reweighing"}
    load(kedro_project)
    assert "by_race" not in variants_in("mitigation")


def test_a_data_root_elsewhere_is_a_mirror_of_it_to_all_parameters(kedro_project: Path) -> None:
    found = load(kedro_project, data_root="s3://bucket/run")
    assert found["data_root"] == "data/mirror/s3/bucket/run"
    assert found["checkpoint_root"].startswith("data/mirror/s3/bucket/run/")


def test_epochs_of_fine_tuning_are_kept_by_what_trials_are_chosen_by(kedro_project: Path) -> None:
    parameters = load(kedro_project)
    chosen_by = parameters["budget"]["selection"]
    assert parameters["fine_tuning"].training.selected_by == f"validation_{chosen_by}"


def test_a_password_in_the_address_of_a_data_root_is_refused(kedro_project: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"credentials\.yml") as refused:
        load(kedro_project, data_root="ftp://ann:secret@host/run")
    assert "secret" not in str(refused.value)


def test_a_block_of_conf_can_be_taken_away(kedro_project: Path) -> None:
    load(kedro_project, reweighing=None)
    assert "reweighing" not in variants_in("mitigation")
    assert unknown_parameters({"reweighing": None}) == []


def test_one_seed_given_as_before_is_the_training_seed(kedro_project: Path) -> None:
    found = load(kedro_project, seed=3)
    assert (found["seed"], found["seeds"], found["training_seed"]) == (3, [3], 3)


def test_kedro_viz_sees_the_namespaces_though_it_runs_no_hooks(kedro_project: Path) -> None:
    load_data = import_module("kedro_viz.integrations.kedro.data_loader").load_data

    _, shown, _ = load_data(kedro_project, env="sample", extra_params={"seeds": [0, 9]})
    spaces = {str(node.namespace) for node in shown["__default__"].nodes}
    assert {"baseline", "baseline.baseline_seed_9", "mitigation.reweighing_seed_9"} <= spaces


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seeds": []}, "The parameter seeds"),
        ({"seeds": [1, 1]}, "The parameter seeds"),
        ({"seeds": "a;b"}, "The parameter seeds"),
        ({"odd": {"method": "reweihing"}}, "Did you mean reweighing"),
    ],
)
def test_what_cannot_be_built_is_one_plain_error_on_the_command_line(
    parameters: dict[str, Any], message: str, kedro_project: Path
) -> None:
    with (
        click.Context(click.Command("run")),
        pytest.raises(click.ClickException, match=message),
    ):
        load(kedro_project, **parameters)
    with pytest.raises(InvalidInputError, match=message):
        load(kedro_project, **parameters)


def test_a_run_is_of_its_own_seeds_whatever_was_asked_for_before(
    kedro_project: Path, tmp_path: Path
) -> None:
    """`kedro run --pipelines` has Kedro forget its pipelines before the context is made."""
    load(kedro_project, seeds=[0, 1])
    session = KedroSession.create(
        project_path=kedro_project,
        env="sample",
        runtime_params={"seeds": [0, 2], "data_root": str(tmp_path)},
    )
    with (
        patch("kedro.runner.SequentialRunner.run", return_value={}) as run,
        patch("fer_fairness.hooks.provenance.missing_inputs", return_value=""),
    ):
        session.run(pipeline_names=["baseline"])
    ran, _ = run.call_args.args[:2]
    assert {str(node.namespace) for node in ran.nodes} == {"baseline", "baseline.baseline_seed_2"}
