"""Whether what a node made still fits: its code, its parameters, what it read, what it wrote."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from kedro.io import CatalogProtocol
from kedro.io.core import VersionNotFoundError, is_parameter
from kedro.pipeline import Node, Pipeline
from pydantic import BaseModel

from fer_fairness.errors import InvalidInputError
from fer_fairness.files import json_sha256
from fer_fairness.provenance.contents import Contents
from fer_fairness.provenance.differences import differences
from fer_fairness.provenance.records import NodeRecord, Records
from fer_fairness.provenance.values import (
    PLACES,
    file_named,
    models_in,
    plain,
    texts_in,
    without_folders,
)
from fer_fairness.reached_code import class_sha256, code_sha256, look_again

PROVENANCE_FOLDER: Final = ".provenance"
"""In a data root: records of nodes, and what is known of files."""

_OF_THE_RUN: Final = "run_manifest"
"""Written anew for every run that reads it: it says of a run, not of data."""

_UNRECORDED: Final = (
    "nothing says how it was made: an earlier version left it, or a run that was stopped"
)


@dataclass(frozen=True)
class NodeState:
    """What there is of a node's outputs.

    Attributes:
        node: Its name.
        missing: Outputs that are not there.
        reasons: Why those that are there do not fit; none where they do.
        follows: Nodes before it of which the same must be said, or which are to run.
    """

    node: str
    missing: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether what is there was made as the node would make it now."""
        return not self.reasons and not self.follows

    @property
    def is_fresh(self) -> bool:
        """Whether all of it is there and fits."""
        return self.fits and not self.missing


