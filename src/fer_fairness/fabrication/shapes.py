"""The pieces a face is drawn of: polygons and strokes in face units."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""sRGB, 0 to 255."""

Points = NDArray[np.float64]
"""float64 (k, 2): x to the right, y down, origin in the middle of the head."""


class Shape(NamedTuple):
    """One filled polygon, or a stroke where `stroke` is above zero.

    Attributes:
        points: Corners, in face units.
        colour: Fill.
        stroke: Width of an open line along the points, in face units.
        depth: How far it moves when the head turns; 0 for the outline, 1 for eyes and mouth.
    """

    points: Points
    colour: Colour
    stroke: float = 0.0
    depth: float = 0.0


SPAN: Final = np.linspace(-1.0, 1.0, 13)
"""Positions along an eye or a mouth, from its left end to its right end."""
ARCH: Final = 1.0 - SPAN**2
"""A parabola over `SPAN`: 0 at the ends, 1 in the middle."""

_ANGLES: Final = np.linspace(0.0, 2.0 * np.pi, 17)[:-1]
_CIRCLE: Final = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


def points(x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
    """Pair coordinates."""
    # Filled by hand: np.stack takes ten times as long on arrays this small.
    pairs = np.empty((len(x), 2))
    pairs[:, 0] = x
    pairs[:, 1] = y
    return pairs


def between(
    x: NDArray[np.float64], upper: NDArray[np.float64], lower: NDArray[np.float64]
) -> Points:
    """The polygon between two curves over the same `x`; `upper` and `lower` are heights (k,)."""
    return points(np.concatenate([x, x[::-1]]), np.concatenate([upper, lower[::-1]]))


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> Points:
    """Sixteen corners on an ellipse around (x, y)."""
    return np.asarray(_CIRCLE * (radius_x, radius_y) + (x, y))


def line(*corners: tuple[float, float]) -> Points:
    """Points given one by one."""
    return np.array(corners, dtype=np.float64)


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """The colour that lies `share` of the way from `first` to `second`."""
    keep = 1.0 - share
    return (
        round(keep * first[0] + share * second[0]),
        round(keep * first[1] + share * second[1]),
        round(keep * first[2] + share * second[2]),
    )
