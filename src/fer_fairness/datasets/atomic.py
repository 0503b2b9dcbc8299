"""Kedro's own datasets of tables, JSON and text, whose local files are replaced at once."""

import logging
from json import dumps
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Final, NewType

import pandas as pd
from kedro.io.core import DatasetError
from kedro_datasets import json, pandas, text
from kedro_datasets._typing import JSONPreview, PlotlyPreview

from fer_fairness.files import replacing
from fer_fairness.spreadsheets import CSV_FORMAT, csv_quoting, escaped_table, unescaped_table

if TYPE_CHECKING:
    from typing import Any as _Behind  # the class it is put before
else:
    _Behind = object  # Kedro's base class would bring a constructor of its own


logger = logging.getLogger(__name__)

TextPreview = NewType("TextPreview", str)
"""Plain text for Kedro-Viz, which goes by the name of this type."""

_N_SHOWN: Final = 5
"""Entries of a list that a preview has, as many as rows of a table."""


class AtomicFile(_Behind):  # type: ignore[misc]
    """Put before a dataset class of one file: a clear word on a missing file, atomic local saves.

    A local file is written beside its place and then put there, so that a run which stops while
    saving leaves the older file whole. Any other file system of fsspec is left to the dataset.
    """

    HOLDS: ClassVar[type] = object
    """What may be saved."""

    _protocol: str
    _save_args: dict[str, Any]
    _unfinished: Path | None = None

    @property
    def filepath(self) -> str:
        """The file as the catalog names it, without a version."""
        prefix = "" if self._protocol == "file" else f"{self._protocol}://"
        return f"{prefix}{self._filepath}"

    def load(self) -> Any:  # noqa: ANN401  what the dataset class reads
        """Read the file.

        Raises:
            DatasetError: If it is not there or cannot be read.
        """
        if not self.exists():
            version = self._version.load if self._version else None
            pinned = f" in the version {version}" if version else ""
            raise DatasetError(
                f"{self.filepath} is not there{pinned}: an earlier pipeline makes it. Run `kedro "
                "run` without --pipelines for everything, or first the pipeline that has this "
                "dataset among its outputs (`kedro viz` shows which)."
            )
        try:
            return super().load()
        except DatasetError as error:
            cause = error.__cause__
            if cause is None or isinstance(cause, DatasetError):
                raise  # a dataset's own words
            reason = " ".join(str(cause).split())[:600] or type(cause).__name__
            raise DatasetError(
                f"{self.filepath} cannot be read by {type(self).__name__}: it is damaged, or "
                f"another file than a run has saved there ({reason}). Delete it and run the same "
                "command with --only-missing-outputs, which makes it again."
            ) from cause

    def save(self, data: Any) -> None:  # noqa: ANN401  what the dataset class writes
        """Write the file.

        Raises:
            DatasetError: If `data` is of another type, or cannot be written.
        """
        if not isinstance(data, self.HOLDS):
            raise DatasetError(
                f"{self.filepath} keeps a {self.HOLDS.__name__}, but a {type(data).__name__} was "
                "to be saved. Make the node return the former, or change the dataset's type."
            )
        # Kedro wraps every `save` to look for the saved version afterwards; the inner one would
        # look before the file is in its place.
        write = super().save.__wrapped__
        if self._protocol != "file":
            write(self, data)
            return
        try:
            with replacing(Path(self._get_save_path())) as self._unfinished:
                write(self, data)
        finally:
            self._unfinished = None

    def _get_save_path(self) -> PurePosixPath:
        if self._unfinished is not None:
            return PurePosixPath(self._unfinished)
        path: PurePosixPath = super()._get_save_path()
        return path


class ParquetDataset(AtomicFile, pandas.ParquetDataset):  # type: ignore[misc]
    """A pandas DataFrame in a Parquet file.

    Example of a catalog entry:
        ```yaml
        fer_plus.test_faces:
          type: fer_fairness.datasets.ParquetDataset
          filepath: data/03_primary/fer_plus/test_faces.parquet
        ```
    """

    HOLDS = pd.DataFrame
    # Columns are handed over one by one: at no time is there a second copy of all.
    DEFAULT_LOAD_ARGS: ClassVar = {
        "to_pandas_kwargs": {"split_blocks": True, "self_destruct": True}
    }


