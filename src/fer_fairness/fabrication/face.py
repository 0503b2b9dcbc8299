"""Who a fabricated face is, its lasting look, and the circumstances of one picture of it.

Race changes two things only, the reflectance of the skin and the tone and texture of the hair, both
with distributions that overlap widely; never the geometry of a face.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from fer_fairness.fabrication.shapes import Colour, blend

HAIR_STYLES = ("cropped", "side_parting", "fringe", "swept_back", "centre_parting", "full")
GAMMA = 2.2


@dataclass(frozen=True)
class Person:
    """The groups of one person, in the names of FairFace."""

    gender: str
    race: str
    age_group: str


@dataclass(frozen=True)
class Colouring:
    """How skin reflectance and hair are distributed in a group.

    Attributes:
        skin_reflectance: Median of the log-normal share of light that the skin returns.
        hair_reflectance: Median of the same for hair, before greying.
        hair_texture: Shares of straight, wavy and curly hair.
    """

    skin_reflectance: float
    hair_reflectance: float
    hair_texture: tuple[float, float, float]


COLOURING: Final[Mapping[str, Colouring]] = MappingProxyType(
    {
        "white": Colouring(0.60, 0.110, (0.45, 0.40, 0.15)),
        "black": Colouring(0.15, 0.012, (0.15, 0.30, 0.55)),
        "latino_hispanic": Colouring(0.35, 0.050, (0.30, 0.50, 0.20)),
        "east_asian": Colouring(0.50, 0.012, (0.80, 0.15, 0.05)),
        "southeast_asian": Colouring(0.28, 0.014, (0.65, 0.25, 0.10)),
        "indian": Colouring(0.215, 0.014, (0.35, 0.50, 0.15)),
        "middle_eastern": Colouring(0.42, 0.022, (0.15, 0.50, 0.35)),
    }
)
SKIN_LOG_SPREAD: Final = 0.17
"""Standard deviation of log reflectance within a group; neighbouring groups overlap widely."""
HAIR_LOG_SPREAD: Final = 0.45
SKIN_RANGE: Final = (0.04, 0.8)
HAIR_RANGE: Final = (0.006, 0.5)

TYPICAL_AGE: Final = MappingProxyType(
    {
        "0-2": 1.0,
        "3-9": 6.0,
        "10-19": 14.0,
        "20-29": 24.0,
        "30-39": 34.0,
        "40-49": 44.0,
        "50-59": 54.0,
        "60-69": 64.0,
        "70+": 76.0,
    }
)
"""Middle of each age group, years."""
AGE_SPREAD: Final = 2.5
"""Standard deviation of the age a face looks, around the middle of its group, years."""


@dataclass(frozen=True)
class Face:
    """Geometry (in face units: half the height of the head) and colours of one person.

    Attributes:
        skin: Colour of the skin in even light.
        hair: Colour of the hair, greyed with age.
        brow: Colour of the brows.
        lips: Colour of the lips.
        iris: Colour of the iris.
        background: Colour behind the head.
        clothing: Colour below the neck.
        width: Half the width of the head.
        jaw: 0 to 1, how square the lower face is.
        childlike: 1 in an infant, 0 from about 16 years: rounder, features lower and eyes larger.
        eye_distance: Half the distance between the eyes.
        eye_size: Half the width of an eye.
        eye_height: Opening of the upper lid at rest.
        brow_height: Distance of the brows above the eyes.
        brow_thickness: Height of a brow at its inner end.
        nose_length: Distance of the nose tip below the eyes.
        nose_width: Half the width of the nose.
        mouth_width: Half the width of the mouth at rest.
        lip_fullness: Height of one lip.
        hair_style: A name of `HAIR_STYLES`.
        hair_length: How far the hair hangs down at the sides; 0 is above the ears.
        hair_texture: 0 straight, 1 wavy, 2 curly.
        hairline: Height of the hairline above the middle of the head.
        wrinkles: 0 to 1.
        glasses: 0 without; else the thickness of the frame.
    """

    skin: Colour
    hair: Colour
    brow: Colour
    lips: Colour
    iris: Colour
    background: Colour
    clothing: Colour
    width: float
    jaw: float
    childlike: float
    eye_distance: float
    eye_size: float
    eye_height: float
    brow_height: float
    brow_thickness: float
    nose_length: float
    nose_width: float
    mouth_width: float
    lip_fullness: float
    hair_style: str
    hair_length: float
    hair_texture: int
    hairline: float
    wrinkles: float
    glasses: float


@dataclass(frozen=True)
class View:
    """How one picture was taken.

    Attributes:
        scale: Face units to shares of half the picture's side.
        shift: Displacement of the face to the right and down, in face units.
        roll: Rotation in the plane of the picture, radians.
        yaw: Turn of the head, as a shift of the nose in face units.
        mirrored: Whether left and right are exchanged.
        gain: Factor on all light.
        gradient: Change of light from the middle to the right and to the lower edge.
        contrast: Factor on the distance from middle grey.
        blur: Standard deviation, as a share of the picture's side.
        noise: Standard deviation, grey levels.
    """

    scale: float
    shift: tuple[float, float]
    roll: float
    yaw: float
    mirrored: bool
    gain: float
    gradient: tuple[float, float]
    contrast: float
    blur: float
    noise: float


def clamp(value: float, low: float, high: float) -> float:
    """`value`, kept between `low` and `high`; np.clip is slow on single numbers."""
    return min(high, max(low, value))


def _tone(reflectance: float, tint: tuple[float, float, float]) -> Colour:
    """Colour of a surface that returns `reflectance` of the light, tinted."""
    level = 255.0 * reflectance ** (1.0 / GAMMA)
    red, green, blue = (min(255, max(0, round(level * part))) for part in tint)
    return red, green, blue


def _any_colour(rng: np.random.Generator, low: float, high: float) -> Colour:
    level, *tint = rng.uniform(0.0, 1.0, 4).tolist()
    red, green, blue = (int(low + (high - low) * level + 24 * (part - 0.5)) for part in tint)
    return min(255, max(0, red)), min(255, max(0, green)), min(255, max(0, blue))


def skin_reflectance(race: str, rng: np.random.Generator) -> float:
    """A person's skin reflectance, log-normal around the median of the group."""
    median = COLOURING[race].skin_reflectance
    return clamp(median * math.exp(SKIN_LOG_SPREAD * rng.standard_normal()), *SKIN_RANGE)


