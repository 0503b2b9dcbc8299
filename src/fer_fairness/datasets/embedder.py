"""A face embedder that is ready to be opened, as a folder."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kedro.io.core import AbstractDataset, DatasetError

from fer_fairness.files import replacing

if TYPE_CHECKING:
    from fer_fairness.embedding import EmbedderHandle

_RECORD: Final = "embedder.json"


class EmbedderDataset(AbstractDataset["EmbedderHandle", "EmbedderHandle"]):
    """A folder with `embedder.json` and, where the embedder was trained here, its `.keras` file.

    The record names the model file, whose name holds its fingerprint; it is replaced at once and
    only after the model is complete, so the folder holds the older embedder or the newer one at any
    moment. Loading opens neither the model nor a deep-learning library.

    Example of a catalog entry:
        ```yaml
        embedder:
          type: fer_fairness.datasets.EmbedderDataset
          filepath: data/06_models/embedder
        ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Make the dataset; the folder is not touched yet.

        Args:
            filepath: The folder on a local disk.
            metadata: Not used by Kedro; read by plugins such as kedro-viz.
        """
        self.filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> "EmbedderHandle":
        """Read the record.

        Raises:
            DatasetError: If it or its model file is not there, or the record is damaged.
        """
        from pydantic import ValidationError

        from fer_fairness.embedding import EmbedderHandle
        from fer_fairness.params.embedding import EmbedderParameters

        remedy = "Run the node that makes it again: `kedro run --nodes race_labeling.fit_embedder`."
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
            name, fingerprint = record["model_file"], record["fingerprint"]
            params = EmbedderParameters.model_validate(record["params"])
        except FileNotFoundError as error:
            raise DatasetError(f"{self._record} is not there. {remedy}") from error
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise DatasetError(
                f"{self._record} is damaged or of another version ({error}). {remedy}"
            ) from error
        model_file = None if name is None else self.filepath / str(name)
        if model_file is not None and not model_file.is_file():
            raise DatasetError(f"{model_file}, which {_RECORD} names, is not there. {remedy}")
        return EmbedderHandle(params, model_file, str(fingerprint))

    def save(self, data: "EmbedderHandle") -> None:
        """Copy the model file into the folder, then put the record in place.

        Raises:
            DatasetError: If the model file cannot be copied; an older embedder is then left.
        """
        name = None
        if data.model_file is not None:
            name = f"model_{data.fingerprint[:12]}.keras"
            target = self.filepath / name
            if not (target.exists() and target.samefile(data.model_file)):
                try:
                    with replacing(target) as path:
                        shutil.copyfile(data.model_file, path)
                except OSError as error:
                    raise DatasetError(
                        f"{data.model_file} cannot be copied to {target} ({error}). Make sure that "
                        "it is there and the disk is not full, and fit the embedder again."
                    ) from error
        record = {
            "model_file": name,
            "fingerprint": data.fingerprint,
            "params": data.params.model_dump(mode="json"),
        }
        with replacing(self._record) as path:
            path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        for older in self.filepath.glob("model_*.keras"):
            if older.name != name:
                older.unlink(missing_ok=True)

    @property
    def _record(self) -> Path:
        return self.filepath / _RECORD

    def _exists(self) -> bool:
        return self._record.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self.filepath.as_posix()}
