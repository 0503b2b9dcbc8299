"""What a result was computed with: Python, the machine, the versions of the main libraries."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

_RECORDED_PACKAGES: Final = (
    "fer-fairness",
    "kedro",
    "tensorflow",
    "keras",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "aif360",
)


def computed_with() -> dict[str, object]:
    """`python`, `machine` and `versions` of the main libraries, None of those not installed."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {name: _version(name) for name in _RECORDED_PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
