"""Errors that were raised on purpose end a run with their message alone."""

from typing import NoReturn

import click
from kedro.io import DatasetError

from fer_fairness.errors import FerFairnessError


def stop(error: Exception) -> NoReturn:
    """Raise `error`: on the command line as its message alone, elsewhere as it is."""
    if click.get_current_context(silent=True) is None:
        raise error
    raise click.ClickException(str(error)) from error


def purposeful_cause(error: BaseException | None) -> Exception | None:
    """The error behind `error` that was raised on purpose: the project's own, else a dataset's."""
    dataset_error = None
    while error is not None:
        if isinstance(error, FerFairnessError):
            return error
        if dataset_error is None and isinstance(error, DatasetError):
            dataset_error = error
        error = error.__cause__
    return dataset_error