class CSVDataset(AtomicFile, pandas.CSVDataset):  # type: ignore[misc]
    """A pandas DataFrame in a CSV file for spreadsheets: no index, UTF-8 with Excel's mark, LF.

    Texts that a spreadsheet would run as formulas have an apostrophe before them in the file
    (`fer_fairness.spreadsheets`); loading takes it off.
    """

    HOLDS = pd.DataFrame
    DEFAULT_LOAD_ARGS: ClassVar = {"encoding": "utf-8-sig"}
    DEFAULT_SAVE_ARGS: ClassVar = dict(CSV_FORMAT)
    DEFAULT_FS_ARGS: ClassVar = {"open_args_save": {"mode": "wb"}}  # else pandas sets no encoding

    def load(self) -> pd.DataFrame:
        """Read the table.

        Raises:
            DatasetError: If the file is not there or cannot be read.
        """
        return unescaped_table(super().load())

    def save(self, data: Any) -> None:  # noqa: ANN401  refused unless a table
        """Write the table, and say how many texts have an apostrophe before them.

        Raises:
            DatasetError: If it is no table, or cannot be written.
        """
        n_changed, usual = 0, self._save_args
        if isinstance(data, pd.DataFrame):
            data, n_changed = escaped_table(data)
            self._save_args = {"quoting": csv_quoting(data), **usual}
        try:
            super().save(data)
        finally:
            self._save_args = usual
        if n_changed:
            logger.info(
                "%s: %d texts begin like a formula and have an apostrophe before them, so that no "
                "spreadsheet runs them.",
                *(PurePosixPath(self.filepath).name, n_changed),
            )


class JSONDataset(AtomicFile, json.JSONDataset):  # type: ignore[misc]
    """JSON-able data in a UTF-8 file, indented so that two runs can be compared by eye.

    A value that is not a number (NaN, infinity) is refused, because standard JSON has none and
    other programs would not read the file: a node says `None` where there is no value.
    """

    DEFAULT_SAVE_ARGS: ClassVar = {"indent": 2, "ensure_ascii": False, "allow_nan": False}
    DEFAULT_FS_ARGS: ClassVar = {"open_args_save": {"mode": "w", "encoding": "utf-8"}}

    def preview(self) -> JSONPreview:
        """The data for Kedro-Viz, of long lists the first entries: `results.json` has megabytes."""
        return JSONPreview(dumps(_outline(self.load())))


class PlotlyDataset(JSONDataset):
    """A figure as the JSON that plotly draws (`data` and `layout`), without plotly being needed."""

    HOLDS = dict

    def preview(self) -> PlotlyPreview:
        """The figure for Kedro-Viz, which draws it."""
        return PlotlyPreview(self.load())


class TextDataset(AtomicFile, text.TextDataset):  # type: ignore[misc]
    """Text in a UTF-8 file, such as the HTML report; its line ends stay as they are."""

    HOLDS = str
    DEFAULT_FS_ARGS: ClassVar = {
        "open_args_save": {"mode": "w", "encoding": "utf-8", "newline": ""},
        "open_args_load": {"mode": "r", "encoding": "utf-8", "newline": ""},
    }

    def preview(self) -> TextPreview:
        """The text for Kedro-Viz, in place of an HTML page how to look at it."""
        if self.filepath.endswith(".html"):
            return TextPreview(f"A page to be opened in a browser:\n{self.filepath}")
        return TextPreview(self.load())


def _outline(data: Any) -> Any:  # noqa: ANN401  JSON
    """The same with long lists cut."""
    if isinstance(data, dict):
        return {name: _outline(value) for name, value in data.items()}
    if not isinstance(data, list):
        return data
    rest = [f"and {len(data) - _N_SHOWN:,} more"] if len(data) > _N_SHOWN else []
    return [*map(_outline, data[:_N_SHOWN]), *rest]
