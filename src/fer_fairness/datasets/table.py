"""Tables as Parquet files."""

from itertools import islice
from pathlib import Path

import pandas as pd
from kedro.io.core import DatasetError
from kedro_datasets._typing import TablePreview

from fer_fairness.datasets._file import FileDataset


class TableDataset(FileDataset[pd.DataFrame]):
    """A pandas DataFrame in a Parquet file.

    The same as `kedro_datasets.pandas.ParquetDataset` on a local disk, but a run that stops while
    saving leaves the older table whole, and the preview reads only the rows that it shows.

    Example of a catalog entry:
        ```yaml
        fer_plus.test_faces:
          type: fer_fairness.datasets.TableDataset
          filepath: data/03_primary/fer_plus/test_faces.parquet
        ```
    """

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first rows, for kedro-viz.

        Args:
            nrows: Number of rows to show.

        Returns:
            A mapping with `index`, `columns` and `data`, JSON-able.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetFile(self._existing_path()) as file:
            first_batch = islice(file.iter_batches(batch_size=nrows), 1)
            head = pa.Table.from_batches(first_batch, schema=file.schema_arrow).to_pandas()
        # Kedro-viz sends the preview as JSON, which has neither NaN nor NumPy's numbers.
        printable = head.astype(object).where(head.notna(), None)
        return TablePreview(printable.to_dict(orient="split"))

    def _read(self, path: Path) -> pd.DataFrame:
        return pd.read_parquet(path, **self._load_args)

    def _write(self, data: pd.DataFrame, path: Path) -> None:
        if not isinstance(data, pd.DataFrame):
            raise DatasetError(
                f"{self.filepath} keeps a DataFrame, but a {type(data).__name__} was to be saved."
            )
        data.to_parquet(path, **self._save_args)
