"""A small project: raw text is read, counted and doubled, and a report is written of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro.runner import AbstractRunner, SequentialRunner

from fer_fairness.datasets import JSONDataset, TextDataset
from fer_fairness.hooks import provenance
from fer_fairness.hooks.provenance import ProvenanceHooks


class Killed(BaseException):
    """In place of a SIGKILL: nothing catches it, nothing after it runs."""


class KillAtSave:
    """A hook that ends the run at its n-th save."""

    def __init__(self, number: int) -> None:
        self._left = number

    @hook_impl(tryfirst=True)
    def after_dataset_saved(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed


def read(raw: str, letters: str) -> tuple[str, list[str]]:
    """Two outputs that belong together: the text and its words with certain letters."""
    return raw, [word for word in raw.split() if set(word) & set(letters)]


def count(words: list[str], factor: int) -> int:
    return factor * len(words)


def double(text: str, words: list[str]) -> tuple[str, list[str]]:
    return text * 2, words * 2


def report(manifest: dict[str, Any], text: str, words: list[str], number: int) -> str:
    assert manifest["started_at"]
    return f"{text}|{' '.join(words)}|{number}"


PARTS = {
    "reading": Pipeline([Node(read, ["raw", "params:letters"], ["text", "words"], name="read")]),
    "counting": Pipeline([Node(count, ["words", "params:factor"], "number", name="count")]),
    "doubling": Pipeline(
        [Node(double, ["text", "words"], ["more_text", "more_words"], name="double")]
    ),
    "reporting": Pipeline(
        [
            Node(
                report,
                ["run_manifest", "more_text", "more_words", "number"],
                "report",
                name="report",
            )
        ]
    ),
}


@dataclass
class Project:
    """The small project in a folder, run as Kedro's session runs a project."""

    root: Path
    parameters: dict[str, Any] = field(
        default_factory=lambda: {"letters": "ae", "factor": 3, "data_root": "data"}
    )

    @property
    def data(self) -> Path:
        return self.root / "data"

    def catalog(self) -> DataCatalog:
        texts = ("raw", "text", "more_text", "report")
        jsons = ("words", "more_words", "number", "run_manifest")
        catalog = DataCatalog(
            {
                **{name: TextDataset(filepath=str(self.data / f"{name}.txt")) for name in texts},
                **{name: JSONDataset(filepath=str(self.data / f"{name}.json")) for name in jsons},
            }
        )
        for name, value in self.parameters.items():
            catalog[f"params:{name}"] = value
        return catalog

    def write_raw(self, text: str) -> None:
        self.data.mkdir(exist_ok=True)
        (self.data / "raw.txt").write_text(text)

    def run(
        self,
        *names: str,
        only_missing: bool = False,
        also: tuple[object, ...] = (),
        runner: AbstractRunner | None = None,
    ) -> ProvenanceHooks:
        """Run parts of it, all by default; gives the hooks, which hold the lock after a kill."""
        hooks = ProvenanceHooks()
        manager = _create_hook_manager()
        for plugin in (hooks, *also):
            manager.register(plugin)
        context = type("Context", (), {"params": self.parameters})
        hooks.after_context_created(context)  # type: ignore[arg-type]
        pipeline = sum((PARTS[name] for name in names or PARTS), Pipeline([]))
        catalog = self.catalog()
        run_params = {
            "project_path": self.root,
            "run_id": f"run of factor {self.parameters['factor']}",
            "only_missing_outputs": only_missing,
        }
        told = {"run_params": run_params, "pipeline": pipeline, "catalog": catalog}
        manager.hook.before_pipeline_run(**told)
        try:
            (runner or SequentialRunner()).run(
                pipeline, catalog, manager, only_missing_outputs=only_missing
            )
        except BaseException:
            hooks.on_pipeline_error()  # after a kill the operating system gives the lock back
            raise
        manager.hook.after_pipeline_run(run_result={}, **told)
        return hooks

    def results(self) -> dict[str, str]:
        """Contents of all files that the nodes write."""
        made = [name for part in PARTS.values() for name in part.all_outputs()]
        files = [path for path in self.data.glob("*.*") if path.stem in made]
        return {path.name: path.read_text() for path in sorted(files)}


ProjectMaker = Callable[[str], Project]


@pytest.fixture
def make_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kedro_project: Path
) -> ProjectMaker:
    """Makes a project in a folder of its own, with some raw text."""
    assert kedro_project.exists()
    pipelines = {"__default__": sum(PARTS.values(), Pipeline([])), **PARTS}
    monkeypatch.setattr(provenance, "pipelines", pipelines)

    def make(name: str) -> Project:
        project = Project(tmp_path / name)
        project.root.mkdir()
        project.write_raw("some words are read here")
        return project

    return make
