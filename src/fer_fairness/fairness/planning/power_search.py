"""Where a power that is known from draws only, and so with noise, reaches what is wanted."""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.special import ndtri

_NEAR: Final = 0.15
"""How near to the wanted power (as a normal quantile) the search goes before it fits a line."""

_AROUND: Final = np.linspace(0.9, 1.1, 7)
"""Where the line is fitted, as multiples of the place found."""

_MOST_STEPS: Final = 30


def where_power_is(
    power_at: Callable[[float], float],
    *,
    start: float,
    bounds: tuple[float, float],
    level: float,
    wanted: float,
) -> float | None:
    """Find a gap, or a root of the number of faces, at which power is `wanted`.

    The normal quantile of power rises about as a line in either, so the search steps along one
    from the level at zero, and then a line through several points evens out the noise of draws.

    Args:
        power_at: Power at a place, larger further on.
        start: Where to begin.
        bounds: The first and the last place to look at.
        level: Power at zero: the level of the test.
        wanted: Power that is looked for, larger than `level`.

    Returns:
        The place; the first of `bounds` if power is larger there, None if it is smaller at the
        last.
    """
    low, high = bounds
    target, floor = _quantile(wanted), float(ndtri(1.0 - level))
    place = float(np.clip(start, low, high))
    for _ in range(_MOST_STEPS):
        reached = _quantile(power_at(place))
        if place >= high and reached < target:
            return None
        if abs(reached - target) < _NEAR or (place <= low and reached > target):
            break
        # Where hardly anything is found the line says nothing: then a step of a bounded size.
        factor = np.clip((target + floor) / max(reached + floor, 0.3), 0.4, 2.5)
        place = float(np.clip(place * factor, low, high))
    places = np.clip(place * _AROUND, low, high)
    if places[0] == places[-1] or (place <= low and reached > target):
        return place
    slope, offset = np.polyfit(places, [_quantile(power_at(at)) for at in places], 1)
    crossing = (target - offset) / slope if slope > 0 else place
    return float(np.clip(crossing, places[0], places[-1]))


def _quantile(power: float) -> float:
    return float(ndtri(np.clip(power, 0.002, 0.998)))
