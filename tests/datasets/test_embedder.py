import json
import subprocess
import sys
from pathlib import Path

import pytest
from kedro.io.core import DatasetError

from fer_fairness.datasets import EmbedderDataset
from fer_fairness.embedding import EmbedderHandle
from fer_fairness.params.embedding import DlibParameters, EmbedderParameters

PARAMS = EmbedderParameters(epochs=3, widths=(4, 6), dlib=DlibParameters(features="descriptor"))


def handle(folder: Path, content: bytes, fingerprint: str) -> EmbedderHandle:
    folder.mkdir(exist_ok=True)
    file = folder / "embedder.keras"
    file.write_bytes(content)
    return EmbedderHandle(PARAMS, file, fingerprint)


@pytest.fixture
def dataset(tmp_path: Path) -> EmbedderDataset:
    return EmbedderDataset(filepath=str(tmp_path / "embedder"))


def test_a_trained_embedder_is_copied(dataset: EmbedderDataset, tmp_path: Path) -> None:
    assert not dataset.exists()
    saved = handle(tmp_path / "work", b"weights", "1" * 64)
    dataset.save(saved)
    assert saved.model_file is not None
    saved.model_file.unlink()
    loaded = dataset.load()
    assert dataset.exists()
    assert (loaded.params, loaded.fingerprint) == (PARAMS, "1" * 64)
    assert loaded.model_file is not None
    assert loaded.model_file.read_bytes() == b"weights"
    assert loaded.model_file.parent == dataset.filepath


def test_an_embedder_without_a_file(dataset: EmbedderDataset) -> None:
    dataset.save(EmbedderHandle(PARAMS, None, "2" * 64))
    assert dataset.load() == EmbedderHandle(PARAMS, None, "2" * 64)


def test_a_newer_one_replaces_the_older_whole(dataset: EmbedderDataset, tmp_path: Path) -> None:
    dataset.save(handle(tmp_path / "work", b"old", "1" * 64))
    dataset.save(handle(tmp_path / "work", b"new", "2" * 64))
    loaded = dataset.load()
    assert loaded.model_file is not None
    assert loaded.model_file.read_bytes() == b"new"
    assert len(list(dataset.filepath.iterdir())) == 2


def test_a_failed_save_leaves_the_older_one(dataset: EmbedderDataset, tmp_path: Path) -> None:
    dataset.save(handle(tmp_path / "work", b"old", "1" * 64))
    lost = EmbedderHandle(PARAMS, tmp_path / "lost.keras", "2" * 64)
    with pytest.raises(DatasetError, match=r"lost\.keras"):
        dataset.save(lost)
    loaded = dataset.load()
    assert loaded.model_file is not None
    assert loaded.model_file.read_bytes() == b"old"
    assert len(list(dataset.filepath.iterdir())) == 2


def test_what_was_loaded_can_be_saved_in_its_place(
    dataset: EmbedderDataset, tmp_path: Path
) -> None:
    dataset.save(handle(tmp_path / "work", b"weights", "1" * 64))
    dataset.save(dataset.load())
    loaded = dataset.load()
    assert loaded.model_file is not None
    assert loaded.model_file.read_bytes() == b"weights"


def test_what_is_missing_is_named_with_a_remedy(dataset: EmbedderDataset, tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError, match=r"embedder\.json is not there.*--nodes race_labeling\.fit_embedder"
    ):
        dataset.load()
    dataset.save(handle(tmp_path / "work", b"weights", "1" * 64))
    next(dataset.filepath.glob("*.keras")).unlink()
    with pytest.raises(
        DatasetError, match=r"model_1111.*is not there.*--nodes race_labeling\.fit_embedder"
    ):
        dataset.load()


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"params": {"kind": "other"}}'])
def test_a_damaged_record_is_told(dataset: EmbedderDataset, content: str) -> None:
    dataset.filepath.mkdir()
    (dataset.filepath / "embedder.json").write_text(content)
    with pytest.raises(
        DatasetError, match=r"embedder\.json is damaged .*--nodes race_labeling\.fit_embedder"
    ):
        dataset.load()


def test_an_unknown_parameter_is_told(dataset: EmbedderDataset) -> None:
    dataset.save(EmbedderHandle(PARAMS, None, "2" * 64))
    file = dataset.filepath / "embedder.json"
    record = json.loads(file.read_text())
    record["params"]["kind"] = "facenet"
    file.write_text(json.dumps(record))
    with pytest.raises(DatasetError, match="is damaged or of another version"):
        dataset.load()


def test_loading_opens_no_deep_learning_library(dataset: EmbedderDataset) -> None:
    dataset.save(EmbedderHandle(PARAMS, None, "2" * 64))
    code = (
        "import sys; from fer_fairness.datasets import EmbedderDataset; "
        f"EmbedderDataset(filepath={str(dataset.filepath)!r}).load(); "
        "print(sorted({'keras', 'tensorflow', 'dlib', 'onnxruntime'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
