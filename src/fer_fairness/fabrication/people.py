"""Who a fabricated face is: perceived gender, race and age group, and what they change in a face.

Race changes two things only, the reflectance of the skin and the tone and texture of the hair, both
with distributions that overlap widely; never the geometry of a face.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_fairness.params.fabrication import GROUPS, RAF_DB_DRAWN_RACES, PlantedBias

DEFAULT_AGE_SHARES: Final = MappingProxyType(
    {
        "0-2": 0.03,
        "3-9": 0.12,
        "10-19": 0.12,
        "20-29": 0.25,
        "30-39": 0.20,
        "40-49": 0.12,
        "50-59": 0.08,
        "60-69": 0.05,
        "70+": 0.03,
    }
)
"""Ages where no shares are planted: most people are adults, as in the published datasets."""


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


def clamp(value: float, low: float, high: float) -> float:
    """`value`, kept between `low` and `high`; np.clip is slow on single numbers."""
    return min(high, max(low, value))


def group_shares(planted: PlantedBias, attribute: str, *, raf_db: bool) -> NDArray[np.float64]:
    """Share of each group of an attribute, in the order of `params.fabrication.GROUPS`.

    Args:
        planted: Its `group_shares` decide where they name the attribute.
        attribute: `gender`, `race` or `age_group`.
        raf_db: Draw from the three races that RAF-DB records only.

    Returns:
        float64 (groups,) that sums to one.
    """
    groups = GROUPS[attribute]
    default = DEFAULT_AGE_SHARES if attribute == "age_group" else dict.fromkeys(groups, 1.0)
    named = planted.group_shares.get(attribute, default)
    shares = np.array([named.get(group, 0.0) for group in groups])
    if raf_db and attribute == "race":
        shares = shares * np.isin(groups, RAF_DB_DRAWN_RACES)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


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
