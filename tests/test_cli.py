"""What the project adds to the `kedro` command."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from fer_fairness import cli
from fer_fairness.pipelines.variants.configured import structure_of

PREDICTIONS = "true,predicted,gender\n" + "anger,anger,male\nfear,anger,female\n" * 40


def kedro(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_state_of_an_audit_and_what_changes_it(project_root: Path, tmp_path: Path) -> None:
    file = tmp_path / "predictions.csv"
    file.write_text(PREDICTIONS)
    params = f"--params=data_root={tmp_path / 'data'},audit.predictions={file}"
    state = ("state", "--pipelines=audit", params)
    assert "7 missing" in kedro(project_root, *state)
    kedro(project_root, "run", "--pipelines=audit", params)
    assert kedro(project_root, *state).split()[-2:] == ["7", "fresh"]
    (folder,) = (tmp_path / "data/08_reporting/audit").iterdir()
    (folder / "gaps.parquet").write_bytes((folder / "groups.parquet").read_bytes())
    told = kedro(project_root, *state)
    assert "5 fresh, 1 stale, 1 that follow from these" in told
    assert "stale: audit.evaluate: audit.table_gaps is not what this node wrote" in told
    (folder / "audit.html").unlink()
    assert "missing: audit.write has not made audit.report" in kedro(project_root, *state)
    assert "recorded as that of 0 nodes" in kedro(project_root, *state, "--accept-code")


def test_a_bench_draws_faces_where_it_may_and_no_raw_dataset_is_there(
    kedro_project: Path, tmp_path: Path
) -> None:
    def draws(env: str) -> bool:
        given = {"data_root": str(tmp_path)}
        session = KedroSession.create(kedro_project, env=env, runtime_params=given)
        return cli.faces_to_draw(session.load_context().catalog)

    assert draws("sample")
    assert not draws("base")
    own = tmp_path / "01_raw/fer_plus/fer2013.csv"
    own.parent.mkdir(parents=True)
    own.write_text("emotion,pixels,Usage\n")
    assert not draws("sample"), "somebody's own"


@pytest.mark.parametrize("runner", [None, "fer_fairness.runners.DaskRunner"])
def test_a_bench_has_the_runner_that_it_is_given_in_each_of_its_runs(
    runner: str | None, kedro_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if words[2:4] == ["kedro", "run"]:
            asked.append(words)
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr("subprocess.run", run)
    given = [] if runner is None else ["--runner", runner]
    done = CliRunner().invoke(cli.bench, given, obj=bootstrap_project(kedro_project))
    assert done.exit_code == 0, done.output
    assert len(asked) > 1, "the methods, then the report"
    for words in asked:
        start = words.index("--runner") if "--runner" in words else len(words)
        assert words[start : start + 2] == given
    assert ("One training at a time" in done.output) == (runner is None)


def test_one_method_that_fails_is_named_and_the_rest_of_the_bench_goes_on() -> None:
    parameters = {
        "seed": 0,
        "baseline": {"method": "baseline"},
        "a": {"method": "focal"},
        "after_a": {"method": "linear_post", "after": "a"},
        "b": {"method": "group_dro"},
        "control": {"method": "continued_training"},
        "after_b": {"method": "linear_post", "after": "b"},
        "of_a": {"method": "ensemble", "after": "b", "of": ["a"]},
    }
    asked: list[str] = []

    def run_of(variants: list[str], pipelines: str) -> int:
        asked.append(f"{','.join(variants)} of {pipelines.rpartition(',')[2]}")
        return 137 if "a" in variants else 0

    failed = cli.failures_of(structure_of(parameters), run_of)
    assert asked.pop(0) == "baseline,control,a,b,after_a,after_b,of_a of mitigation"
    of_mitigation = [f"{name} of mitigation" for name in ("control", "a", "b", "after_b")]
    assert asked == ["baseline of baseline", *of_mitigation]
    assert failed == {
        "a": "exit status 137",
        "after_a": "needs a, which failed",
        "of_a": "needs a, which failed",
    }


def test_without_a_baseline_nothing_else_is_tried() -> None:
    parameters = {"seed": 0, "baseline": {"method": "baseline"}, "a": {"method": "focal"}}
    asked: list[list[str]] = []

    def run_of(variants: list[str], _: str) -> int:
        asked.append(variants)
        return 1

    assert set(cli.failures_of(structure_of(parameters), run_of)) == {"baseline", "a"}
    assert asked == [["baseline", "a"], ["baseline"]]


def test_without_a_control_nothing_but_the_baseline_is_tried() -> None:
    names = {"baseline": "baseline", "plain": "continued_training", "a": "focal", "b": "mixup"}
    parameters = {"seed": 0, **{name: {"method": method} for name, method in names.items()}}
    asked: list[list[str]] = []

    def run_of(variants: list[str], _: str) -> int:
        asked.append(variants)
        return 0 if variants == ["baseline"] else 1

    failed = cli.failures_of(structure_of(parameters), run_of)
    assert failed == {
        "plain": "exit status 1",
        "a": "needs plain, which failed",
        "b": "needs plain, which failed",
    }
    assert asked == [["baseline", "plain", "a", "b"], ["baseline"], ["plain"]]


def test_a_control_with_groups_that_fails_is_named_in_place_of_what_is_held_against_it() -> None:
    names = {"baseline": "baseline", "with_groups": "continued_training_with_groups"}
    names |= {"a": "group_dro", "b": "focal", "after_a": "class_offsets"}
    blocks = {name: {"method": method} for name, method in names.items()}
    blocks["after_a"]["after"] = "a"

    def run_of(variants: list[str], _: str) -> int:
        return int("with_groups" in variants)

    assert cli.failures_of(structure_of({"seed": 0, **blocks}), run_of) == {
        "with_groups": "exit status 1",
        "a": "needs with_groups, which failed",
        "after_a": "needs a, which failed",
    }


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ("v10", [10, 10, *[1] * 10, 5]),
        # What comes after it, in the last ten, is left out, and the others of that ten are one run.
        ("v03", [10, *[1] * 10, 10, 4]),
    ],
)
def test_variants_are_made_ten_at_once_and_one_by_one_only_among_ten_of_which_one_fails(
    failing: str, expected: list[int]
) -> None:
    more = {f"v{number:02}": {"method": "focal"} for number in range(23)}
    after = {"after": {"method": "linear_post", "after": "v03"}}
    parameters = {"seed": 0, "baseline": {"method": "baseline"}, **more, **after}
    asked: list[list[str]] = []

    def run_of(variants: list[str], _: str) -> int:
        asked.append(variants)
        return 1 if failing in variants else 0

    failed = cli.failures_of(structure_of(parameters), run_of)
    assert failed.pop("after", "needs v03, which failed") == "needs v03, which failed"
    assert failed == {failing: "exit status 1"}
    assert [len(variants) for variants in asked] == expected


def test_one_that_fails_alone_is_not_run_twice() -> None:
    more = {f"v{number:02}": {"method": "focal"} for number in range(10)}
    parameters = {"seed": 0, "baseline": {"method": "baseline"}, **more}
    asked: list[list[str]] = []

    def run_of(variants: list[str], _: str) -> int:
        asked.append(variants)
        return 1 if "v09" in variants else 0

    assert cli.failures_of(structure_of(parameters), run_of) == {"v09": "exit status 1"}
    assert [len(variants) for variants in asked] == [10, 1]


def test_a_bench_without_failures_is_one_run_of_all_pipelines_that_its_methods_are_of() -> None:
    parameters = {
        "seed": 0,
        "baseline": {"method": "baseline"},
        "a": {"method": "emotion_augmentation"},
        "b": {"method": "focal"},
        "c": {"method": "mixup"},
    }
    asked: list[tuple[list[str], str]] = []

    def run_of(variants: list[str], pipelines: str) -> int:
        asked.append((variants, pipelines))
        return 0

    assert cli.failures_of(structure_of(parameters), run_of) == {}
    together = "data_processing,race_labeling,baseline,emotion_augmentation,mitigation"
    assert asked == [(["baseline", "a", "b", "c"], together)]


@pytest.fixture
def run_that_ends_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`kedro run` with an error in place of Kedro's own run."""

    def run(error: BaseException, *options: str) -> Result:
        def ends(**_: object) -> None:
            raise error

        monkeypatch.setattr(cli.run, "callback", ends)
        monkeypatch.setattr(sys, "argv", ["/somewhere/bin/kedro", "run", *options])
        return CliRunner().invoke(cli.run, options)

    return run


