"""Brows, eyes, nose and mouth of a face that shows an expression."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_fairness.fabrication.expressions import Expression
from fer_fairness.fabrication.face import Face
from fer_fairness.fabrication.shapes import (
    ARCH,
    SPAN,
    Colour,
    Points,
    Shape,
    between,
    blend,
    ellipse,
    line,
    points,
)

DARK: Colour = (26, 14, 14)
EYE_WHITE: Colour = (236, 232, 228)
TEETH: Colour = (242, 238, 230)
MOUTH_INSIDE: Colour = (58, 16, 20)
CLOSED = 0.02
"""An opening of the mouth, in face units, below which the lips touch."""


@dataclass(frozen=True)
class Anchors:
    """Where the features of a face sit, in face units; children's sit lower."""

    eye_y: float
    nose_y: float
    mouth_y: float


def anchors(face: Face) -> Anchors:
    """Heights of eyes, nose tip and mouth at rest."""
    eye_y = -0.14 + 0.16 * face.childlike
    nose_y = eye_y + face.nose_length
    return Anchors(eye_y, nose_y, nose_y + 0.275 - 0.04 * face.childlike)


def _shadow(face: Face, strength: float) -> Colour:
    """A fold or shaded place in the skin, deeper in darker skin so that it shows as well."""
    level = sum(face.skin) / len(face.skin)
    return blend(face.skin, (14, 6, 6), min(0.9, strength * (1.0 + 0.9 * (1.0 - level / 200.0))))


def _brow(face: Face, expression: Expression, side: int, eye_y: float) -> Shape:
    uneven = expression.brow_uneven if side > 0 else -0.25 * expression.brow_uneven
    base = eye_y - face.brow_height - uneven
    inner, outer = expression.brow_inner, expression.brow_outer
    distance = face.eye_distance
    x = np.array([0.42 - 0.2 * expression.brow_pinch, 0.95, 1.62]) * distance
    y = base + np.array([-inner, -0.035 - 0.55 * (inner + outer), 0.035 - outer])
    thick = face.brow_thickness * np.array([1.0, 0.85, 0.3])
    return Shape(between(side * x, y - thick / 2, y + thick / 2), face.brow, depth=1.0)


