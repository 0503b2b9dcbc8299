"""From a face, an expression and a view to pixels."""

from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from fer_fairness.fabrication.expressions import Expression
from fer_fairness.fabrication.face import Face, View
from fer_fairness.fabrication.features import feature_shapes, landmark_points
from fer_fairness.fabrication.head import head_behind, head_front
from fer_fairness.fabrication.shapes import Colour, Points, Shape, points

Mode = Literal["L", "RGB"]
MIDDLE_GREY: Final = 118.0
EXPOSED_SKIN: Final = 160.0
"""Level of the skin, 0 to 255, that needs no correction of exposure."""
EXPOSURE_STRENGTH: Final = 0.5
DARK_FEATURE: Final = 35.0
"""Level of brows, lashes and an open mouth: what an expression is read from, on any skin."""
SUPERSAMPLING: Final = {48: 3}
"""Canvas pixels a picture pixel, along one side; two where the size is not named."""


def _place(corners: Points, depth: NDArray[np.float64], view: View, size: int) -> Points:
    """Face units to pixels: yaw, mirror, roll, scale, shift."""
    turned = corners[:, 0] + view.yaw * depth * (1.2 - corners[:, 0] ** 2)
    x = -turned if view.mirrored else turned
    y = corners[:, 1]
    cosine, sine = np.cos(view.roll), np.sin(view.roll)
    half = 0.5 * size
    placed = points(cosine * x - sine * y, sine * x + cosine * y)
    return np.asarray(half + half * view.scale * (placed + view.shift))


def _rasterise(shapes: list[Shape], face: Face, view: View, size: int) -> Image.Image:
    """Draw the shapes, from back to front, on a square canvas of `size` pixels."""
    counts = [len(shape.points) for shape in shapes]
    depth = np.repeat([shape.depth for shape in shapes], counts)
    placed = _place(np.concatenate([shape.points for shape in shapes]), depth, view, size)
    flat = placed.ravel().tolist()
    canvas = Image.new("RGB", (size, size), face.background)
    pen = ImageDraw.Draw(canvas)
    start = 0
    for shape, count in zip(shapes, counts, strict=True):
        corners = flat[2 * start : 2 * (start + count)]
        start += count
        if shape.stroke > 0:
            width = max(1, round(0.5 * size * view.scale * shape.stroke))
            pen.line(corners, fill=shape.colour, width=width, joint="curve")
        else:
            pen.polygon(corners, fill=shape.colour)
    return canvas


@lru_cache(maxsize=8)
def _grid(size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Positions of the pixels from -1 to 1: x (1, size, 1), y (size, 1, 1)."""
    steps = np.linspace(-1.0, 1.0, size, dtype=np.float32)
    return steps[None, :, None], steps[:, None, None]


def _exposure(skin: Colour) -> tuple[float, float, float]:
    """Gain, level of the skin after it, and local contrast of a camera that exposes for the face.

    The gain corrects the exposure in part, so that skin still tells groups apart. The contrast
    gives dark features the same distance from the skin on everybody: else darker skin would leave
    less for an expression to show, and so a bias that nobody planted.
    """
    level = sum(skin) / len(skin)
    gain = (EXPOSED_SKIN / level) ** EXPOSURE_STRENGTH
    exposed = gain * level
    contrast = (EXPOSED_SKIN - DARK_FEATURE) / max(exposed - DARK_FEATURE, 1.0)
    return gain, exposed, contrast


def _photograph(
    image: Image.Image, view: View, skin: Colour, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Light, contrast, blur and noise; uint8 (size, size, channels)."""
    gain, exposed, local_contrast = _exposure(skin)
    size = image.width
    blurred = image.filter(ImageFilter.GaussianBlur(view.blur * size))
    pixels = np.asarray(blurred, dtype=np.float32).reshape(size, size, -1)
    x, y = _grid(size)
    light = np.float32(view.gain) * (
        1 + np.float32(view.gradient[0]) * x + np.float32(view.gradient[1]) * y
    )
    noise = np.float32(view.noise) * rng.standard_normal((size, size, 1), dtype=np.float32)
    toned = exposed + np.float32(local_contrast) * (np.float32(gain) * pixels - exposed)
    lit = MIDDLE_GREY + np.float32(view.contrast) * (toned * light - MIDDLE_GREY) + noise
    return np.clip(lit, 0, 255).astype(np.uint8)


def draw(
    face: Face,
    expression: Expression,
    view: View,
    rng: np.random.Generator,
    *,
    size: int,
    mode: Mode = "RGB",
) -> NDArray[np.uint8]:
    """One picture.

    Args:
        face: Whose.
        expression: What the face shows.
        view: Pose, light, blur and noise.
        rng: Decides the noise.
        size: Side of the picture, pixels.
        mode: `L` for grey, `RGB` for colour.

    Returns:
        uint8 (size, size, 1) or (size, size, 3).
    """
    shapes = [
        *head_behind(face, expression),
        *feature_shapes(face, expression),
        *head_front(face),
    ]
    factor = SUPERSAMPLING.get(size, 2)
    canvas = _rasterise(shapes, face, view, factor * size)
    if mode == "L":
        canvas = canvas.convert("L")
    return _photograph(canvas.reduce(factor), view, face.skin, rng)


def draw_landmarks(face: Face, expression: Expression, view: View, *, size: int) -> Points:
    """Where the five landmarks lie in the picture that `draw` gives.

    Returns:
        float64 (5, 2), pixels: left eye, right eye, nose tip, left and right corner of the mouth,
        left and right as they appear in the picture.
    """
    placed = _place(
        landmark_points(face, expression), np.array([1.0, 1.0, 1.3, 1.0, 1.0]), view, size
    )
    return placed[[1, 0, 2, 4, 3]] if view.mirrored else placed


def draw_not_a_face(rng: np.random.Generator, *, size: int) -> NDArray[np.uint8]:
    """A picture without a face: overlapping discs on a plain ground, uint8 (size, size, 1)."""
    ground, *greys = rng.integers(20, 236, 6).tolist()
    canvas = Image.new("L", (size, size), ground)
    pen = ImageDraw.Draw(canvas)
    for grey in greys:
        x, y, radius = (size * rng.uniform([0.0, 0.0, 0.1], [1.0, 1.0, 0.4])).tolist()
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=grey)
    return np.asarray(canvas, dtype=np.uint8)[:, :, None].copy()
