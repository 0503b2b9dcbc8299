from pathlib import Path

import numpy as np
import pytest

from fer_fairness.embedding.checkpoints import CheckpointFolder, TrainingState, fingerprint
from fer_fairness.embedding.material import LabelledFaces
from fer_fairness.params.embedding import EmbedderParameters


class FileModel:
    """Stands for a Keras model: saving makes a file."""

    def save(self, path: Path) -> None:
        path.write_text("weights")


def written(folder: Path, epochs: list[tuple[int, int]]) -> CheckpointFolder:
    checkpoint = CheckpointFolder(folder)
    for epoch, best_epoch in epochs:
        checkpoint.write(FileModel(), TrainingState("settings", epoch, best_epoch, 1.5))
    return checkpoint


def test_what_was_written_is_read(tmp_path: Path) -> None:
    checkpoint = written(tmp_path / "new", [(1, 1), (2, 2), (3, 2)])
    assert checkpoint.read_state("settings") == TrainingState("settings", 3, 2, 1.5)


def test_only_the_last_and_the_best_model_stay(tmp_path: Path) -> None:
    written(tmp_path, [(1, 1), (2, 2), (3, 2), (4, 2)])
    names = sorted(path.name for path in tmp_path.glob("*.keras"))
    assert names == ["epoch_002.keras", "epoch_004.keras"]


@pytest.mark.parametrize("damage", ["settings", "model", "json", "nothing_there"])
def test_a_checkpoint_that_does_not_fit_starts_anew(tmp_path: Path, damage: str) -> None:
    checkpoint = written(tmp_path, [] if damage == "nothing_there" else [(1, 1)])
    settings = "others" if damage == "settings" else "settings"
    if damage == "model":
        checkpoint.model_file(1).unlink()
    if damage == "json":
        (tmp_path / "state.json").write_text('{"epoch": 1')
    assert checkpoint.read_state(settings) == TrainingState(settings)


def test_the_fingerprint_sees_every_change() -> None:
    def faces(code: int) -> LabelledFaces:
        return LabelledFaces(np.arange(3), {"race": np.full(3, code)}, {"race": np.ones(3)})

    params = EmbedderParameters()
    black = np.zeros((3, 48, 48, 1), dtype=np.uint8)
    prints = {
        fingerprint(params, 0, black, faces(0)),
        fingerprint(params, 1, black, faces(0)),
        fingerprint(params, 0, black + 1, faces(0)),
        fingerprint(params, 0, black, faces(1)),
        fingerprint(params.model_copy(update={"dropout": 0.1}), 0, black, faces(0)),
    }
    assert len(prints) == 5
    assert fingerprint(params, 0, black, faces(0)) in prints
