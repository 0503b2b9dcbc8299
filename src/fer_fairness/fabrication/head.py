"""Outline of the head, ears, neck and hair."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_fairness.fabrication.expressions import Expression
from fer_fairness.fabrication.face import Face
from fer_fairness.fabrication.shapes import Colour, Points, Shape, blend, ellipse, line, points

_SIDE = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 15)
"""From the top of the head over the right side to the chin."""


_HAIRLINES: Final[Mapping[str, tuple[tuple[float, float], ...]]] = MappingProxyType(
    {
        "cropped": ((0.9, 0.1), (0.4, 0.0), (-0.4, 0.0), (-0.9, 0.1)),
        "fringe": ((0.85, 0.16), (0.3, 0.13), (-0.3, 0.13), (-0.85, 0.16)),
        "side_parting": ((0.9, 0.2), (0.45, 0.02), (-0.4, -0.1), (-0.85, 0.1)),
        "swept_back": ((0.86, 0.08), (0.5, -0.12), (-0.5, -0.12), (-0.86, 0.08)),
        "centre_parting": ((0.92, 0.28), (0.5, 0.0), (0.0, -0.2), (-0.5, 0.0), (-0.92, 0.28)),
        "full": ((0.92, 0.14), (0.4, 0.02), (-0.4, 0.02), (-0.92, 0.14)),
    }
)
"""From the right temple to the left: share of the head's width, distance below the hairline."""


def _outline(face: Face, jaw_drop: float) -> Points:
    """The face as an ellipse whose lower half a square jaw makes fuller."""
    sine = np.sin(_SIDE)
    lower = np.clip(sine, 0.0, None)
    taper = 1.0 - (0.2 - 0.26 * face.jaw - 0.06 * face.childlike) * lower**1.5
    half = face.width * np.cos(_SIDE) ** (0.78 - 0.1 * face.jaw * (sine > 0)) * taper
    y = sine * np.where(sine > 0, 0.98 - 0.06 * face.childlike, 0.95) + jaw_drop * lower
    return points(np.concatenate([half, -half[::-1]]), np.concatenate([y, y[::-1]]))


def _rough(edge: Points, texture: int, size: float) -> Points:
    """Make an edge wavy or curly: push every second point out by a share of `size`."""
    if texture == 0:
        return edge
    amplitude = size * (0.5 if texture == 1 else 1.0)
    away = edge - edge.mean(axis=0)
    length = np.maximum(np.hypot(away[:, :1], away[:, 1:]), 1e-9)
    every_second = (np.arange(len(edge)) % 2).astype(np.float64)
    push: NDArray[np.float64] = amplitude * every_second[:, None]
    return np.asarray(edge + away / length * push)


def _volume(face: Face) -> float:
    """How far the hair stands off the head."""
    style = {"cropped": 0.03, "full": 0.16}.get(face.hair_style, 0.08)
    texture = (0.0, 0.02, 0.06)[face.hair_texture]
    return (style + texture) * (0.35 if face.childlike > 0.8 else 1.0)


def _hair_behind(face: Face) -> list[Shape]:
    volume = _volume(face)
    radius = face.width + volume + 0.02
    crown = np.linspace(np.pi, 2.0 * np.pi, 21)
    top = points(radius * np.cos(crown), 0.05 + (1.0 + volume) * np.sin(crown))
    bottom = 0.05 + face.hair_length
    flare = radius * min(1.0, 0.82 + face.hair_length) + 0.06 * face.hair_length
    edge = np.concatenate([top, line((flare, bottom), (-flare, bottom))])
    return [Shape(_rough(edge, face.hair_texture, 0.09), face.hair)]


def _hairline(face: Face) -> Points:
    """Lower edge of the hair on the forehead, from the right temple to the left."""
    temple = 0.97 * face.width
    inner = [(x * face.width, y - face.hairline) for x, y in _HAIRLINES[face.hair_style]]
    return line((temple, -0.18), *inner, (-temple, -0.18))


def head_front(face: Face) -> list[Shape]:
    """The hair over the forehead."""
    volume = _volume(face)
    radius = face.width + 0.6 * volume
    crown = np.linspace(np.pi, 2.0 * np.pi, 21)
    top = points(radius * np.cos(crown), -0.1 + (0.87 + volume) * np.sin(crown))
    edge = _hairline(face)
    if face.hair_texture:
        steps = np.linspace(0.0, len(edge) - 1.0, 17)
        place = np.arange(len(edge))
        edge = points(np.interp(steps, place, edge[:, 0]), np.interp(steps, place, edge[:, 1]))
        edge[1:-1:2, 1] += 0.02 * face.hair_texture
    cap = np.concatenate([_rough(top, face.hair_texture, 0.05), edge])
    shine: Colour = blend(face.hair, (255, 255, 255), 0.13)
    gloss = line((-0.4, -0.84), (-0.1, -0.92), (0.25, -0.9))
    return [
        Shape(cap, face.hair),
        Shape(gloss, shine, stroke=0.06 if face.hair_texture < 2 else 0.0),
    ]


def head_behind(face: Face, expression: Expression) -> list[Shape]:
    """What lies behind the features: clothing, neck, hair, ears and the skin of the face."""
    jaw_drop = 0.35 * max(0.0, expression.mouth_opening - 0.1)
    shade = blend(face.skin, (20, 8, 8), 0.22)
    neck = 0.36 + 0.12 * face.jaw
    shoulders = line(
        (-1.6, 1.75), (-1.1, 1.28), (-neck, 1.12), (neck, 1.12), (1.1, 1.28), (1.6, 1.75)
    )
    throat = line((-neck, 0.5), (neck, 0.5), (neck, 1.3), (-neck, 1.3))
    ear_y = 0.03 + 0.1 * face.childlike
    return [
        *_hair_behind(face),
        Shape(throat, shade),
        Shape(shoulders, face.clothing),
        Shape(ellipse(-face.width, ear_y, 0.1, 0.17), shade),
        Shape(ellipse(face.width, ear_y, 0.1, 0.17), shade),
        Shape(_outline(face, jaw_drop), face.skin),
    ]
