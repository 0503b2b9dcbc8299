import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.mitigation.methods.conditional_adversary import ConditionalAdversary
from fer_fairness.mitigation.methods.group_dro import GroupDro
from fer_fairness.modeling import (
    STRENGTH,
    WEIGHT,
    Objective,
    Procedure,
    TrainingData,
    TrainingResult,
    TrainingSet,
    build_network,
    freeze_layers,
    starting_model,
    train,
)
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.modeling.checkpoints import Checkpoint, CheckpointFile, run_fingerprint
from fer_fairness.params.modeling import ArchitectureParameters, FreezingParameters
from fer_fairness.params.training import DistillationParameters, TrainingParameters

Build = Callable[[], Any]
Toy = Callable[..., TrainingSet]

PLAIN = (Procedure(), Objective(TrainingParameters(), np.full(8, 1 / 8)))
EARLIER = Checkpoint([{"epoch": 1.0}], [np.ones(2)], [np.zeros(3)], [np.ones(1)], [])


class Killed(BaseException):
    """Stands for a process that ends where nobody expects it."""


def epochs_trained(patch: pytest.MonkeyPatch, *, killed_in: int | None = None) -> list[int]:
    """The epochs begun from now on; the second batch of epoch `killed_in` ends the process."""
    begun: list[int] = []
    epoch_of = TrainingBatches.epoch

    def epoch(self: TrainingBatches, number: int) -> Any:
        begun.append(number + 1)
        for step, batch in enumerate(epoch_of(self, number)):
            if number + 1 == killed_in and step == 1:
                raise Killed
            yield batch

    patch.setattr(TrainingBatches, "epoch", epoch)
    return begun


