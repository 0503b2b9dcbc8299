"""Tables as CSV files, for those who open them in a spreadsheet."""

from pathlib import Path

import pandas as pd
from kedro.io.core import DatasetError

from fer_fairness.datasets._file import FileDataset


class CsvDataset(FileDataset[pd.DataFrame]):
    """A pandas DataFrame in a CSV file, without its index; UTF-8 with a mark that Excel needs.

    Example of a catalog entry:
        ```yaml
        images.labels:
          type: fer_fairness.datasets.CsvDataset
          filepath: data/08_reporting/images/labels.csv
        ```
    """

    def _read(self, path: Path) -> pd.DataFrame:
        table: pd.DataFrame = pd.read_csv(path, encoding="utf-8-sig", **self._load_args)
        return table

    def _write(self, data: pd.DataFrame, path: Path) -> None:
        if not isinstance(data, pd.DataFrame):
            raise DatasetError(
                f"{self.filepath} keeps a DataFrame, but a {type(data).__name__} was to be saved."
            )
        data.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n", **self._save_args)
