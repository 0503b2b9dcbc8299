"""Measure how unevenly a facial emotion recognition model treats people, and what helps.

`audit` and what belongs to it are loaded when they are first asked for, by name: a step of the
pipelines then reaches no more code than it uses (`reached_code`).
"""

import importlib
from typing import Any, Final

__version__ = "0.1.0"

_AUDITING: Final = frozenset(
    {"Audit", "Comparison", "Pictures", "audit", "audit_model", "audit_models"}
)


def __getattr__(name: str) -> Any:  # noqa: ANN401  the types are in __init__.pyi
    if name in _AUDITING:
        return getattr(importlib.import_module(f"{__name__}.auditing"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *_AUDITING]