SETTINGS: dict[str, dict[str, Any]] = {
    "cosine, averaged, mixed": {
        "schedule": "cosine",
        "average_momentum": 0.8,
        "mixup_alpha": 0.2,
    },
    "plateau that falls every epoch, decoupled decay": {
        "learning_rate_patience": 1,
        "warmup_epochs": 0,
        "optimizer": "adamw",
        "weight_decay": 0.01,
    },
    "chosen by recall, ends by patience": {
        "selected_by": "validation_mean_recall",
        "early_stopping_patience": 2,
    },
    "distilled": {"distillation": DistillationParameters(weight=0.5)},
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("fatal", [2, 4])
def test_a_killed_run_ends_bit_for_bit_like_one_that_was_not(
    build: Build, toy: Toy, quick: TrainingParameters, tmp_path: Path, fatal: int, setting: str
) -> None:
    params = quick.model_copy(update=SETTINGS[setting])
    part, opposite = toy(), toy(seed=1)
    training = replace(
        part,
        columns={
            WEIGHT: np.linspace(0.5, 1.5, len(part), dtype=np.float32),
            STRENGTH: np.linspace(0, 2, len(part), dtype=np.float32),
        },
    )
    # Validation targets are the opposite of the training targets: learning makes them worse, so
    # that rates fall, patience runs out and the best epoch lies before the kill.
    validation = replace(opposite, targets=opposite.targets[:, [0, 3, 2, 1, 4, 5, 6, 7]].copy())
    teachers = [build()] if "distillation" in SETTINGS[setting] else []

    def go(folder: Path | None) -> TrainingResult:
        return train(
            build(),
            TrainingData(training, validation, teachers),
            params,
            seed=7,
            checkpoint_folder=folder,
            description="Training",
        )

    whole = go(None)
    fatal = min(fatal, len(whole.history))
    with pytest.MonkeyPatch.context() as patch:
        epochs_trained(patch, killed_in=fatal)
        with pytest.raises(Killed):
            go(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        begun = epochs_trained(patch)
        resumed = go(tmp_path)
    assert begun == list(range(fatal, len(whole.history) + 1))
    pd.testing.assert_frame_equal(
        whole.history.drop(columns="seconds"),
        resumed.history.drop(columns="seconds"),
        check_exact=True,
    )
    for a, b in zip(whole.model.get_weights(), resumed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.MonkeyPatch.context() as patch:
        begun = epochs_trained(patch)
        again = go(tmp_path)
    assert begun == [], "what has ended is not trained again"
    assert again.history.equals(resumed.history)
    for a, b in zip(whole.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_fingerprint_is_the_same_for_the_same_run(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    first, again = (
        run_fingerprint([build()], [toy(), toy(seed=1)], quick, PLAIN, seed=7) for _ in range(2)
    )
    assert first == again


@pytest.mark.parametrize(
    ("changed", "procedure", "differs"),
    [
        ("graph.py", Procedure(), True),
        ("heads.py", ConditionalAdversary(), True),
        ("cells.py", GroupDro(), True),
        ("heads.py", GroupDro(), False),
    ],
)
def test_fingerprint_changes_with_the_code_that_trains(
    build: Build,
    toy: Toy,
    quick: TrainingParameters,
    monkeypatch: pytest.MonkeyPatch,
    changed: str,
    procedure: Procedure,
    *,
    differs: bool,
) -> None:
    def fingerprint() -> str:
        return run_fingerprint([build()], [toy()], quick, (procedure, PLAIN[1]), seed=7)

    before, read = fingerprint(), Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: read(path) + (b"#" if path.name == changed else b"")
    )
    assert (fingerprint() != before) == differs


class Other(Procedure):
    """Another way of training."""


def test_fingerprint_changes_with_everything_that_decides_the_outcome(
    build: Build, toy: Toy, quick: TrainingParameters
) -> None:
    other_weights, frozen = build(), build()
    other_weights.set_weights([weights * 1.5 for weights in other_weights.get_weights()])
    freeze_layers(frozen, FreezingParameters(n_trainable_layers=1))
    wider = build_network(ArchitectureParameters(blocks=((6,), (8,)), image_side_px=8), seed=3)
    part = toy()
    weighted = TrainingSet(
        part.images, part.image_index, part.targets, {WEIGHT: np.ones(len(part), np.float32)}
    )
    stronger = replace(part, columns={STRENGTH: np.full(len(part), 2, np.float32)})
    fewer = quick.model_copy(update={"batch_size": 8})
    prints = [
        run_fingerprint([build()], [part, toy(seed=1)], quick, PLAIN, seed=7),
        run_fingerprint([build()], [part, toy(seed=1)], quick, PLAIN, seed=8),
        run_fingerprint([build()], [part, toy(seed=1)], fewer, PLAIN, seed=7),
        run_fingerprint([build()], [part, toy(seed=2)], quick, PLAIN, seed=7),
        run_fingerprint([build()], [toy(seed=2), toy(seed=1)], quick, PLAIN, seed=7),
        run_fingerprint([build()], [weighted, toy(seed=1)], quick, PLAIN, seed=7),
        run_fingerprint([other_weights], [part, toy(seed=1)], quick, PLAIN, seed=7),
        run_fingerprint([frozen], [part, toy(seed=1)], quick, PLAIN, seed=7),
        run_fingerprint([wider], [part, toy(seed=1)], quick, PLAIN, seed=7),
        run_fingerprint([build(), build()], [part, toy(seed=1)], quick, PLAIN, seed=7),
        run_fingerprint([build()], [stronger, toy(seed=1)], quick, PLAIN, seed=7),
        run_fingerprint([build()], [part, toy(seed=1)], quick, (Other(), PLAIN[1]), seed=7),
    ]
    assert len(set(prints)) == len(prints)


def test_the_checkpoint_of_another_run_is_neither_used_nor_overwritten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    CheckpointFile(tmp_path, fingerprint="a").save(EARLIER)
    other = CheckpointFile(tmp_path, fingerprint="b")
    with caplog.at_level(logging.INFO, logger="fer_fairness"):
        assert other.load() is None
    assert "1 checkpoint of other runs, such as checkpoint_a.npz" in caplog.text
    other.save(Checkpoint([], [], [], [], []))
    kept = CheckpointFile(tmp_path, fingerprint="a").load()
    assert kept is not None
    assert kept.history == EARLIER.history


def test_of_many_checkpoints_of_other_runs_one_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in "abc":
        CheckpointFile(tmp_path, fingerprint=name).save(EARLIER)
    with caplog.at_level(logging.INFO, logger="fer_fairness"):
        assert CheckpointFile(tmp_path, fingerprint="d").load() is None
    assert "3 checkpoints of other runs, such as checkpoint_c.npz" in caplog.text
    assert caplog.text.count(".npz") == 1


def test_a_killed_run_of_a_users_own_nested_model_goes_on_bit_for_bit(
    nested: Build, toy: Toy, quick: TrainingParameters, tmp_path: Path
) -> None:
    """Keras draws the state of dropout without a seed anew whenever the file is loaded."""
    nested().save(tmp_path / "mine.keras")
    params = quick.model_copy(update={"max_epochs": 2})
    asked = ArchitectureParameters(weights=str(tmp_path / "mine.keras"), image_side_px=8)

    def go(folder: Path | None) -> Any:
        result = train(
            starting_model(asked, seed=0),
            TrainingData(toy(), toy(seed=1)),
            params,
            seed=7,
            checkpoint_folder=folder,
            description="Training",
        )
        return result.model.get_weights()

    whole = go(None)
    with pytest.MonkeyPatch.context() as patch:
        epochs_trained(patch, killed_in=2)
        with pytest.raises(Killed):
            go(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        begun = epochs_trained(patch)
        resumed = go(tmp_path)
    assert begun == [2]
    assert all(map(np.array_equal, whole, resumed))


def test_a_file_whose_name_alone_fits_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    CheckpointFile(tmp_path, fingerprint="a" * 12 + "b").save(EARLIER)
    with caplog.at_level(logging.WARNING, logger="fer_fairness"):
        assert CheckpointFile(tmp_path, fingerprint="a" * 12 + "c").load() is None
    assert "is of another run" in caplog.text


def cut(content: bytes) -> bytes:
    return content[:-200]


def overwrite_an_array(content: bytes) -> bytes:
    array = np.zeros(3).tobytes()
    return content.replace(array, b"\x01" * len(array))


def replace_by_text(_content: bytes) -> bytes:
    return b"not an archive"


def empty(_content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [cut, overwrite_an_array, replace_by_text, empty])
def test_a_damaged_checkpoint_is_warned_of_and_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[bytes], bytes]
) -> None:
    file = CheckpointFile(tmp_path, fingerprint="a")
    file.save(EARLIER)
    path = tmp_path / "checkpoint_a.npz"
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING, logger="fer_fairness"):
        assert file.load() is None
    assert "checkpoint_a.npz is damaged" in caplog.text


def test_without_a_checkpoint_there_is_nothing_to_load(tmp_path: Path) -> None:
    assert CheckpointFile(tmp_path / "absent", fingerprint="a").load() is None


def test_a_full_disk_leaves_the_earlier_checkpoint_and_does_not_end_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = CheckpointFile(tmp_path, fingerprint="a")
    file.save(EARLIER)

    def fill_the_disk(path: Path, **_arrays: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fill_the_disk)
    file.save(Checkpoint([], [], [], [], []))
    assert "the disk is full" in caplog.text
    assert "Make room" in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint_a.npz"]
    loaded = file.load()
    assert loaded is not None
    assert loaded.history == EARLIER.history
    assert np.array_equal(loaded.optimizer[0], EARLIER.optimizer[0])


def test_order_of_many_arrays_is_kept(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path, fingerprint="a")
    arrays = [np.array(number) for number in range(25)]
    file.save(Checkpoint([], arrays, [], [], []))
    loaded = file.load()
    assert loaded is not None
    assert [int(array) for array in loaded.variables] == list(range(25))
    assert loaded.optimizer == []
