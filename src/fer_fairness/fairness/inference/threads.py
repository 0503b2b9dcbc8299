"""Work shared by the cores of the machine: NumPy leaves the interpreter free while it computes."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fer_fairness.machine import usable_cores

Item = TypeVar("Item")
Found = TypeVar("Found")


def in_threads(function: Callable[[Item], Found], items: Iterable[Item]) -> Iterator[Found]:
    """What a function gives of each item, in their order, as many at a time as there are cores.

    Args:
        function: Must not change what others read.
        items: One call each.
    """
    with ThreadPoolExecutor(max_workers=usable_cores()) as pool:
        yield from pool.map(function, items)
