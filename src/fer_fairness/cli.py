"""What the project adds to the `kedro` command: `state`, `bench`, and plain words of `run`."""

import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
from kedro.framework.cli.project import run as kedros_run
from kedro.framework.cli.utils import _split_params, env_option, split_string
from kedro.framework.project import pipelines, settings
from kedro.framework.session import KedroSession
from kedro.framework.startup import ProjectMetadata
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.pipeline import OutputNotUniqueError

from fer_fairness.errors import FerFairnessError
from fer_fairness.extras import MissingExtraError
from fer_fairness.hooks import stop, unknown_names, unknown_parameters
from fer_fairness.pipelines.variants.structure import BASELINE, Structure, Variant
from fer_fairness.processes import exit_when_terminated
from fer_fairness.provenance import Freshness, NodeState, causes

_RUN: Final = [sys.executable, "-m", "kedro", "run", "--only-missing-outputs"]
_BEFORE: Final = ("data_processing", "race_labeling", BASELINE)
"""The pipelines that every variant builds on."""
_AT_ONCE: Final = 10
"""Variants that a bench makes in one process."""
_SIDE_BY_SIDE: Final = "fer_fairness.runners.DaskRunner"
_STOPPED: Final = 130
"""The exit status of what Ctrl-C stopped, as shells have it."""

RunOf = Callable[[list[str], str], int]
"""Variants and pipelines to the exit status of a run of these."""


@click.group(name="fer_fairness")
def cli() -> None:
    """Commands of fer-fairness."""


