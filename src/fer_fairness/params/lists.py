"""Lists among the parameters, in conf as lists and on the command line parted by semicolons.

Kedro parts what `--params` gives at commas, inside brackets too, so that no list gets through.
"""

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