def hair_reflectance(race: str, rng: np.random.Generator) -> float:
    """A person's hair reflectance before greying, log-normal around the median of the group."""
    median = COLOURING[race].hair_reflectance
    return clamp(median * math.exp(HAIR_LOG_SPREAD * rng.standard_normal()), *HAIR_RANGE)


def hair_texture(race: str, rng: np.random.Generator) -> int:
    """0 straight, 1 wavy, 2 curly; every group has all three."""
    straight, wavy, _ = COLOURING[race].hair_texture
    at = rng.random()
    return int(at >= straight) + int(at >= straight + wavy)


def apparent_age(age_group: str, rng: np.random.Generator) -> float:
    """The age in years that a person of the group looks."""
    return max(0.0, TYPICAL_AGE[age_group] + AGE_SPREAD * float(rng.standard_normal()))


def _hair_colour(race: str, age: float, rng: np.random.Generator) -> Colour:
    reflectance = hair_reflectance(race, rng)
    warmth = 0.1 + 0.12 * min(1.0, reflectance / 0.15)
    natural = _tone(reflectance, (1.0 + warmth, 1.0, 1.0 - 1.3 * warmth))
    greying = clamp((age - 42.0) / 30.0 + 0.2 * rng.standard_normal(), 0.0, 1.0)
    return blend(natural, (192, 192, 194), greying * 0.9 if age > 30 else 0.0)


def _hair_length(male: bool, age: float, rng: np.random.Generator) -> float:  # noqa: FBT001
    """Longer hair is more frequent in women, and no length belongs to one gender."""
    if age < 2.5:
        return 0.0
    long_share = 0.14 if male else 0.72
    return float(rng.uniform(0.55, 1.35) if rng.random() < long_share else rng.uniform(0.0, 0.4))


