"""Errors that a user can do something about end a run with their message alone."""

import re
from pathlib import Path
from typing import Final, NoReturn

import click
from kedro.io import DatasetError

from fer_fairness.errors import (
    DiskFullError,
    FerFairnessError,
    FileAccessError,
    access_message,
    disk_full_message,
    is_disk_full,
)

_KEDROS_FILEPATH: Final = re.compile(r"filepath=(?:\w+\()?'?([^',)]+)")


def stop(error: Exception) -> NoReturn:
    """Raise `error`: on the command line as its message alone, elsewhere as it is."""
    if click.get_current_context(silent=True) is None:
        raise error
    raise click.ClickException(str(error)) from error


def purposeful_cause(error: BaseException | None) -> Exception | None:
    """The error behind `error` that a user can do something about, with a message for them.

    Returns:
        The project's own error, else a full disk as one, else the error of a dataset, else a file
        that the system does not let be used as one; None where the fault is the code's.
    """
    chain: list[BaseException] = []
    while error is not None:
        chain.append(error)
        error = error.__cause__
    for link in chain:
        if isinstance(link, FerFairnessError):
            return link
    dataset_error = next((link for link in chain if isinstance(link, DatasetError)), None)
    for link in reversed(chain):
        if is_disk_full(link):
            message = disk_full_message(link, _written_file(link, dataset_error))
            return _caused(DiskFullError(message), link)
    if dataset_error is not None:
        return dataset_error
    for link in chain:
        told = access_message(link)
        if told is not None:
            return _caused(FileAccessError(told), link)
    return None


def _caused(error: Exception, cause: BaseException) -> Exception:
    """`error`, which stands for another: in Python both are shown."""
    error.__cause__ = cause
    return error


def _written_file(error: BaseException, of_dataset: DatasetError | None) -> Path | None:
    """The file that found no room, as far as the error or Kedro's words on the dataset name it."""
    filename = getattr(error, "filename", None)
    if isinstance(filename, str):
        return Path(filename)
    named = _KEDROS_FILEPATH.search(str(of_dataset)) if of_dataset else None
    return Path(named[1]) if named else None