class _Run(click.Command):
    """Kedro's command, which says what to do where it is stopped or a name is misspelt."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  what click does
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo(
                "\nStopped. What finished nodes made is kept; training goes on at its last "
                f"finished epoch. To go on:\n  {_going_on(sys.argv)}",
                err=True,
            )
            raise SystemExit(_STOPPED) from None
        except MissingExtraError as error:
            stop(error)
        except (ValueError, OutputNotUniqueError) as error:
            problem = unknown_names(ctx.params)
            if not problem:
                raise
            raise click.ClickException(problem) from error


run = _Run(
    "run",
    callback=kedros_run.callback,
    params=kedros_run.params,
    help=kedros_run.help,
    context_settings=kedros_run.context_settings,
)
cli.add_command(run)


def _going_on(arguments: list[str]) -> str:
    """The command that goes on where the one of these arguments was stopped."""
    program, *options = arguments
    is_package = Path(program).parent.name == "fer_fairness"
    command = ["python", "-m", "fer_fairness"] if is_package else ["kedro"]
    missing = "--only-missing-outputs"
    return shlex.join([*command, *options, *([] if missing in options else [missing])])


@cli.command()
@env_option
@click.option("--conf-source", type=click.Path(exists=True, file_okay=False), default=None)
@click.option(
    "--params", default="", callback=_split_params, help="As they would be given to kedro run."
)
@click.option(
    "--pipelines", "names", default="", callback=split_string, help="By default __default__."
)
@click.option(
    "--accept-code",
    is_flag=True,
    help="Record that changes of the code since did not change what was made.",
)
@click.pass_obj
def state(
    metadata: ProjectMetadata,
    env: str | None,
    conf_source: str | None,
    params: dict[str, Any],
    names: list[str],
    accept_code: bool,  # noqa: FBT001  how click hands over a flag
) -> None:
    """Say what in the data root is fresh, stale (and why) or missing.

    What is not fresh is made by `kedro run --only-missing-outputs` with the same options.
    """
    session = KedroSession.create(
        project_path=metadata.project_path, env=env, runtime_params=params, conf_source=conf_source
    )
    context = session.load_context()
    problem = unknown_names({"pipelines": names})
    if problem:
        raise click.ClickException(problem)
    unknown = unknown_parameters(context.params)
    if unknown:
        raise click.UsageError(
            f"No pipeline reads the parameters {', '.join(unknown)}: conf/base has the right names."
        )
    data_root = metadata.project_path / str(context.params["data_root"])
    freshness = Freshness(context.catalog, context.params, data_root)
    asked = {name: pipelines[name] for name in names} or _parts()
    nodes = {node.name for pipeline in asked.values() for node in pipeline.nodes}
    whole = sum(asked.values(), pipelines["__default__"]).to_nodes(*nodes)
    if accept_code:
        accepted = sum(freshness.accept_code(node) for node in whole.nodes)
        click.echo(f"The present code is recorded as that of {accepted} nodes.")
    try:
        states = freshness.examine(whole, made_anew=lambda found: bool(found.missing))
    except FerFairnessError as error:
        stop(error)
    click.echo(f"{data_root}:")
    for name, pipeline in asked.items():
        _tell(name, [states[node.name] for node in pipeline.nodes])


def _given_and_split(
    context: click.Context, parameter: click.Parameter, value: str
) -> tuple[str, dict[str, Any]]:
    """The option as it was given, and what Kedro makes of it."""
    return value, _split_params(context, parameter, value)


@cli.command()
@click.option("--env", "-e", default="bench", show_default=True, help="Its configuration.")
@click.option("--conf-source", type=click.Path(exists=True, file_okay=False), default=None)
@click.option(
    "--params",
    default="",
    callback=_given_and_split,
    help="As they would be given to kedro run.",
)
@click.option(
    "--runner",
    default=None,
    help=f"As it would be given to kedro run. {_SIDE_BY_SIDE}: one training on each core.",
)
@click.pass_obj
def bench(
    metadata: ProjectMetadata,
    env: str,
    conf_source: str | None,
    params: tuple[str, dict[str, Any]],
    runner: str | None,
) -> None:
    """Run every method, then the report; one training at a time, or as the runner has it.

    Where no raw data are there and the environment says which faces to draw, as sample does, they
    are drawn first.
    Where one fails, the others go on, and it is named at the end.
    What is fresh is not made again, so that the same command goes on after an interruption. Some
    methods only: --params "bench.methods=group_dro;focal".
    """
    exit_when_terminated()
    given, parsed = params
    context = KedroSession.create(
        metadata.project_path, env=env, runtime_params=parsed, conf_source=conf_source
    ).load_context()
    structure: Structure = settings.get("STRUCTURE")
    drawn = "fabrication," if faces_to_draw(context.catalog) else ""
    options = {"--env": env, "--conf-source": conf_source, "--runner": runner}
    command = [*_RUN, *(word for name, value in options.items() if value for word in (name, value))]
    if runner is None:
        click.echo(
            f"One training at a time. --runner {_SIDE_BY_SIDE} has one on each core of a CPU."
        )

    def run_of(variants: list[str], names: str) -> int:
        chosen = ",".join(filter(None, [given, f"bench.methods={';'.join(variants)}"]))
        asked = [*command, "--pipelines", f"{drawn}{names}", "--params", chosen]
        return subprocess.run(asked, cwd=metadata.project_path, check=False).returncode  # noqa: S603

    failed = failures_of(structure, run_of)
    going_on = [variant.name for variant in structure.variants if variant.name not in failed]
    if going_on:
        status = run_of(going_on, "__default__")
        failed |= {"the report": f"exit status {status}"} if status else {}
    for name, reason in failed.items():
        click.secho(f"Failed: {name} ({reason})", fg="red")
    if failed:
        click.echo(
            "Their messages stand above. Mend what they name, or leave these variants out; the "
            "command then goes on."
        )
        raise SystemExit(1)


def faces_to_draw(catalog: CatalogProtocol[Any, Any]) -> bool:
    """Whether an environment says which faces to draw, and no raw dataset is there."""
    raw = pipelines["fabrication"].outputs()
    return "params:fabrication" in catalog and not any(map(catalog.exists, raw))


def failures_of(structure: Structure, run_of: RunOf) -> dict[str, str]:
    """Run all variants, some at a time, and one by one where one of them fails.

    So Python and TensorFlow, some ten seconds, start once for several; TensorFlow keeps some of
    every model that it has trained (20 MB of the default network's), so they are not more.

    Args:
        structure: The variants.
        run_of: Runs the pipelines of these names for the variants of these names, and gives the
            exit status.

    Returns:
        Those that could not be made, each with the reason.
    """
    # Controls belong to the runs of others: first, so that no other is blamed for them.
    first = (BASELINE, structure.control, structure.demographic_control)
    in_order = sorted(structure.variants, key=lambda each: [each.name != name for name in first])
    failed: dict[str, str] = {}
    for start in range(0, len(in_order), _AT_ONCE):
        several = in_order[start : start + _AT_ONCE]
        told = f"{several[0].name} to {several[-1].name}: {start + 1} to {start + len(several)}"
        click.secho(f"{told} of {len(in_order)}", bold=True)
        failed |= _failures_among(several, failed, structure, run_of)
    return failed


def _failures_among(
    variants: Sequence[Variant],
    failed_before: Mapping[str, str],
    structure: Structure,
    run_of: RunOf,
) -> dict[str, str]:
    """Those of variants that are run at once which fail, or need one that has failed before."""
    failed: dict[str, str] = {}
    for variant in variants:
        missing = sorted(structure.made_with(variant).intersection(failed_before))
        if missing:
            failed[variant.name] = f"needs {missing[0]}, which failed"
    left = [variant for variant in variants if variant.name not in failed]
    status = _status(left, run_of) if left else 0
    if status and len(left) == 1:
        return failed | {left[0].name: f"exit status {status}"}
    if status:
        click.secho("Not all of them can be made: each by itself.", bold=True)
        for variant in left:
            click.secho(variant.name, bold=True)
            failed |= _failures_among([variant], {**failed_before, **failed}, structure, run_of)
    return failed


def _status(variants: Sequence[Variant], run_of: RunOf) -> int:
    pipelines = dict.fromkeys([*_BEFORE, *(variant.method.pipeline for variant in variants)])
    return run_of([variant.name for variant in variants], ",".join(pipelines))


def _parts() -> dict[str, Pipeline]:
    """The pipelines of a run without names."""
    whole = set(pipelines["__default__"].nodes)
    return {
        name: pipeline
        for name, pipeline in pipelines.items()
        if name != "__default__" and whole.issuperset(pipeline.nodes)
    }


def _tell(pipeline: str, states: list[NodeState]) -> None:
    stale = [state for state in states if state.reasons]
    missing = [state for state in states if state.missing and not state.reasons]
    following = [state for state in states if not (state.is_fresh or state in stale + missing)]
    counts = {
        "fresh": sum(state.is_fresh for state in states),
        "stale": len(stale),
        "missing": len(missing),
        "that follow from these": len(following),
    }
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    click.echo(f"  {pipeline:<28} {told}")
    for cause in causes(stale):
        click.echo(f"    stale: {cause}")
    for state in missing:
        click.echo(f"    missing: {state.node} has not made {', '.join(state.missing)}")
