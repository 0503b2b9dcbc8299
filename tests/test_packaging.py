"""What `kedro package` makes runs in another folder, with the configuration beside it."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unpacked(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contents of the wheel; built of a copy, without the network."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(
        project_root / "src", folder / "copy/src", ignore=shutil.ignore_patterns("*.egg-info")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(project_root / name, folder / "copy" / name)
    build = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    subprocess.run([sys.executable, "-m", "pip", *build, str(folder / "copy")], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_the_wheel_audits_in_another_folder(
    unpacked: Path, project_root: Path, tmp_path: Path
) -> None:
    shutil.copytree(project_root / "conf", tmp_path / "conf")
    rows = ["label,prediction,race"]
    for race, right in (("a", 30), ("b", 20)):
        rows += [f"{true},{true},{race}" for true in ("anger", "joy")] * right
        rows += [f"anger,joy,{race}"] * 15
    (tmp_path / "predictions.csv").write_text("\n".join(rows))
    quick = "audit.inference.n_bootstrap=100,audit.inference.n_permutations=100"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "fer_fairness", "--conf-source", "conf"),
            *("--pipelines", "audit", "--params", f"audit.predictions=predictions.csv,{quick}"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked), "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (report,) = (tmp_path / "data/08_reporting/audit").glob("*/audit.html")
    assert f"Report: {report}" in done.stdout.splitlines()
    assert report.is_file()


def test_the_wheel_holds_what_is_no_python(unpacked: Path, project_root: Path) -> None:
    def data_of(package: Path) -> set[str]:
        return {
            str(path.relative_to(package))
            for path in package.rglob("*")
            if path.is_file() and path.suffix not in {".py", ".pyc"}
        }

    assert data_of(unpacked / "fer_fairness") == data_of(project_root / "src/fer_fairness")