def test_a_run_that_is_stopped_says_what_is_kept_and_how_to_go_on(
    run_that_ends_with: Callable[..., Result],
) -> None:
    options = ("--pipelines", "baseline", "--namespaces", "baseline", "--params=data_root=a folder")
    done = run_that_ends_with(KeyboardInterrupt(), *options)
    assert done.exit_code == 130
    *_, kept, command = done.stderr.splitlines()
    assert "What finished nodes made is kept" in kept
    assert command.strip() == (
        "kedro run --pipelines baseline --namespaces baseline '--params=data_root=a folder' "
        "--only-missing-outputs"
    )
    again = run_that_ends_with(KeyboardInterrupt(), *options, "--only-missing-outputs")
    assert again.stderr.count("--only-missing-outputs") == 1


def test_a_misspelt_name_is_one_sentence_and_a_fault_of_the_code_is_its_own(
    run_that_ends_with: Callable[..., Result], kedro_project: Path
) -> None:
    KedroSession.create(project_path=kedro_project, env="base").load_context()
    done = run_that_ends_with(ValueError("in Kedro's words"), "--pipelines=baselin")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: There is no pipeline baselin. Did you mean baseline?")
    fault = run_that_ends_with(ValueError("of a node"), "--pipelines=baseline")
    assert repr(fault.exception) == "ValueError('of a node')"


@pytest.mark.parametrize("command", ["run", "state"])
def test_a_misspelt_environment_is_told_with_the_nearest(command: str, project_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kedro", command, "--env=smaple"],
        cwd=project_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "There is no environment smaple in " in done.stderr
    assert "Did you mean sample? There are base, bench, " in done.stderr
    assert "Traceback" not in done.stderr


def test_of_a_pipeline_that_there_is_not_there_is_no_state(kedro_project: Path) -> None:
    metadata = bootstrap_project(kedro_project)
    done = CliRunner().invoke(cli.state, ["--pipelines=baselin"], obj=metadata)
    assert done.exit_code == 1
    assert "There is no pipeline baselin. Did you mean baseline?" in done.stderr


def test_a_run_of_the_package_goes_on_as_the_package() -> None:
    assert cli._going_on(["/lib/fer_fairness/__main__.py", "--env", "sample"]) == (
        "python -m fer_fairness --env sample --only-missing-outputs"
    )