def _lids(
    face: Face, expression: Expression, side: int, eye_y: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """x, upper and lower lid of one eye; the upper lid slants with the brow."""
    slant = 1.6 * (expression.brow_inner - expression.brow_outer)
    inwards = -side * SPAN
    opening = face.eye_height * max(0.12, 1.0 + expression.lid_opening)
    upper = eye_y - opening * ARCH**0.7 * (1.0 + slant * inwards)
    tightening = min(1.0, max(0.0, expression.lid_tightening))
    lower = eye_y + 0.055 * (1.0 - 0.85 * tightening) * ARCH
    return side * face.eye_distance + face.eye_size * SPAN, np.minimum(upper, lower), lower


def _eye(face: Face, expression: Expression, side: int, eye_y: float) -> list[Shape]:
    x, upper, lower = _lids(face, expression, side, eye_y)
    radius = 0.082 + 0.012 * face.childlike
    iris = ellipse(side * face.eye_distance, eye_y - 0.018, radius, radius)
    iris[:, 1] = np.clip(
        iris[:, 1], np.interp(iris[:, 0], x, upper), np.interp(iris[:, 0], x, lower)
    )
    socket = ellipse(side * face.eye_distance, eye_y - 0.03, 1.3 * face.eye_size, 0.16)
    shapes = [
        Shape(socket, _shadow(face, 0.07), depth=1.0),
        Shape(between(x, upper, lower), EYE_WHITE, depth=1.0),
        Shape(iris, face.iris, depth=1.0),
        Shape(points(x, upper), DARK, stroke=0.034, depth=1.0),
        Shape(points(x[1:-1], lower[1:-1]), _shadow(face, 0.35), stroke=0.016, depth=1.0),
    ]
    bag = max(0.7 * face.wrinkles, 0.8 * expression.lid_tightening)
    if bag > 0.25:
        crease = points(x[2:-2], lower[2:-2] + 0.05)
        shapes.append(Shape(crease, _shadow(face, 0.25 * bag), stroke=0.02, depth=1.0))
    return shapes


def _nose(face: Face, expression: Expression, at: Anchors) -> list[Shape]:
    wrinkling = max(0.0, expression.nose_wrinkling)
    tip = at.nose_y - 0.045 * wrinkling
    wide = face.nose_width * (1.0 + 0.25 * wrinkling)
    ridge = line((0.055, at.eye_y + 0.02), (0.07, tip - 0.08), (wide, tip), (0.03, tip + 0.03))
    base = line(
        (-wide, tip - 0.03), (-0.5 * wide, tip + 0.03), (0.5 * wide, tip + 0.03), (wide, tip - 0.03)
    )
    shapes = [
        Shape(ridge, _shadow(face, 0.12), depth=1.3),
        Shape(base, _shadow(face, 0.35), stroke=0.026, depth=1.3),
        Shape(ellipse(-0.5 * wide, tip + 0.01, 0.036, 0.024), _shadow(face, 0.6), depth=1.3),
        Shape(ellipse(0.5 * wide, tip + 0.01, 0.036, 0.024), _shadow(face, 0.6), depth=1.3),
    ]
    if wrinkling > 0.2:
        fold = _shadow(face, 0.5 * min(1.0, wrinkling))
        for height in (0.0, 0.075, 0.15):
            y = at.eye_y + height
            shapes.append(
                Shape(line((-0.085, y + 0.025), (0.0, y), (0.085, y + 0.025)), fold, 0.028, 1.3)
            )
    return shapes


def _folds(face: Face, expression: Expression, at: Anchors, corners: Points) -> list[Shape]:
    """Lines beside the mouth, on the forehead and between the brows."""
    shapes = []
    cheek = max(0.75 * face.wrinkles, expression.cheek_raising, expression.nose_wrinkling)
    if cheek > 0.2:
        colour = _shadow(face, 0.42 * min(1.0, cheek))
        for side, corner in zip((-1, 1), corners, strict=True):
            start = (side * (face.nose_width + 0.05), at.nose_y - 0.02)
            out = max(abs(corner[0]) + 0.07, face.nose_width + 0.14)
            middle = (side * out, 0.5 * (at.nose_y + corner[1]) + 0.01)
            end = (side * (out + 0.01), corner[1] + 0.03)
            shapes.append(Shape(line(start, middle, end), colour, 0.026, 1.0))
    raised = 3.5 * (expression.brow_inner + max(0.0, expression.brow_outer))
    forehead = max(face.wrinkles, min(1.0, raised))
    if forehead > 0.3:
        colour = _shadow(face, 0.22 * forehead)
        for height in (0.13, 0.22):
            y = at.eye_y - face.brow_height - max(0.0, expression.brow_inner) - height
            shapes.append(
                Shape(line((-0.3, y + 0.02), (0.0, y), (0.3, y + 0.02)), colour, 0.018, 1)
            )
    frown = min(1.0, expression.brow_pinch) if expression.brow_inner < -0.03 else 0.0
    if frown > 0.3:
        y = at.eye_y - face.brow_height + 0.05
        for x in (-0.05, 0.05):
            crease = line((x, y - 0.1), (0.8 * x, y + 0.08))
            shapes.append(Shape(crease, _shadow(face, 0.5 * frown), 0.026, 1.1))
    return shapes


@dataclass(frozen=True)
class MouthCurves:
    """The four edges of the lips over the same x, from above to below; each float64 (13,)."""

    x: NDArray[np.float64]
    upper_outer: NDArray[np.float64]
    upper_inner: NDArray[np.float64]
    lower_inner: NDArray[np.float64]
    lower_outer: NDArray[np.float64]

    @property
    def corners(self) -> Points:
        """Left and right corner of the mouth, float64 (2, 2)."""
        ends = [0, -1]
        return points(self.x[ends], self.upper_inner[ends])


def mouth_curves(face: Face, expression: Expression) -> MouthCurves:
    """The edges of the lips in face units."""
    half = face.mouth_width * (1.0 + expression.mouth_width)
    opening = max(0.0, expression.mouth_opening)
    squareness = min(1.0, max(0.0, expression.mouth_squareness))
    bow = ARCH ** (0.5 - 0.3 * squareness)
    middle = anchors(face).mouth_y - expression.mouth_curve * (SPAN**2 - 0.4)
    uneven = expression.corner_uneven * np.where(SPAN > 0, SPAN, 0.25 * SPAN) * np.abs(SPAN) ** 0.5
    middle = middle - uneven
    upper = middle - 0.42 * opening * bow - max(0.0, expression.upper_lip_raising) * ARCH
    lower = middle + 0.58 * opening * bow
    fullness = face.lip_fullness * (1.0 - 0.7 * min(1.0, max(0.0, expression.lip_pressing)))
    return MouthCurves(
        x=half * SPAN,
        upper_outer=upper - 0.8 * fullness * ARCH**0.6,
        upper_inner=upper,
        lower_inner=lower,
        lower_outer=lower + 1.15 * fullness * ARCH**0.6,
    )


def _mouth(face: Face, expression: Expression, curves: MouthCurves) -> list[Shape]:
    x = curves.x
    shapes = [Shape(between(x, curves.upper_outer, curves.lower_outer), face.lips, depth=1.0)]
    height = curves.lower_inner - curves.upper_inner
    if height.max() < CLOSED:
        shapes.append(Shape(points(x, curves.upper_inner), DARK, stroke=0.034, depth=1.0))
        below = points(x[3:-3], curves.lower_outer[3:-3] + 0.035)
        return [*shapes, Shape(below, _shadow(face, 0.18), stroke=0.03, depth=1.0)]
    shapes.append(
        Shape(between(x, curves.upper_inner, curves.lower_inner), MOUTH_INSIDE, depth=1.0)
    )
    teeth = min(1.0, max(0.0, expression.teeth))
    if teeth > 0.1:
        shown = curves.upper_inner + teeth * height
        shapes.append(Shape(between(x, curves.upper_inner, shown), TEETH, depth=1.0))
    if teeth > 0.8:
        bite = curves.upper_inner + 0.52 * height
        shapes.append(Shape(points(x, bite), MOUTH_INSIDE, stroke=0.026, depth=1.0))
    return shapes


def _glasses(face: Face, eye_y: float) -> list[Shape]:
    frame: Colour = (34, 30, 32)
    radius = 1.45 * face.eye_size
    shapes = []
    for side in (-1, 1):
        rim = ellipse(side * face.eye_distance, eye_y + 0.01, radius, 0.8 * radius)
        shapes.append(Shape(np.concatenate([rim, rim[:1]]), frame, face.glasses, 1.05))
        outer = side * (face.eye_distance + radius)
        shapes.append(
            Shape(line((outer, eye_y), (side * face.width, eye_y)), frame, face.glasses, 0.5)
        )
    inner = face.eye_distance - radius
    shapes.append(Shape(line((-inner, eye_y), (inner, eye_y)), frame, face.glasses, 1.1))
    return shapes


def feature_shapes(face: Face, expression: Expression) -> list[Shape]:
    """Everything inside the outline of the face, from back to front."""
    at = anchors(face)
    curves = mouth_curves(face, expression)
    shapes = [
        *_folds(face, expression, at, curves.corners),
        *_eye(face, expression, -1, at.eye_y),
        *_eye(face, expression, 1, at.eye_y),
        *_nose(face, expression, at),
        *_mouth(face, expression, curves),
        _brow(face, expression, -1, at.eye_y),
        _brow(face, expression, 1, at.eye_y),
    ]
    if face.glasses > 0:
        shapes += _glasses(face, at.eye_y)
    return shapes


def landmark_points(face: Face, expression: Expression) -> Points:
    """Middle of the left and right eye, nose tip, left and right corner of the mouth.

    Left and right are those of the unmirrored drawing. float64 (5, 2), face units.
    """
    at = anchors(face)
    eyes = [(-face.eye_distance, at.eye_y), (face.eye_distance, at.eye_y)]
    nose = [(0.0, at.nose_y - 0.045 * max(0.0, expression.nose_wrinkling))]
    return np.concatenate([line(*eyes, *nose), mouth_curves(face, expression).corners])
