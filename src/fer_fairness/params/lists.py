"""Lists among the parameters, in conf as lists and on the command line parted by semicolons.

Kedro parts what `--params` gives at commas, inside brackets too, so that no list gets through.
"""

from typing import Annotated, TypeAlias, TypeVar

from pydantic import BeforeValidator

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
