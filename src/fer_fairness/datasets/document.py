"""Reports as JSON, and as text such as HTML and Markdown."""

import json
from pathlib import Path
from typing import Any, ClassVar

from kedro.io.core import DatasetError
from kedro_datasets._typing import JSONPreview

from fer_fairness.datasets._file import FileDataset


class JsonDataset(FileDataset[Any]):
    """JSON-able data in a UTF-8 `.json` file, indented so that two runs can be compared by eye.

    A value that is not a number (NaN, infinity) is refused, because standard JSON has none and
    other programs would not read the file: a node says `None` where there is no value.

    Example of a catalog entry:
        ```yaml
        results:
          type: fer_fairness.datasets.JsonDataset
          filepath: data/08_reporting/results.json
        ```
    """

    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {
        "indent": 2,
        "ensure_ascii": False,
        "allow_nan": False,
    }

    def preview(self) -> JSONPreview:
        """The contents as JSON text, for kedro-viz."""
        return JSONPreview(json.dumps(self._read(self._existing_path())))

    def _read(self, path: Path) -> Any:  # noqa: ANN401  any JSON value
        return json.loads(path.read_text(encoding="utf-8"), **self._load_args)

    def _write(self, data: Any, path: Path) -> None:  # noqa: ANN401  any JSON value
        path.write_text(json.dumps(data, **self._save_args) + "\n", encoding="utf-8")


class OptionalJsonDataset(JsonDataset):
    """JSON-able data that earlier versions did not write: None where the file is not there.

    To Kedro it is always there: were it missing, `--only-missing-outputs` would make its node's
    other outputs anew, and nothing of what had been made from them.
    """

    def load(self) -> Any:  # noqa: ANN401  any JSON value
        """Read the file, or give None.

        Raises:
            DatasetError: If it is there and cannot be read.
        """
        return self._read(self._existing_path()) if super()._exists() else None

    def _exists(self) -> bool:
        return True


class TextDataset(FileDataset[str]):
    """Text in a UTF-8 file, for instance the HTML report and the model card in Markdown.

    Example of a catalog entry:
        ```yaml
        report:
          type: fer_fairness.datasets.TextDataset
          filepath: data/08_reporting/report.html
        ```
    """

    def _read(self, path: Path) -> str:
        return path.read_bytes().decode("utf-8")

    def _write(self, data: str, path: Path) -> None:
        if not isinstance(data, str):
            raise DatasetError(
                f"{self.filepath} keeps text, but a {type(data).__name__} was to be saved."
            )
        # As bytes: line ends stay as they are on every system.
        path.write_bytes(data.encode("utf-8"))
