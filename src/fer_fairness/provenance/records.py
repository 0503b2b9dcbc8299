"""What made the outputs of a node: one small file a node, written when all of them are there."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fer_fairness.files import json_sha256, replacing


@dataclass(frozen=True)
class NodeRecord:
    """What a node's outputs were made by and from.

    Attributes:
        node: Name of the node.
        function: Module and name of its function.
        code: SHA-256 of the code that it can reach.
        parameters: Values of its parameters, JSON-able, by their names.
        files: SHA-256 of what parameters named, by the parameter (None: nothing was there).
        datasets: Of inputs and outputs, how the catalog reads and writes them, as SHA-256.
        inputs: SHA-256 of its input datasets by their names (None: nothing was there).
        outputs: SHA-256 of its output datasets by their names.
        run_id: The run that made them.
    """

    node: str
    function: str
    code: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str | None] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str | None] = field(default_factory=dict)
    outputs: Mapping[str, str | None] = field(default_factory=dict)
    run_id: str = ""


class Records:
    """The records of a data root."""

    def __init__(self, folder: Path) -> None:
        """Make it; nothing is read yet."""
        self._folder = folder

    def read(self, node: str, places: Mapping[str, str]) -> NodeRecord | None:
        """The record of a node.

        Args:
            node: Its name.
            places: Where each of its outputs lies, by the output's name: what was written to
                other places has a record of its own.

        Returns:
            None where there is none, or a damaged one.
        """
        try:
            text = self._file(node, places).read_text(encoding="utf-8")
            kept = json.loads(text)
            sealed = kept.pop("sha256")
            record = NodeRecord(**kept)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return record if record.node == node and sealed == json_sha256(kept) else None

    def write(self, record: NodeRecord, places: Mapping[str, str]) -> None:
        """Put a record into its place at once; an older one is replaced.

        Raises:
            OSError: If it cannot be written.
        """
        kept = json.loads(json.dumps(asdict(record)))
        with replacing(self._file(record.node, places)) as file:
            text = json.dumps({**kept, "sha256": json_sha256(kept)}, indent=1, ensure_ascii=False)
            file.write_text(text, encoding="utf-8")

    def _file(self, node: str, places: Mapping[str, str]) -> Path:
        return self._folder / f"{node}-{json_sha256(dict(places))[:8]}.json"
