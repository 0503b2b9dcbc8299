"""Libraries that only some of the package needs: an audit of predictions does without them."""

from importlib.util import find_spec
from typing import Final

from fer_fairness.errors import FerFairnessError

_LIBRARIES: Final = {
    "train": "keras",
    "aif360": "aif360",
    "scale": "distributed",
    "sweep": "optuna",
    "mlflow": "kedro_mlflow",
}
"""By extra the library that tells whether it is installed."""


class MissingExtraError(FerFairnessError, ImportError):
    """What was asked for needs a library that is not installed."""


def require_extra(extra: str, *, needed_for: str) -> None:
    """Refuse to go on where the libraries of an extra are not installed.

    Args:
        extra: Its name in `pyproject.toml`.
        needed_for: What needs it, the subject of a sentence: "Training a model".

    Raises:
        MissingExtraError: With the command that installs it.
    """
    library = _LIBRARIES[extra]
    if find_spec(library) is None:
        raise MissingExtraError(
            f"{needed_for} needs {library}, which is not installed here. Install it with: "
            f'pip install "fer-fairness[{extra}]"'
        )
