"""The training seeds of a run, as they are given in conf or on the command line."""

from typing import Final

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.lists import parted

_BEYOND: Final = 2**32
"""Keras takes no larger seed."""

_REMEDY: Final = (
    'Give different whole numbers from 0 on, such as seeds: [0, 1, 2] in conf or --params "seeds='
    '0;1;2" (Kedro parts parameters at commas).'
)


def checked_seeds(given: object) -> tuple[int, ...]:
    """Training seeds in the order given.

    Args:
        given: One whole number, several in a list, or several in a text with semicolons between
            them, as the command line gives them: "0;1;2".

    Returns:
        At least one seed, all different.

    Raises:
        InvalidInputError: There is none, one is given twice, or one is not a whole number from 0
            to 2**32 - 1.
    """
    parts = parted(given)
    seeds = tuple(map(_seed, parts)) if isinstance(parts, (list, tuple)) else (_seed(parts),)
    if not seeds:
        raise InvalidInputError(f"The parameter seeds is an empty list. {_REMEDY}")
    repeated = next((seed for place, seed in enumerate(seeds) if seed in seeds[:place]), None)
    if repeated is not None:
        raise InvalidInputError(
            f"The parameter seeds has {repeated} twice: the same models would be trained twice, "
            f"and counted as two. {_REMEDY}"
        )
    return seeds


def _seed(given: object) -> int:
    if isinstance(given, str) and given.strip().isdecimal():
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < _BEYOND:
        raise InvalidInputError(
            f"The parameter seeds has {given!r}, expected a whole number from 0 to {_BEYOND - 1}. "
            f"{_REMEDY}"
        )
    return given
