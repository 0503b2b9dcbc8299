"""Lists and legends among the parameters; on the command line lists are parted by semicolons.

Kedro parts what `--params` gives at commas, inside brackets too, so that no list gets through.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

Item = TypeVar("Item")


def parted(given: object) -> object:
    """A list of what is given: "gender; race" and 16 from the command line, lists as they are.

    Args:
        given: A text, which is parted at semicolons, a number, or anything else.

    Returns:
        A list of the parts without the spaces around them, or of the one number; anything else
        unchanged.
    """
    if isinstance(given, str):
        return [part.strip() for part in given.split(";")]
    return [given] if isinstance(given, (int, float)) else given


ListOf: TypeAlias = Annotated[tuple[Item, ...], BeforeValidator(parted)]
"""A list of a parameter model: `by: ListOf[str]` takes [a, b] from conf and "a;b" from --params."""


def _rising(given: tuple[int, ...]) -> tuple[int, ...]:
    if given[0] < 1 or any(a >= b for a, b in pairwise(given)):
        raise ValueError(f"are {list(given)}: expected rising years, the first at least 1")
    return given


AgeCuts: TypeAlias = Annotated[ListOf[int], Field(min_length=1), AfterValidator(_rising)]
"""First year of each age group but the youngest: 20, 40, 70 make 0-19, 20-39, 40-69 and 70+."""


def _texts(given: object) -> object:
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else given


Legend: TypeAlias = Annotated[dict[str, str], BeforeValidator(_texts)]
"""What codes stand for, which YAML may have taken for numbers: {0: female, 1: male}."""


def _by_column(given: object) -> object:
    if not isinstance(given, str):
        return given
    found: dict[str, dict[str, str]] = {}
    for part in given.split(";"):
        named, sign, group = part.partition("=")
        column, _, code = named.rpartition(".")
        if not sign or not column.strip():
            raise ValueError(f"has {part.strip()!r}, expected such as 'gender.0=female'")
        found.setdefault(column.strip(), {})[code.strip()] = group.strip()
    return found


Legends: TypeAlias = Annotated[dict[str, Legend], BeforeValidator(_by_column)]
"""Legends by column: a mapping from conf, "gender.0=female; gender.1=male" from a command line."""
