"""Data roots: prepared once, copied for each case, and compared with those of honest runs."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd
from benchmarks.faults import commands
from benchmarks.faults.outcomes import Outcome, ended

ENVIRONMENT: Final = "faults"
_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Settings:
    """What a run is made with.

    Attributes:
        name: In words, without blanks.
        raw: Parameters that the raw data are fabricated with, beside those of the environment.
        parameters: Of the run.
    """

    name: str
    raw: Mapping[str, object] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)


BASE: Final = Settings("base")
CHANGES: Final = (
    Settings("fewer_rows", raw={"fabrication.fer_plus.train": 170}),
    Settings("other_pixels", raw={"fabrication.seed": 5}),
    Settings("fewer_raf_db_faces", raw={"fabrication.raf_db.test": 80}),
    Settings("seed", parameters={"seed": 7}),
    Settings("longer_training", parameters={"baseline.training.max_epochs": 2}),
    Settings("method_longer", parameters={"fine_tuning.training.max_epochs": 2}),
    Settings("group_size", parameters={"evaluation.minimum_group_size": 30}),
    Settings("labeller", parameters={"labeller.n_folds": 3}),
    Settings("intervals", parameters={"evaluation.significance": 0.2}),
)


class Roots:
    """The prepared data roots of a bench, below its folder; `quick`: a few minutes are to do."""

    def __init__(self, folder: Path, *, quick: bool = False) -> None:
        self.folder = folder.absolute()
        self.quick = quick
        self._preparing = threading.RLock()

    @cached_property
    def conf(self) -> Path:
        """The project's configuration with the bench's environment."""
        with self._preparing:
            return self._copied_conf()

    def _copied_conf(self) -> Path:
        conf = self.folder / "conf"
        shutil.rmtree(conf, ignore_errors=True)
        shutil.copytree(commands.ROOT / "conf", conf)
        shutil.copytree(_HERE / "environment", conf / ENVIRONMENT)
        return conf

    def arguments(
        self, root: Path, settings: Settings, *words: str, **parameters: object
    ) -> list[str]:
        """Kedro's arguments of a run in `root`."""
        given = {"data_root": root, **settings.parameters, **parameters}
        return [
            "run",
            f"--env={ENVIRONMENT}",
            f"--conf-source={self.conf}",
            f"--params={','.join(f'{name}={value}' for name, value in given.items())}",
            *words,
        ]

    def raw(self, settings: Settings) -> Path:
        """A root with raw data only."""
        name = settings.name if settings.raw else BASE.name

        def fabricate(root: Path) -> None:
            made_with = Settings(settings.name)
            words = self.arguments(root, made_with, "--pipelines=fabrication", **settings.raw)
            _must_succeed(commands.run(words))

        return self._prepared(f"raw_{name}", fabricate)

    def honest(self, settings: Settings) -> Path:
        """A root after an undisturbed run from raw data alone."""

        def run_all(root: Path) -> None:
            shutil.rmtree(root)
            copy(self.raw(settings), root)
            _must_succeed(commands.run(self.arguments(root, settings)))

        return self._prepared(f"honest_{settings.name}", run_all)

    def _prepared(self, name: str, make: Any) -> Path:  # noqa: ANN401  a function of the root
        root = self.folder / "prepared" / name
        with self._preparing:
            if not root.exists():
                # Made where it will not stay, so that a bench that was stopped makes it again.
                unfinished = self.folder / "unfinished" / name
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir(parents=True)
                make(unfinished)
                root.parent.mkdir(parents=True, exist_ok=True)
                unfinished.rename(root)
        return root

    def fresh(self, name: str, of: Path) -> Path:
        """A copy of a prepared root, for one case."""
        root = self.folder / "cases" / name
        shutil.rmtree(root, ignore_errors=True)
        copy(of, root)
        return root


