"""Names of emotions and perceived demographic groups, and the maps between the datasets' own codes.

Every table of the project uses these names. Codes of a publisher are translated once, by the
reader in `sources`, and never travel further.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

EMOTIONS: Final = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
)
"""The canonical order: that of the FER+ vote columns, and of every model output."""

RAF_DB_EMOTIONS: Final = EMOTIONS[:-1]
"""RAF-DB has no contempt: an eight-output model is scored there over these seven."""

FER2013_CODES: Final = MappingProxyType(
    {
        0: "anger",
        1: "disgust",
        2: "fear",
        3: "happiness",
        4: "sadness",
        5: "surprise",
        6: "neutral",
    }
)
RAF_DB_CODES: Final = MappingProxyType(
    {
        1: "surprise",
        2: "fear",
        3: "disgust",
        4: "happiness",
        5: "sadness",
        6: "anger",
        7: "neutral",
    }
)

CODES_OF_EMOTIONS: Final[Mapping[str, Mapping[str, str | None]]] = MappingProxyType(
    {
        "fer2013": {str(code): name for code, name in FER2013_CODES.items()},
        "fer_plus": {str(code): name for code, name in enumerate(EMOTIONS)},
        "raf_db": {str(code): name for code, name in RAF_DB_CODES.items()},
        "raf_db_from_0": {str(code - 1): name for code, name in RAF_DB_CODES.items()},
        "affectnet": {
            "0": "neutral",
            "1": "happiness",
            "2": "sadness",
            "3": "surprise",
            "4": "fear",
            "5": "disgust",
            "6": "anger",
            "7": "contempt",
            "8": None,
            "9": None,
            "10": None,
        },
        "ck_plus": {
            "0": "neutral",
            "1": "anger",
            "2": "contempt",
            "3": "disgust",
            "4": "fear",
            "5": "happiness",
            "6": "sadness",
            "7": "surprise",
        },
        "ck_plus_csv": {**{str(code): n for code, n in FER2013_CODES.items()}, "7": "contempt"},
        "two_letters": {
            "AN": "anger",
            "DI": "disgust",
            "FE": "fear",
            "AF": "fear",
            "HA": "happiness",
            "NE": "neutral",
            "SA": "sadness",
            "SU": "surprise",
        },
    }
)
"""How datasets number the emotions, by the name of the order; None stands for a code that is none
of the eight (AffectNet: 8 none, 9 uncertain, 10 no face).

ExpW numbers as FER2013; `raf_db_from_0` is RAF-DB as loaders of numbered folders have it. `ck_plus`
is the order of CK+'s own `Emotion_labels`, `ck_plus_csv` that of the 48x48 CSV made of it; JAFFE
and KDEF write two letters.
"""

EMOTION_ALIASES: Final = MappingProxyType(
    {
        "happy": "happiness",
        "joy": "happiness",
        "surprised": "surprise",
        "suprise": "surprise",
        "sad": "sadness",
        "angry": "anger",
        "disgusted": "disgust",
        "fearful": "fear",
        "afraid": "fear",
        "scared": "fear",
        "contemptuous": "contempt",
        "neutrality": "neutral",
        "ang": "anger",
        "dis": "disgust",
        "fea": "fear",
        "hap": "happiness",
        "neu": "neutral",
        "sur": "surprise",
    }
)
"""Names that other projects give to the emotions of the taxonomy."""

NO_CLASS: Final = "-"
"""Name of a model's output that is no class, such as valence or arousal."""

SPLITS: Final = ("train", "validation", "test")
ATTRIBUTES: Final = ("gender", "race", "age_group")
Attribute = Literal["gender", "race", "age_group"]
SOURCES: Final = ("annotated", "predicted", "none")

GENDERS: Final = ("female", "male")
"""Perceived gender as the datasets record it; RAF-DB's "unsure" becomes a missing value."""

FAIRFACE_RACES: Final = (
    "white",
    "black",
    "latino_hispanic",
    "east_asian",
    "southeast_asian",
    "indian",
    "middle_eastern",
)
FAIRFACE_AGE_GROUPS: Final = (
    "0-2",
    "3-9",
    "10-19",
    "20-29",
    "30-39",
    "40-49",
    "50-59",
    "60-69",
    "70+",
)
RAF_DB_RACES: Final = ("caucasian", "african_american", "asian")
RAF_DB_AGE_GROUPS: Final = ("0-3", "4-19", "20-39", "40-69", "70+")

COARSE_RACES: Final = ("white", "black", "asian", "indian")
"""The four groups of Karkkainen and Joo 2021 (FairFace), section 4."""
COARSE_AGE_GROUPS: Final = ("0-19", "20-39", "40-69", "70+")
"""The cuts that FairFace and RAF-DB have in common."""

FAIRFACE_TO_COARSE_RACE: Final = MappingProxyType(
    {
        "white": "white",
        "black": "black",
        "latino_hispanic": "white",
        "east_asian": "asian",
        "southeast_asian": "asian",
        "indian": "indian",
        "middle_eastern": "white",
    }
)
"""FairFace's published four-group reading: Latino and Middle Eastern count as White there."""

TO_COARSE_AGE_GROUP: Final = MappingProxyType(
    {
        "0-2": "0-19",
        "3-9": "0-19",
        "10-19": "0-19",
        "20-29": "20-39",
        "30-39": "20-39",
        "40-49": "40-69",
        "50-59": "40-69",
        "60-69": "40-69",
        "70+": "70+",
        "0-3": "0-19",
        "4-19": "0-19",
        "20-39": "20-39",
        "40-69": "40-69",
    }
)


def probability_column(emotion: str) -> str:
    """Name of the column that holds a model's probability of `emotion`."""
    return f"probability_{emotion}"


def target_column(emotion: str) -> str:
    """Name of the column that holds the training target of `emotion`."""
    return f"target_{emotion}"


def votes_column(emotion: str) -> str:
    """Name of the column that holds the number of annotators who chose `emotion`."""
    return f"votes_{emotion}"
