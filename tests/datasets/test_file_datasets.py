"""What every dataset that is one file promises."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.io.core import DatasetError, Version

from fer_fairness.datasets import (
    FigureDataset,
    JsonDataset,
    KerasModelDataset,
    NumpyArrayDataset,
    OptionalJsonDataset,
    SkopsDataset,
    TableDataset,
    TextDataset,
)
from fer_fairness.datasets._file import FileDataset

ALL = [
    (FigureDataset, "figure.png"),
    (JsonDataset, "data.json"),
    (KerasModelDataset, "model.keras"),
    (NumpyArrayDataset, "array.npy"),
    (SkopsDataset, "estimator.skops"),
    (TableDataset, "table.parquet"),
    (TextDataset, "text.md"),
]


class Unsavable:
    def __getstate__(self) -> dict[str, Any]:
        raise TypeError("this cannot be saved")


@pytest.mark.parametrize(("dataset_class", "name"), ALL)
class TestEveryFileDataset:
    def test_missing_file_is_named_with_a_remedy(
        self, dataset_class: Callable[..., FileDataset[Any]], name: str, tmp_path: Path
    ) -> None:
        dataset = dataset_class(filepath=str(tmp_path / name))
        assert not dataset.exists()
        with pytest.raises(DatasetError, match=rf"{name} is not there.*kedro run"):
            dataset.load()

    def test_missing_version_is_named_with_a_remedy(
        self, dataset_class: Callable[..., FileDataset[Any]], name: str, tmp_path: Path
    ) -> None:
        dataset = dataset_class(filepath=str(tmp_path / name), version=Version(None, None))
        assert not dataset.exists()
        with pytest.raises(DatasetError, match=rf"{name} is not there.*kedro run"):
            dataset.load()

    def test_remote_files_are_refused(
        self, dataset_class: Callable[..., FileDataset[Any]], name: str
    ) -> None:
        with pytest.raises(DatasetError, match="local files only"):
            dataset_class(filepath=f"s3://bucket/{name}")

    def test_a_catalog_entry_keeps_its_metadata(
        self, dataset_class: type[FileDataset[Any]], name: str, tmp_path: Path
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
        assert dataset.filepath == tmp_path / name
        assert name in str(dataset)

    def test_saving_what_cannot_be_saved_keeps_the_older_file(
        self, dataset_class: Callable[..., FileDataset[Any]], name: str, tmp_path: Path
    ) -> None:
        target = tmp_path / name
        target.write_bytes(b"old")
        with pytest.raises(DatasetError):
            dataset_class(filepath=str(target)).save(Unsavable())
        assert target.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [target]


class TestVersions:
    def test_each_save_makes_a_version_and_load_takes_the_last(self, tmp_path: Path) -> None:
        path = str(tmp_path / "text.md")
        for text in ("first", "second"):
            version = Version(None, f"2026-01-0{len(text) - 4}T00.00.00.000Z")
            TextDataset(filepath=path, version=version).save(text)
        newest = TextDataset(filepath=path, version=Version(None, None))
        assert newest.load() == "second"
        assert len(newest.list_versions()) == 2


class TestTextDataset:
    def test_round_trip_keeps_characters_and_line_ends(self, tmp_path: Path) -> None:
        dataset = TextDataset(filepath=str(tmp_path / "report.html"))
        text = "<p>Kärkkäinen ±0.4</p>\r\n\n"
        dataset.save(text)
        assert dataset.load() == text


class TestJsonDataset:
    def test_round_trip(self, tmp_path: Path) -> None:
        dataset = JsonDataset(filepath=str(tmp_path / "data.json"))
        data = {"gap": 0.25, "none": None, "names": ["Kärkkäinen", "Joo"], "n": 3}
        dataset.save(data)
        assert dataset.load() == data
        assert json.loads(dataset.preview()) == data

    def test_a_value_that_is_not_a_number_is_refused(self, tmp_path: Path) -> None:
        dataset = JsonDataset(filepath=str(tmp_path / "data.json"))
        with pytest.raises(DatasetError, match="not JSON compliant"):
            dataset.save({"gap": float("nan")})
        assert not dataset.exists()


class TestOptionalJsonDataset:
    def test_a_missing_file_is_none_and_never_missing_to_kedro(self, tmp_path: Path) -> None:
        dataset = OptionalJsonDataset(filepath=str(tmp_path / "data.json"))
        assert dataset.load() is None
        assert dataset.exists()

    def test_a_file_that_is_there_is_read_and_a_damaged_one_is_an_error(
        self, tmp_path: Path
    ) -> None:
        dataset = OptionalJsonDataset(filepath=str(tmp_path / "data.json"))
        dataset.save({"seed": 3})
        assert dataset.load() == {"seed": 3}
        (tmp_path / "data.json").write_text('{"seed": ')
        with pytest.raises(DatasetError, match=r"data\.json"):
            dataset.load()


class TestTableDataset:
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
        dataset = TableDataset(filepath=str(tmp_path / "table.parquet"))
        dataset.save(table)
        pd.testing.assert_frame_equal(dataset.load(), table)

    def test_a_table_without_rows_keeps_its_columns(
        self, table: pd.DataFrame, tmp_path: Path
    ) -> None:
        dataset = TableDataset(filepath=str(tmp_path / "table.parquet"))
        dataset.save(table.iloc[:0])
        pd.testing.assert_frame_equal(dataset.load(), table.iloc[:0])
        assert dataset.preview() == {"index": [], "columns": list(table), "data": []}

    def test_preview_is_the_first_rows_as_json(self, table: pd.DataFrame, tmp_path: Path) -> None:
        dataset = TableDataset(filepath=str(tmp_path / "table.parquet"))
        dataset.save(table)
        preview = json.loads(json.dumps(dataset.preview(nrows=2), allow_nan=False))
        assert preview == {
            "index": [0, 1],
            "columns": ["sample_id", "race", "confidence"],
            "data": [["face-0", "asian", 0.5], ["face-1", None, None]],
        }

    def test_only_the_asked_columns_are_loaded(self, table: pd.DataFrame, tmp_path: Path) -> None:
        path = str(tmp_path / "table.parquet")
        TableDataset(filepath=path).save(table)
        dataset = TableDataset(filepath=path, load_args={"columns": ["race"]})
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


class TestPreviewTypes:
    @pytest.mark.parametrize(
        ("dataset_class", "expected"),
        [
            (TableDataset, "TablePreview"),
            (JsonDataset, "JSONPreview"),
            (FigureDataset, "ImagePreview"),
        ],
    )
    def test_kedro_viz_knows_the_kind_of_preview(
        self, dataset_class: type[Any], expected: str
    ) -> None:
        from inspect import signature

        assert signature(dataset_class.preview).return_annotation.__name__ == expected
