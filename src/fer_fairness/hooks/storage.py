"""A data root elsewhere: a run works in a folder that mirrors it."""

import logging
import os
from pathlib import Path
from typing import Any, Final

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline

from fer_fairness.hooks.errors import stop
from fer_fairness.mirror import Mirror, RemoteStorageError
from fer_fairness.provenance import LOCK_FILE

logger = logging.getLogger(__name__)

_OF_THIS_MACHINE: Final = (".provenance/contents", "06_models/checkpoints")
"""What is known of local files; unfinished trainings, written every epoch and then of no use."""


def _is_of_this_machine(name: str) -> bool:
    return name.startswith(_OF_THIS_MACHINE) or name.rpartition("/")[2] == LOCK_FILE


class StorageHooks:
    """Brings a remote data root over before a run, and takes what is made there.

    What ParallelRunner's processes saved goes there when the run has ended.
    """

    def __init__(self) -> None:
        self._mirror: Mirror | None = None
        self._process = os.getpid()
        self._catalog: CatalogProtocol[Any, Any] | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember the data root, if it lies elsewhere, and the credentials for it."""
        self._mirror, address = None, getattr(context.config_loader, "remote_data_root", None)
        if address is None:
            return
        folder = Path(context.project_path) / str(context.params["data_root"])
        options = context._get_config_credentials().get("data_root", {})  # noqa: SLF001
        try:
            self._mirror = Mirror(address, folder, options, passed_over=_is_of_this_machine)
        except RemoteStorageError as error:
            stop(error)

    @hook_impl(tryfirst=True)  # others look what is there
    def before_pipeline_run(self, catalog: CatalogProtocol[Any, Any]) -> None:
        """Bring over what is not here yet.

        Raises:
            RemoteStorageError: The data root cannot be reached, read or written.
        """
        self._catalog, self._process = catalog, os.getpid()
        if self._mirror is None:
            return
        try:
            n_brought = self._mirror.fetch()
        except RemoteStorageError as error:
            stop(error)
        logger.info(
            "%s: %d files brought to %s", self._mirror.address, n_brought, self._mirror.folder
        )

    @hook_impl(trylast=True)  # once it is recorded
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Take there what was saved, and then the record of it.

        Raises:
            RemoteStorageError: It cannot be written; what was made stays in the mirror.
        """
        if self._mirror is not None and os.getpid() == self._process:
            self._take(self._mirror, dataset_name)
            self._mirror.send(self._mirror.folder / ".provenance/nodes")

    @hook_impl(trylast=True)  # once it is recorded
    def after_node_run_elsewhere(self, node: Node) -> None:
        """Take there what a worker of a cluster saved, which shares the mirror.

        Raises:
            RemoteStorageError: It cannot be written; what was made stays in the mirror.
        """
        for name in node.outputs:
            self.after_dataset_saved(name)

    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: Pipeline) -> None:
        """Take there all that is not there yet, such as what other processes saved."""
        if self._mirror is None:
            return
        try:
            for name in sorted(pipeline.all_outputs()):
                self._take(self._mirror, name)
            self._mirror.send()
        except RemoteStorageError as error:
            stop(error)

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Take there what finished nodes made, if it can be reached."""
        if self._mirror is None or isinstance(error, RemoteStorageError):
            return
        try:
            self._mirror.send()
        except RemoteStorageError as unsent:
            logger.warning("%s", unsent)

    def _take(self, mirror: Mirror, dataset: str) -> None:
        found = None if self._catalog is None else self._catalog.get(dataset)
        place = Path(getattr(found, "filepath", None) or "")
        if place.is_relative_to(mirror.folder) and place.exists():
            mirror.send(place)
