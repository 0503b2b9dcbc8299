"""What a run takes to a data root elsewhere, and when."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from fer_fairness.datasets import JSONDataset
from fer_fairness.hooks import StorageHooks
from fer_fairness.mirror import Mirror, RemoteStorageError

PLACE = "memory://of_hooks"
PIPELINE = Pipeline([Node(lambda x: x, "given", "made", name="makes")])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data/mirror/memory/of_hooks"


@pytest.fixture
def hooks(tmp_path: Path, folder: Path) -> StorageHooks:
    Mirror(PLACE, folder, {})._system.rm("/", recursive=True)
    folder.mkdir(parents=True)
    found = StorageHooks()
    context: Any = SimpleNamespace(
        config_loader=SimpleNamespace(remote_data_root=PLACE),
        project_path=tmp_path,
        params={"data_root": "data/mirror/memory/of_hooks"},
        _get_config_credentials=dict,
    )
    found.after_context_created(context)
    found.before_pipeline_run(DataCatalog({"made": JSONDataset(filepath=str(folder / "made"))}))
    return found


def elsewhere(tmp_path: Path) -> set[str]:
    other = tmp_path / "other machine"
    Mirror(PLACE, other, {}).fetch()
    return {
        path.relative_to(other).as_posix()
        for path in other.rglob("*")
        if path.is_file() and not path.name.startswith(".mirror")
    }


@pytest.mark.parametrize("by_worker", [False, True])
def test_what_is_saved_goes_there_at_once_with_its_record(
    hooks: StorageHooks, folder: Path, tmp_path: Path, *, by_worker: bool
) -> None:
    (folder / ".provenance/nodes").mkdir(parents=True)
    (folder / ".provenance/nodes/makes.json").write_text("{}")
    (folder / "made").write_text("1")
    (folder / "something_else").write_text("2")
    if by_worker:
        hooks.after_node_run_elsewhere(PIPELINE.nodes[0])
    else:
        hooks.after_dataset_saved("made")
    assert elsewhere(tmp_path) == {"made", ".provenance/nodes/makes.json"}
    hooks.after_pipeline_run(PIPELINE)
    assert "something_else" in elsewhere(tmp_path)


def test_what_is_of_this_machine_alone_stays(
    hooks: StorageHooks, folder: Path, tmp_path: Path
) -> None:
    for name in (".provenance/contents/x", "06_models/checkpoints/y", "08_reporting/.lock"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("own")
    hooks.after_pipeline_run(PIPELINE)
    assert elsewhere(tmp_path) == set()


def test_a_run_that_fails_takes_there_what_was_made(
    hooks: StorageHooks, folder: Path, tmp_path: Path
) -> None:
    (folder / "made").write_text("1")
    hooks.on_pipeline_error(ValueError("a node failed"))
    assert elsewhere(tmp_path) == {"made"}


def test_a_failure_that_cannot_be_sent_is_one_warning_beside_the_error(
    hooks: StorageHooks,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def lost(*_: Any) -> int:
        raise RemoteStorageError("The connection is lost.")

    (folder / "made").write_text("1")
    monkeypatch.setattr(Mirror, "send", lost)
    with caplog.at_level(logging.WARNING):
        hooks.on_pipeline_error(ValueError("a node failed"))
    assert caplog.messages == ["The connection is lost."]
    with pytest.raises(RemoteStorageError):
        hooks.after_dataset_saved("made")


def test_a_local_data_root_is_left_alone(tmp_path: Path) -> None:
    hooks = StorageHooks()
    context: Any = SimpleNamespace(config_loader=SimpleNamespace(remote_data_root=None))
    hooks.after_context_created(context)
    hooks.before_pipeline_run(DataCatalog())
    hooks.after_dataset_saved("made")
    hooks.after_pipeline_run(PIPELINE)
    assert list(tmp_path.iterdir()) == []
