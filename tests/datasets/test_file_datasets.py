"""What every dataset that is one file promises."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.io.core import DatasetError, Version

from fer_fairness.datasets import (
    CSVDataset,
    FigureDataset,
    JSONDataset,
    KerasModelDataset,
    NumpyArrayDataset,
    ParquetDataset,
    PlotlyDataset,
    SkopsDataset,
    TextDataset,
)
from fer_fairness.datasets.atomic import AtomicFile

LOCAL: list[tuple[type[AtomicFile], str]] = [
    (FigureDataset, "figure.png"),
    (KerasModelDataset, "model.keras"),
    (NumpyArrayDataset, "array.npy"),
    (SkopsDataset, "estimator.skops"),
]
ANYWHERE: list[tuple[type[AtomicFile], str]] = [
    (CSVDataset, "labels.csv"),
    (JSONDataset, "data.json"),
    (ParquetDataset, "table.parquet"),
    (TextDataset, "text.md"),
]
TABLE = pd.DataFrame({"file": ["a, b.jpg", "ä.jpg"], "share": [0.25, None]})


class Unsavable:
    def __getstate__(self) -> dict[str, Any]:
        raise TypeError("this cannot be saved")


@pytest.mark.parametrize(("dataset_class", "name"), LOCAL + ANYWHERE)
class TestEveryFileDataset:
    def test_missing_file_is_named_with_a_remedy(
        self, dataset_class: Callable[..., AtomicFile], name: str, tmp_path: Path
    ) -> None:
        dataset = dataset_class(filepath=str(tmp_path / name))
        assert not dataset.exists()
        with pytest.raises(DatasetError, match=rf"{name} is not there.*kedro run"):
            dataset.load()

    def test_missing_version_is_named_with_a_remedy(
        self, dataset_class: Callable[..., AtomicFile], name: str, tmp_path: Path
    ) -> None:
        dataset = dataset_class(filepath=str(tmp_path / name), version=Version(None, None))
        assert not dataset.exists()
        with pytest.raises(DatasetError, match=rf"{name} is not there.*kedro run"):
            dataset.load()

    def test_a_catalog_entry_keeps_its_metadata(
        self, dataset_class: type[AtomicFile], name: str, tmp_path: Path
    ) -> None:
        metadata = {"kedro-viz": {"layer": "models"}}
        config = {
            "type": f"fer_fairness.datasets.{dataset_class.__name__}",
            "filepath": str(tmp_path / name),
            "metadata": metadata,
        }
        dataset = DataCatalog.from_config({"entry": config})["entry"]
        assert isinstance(dataset, dataset_class)
        assert dataset.metadata == metadata
        assert dataset.filepath == str(tmp_path / name)
        assert name in str(dataset)

    def test_saving_what_cannot_be_saved_keeps_the_older_file(
        self, dataset_class: Callable[..., AtomicFile], name: str, tmp_path: Path
    ) -> None:
        target = tmp_path / name
        target.write_bytes(b"old")
        with pytest.raises(DatasetError):
            dataset_class(filepath=str(target)).save(Unsavable())
        assert target.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("dataset_class", "name"), LOCAL)
def test_remote_files_are_refused_where_a_library_wants_a_local_one(
    dataset_class: Callable[..., AtomicFile], name: str
) -> None:
    with pytest.raises(DatasetError, match="local files only"):
        dataset_class(filepath=f"s3://bucket/{name}")


@pytest.mark.parametrize(
    ("dataset_class", "name", "data"),
    [
        (CSVDataset, "labels.csv", TABLE),
        (JSONDataset, "data.json", {"gap": 0.25, "names": ["Joo"]}),
        (ParquetDataset, "table.parquet", TABLE),
        (TextDataset, "text.md", "<p>Kärkkäinen</p>\r\n"),
    ],
)
class TestDatasetsOnAnyFileSystem:
    def test_round_trip_away_from_the_disk(
        self, dataset_class: Callable[..., AtomicFile], name: str, data: Any
    ) -> None:
        dataset = dataset_class(filepath=f"memory://bucket-{uuid4()}/{name}")
        assert not dataset.exists()
        with pytest.raises(DatasetError, match=rf"memory://.*{name} is not there"):
            dataset.load()
        dataset.save(data)
        assert dataset.exists()
        loaded = dataset.load()
        if isinstance(data, pd.DataFrame):
            pd.testing.assert_frame_equal(loaded, data)
        else:
            assert loaded == data

    def test_credentials_reach_the_file_system(
        self, dataset_class: Callable[..., AtomicFile], name: str, data: Any
    ) -> None:
        address = f"memory://bucket-{uuid4()}/{name}"
        dataset = dataset_class(filepath=address, credentials={"key": "of-this-test"})
        dataset.save(data)
        assert dataset._fs.storage_options["key"] == "of-this-test"

    def test_a_save_that_fails_half_way_keeps_the_older_file(
        self,
        dataset_class: Callable[..., AtomicFile],
        name: str,
        data: Any,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        dataset = dataset_class(filepath=str(tmp_path / name))
        dataset.save(data)
        before = (tmp_path / name).read_bytes()
        # The last thing that each of Kedro's classes does when it saves, the file being written.
        monkeypatch.setattr(dataset, "_invalidate_cache", lambda: 1 / 0)
        with pytest.raises(DatasetError, match="division by zero"):
            dataset.save(data)
        monkeypatch.undo()
        assert (tmp_path / name).read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == [name]
        dataset.save(data)

    def test_each_save_makes_a_version_and_load_takes_the_last(
        self, dataset_class: Callable[..., AtomicFile], name: str, data: Any, tmp_path: Path
    ) -> None:
        path = str(tmp_path / name)
        for day in (1, 2):
            version = Version(None, f"2026-01-0{day}T00.00.00.000Z")
            dataset_class(filepath=path, version=version).save(data)
        newest = dataset_class(filepath=path, version=Version(None, None))
        assert newest.resolve_load_version() == "2026-01-02T00.00.00.000Z"
        assert type(newest.load()) is type(data)
        gone = dataset_class(filepath=path, version=Version("2025-01-01T00.00.00.000Z", None))
        with pytest.raises(DatasetError, match=r"is not there in the version 2025-01-01"):
            gone.load()


def test_an_array_is_kept_in_versions_too(tmp_path: Path) -> None:
    path = str(tmp_path / "array.npy")
    for number in (1, 2):
        version = Version(None, f"2026-01-0{number}T00.00.00.000Z")
        NumpyArrayDataset(filepath=path, version=version).save(np.array([number]))
    newest = NumpyArrayDataset(filepath=path, version=Version(None, None))
    assert newest.load() == [2]
    assert len(newest.list_versions()) == 2


class TestCSVDataset:
    def test_a_spreadsheet_gets_its_mark_and_unix_line_ends(self, tmp_path: Path) -> None:
        dataset = CSVDataset(filepath=str(tmp_path / "labels.csv"))
        dataset.save(TABLE)
        pd.testing.assert_frame_equal(dataset.load(), TABLE)
        written = (tmp_path / "labels.csv").read_bytes()
        assert written == '\ufefffile,share\n"a, b.jpg",0.25\nä.jpg,\n'.encode()

    def test_no_cell_is_a_formula_and_all_come_back(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        dataset = CSVDataset(filepath=str(tmp_path / "labels.csv"))
        table = pd.DataFrame(
            {"file": ["=cmd|' /C calc'!A0.jpg", "@SUM(1)", "-1.5", "'=x"], "=n": [-1.5, 2, 3, 4]}
        )
        with caplog.at_level("INFO"):
            dataset.save(table)
        pd.testing.assert_frame_equal(dataset.load(), table)
        written = (tmp_path / "labels.csv").read_text("utf-8-sig").splitlines()
        assert written == [
            "file,'=n",
            "'=cmd|' /C calc'!A0.jpg,-1.5",
            "'@SUM(1),2.0",
            "-1.5,3.0",
            "''=x,4.0",
        ]
        assert "labels.csv: 4 texts begin like a formula" in caplog.text

    def test_cells_of_several_lines_and_missing_ones_come_back(self, tmp_path: Path) -> None:
        dataset = CSVDataset(filepath=str(tmp_path / "labels.csv"))
        table = pd.DataFrame({"file": ["a\r=cmd", "b\nc", "\r\n=d", 'q"q'], "n": [1, 2, 3, 4]})
        dataset.save(table)
        pd.testing.assert_frame_equal(dataset.load(), table)
        assert b'"a\r=cmd"' in (tmp_path / "labels.csv").read_bytes()
        dataset.save(table.assign(row=pd.array([1, None, 2, None], dtype="Int64")))
        assert dataset.load()["row"].isna().tolist() == [False, True, False, True]
        dataset.save(TABLE)
        assert b'"file"' not in (tmp_path / "labels.csv").read_bytes()

    def test_only_tables_are_saved(self, tmp_path: Path) -> None:
        dataset = CSVDataset(filepath=str(tmp_path / "labels.csv"))
        dataset.save(TABLE)
        with pytest.raises(DatasetError, match="keeps a DataFrame, but a list"):
            dataset.save([1])
        pd.testing.assert_frame_equal(dataset.load(), TABLE)


class TestTextDataset:
    def test_round_trip_keeps_characters_and_line_ends(self, tmp_path: Path) -> None:
        dataset = TextDataset(filepath=str(tmp_path / "report.html"))
        text = "<p>Kärkkäinen ±0.4</p>\r\n\n"
        dataset.save(text)
        assert dataset.load() == text


class TestJSONDataset:
    def test_round_trip(self, tmp_path: Path) -> None:
        dataset = JSONDataset(filepath=str(tmp_path / "data.json"))
        data = {"gap": 0.25, "none": None, "names": ["Kärkkäinen", "Joo"], "n": 3}
        dataset.save(data)
        assert dataset.load() == data
        assert json.loads(dataset.preview()) == data

    def test_a_value_that_is_not_a_number_is_refused(self, tmp_path: Path) -> None:
        dataset = JSONDataset(filepath=str(tmp_path / "data.json"))
        with pytest.raises(DatasetError, match="not JSON compliant"):
            dataset.save({"gap": float("nan")})
        assert not dataset.exists()


class TestParquetDataset:
    @pytest.fixture
    def table(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "sample_id": [f"face-{row}" for row in range(7)],
                "race": ["asian", None, "white", "white", None, "black", "asian"],
                "confidence": [0.5, np.nan, 1.0, 0.25, np.nan, 0.75, 0.5],
            }
        )

    def test_round_trip(self, table: pd.DataFrame, tmp_path: Path) -> None:
        dataset = ParquetDataset(filepath=str(tmp_path / "table.parquet"))
        dataset.save(table)
        pd.testing.assert_frame_equal(dataset.load(), table)

    def test_a_table_without_rows_keeps_its_columns(
        self, table: pd.DataFrame, tmp_path: Path
    ) -> None:
        dataset = ParquetDataset(filepath=str(tmp_path / "table.parquet"))
        dataset.save(table.iloc[:0])
        pd.testing.assert_frame_equal(dataset.load(), table.iloc[:0])
        assert dataset.preview()["data"] == []

    def test_only_the_asked_columns_are_loaded(self, table: pd.DataFrame, tmp_path: Path) -> None:
        path = str(tmp_path / "table.parquet")
        ParquetDataset(filepath=path).save(table)
        dataset = ParquetDataset(filepath=path, load_args={"columns": ["race"]})
        assert list(dataset.load()) == ["race"]


class TestFigureDataset:
    def test_a_figure_becomes_a_picture_with_a_preview(self, tmp_path: Path) -> None:
        import base64

        from matplotlib.figure import Figure

        dataset = FigureDataset(filepath=str(tmp_path / "figure.png"), save_args={"dpi": 40})
        figure = Figure(figsize=(2, 1))
        figure.subplots().plot([0, 1], [1, 0])
        dataset.save(figure)
        assert base64.b64decode(dataset.preview()).startswith(b"\x89PNG")
        with pytest.raises(DatasetError, match="cannot become a figure again"):
            dataset.load()

    def test_figures_of_a_notebook_stay_open(self, tmp_path: Path) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        others = Figure()
        canvas = FigureCanvasAgg(others)
        FigureDataset(filepath=str(tmp_path / "figure.png")).save(Figure(figsize=(1, 1)))
        assert others.canvas is canvas


@pytest.mark.parametrize(
    ("dataset_class", "expected"),
    [
        (ParquetDataset, "TablePreview"),
        (JSONDataset, "JSONPreview"),
        (FigureDataset, "ImagePreview"),
        (PlotlyDataset, "PlotlyPreview"),
        (TextDataset, "TextPreview"),
    ],
)
def test_kedro_viz_knows_the_kind_of_preview(dataset_class: type[Any], expected: str) -> None:
    from inspect import signature

    # As kedro-viz reads it: a class, or its name where annotations are kept as text.
    annotation = signature(dataset_class.preview).return_annotation
    assert getattr(annotation, "__name__", str(annotation)) == expected


def test_a_preview_with_missing_values_can_be_sent(tmp_path: Path) -> None:
    from kedro_viz.api.rest.responses.utils import EnhancedORJSONResponse

    dataset = ParquetDataset(filepath=str(tmp_path / "table.parquet"))
    dataset.save(TABLE)
    sent = json.loads(EnhancedORJSONResponse(dataset.preview(nrows=2)).body)
    assert sent["data"] == [["a, b.jpg", 0.25], ["ä.jpg", None]]


def test_a_preview_of_json_has_the_first_entries_of_long_lists(tmp_path: Path) -> None:
    dataset = JSONDataset(filepath=str(tmp_path / "results.json"))
    dataset.save({"rows": [{"n": [n] * 6} for n in range(1200)], "short": [1, 2, 3, 4, 5]})
    shown = json.loads(dataset.preview())
    assert shown["short"] == [1, 2, 3, 4, 5]
    assert shown["rows"][5:] == ["and 1,195 more"]
    assert shown["rows"][4] == {"n": [4, 4, 4, 4, 4, "and 1 more"]}


def test_a_preview_of_text_is_the_text_and_of_a_page_where_it_lies(tmp_path: Path) -> None:
    for name, shown in (("card.md", "# Ä"), ("page.html", f"{tmp_path.as_posix()}/page.html")):
        dataset = TextDataset(filepath=str(tmp_path / name))
        dataset.save("# Ä")
        assert dataset.preview().endswith(shown)
        assert name == "card.md" or "browser" in dataset.preview()
