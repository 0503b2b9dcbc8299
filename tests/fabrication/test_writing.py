import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fabrication import FabricatedDataset, is_fabricated, write_dataset
from fer_fairness.fabrication.layouts import fairface_layout
from fer_fairness.fabrication.writing import read_truth
from fer_fairness.params.fabrication import FabricationParameters


@pytest.fixture
def fairface(datasets: dict[str, FabricatedDataset]) -> FabricatedDataset:
    return datasets["fairface"]


def test_truth_lies_beside_the_data(
    datasets: dict[str, FabricatedDataset], small: FabricationParameters, tmp_path: Path
) -> None:
    write_dataset(datasets["raf_db"], tmp_path / "raw" / "raf")

    table = pd.read_parquet(tmp_path / "raw/raf/truth.parquet")
    truth = json.loads((tmp_path / "raw/raf/truth.json").read_text("utf-8"))
    assert table["file"].tolist() == datasets["raf_db"].truth["file"].tolist()
    assert table["mislabelled"].tolist() == datasets["raf_db"].truth["mislabelled"].tolist()
    assert FabricationParameters.model_validate(truth["parameters"]) == small
    assert truth["n_faces"] == 42
    assert is_fabricated(tmp_path / "raw/raf")


def test_the_truth_is_read_back(
    datasets: dict[str, FabricatedDataset], small: FabricationParameters, tmp_path: Path
) -> None:
    write_dataset(datasets["fer_plus"], tmp_path / "a")
    truth, planted = read_truth(tmp_path / "a")
    assert planted == small.planted
    expected = datasets["fer_plus"].truth[["sample_id", "gender", "race", "age_group"]]
    pd.testing.assert_frame_equal(truth, expected, check_dtype=False)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("truth.parquet", "damaged"),
        ("truth.parquet", None),
        ("truth.json", '{"made_by": "fer_fairness.fabrication"}'),
        ("truth.json", '{"made_by": "fer_fairness.fabrication", "parameters": {"x": 1}}'),
    ],
)
def test_a_damaged_truth_is_named(
    fairface: FabricatedDataset, tmp_path: Path, file: str, content: str | None
) -> None:
    write_dataset(fairface, tmp_path / "a")
    (tmp_path / "a" / file).unlink()
    if content is not None:
        (tmp_path / "a" / file).write_text(content)
    with pytest.raises(InvalidInputError, match=rf"(?s){file} does not say how .* Draw them"):
        read_truth(tmp_path / "a")


def test_writing_twice_gives_the_same_bytes(fairface: FabricatedDataset, tmp_path: Path) -> None:
    write_dataset(fairface, tmp_path / "a")
    before = {p.name: p.read_bytes() for p in (tmp_path / "a").rglob("*") if p.is_file()}
    write_dataset(fairface, tmp_path / "a")
    after = {p.name: p.read_bytes() for p in (tmp_path / "a").rglob("*") if p.is_file()}

    assert before == after
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_fabricated_folder_is_replaced_whole(
    datasets: dict[str, FabricatedDataset], tmp_path: Path
) -> None:
    write_dataset(datasets["fairface"], tmp_path / "a")
    write_dataset(datasets["raf_db"], tmp_path / "a")

    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [
        "basic",
        "truth.json",
        "truth.parquet",
    ]


def test_an_empty_folder_is_filled(fairface: FabricatedDataset, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    write_dataset(fairface, tmp_path / "a")

    assert (tmp_path / "a/train/1.jpg").is_file()


@pytest.mark.parametrize("marker", [None, "{}", "[]", "not json", '{"made_by": "somebody"}'])
def test_data_that_was_not_fabricated_is_never_replaced(
    fairface: FabricatedDataset, tmp_path: Path, marker: str | None
) -> None:
    folder = tmp_path / "fer_plus"
    folder.mkdir()
    (folder / "fer2013.csv").write_text("emotion,pixels,Usage\n", "ascii")
    if marker is not None:
        (folder / "truth.json").write_text(marker, "utf-8")

    with pytest.raises(InvalidInputError, match="holds data that was not fabricated"):
        write_dataset(fairface, folder)

    assert (folder / "fer2013.csv").read_text("ascii") == "emotion,pixels,Usage\n"
    assert [p.name for p in tmp_path.iterdir()] == ["fer_plus"]


def test_a_file_or_a_link_is_not_replaced(fairface: FabricatedDataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "ascii")
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")

    for name in ("file", "link"):
        with pytest.raises(InvalidInputError, match="not a plain folder"):
            write_dataset(fairface, tmp_path / name)


def test_a_run_cut_short_leaves_what_was_there(
    fairface: FabricatedDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(fairface, tmp_path / "a")
    before = (tmp_path / "a/train/1.jpg").read_bytes()
    saved: list[Path] = []

    def full_disk(_pixels: object, path: Path, **_: object) -> None:
        saved.append(path)
        path.write_bytes(b"half")
        if len(saved) == 5:
            raise OSError("No space left on device")

    monkeypatch.setattr(fairface_layout, "save_jpeg", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_dataset(fairface, tmp_path / "a")

    assert len(saved) == 5
    assert (tmp_path / "a/train/1.jpg").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_the_old_folder_comes_back_if_the_new_one_cannot_be_moved(
    fairface: FabricatedDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(fairface, tmp_path / "a")
    rename = Path.rename

    def stubborn(path: Path, target: Path) -> Path:
        if path.name.startswith(".a.") and not path.name.endswith(".old.unfinished"):
            raise OSError("busy")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stubborn)
    with pytest.raises(OSError, match="busy"):
        write_dataset(fairface, tmp_path / "a")

    assert is_fabricated(tmp_path / "a")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("killed_at", [1, 2])
def test_the_copy_that_a_killed_run_leaves_is_removed_by_the_next(
    fairface: FabricatedDataset, killed_at: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_dataset(fairface, tmp_path / "a")
    (tmp_path / ".a.backup").mkdir()  # somebody's own
    renamed: list[Path] = []
    rename = Path.rename

    def killed(path: Path, target: Path) -> Path:
        renamed.append(path)
        if len(renamed) == killed_at:
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # a killed run tidies nothing up
        with pytest.raises(KeyboardInterrupt):
            write_dataset(fairface, tmp_path / "a")
    assert len(list(tmp_path.glob(".a.*.unfinished"))) == killed_at
    write_dataset(fairface, tmp_path / "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.backup", "a"]
