"""The results file, saved with the SHA-256 of the tables that it names."""

import hashlib
from typing import Any

from fer_fairness.datasets.atomic import JSONDataset


class ResultsDataset(JSONDataset):
    """`results_json` in a JSON file; the tables that it names are there before, or it is refused.

    Example of a catalog entry:
        ```yaml
        results:
          type: fer_fairness.datasets.ResultsDataset
          filepath: data/08_reporting/results.json
        ```
    """

    HOLDS = dict

    def save(self, data: Any) -> None:  # noqa: ANN401  refused unless results
        """Write the results.

        Raises:
            DatasetError: They are none, name a table that is not there, or cannot be written.
        """
        from fer_fairness.reporting import with_sha256

        super().save(with_sha256(data, self._sha256_of) if isinstance(data, dict) else data)

    def _sha256_of(self, path: str) -> str:
        with self._fs.open(str(self._filepath.parent / path), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
