"""The console command: what it prints and writes, what it refuses and how, what it loads."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from tests.auditing.frames import fabricated

from fer_fairness import extras
from fer_fairness.auditing.options import Options
from fer_fairness.console import main

QUICK = ["--n-bootstrap", "100", "--n-permutations", "100", "--n-scan-permutations", "99"]
HEAVY = ["kedro", "tensorflow", "keras", "aif360", "sklearn", "dlib", "onnxruntime", "kedro_viz"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("given") / "my model.csv"
    fabricated(400).to_csv(path, index=False)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, arguments)])


@pytest.fixture(scope="module")
def done(file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What an audit printed, and the folder that it wrote."""
    folder = tmp_path_factory.mktemp("audits") / "made" / "here"
    result = run(file, *QUICK, "--attributes", "gender;race", "--output", folder)
    assert result.exit_code == 0, result.output
    return result.stdout, folder


def test_what_was_found_is_printed_before_what_was_read_and_written(
    done: tuple[str, Path],
) -> None:
    told, folder = done
    found, read, written = (
        told.index(words)
        for words in ("▲ Perceived gender: Female", "How the predictions", "Written: ")
    )
    assert found < read < written
    assert "label (guessed)" in told
    lines = [line for line in told.splitlines() if not line.startswith("Written: ")]
    assert max(map(len, lines)) <= 80
    for line in told[written:].splitlines():
        assert Path(line.removeprefix("Written: ")).parent == folder


def test_the_report_and_its_numbers_are_written(done: tuple[str, Path]) -> None:
    _, folder = done
    page = (folder / "audit.html").read_text(encoding="utf-8")
    assert "Female faces are recognised" in page
    results = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    assert results["kind"] == "audit"
    table = pd.read_parquet(folder / "audit.parquet")
    assert set(table["attribute"]) == {"gender", "race"}


def test_every_audit_has_a_folder_of_its_own_and_the_same_one_again(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for options in (["--seed", "1"], ["--seed", "1"], ["--seed", "2"]):
        assert run(file, *QUICK, "--attributes", "gender", *options).exit_code == 0
    folders = [folder.name for folder in (tmp_path / "audits").iterdir()]
    assert len(folders) == 2
    assert all(name.startswith("my_model-") for name in folders)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the predictions of two models."""
    path = tmp_path_factory.mktemp("several") / "models.csv"
    frame = fabricated(600).rename(columns={"prediction": "pred_old"})
    frame.assign(pred_new=frame["label"]).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("named", [[], ["--y-pred", "pred_old", "--y-pred", "pred_new"]])
def test_several_columns_of_predictions_are_one_comparison(
    several: Path, named: list[str], tmp_path: Path
) -> None:
    result = run(several, *QUICK, "--attributes", "gender", *named, "--output", tmp_path)
    assert result.exit_code == 0, result.output
    assert "“pred_new” against “pred_old”: Better: accuracy" in result.stdout
    changes = pd.read_parquet(tmp_path / "comparisons.parquet")
    assert set(changes["variant"]) == {"pred_new"}
    assert "What the other models change" in (tmp_path / "audit.html").read_text(encoding="utf-8")


def test_one_of_several_columns_of_predictions_is_audited_alone(
    several: Path, tmp_path: Path
) -> None:
    options = ["--attributes", "gender", "--y-pred", "pred_new", "--output", tmp_path]
    result = run(several, *QUICK, *options, "--probabilities", "none")
    assert "--probabilities names 'none'" in result.stderr
    clean = pd.read_csv(several).filter(regex="^(?!probability)")
    clean.to_csv(tmp_path / "clean.csv", index=False)
    result = run(tmp_path / "clean.csv", *QUICK, *options)
    assert result.exit_code == 0, result.output
    assert "against" not in result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--y-true", "lable"], "--y-true names 'lable', which is no column"),
        (["--attributes", "hair"], "--attributes names 'hair'"),
        (["--n-bootstrap", "3"], "--n-bootstrap is 3"),
        (["--person", "gender"], "--person, or none if every row is a person"),
        (["--primary", "no_metric by gender"], "'no_metric by gender'"),
    ],
)
def test_what_cannot_be_is_refused_by_its_option_without_a_traceback(
    file: Path, options: list[str], message: str
) -> None:
    result = run(file, *options)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert "audit.columns" not in result.output


def test_an_address_in_place_of_a_file_is_refused_by_saying_so(file: Path) -> None:
    for asked in (["s3://b/x.csv"], [file, "--held-out-labels", "https://x.org/y.csv"]):
        result = run(*asked)
        assert result.exit_code == 1
        assert f"{asked[-1]} is an address; expected a path of this machine" in result.stderr


@pytest.mark.parametrize("content", ["", "a,b\n", "\0\1\2", "a\n1\n"])
def test_what_is_no_file_of_predictions_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "audit.csv").write_text(content)
    result = run(tmp_path / "audit.csv")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: audit.csv")
    assert isinstance(result.exception, SystemExit)


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_measured(
    file: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    result = run(file, "--output", tmp_path / "taken" / "folder")
    assert result.exit_code == 1
    assert "taken" in result.stderr
    assert isinstance(result.exception, SystemExit)


def test_an_extra_that_is_missing_is_named_with_its_command(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    result = run(file, "--aif360")
    assert result.exit_code == 1
    assert 'pip install "fer-fairness[aif360]"' in result.stderr


def test_an_audit_loads_nothing_that_only_training_needs(file: Path, tmp_path: Path) -> None:
    """In a process of its own: this one has loaded everything."""
    program = (
        "import sys\n"
        "from fer_fairness.console import main\n"
        f"main(['audit', {str(file)!r}, *{QUICK}, '--output', {str(tmp_path)!r}],"
        " standalone_mode=False)\n"
        f"print('loaded', sorted(set(sys.modules) & set({HEAVY})))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded []"
    assert (tmp_path / "audit.html").is_file()


def test_what_an_audit_loads_imports_core_dependencies_alone(project_root: Path) -> None:
    """Else the light install, which no test here has, would break at its first import."""
    command = "import sys, fer_fairness.console; print(*(n for n in sys.modules if 'fer_f' in n))"
    loaded = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    ).stdout.split()
    given = tomllib.loads((project_root / "pyproject.toml").read_text())["project"]
    core = {re.split(r"[\[<>=]", line)[0].lower() for line in given["dependencies"]}
    core |= {"markupsafe", "pydantic_core"}  # parts of Jinja and pydantic, which pin them
    distributions = packages_distributions()
    for module in loaded:
        for root in imported(module) - {"fer_fairness"} - sys.stdlib_module_names:
            assert {name.lower() for name in distributions[root]} & core, (module, root)


def imported(module: str) -> set[str]:
    """The packages that a module imports as it loads, not within its functions."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    names: list[str | None] = []
    for statement in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.ImportFrom):
            names.append(statement.module)
        elif isinstance(statement, ast.Import):
            names += [alias.name for alias in statement.names]
    return {str(name).partition(".")[0] for name in names}


def test_every_option_of_an_audit_from_python_is_one_of_the_console() -> None:
    given = {option.name for option in main.commands["audit"].params}
    assert set(Options.__annotations__) <= given


def test_help_tells_every_option_and_loads_quickly() -> None:
    told = run("--help").output
    for option in ("--y-true", "--attributes", "--person", "--output", "--aif360"):
        assert option in told
    assert max(map(len, told.splitlines())) <= 80