def sample_face(person: Person, rng: np.random.Generator) -> Face:
    """The face of a person of the given groups."""
    age = apparent_age(person.age_group, rng)
    male = person.gender == "male"
    childlike = clamp(1.0 - age / 16.0, 0.0, 1.0)
    adult_male = 1.0 - childlike if male else 0.0
    reflectance = skin_reflectance(person.race, rng)
    skin = _tone(reflectance, (1.07, 0.92, 0.80))
    hair = _hair_colour(person.race, age, rng)
    receding = max(0.0, rng.normal(0.0, 0.12)) * adult_male * min(1.0, age / 50.0)

    def around(middle: float, spread: float) -> float:
        return middle * (1.0 + spread * clamp(rng.standard_normal(), -2.5, 2.5))

    return Face(
        skin=skin,
        hair=hair,
        brow=blend(blend(hair, (24, 18, 16), 0.45), skin, 0.1),
        lips=blend(blend(skin, (140, 40, 48), 0.38), (60, 20, 24), 0.12),
        iris=blend((38, 26, 20), (92, 108, 112), float(rng.beta(1.2, 3.0))),
        background=_any_colour(rng, 30, 225),
        clothing=_any_colour(rng, 20, 220),
        width=around(0.75 + 0.07 * childlike, 0.04),
        jaw=clamp(rng.normal(0.25 + 0.38 * adult_male, 0.16), 0.0, 1.0),
        childlike=childlike,
        eye_distance=around(0.335, 0.05),
        eye_size=around(0.165 + 0.025 * childlike, 0.07),
        eye_height=around(0.082 + 0.02 * childlike, 0.1),
        brow_height=around(0.215 - 0.02 * adult_male, 0.08),
        brow_thickness=around(0.062 + 0.028 * adult_male - 0.02 * childlike, 0.16),
        nose_length=around(0.37 - 0.09 * childlike, 0.07),
        nose_width=around(0.125, 0.1),
        mouth_width=around(0.285 - 0.03 * childlike, 0.06),
        lip_fullness=around(0.062, 0.18),
        hair_style=HAIR_STYLES[int(rng.integers(len(HAIR_STYLES)))],
        hair_length=_hair_length(male, age, rng),
        hair_texture=hair_texture(person.race, rng),
        hairline=around(0.60 + 0.12 * childlike * (age < 2.5), 0.06) + receding,
        wrinkles=clamp((age - 35.0) / 40.0 + 0.1 * rng.standard_normal(), 0.0, 1.0),
        glasses=float(rng.uniform(0.018, 0.04)) if rng.random() < _glasses_share(age) else 0.0,
    )


def _glasses_share(age: float) -> float:
    return 0.03 if age < 6 else 0.12 if age < 45 else 0.25


def sample_view(framing: float, quality_loss: float, rng: np.random.Generator) -> View:
    """The circumstances of one picture.

    Args:
        framing: Face units to shares of half the picture's side, before variation.
        quality_loss: 0 to 1, planted: adds blur and noise and takes contrast away.
        rng: Decides pose, light, blur and noise; draws the same numbers whatever the loss.
    """
    normal = np.clip(rng.standard_normal(6), -2.2, 2.2).tolist()
    light = rng.uniform(-1.0, 1.0, 3).tolist()
    blur, noise = rng.random(2).tolist()
    return View(
        scale=framing * (1.0 + 0.045 * normal[0]),
        shift=(0.045 * normal[1], 0.045 * normal[2]),
        roll=0.07 * normal[3],
        yaw=0.06 * normal[4],
        mirrored=bool(rng.random() < 0.5),
        gain=float(np.exp(0.04 * normal[5])),
        gradient=(0.28 * light[0], 0.16 * light[1]),
        contrast=(0.92 + 0.08 * light[2]) * (1.0 - 0.55 * quality_loss),
        blur=0.004 + 0.008 * blur + 0.03 * quality_loss,
        noise=2.0 + 4.0 * noise + 16.0 * quality_loss,
    )
