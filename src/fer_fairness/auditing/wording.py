"""Says to whoever calls from Python or the console what sentences say of Kedro's parameters.

Readers and measurements name a setting as it is given to `kedro run`: "Say which with
audit.columns.true", "audit.columns.person=none". The same sentence from Python names `y_true`, and
`person='none'`; on the console `--y-true`, and `--person none`.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.audit import AuditParameters, PredictionColumns
from fer_fairness.params.base import Parameters
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.sources.foreign_tables.table import ROWS

_BLOCKS: Final[Mapping[str, type[Parameters]]] = MappingProxyType(
    {
        "audit.columns": PredictionColumns,
        "audit.inference": InferenceParameters,
        "audit": AuditParameters,  # has the other two as well: they come first
    }
)
_KNOWN: Final = "|".join(
    re.escape(f"{block}.{name}") for block, kind in _BLOCKS.items() for name in kind.model_fields
)
_SETTING: Final = re.compile(rf"\b(?P<setting>{_KNOWN})\b(?:=(?P<value>'[^']*'|\w+))?")
_NAMES: Final = {"true": "y_true", "predicted": "y_pred", "intersections": "attributes"}
"""What is called otherwise from Python and the console than among Kedro's parameters."""

_OF_KEDRO_ALONE: Final = " (audit.aif360_max_people)"
"""Which parameter decides, where only Kedro has it."""


class Way(StrEnum):
    """How an audit was asked for."""

    PYTHON = "python"
    CONSOLE = "console"


def worded(sentence: str, way: Way) -> str:
    """A sentence with its settings as they are given this way."""

    def named(match: re.Match[str]) -> str:
        name = match["setting"].rpartition(".")[2]
        name = _NAMES.get(name, name)
        value = match["value"]
        if way is Way.CONSOLE:
            option = f"--{name.replace('_', '-')}"
            return option if value is None else f"{option} {value}"
        return name if value is None else f"{name}={value.strip(chr(39))!r}"

    told = _SETTING.sub(named, sentence.replace(_OF_KEDRO_ALONE, ""))
    return told.replace(ROWS, "the first row is row 1") if way is Way.PYTHON else told


@contextmanager
def in_words_of(way: Way) -> Iterator[None]:
    """Raise what is refused inside with its sentence as `worded`, wrong settings among it.

    Raises:
        InvalidInputError: In place of one, or of pydantic's.
    """
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(["audit", *(part for part in first["loc"] if isinstance(part, str))])
        given = f" is {first['input']!r}" if first["loc"] else ""
        about = f"{place}{given}: " if first["loc"] else ""
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidInputError(worded(f"{about}{reason}.", way)) from None
    except InvalidInputError as error:
        raise InvalidInputError(worded(str(error), way)) from error.__cause__