def copy(source: Path, target: Path) -> None:
    """Copy a folder with its times, without using disk where the file system can share."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(  # noqa: S603
        ["cp", "-a", "--reflink=auto", str(source), str(target)],  # noqa: S607
        check=True,
    )


def put_raw_data(source: Path, root: Path) -> None:
    """Replace the raw data of a root by those of another."""
    shutil.rmtree(root / "01_raw")
    copy(source / "01_raw", root / "01_raw")


def _must_succeed(done: subprocess.CompletedProcess[str]) -> None:
    outcome, said = ended(done)
    if outcome is not Outcome.SURVIVED:
        raise SystemExit(f"An undisturbed run failed, so nothing can be compared: {said}")


_NOT_COMPARED: Final = (
    "01_raw",
    "06_models",  # what they say is in the predictions
    "04_feature/embedding_cache",
    ".",
)
_STAMPS: Final = {
    *("started_at", "command", "runtime_parameters", "pipelines", "commit", "parameters_sha256"),
    *("uncommitted_changes", "taken_over"),
}
_NAMED_BY_RUN: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z| UTC)?"
    r"|\b[0-9a-f]{12,64}\b|(python -m )?(kedro|__main__\.py) run[^<\n]*|Pipelines</dt>.*"
)
_NOT_OF_PAGE: Final = re.compile(
    r"<summary>Run: parameters.*?</table>|<caption>Training in numbers.*?</table>"
    r"|<dt>(Uncommitted changes|Taken over)</dt>[^\n]*"
    r"|<div[^<]*Run: taken over.*?</table>\s*</div>",
    re.DOTALL,
)
"""Of the parameters the page shows the first only; how long training took is by chance. Both are
compared in the results, where they have names."""


def differences(root: Path, honest: Path) -> list[str]:
    """Files of an honest run that a root has not, or holds with other contents.

    Tables and arrays are compared byte by byte, as two honest runs have the same; results, report
    and card without times, places and the names that they give models and runs.
    """
    return [name for name in sorted(compared_files(honest)) if not _alike(name, root, honest)]


def compared_files(root: Path) -> Iterator[str]:
    """What a run leaves and another must leave alike, by path below the root."""
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not name.startswith(_NOT_COMPARED):
            yield name


def _alike(name: str, root: Path, honest: Path) -> bool:
    path, other = root / name, honest / name
    if not path.is_file():
        return False
    if path.name == "run_manifest.json":
        return True
    if path.read_bytes() == other.read_bytes():
        return True
    if path.name in ("histories.parquet", "training_curves.csv"):
        return _without_times(path).equals(_without_times(other))
    if path.suffix == ".json":
        return _agree(_content(path, root), _content(other, honest))
    return path.suffix in (".html", ".md") and _text(path, root) == _text(other, honest)


def _without_times(path: Path) -> pd.DataFrame:
    """How models were trained, without how long it took; empty where it cannot be read."""
    try:
        read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
        return read(path).drop(columns="seconds")
    except (OSError, ValueError, KeyError):
        return pd.DataFrame()


def _agree(one: Any, other: Any) -> bool:  # noqa: ANN401  any JSON values
    """Whether two values are equal; defaults may be missing in one manifest."""
    if isinstance(one, dict) and isinstance(other, dict):
        manifests = [part.pop("manifest", {}) for part in (one, other)]
        parameters = [part.pop("parameters", {}) for part in manifests]
        same = one == other and manifests[0] == manifests[1]
        return same and _no_contradiction(parameters[0], parameters[1])
    return bool(one == other)


def _no_contradiction(one: Any, other: Any) -> bool:  # noqa: ANN401  any JSON values
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_no_contradiction(one[name], other[name]) for name in one.keys() & other.keys())
    return one is None or other is None or bool(one == other)


def leftovers(root: Path, honest: Path) -> list[str]:
    """Files that a root has beside those of an honest run."""
    return sorted(set(compared_files(root)) - set(compared_files(honest)))


def _content(path: Path, root: Path) -> Any:  # noqa: ANN401  any JSON value
    try:
        content = json.loads(_without_place(path, root))
    except ValueError:
        return None
    if isinstance(content, dict) and isinstance(content.get("tables"), dict):
        content["tables"].get("histories", {}).pop("sha256", None)  # it has how long training took
    if isinstance(content, dict) and isinstance(content.get("manifest"), dict):
        content["manifest"] = {
            name: value for name, value in content["manifest"].items() if name not in _STAMPS
        }
    return content


def _text(path: Path, root: Path) -> list[str]:
    """Lines of a page without what names the run; parameters stand in no order of their own."""
    lines = _NAMED_BY_RUN.sub("STAMP", _without_place(path, root)).splitlines()
    return sorted(line for line in lines if line.strip())


def _without_place(path: Path, root: Path) -> str:
    """A text in which the bench's roots, which a run may also have been moved from, are all one."""
    text = path.read_bytes().decode(errors="replace").replace("\\_", "_")  # as Markdown has it
    text = _NOT_OF_PAGE.sub("", text)
    return re.sub(rf"{re.escape(str(root.parents[1]))}/\w+/\w+", "ROOT", text)