class Freshness:
    """Compares the nodes of a project with the records of a data root, and writes these."""

    def __init__(
        self, catalog: CatalogProtocol[Any, Any], parameters: Mapping[str, Any], data_root: Path
    ) -> None:
        """Make it; nothing is read yet.

        Args:
            catalog: Where datasets lie.
            parameters: All parameters of the project, validated.
            data_root: Whose `.provenance` keeps the records.
        """
        self._catalog = catalog
        self._parameters = parameters
        self._root = data_root
        self._contents = Contents(data_root / PROVENANCE_FOLDER / "contents")
        self._records = Records(data_root / PROVENANCE_FOLDER / "nodes")
        self._made: dict[str, str | None] = {}
        self._seen: dict[Path, str | None] | None = None
        look_again()
        self._planned: dict[str, NodeRecord] = {}
        self._makers: dict[str, str] = {}
        self._to_be_made: set[str] = set()

    def examine(
        self, pipeline: Pipeline, *, made_anew: Callable[[NodeState], bool] = lambda _: False
    ) -> dict[str, NodeState]:
        """The state of every node of a pipeline, in the order in which they run.

        Args:
            pipeline: With all nodes before those that are asked about, but for such as write raw
                data: raw data are what they are.
            made_anew: Whether a node is to run, although all that is there of it fits: what
                follows it then follows something new.
        """
        states: dict[str, NodeState] = {}
        self._seen = {}
        self._makers = {output: node.name for node in pipeline.nodes for output in node.outputs}
        for node in pipeline.nodes:
            before = dict.fromkeys(filter(None, map(self._makers.get, node.inputs)))
            follows = tuple(
                name for name in before if not states[name].fits or made_anew(states[name])
            )
            states[node.name] = self._state(node, follows)
        self._seen = None  # from now on files change
        return states

    def begin(self, pipeline: Pipeline) -> None:
        """Expect that the nodes of `pipeline` run, in this process or in others."""
        self._to_be_made = pipeline.all_outputs()

    def commit(self, node: Node, run_id: str) -> None:
        """Record how the outputs of a node were made, now that all of them are there.

        Raises:
            InvalidInputError: What it read was changed while the run was going on.
        """
        expected, planned = self._expected(node), self._planned[node.name]
        was = {**planned.inputs, **self._made, **planned.files}
        for name, found in {**expected.inputs, **expected.files}.items():
            if name not in self._to_be_made and was.get(name) != found:
                raise InvalidInputError(
                    f"{self._place(name) or f'What {name} names'} was changed while {node.name}, "
                    "which reads it, was running: what was made from it fits neither the old nor "
                    "the new. Nothing may write there during a run. Run the same command again "
                    "with --only-missing-outputs."
                )
        outputs = {name: self.sha256(name) for name in node.outputs}
        self._made |= outputs
        self._to_be_made -= outputs.keys()  # from now on nobody may change them
        # The code is the one that was loaded when the run began, not what an editor saved since.
        made = {**vars(expected), "code": planned.code, "outputs": outputs, "run_id": run_id}
        self._records.write(NodeRecord(**made), self._places(node))

    def record(self, node: Node) -> NodeRecord | None:
        """The record of a node, None if there is none."""
        return self._records.read(node.name, self._places(node))

    def made_by(self, node: Node) -> str:
        """The run that made what there is of a node; empty where nothing says so."""
        record = self.record(node)
        return "" if record is None else record.run_id

    def accept_code(self, node: Node) -> bool:
        """Say that changes of the code did not change what this node made; whether there were."""
        record = self.record(node)
        code = self._code(node)
        now = {"code": code, "function": _name(node.func)}
        if record is None or now.items() <= vars(record).items():
            return False
        self._records.write(NodeRecord(**{**vars(record), **now}), self._places(node))
        return True

    def sha256(self, dataset: str) -> str | None:
        """SHA-256 of what a dataset's file or folder holds; None where there is nothing.

        Raises:
            InvalidInputError: It is there and cannot be read.
        """
        place = self._place(dataset)
        return None if place is None else self._sha256_of(place)

    def _sha256_of(self, place: Path) -> str | None:
        if self._seen is not None and place in self._seen:
            return self._seen[place]
        try:
            found = self._contents.sha256(place)
        except OSError as error:
            raise InvalidInputError(
                f"{place} cannot be read ({error.strerror or error}). Give yourself the right to "
                "read it and all that is in it, or put a readable copy in its place."
            ) from error
        if self._seen is not None:
            self._seen[place] = found
        return found

    def _state(self, node: Node, follows: tuple[str, ...]) -> NodeState:
        places = self._places(node)
        missing = tuple(name for name in places if not self._catalog.exists(name))
        record = self.record(node)
        expected = self._planned[node.name] = self._expected(node)
        if record is None:
            self._made |= {name: self.sha256(name) for name in node.outputs}
            reasons = (_UNRECORDED,) if len(missing) < len(places) else ()
            return NodeState(node.name, missing, reasons, follows)
        found = {name: self.sha256(name) for name in places}
        self._made |= {name: found.get(name) or record.outputs.get(name) for name in node.outputs}
        # Of what was told of a node before, and of raw data that were taken away, nothing is told.
        passed_over = {
            name
            for name, sha256 in expected.inputs.items()
            if self._makers.get(name) in follows or (sha256 is None and name not in self._made)
        }
        told = tuple(differences(record, expected, found, passed_over))
        return NodeState(node.name, missing, told, follows)

    def _expected(self, node: Node) -> NodeRecord:
        """What would be recorded if the node ran now, but for its outputs and the run."""
        values = {name: self._value(name) for name in node.inputs if is_parameter(name)}
        values = {name: part for name, part in values.items() if name[7:] not in PLACES}
        parameters = {name: plain(value) for name, value in values.items()}
        return NodeRecord(
            node=node.name,
            function=_name(node.func),
            code=self._code(node),
            parameters={name: without_folders(part, name) for name, part in parameters.items()},
            datasets={name: self._kind(name) for name in (*node.inputs, *node.outputs)},
            files=dict(self._files_named(parameters)),
            inputs={
                name: self.sha256(name) or self._made.get(name)
                for name in node.inputs
                if not is_parameter(name) and name.rpartition(".")[2] != _OF_THE_RUN
            },
        )

    def _code(self, node: Node) -> str:
        values = (self._value(name) for name in node.inputs if name.startswith("params:"))
        return code_sha256(node.func, *(model for value in values for model in models_in(value)))

    def _files_named(self, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
        """Contents of the files and folders that parameters name, but for those of whole runs."""
        for name, value in parameters.items():
            if name.startswith("params:"):
                for key, text in texts_in(value, name.removeprefix("params:")):
                    path = file_named(text, key)
                    if path is not None:
                        yield key, self._sha256_of(path)

    def _value(self, name: str) -> Any:  # noqa: ANN401  any parameter
        value: Any = self._parameters
        for key in name.removeprefix("params:").split(".") if name != "parameters" else ():
            if isinstance(value, BaseModel):
                value = getattr(getattr(value, "root", value), key, None)
            else:
                value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def _kind(self, name: str) -> str:
        """How the catalog reads and writes a dataset; of parameters nothing."""
        if is_parameter(name) or name not in self._catalog:
            return ""
        dataset = self._catalog.get(name)
        told = {**dataset._describe()} if dataset is not None else {}  # noqa: SLF001
        for place in ("filepath", "version", "protocol"):
            told.pop(place, None)
        return json_sha256({"class": class_sha256(type(dataset)), "told": repr(told)})

    def _places(self, node: Node) -> dict[str, str]:
        """Where each output that is kept lies, seen from the data root."""
        found = {name: self._place(name) for name in node.outputs}
        return {
            name: place.relative_to(self._root).as_posix()
            if place.is_relative_to(self._root)
            else place.as_posix()
            for name, place in found.items()
            if place is not None
        }

    def _place(self, name: str) -> Path | None:
        """The file or folder of a dataset; None of one in memory or on another machine."""
        dataset = self._catalog.get(name) if name in self._catalog else None
        if getattr(dataset, "_protocol", "file") not in {"file", "local"}:
            return None
        try:
            if getattr(dataset, "_version", None):
                return Path(dataset._get_load_path())  # type: ignore[union-attr]  # noqa: SLF001
        except VersionNotFoundError:
            pass
        place = getattr(dataset, "filepath", None) or getattr(dataset, "_filepath", None)
        return None if place is None else Path(place)


def _name(function: Callable[..., Any]) -> str:
    while isinstance(function, partial):
        function = function.func
    return f"{function.__module__}.{getattr(function, '__qualname__', type(function).__name__)}"
