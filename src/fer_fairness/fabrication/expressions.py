"""The eight expressions as movements of brows, eyes, nose and mouth.

The movements follow the action units that Ekman and Friesen's Facial Action Coding System names for
each emotion (inner brow raiser, lid tightener, nose wrinkler, lip corner puller and so on), reduced
to what a drawn face of 48 pixels can show.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from types import MappingProxyType
from typing import Final

import numpy as np


@dataclass(frozen=True)
class Expression:
    """Displacements from a face at rest; lengths in face units (half the height of the head).

    Attributes:
        brow_inner: Rise of the inner ends of the brows; negative is down.
        brow_outer: Rise of the outer ends.
        brow_pinch: 0 to 1, how far the brows are drawn together.
        brow_uneven: Rise of one brow over the other.
        lid_opening: Added to the opening of the upper lid, as a share of it at rest.
        lid_tightening: 0 to 1, how far the lower lid is raised.
        nose_wrinkling: 0 to 1.
        cheek_raising: 0 to 1, depth of the folds beside the mouth.
        mouth_curve: Rise of the corners over the middle; negative is down.
        mouth_width: Added to the width, as a share of it at rest.
        mouth_opening: Distance between the lips.
        mouth_squareness: 0 an ellipse, 1 nearly a rectangle.
        upper_lip_raising: Rise of the middle of the upper lip.
        teeth: 0 to 1, share of the opening that teeth fill, from above.
        corner_uneven: Rise of one corner of the mouth over the other.
        lip_pressing: 0 to 1, how far the red of the lips disappears.
    """

    brow_inner: float = 0.0
    brow_outer: float = 0.0
    brow_pinch: float = 0.0
    brow_uneven: float = 0.0
    lid_opening: float = 0.0
    lid_tightening: float = 0.0
    nose_wrinkling: float = 0.0
    cheek_raising: float = 0.0
    mouth_curve: float = 0.0
    mouth_width: float = 0.0
    mouth_opening: float = 0.0
    mouth_squareness: float = 0.0
    upper_lip_raising: float = 0.0
    teeth: float = 0.0
    corner_uneven: float = 0.0
    lip_pressing: float = 0.0


PROTOTYPES: Final[Mapping[str, tuple[Expression, ...]]] = MappingProxyType(
    {
        "neutral": (Expression(),),
        "happiness": (
            Expression(
                lid_opening=-0.15, lid_tightening=0.55, cheek_raising=0.9, mouth_curve=0.19,
                mouth_width=0.32, mouth_opening=0.17, teeth=0.65, brow_outer=0.02,
            ),
            Expression(
                lid_opening=-0.2, lid_tightening=0.5, cheek_raising=0.9, mouth_curve=0.2,
                mouth_width=0.3, brow_outer=0.02,
            ),
        ),
        "surprise": (
            Expression(
                brow_inner=0.15, brow_outer=0.17, lid_opening=0.75, mouth_curve=0.0,
                mouth_width=-0.36, mouth_opening=0.4,
            ),
        ),
        "sadness": (
            Expression(
                brow_inner=0.14, brow_outer=-0.1, brow_pinch=0.3, lid_opening=-0.4,
                mouth_curve=-0.19, mouth_width=-0.12, lip_pressing=0.1,
            ),
        ),
        "anger": (
            Expression(
                brow_inner=-0.14, brow_outer=0.05, brow_pinch=1.0, lid_opening=0.05,
                lid_tightening=0.4, mouth_curve=-0.05, mouth_width=-0.12, lip_pressing=0.95,
            ),
            Expression(
                brow_inner=-0.14, brow_outer=0.06, brow_pinch=1.0, lid_opening=0.1,
                lid_tightening=0.3, mouth_width=0.05, mouth_opening=0.2, mouth_squareness=1.0,
                teeth=1.0, lip_pressing=0.6,
            ),
        ),
        "disgust": (
            Expression(
                brow_inner=-0.08, brow_outer=-0.08, brow_pinch=0.4, lid_opening=-0.62,
                lid_tightening=0.8, nose_wrinkling=1.0, cheek_raising=0.7, mouth_curve=-0.11,
                mouth_width=0.02, mouth_opening=0.1, upper_lip_raising=0.07, teeth=0.45,
            ),
        ),
        "fear": (
            Expression(
                brow_inner=0.17, brow_outer=0.0, brow_pinch=0.8, lid_opening=0.7,
                mouth_curve=-0.07, mouth_width=0.3, mouth_opening=0.15, mouth_squareness=0.8,
                teeth=0.4, lip_pressing=0.3,
            ),
        ),
        "contempt": (
            Expression(
                brow_inner=-0.03, brow_uneven=0.11, lid_opening=-0.35, lid_tightening=0.2,
                mouth_curve=-0.01, mouth_width=-0.02, corner_uneven=0.19, cheek_raising=0.15,
                lip_pressing=0.6,
            ),
        ),
    }
)  # fmt: skip
"""Each emotion's ways to look at full intensity, equally likely."""

_MOVEMENTS: Final = {way: np.array(astuple(way)) for ways in PROTOTYPES.values() for way in ways}

_VARIATION: Final = np.array(
    astuple(
        Expression(
            brow_inner=0.016, brow_outer=0.016, brow_pinch=0.06, brow_uneven=0.012,
            lid_opening=0.09, lid_tightening=0.06, nose_wrinkling=0.04, cheek_raising=0.08,
            mouth_curve=0.02, mouth_width=0.06, mouth_opening=0.01, mouth_squareness=0.05,
            upper_lip_raising=0.006, teeth=0.05, corner_uneven=0.012, lip_pressing=0.08,
        )
    )
)  # fmt: skip
"""Standard deviation of each movement between faces with the same expression."""


def express(emotion: str, rng: np.random.Generator) -> Expression:
    """One face's way of showing an emotion: a prototype at some intensity, with variation.

    Args:
        emotion: A name of `taxonomy.EMOTIONS`.
        rng: Decides the prototype, the intensity (0.6 to 1.1) and the variation.

    Raises:
        KeyError: For a name that is not an emotion.
    """
    ways = PROTOTYPES[emotion]
    way = ways[int(rng.integers(len(ways)))]
    intensity = 0.6 + 0.5 * rng.beta(2.5, 1.5)
    moved = intensity * _MOVEMENTS[way] + _VARIATION * rng.standard_normal(_VARIATION.size)
    return Expression(*moved.tolist())
