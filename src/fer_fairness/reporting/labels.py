"""What variants, attributes, groups and datasets are called in a sentence, and their order."""

import hashlib
import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fairness.group_names import (
    CELL,
    attribute_parts,
    quoted_where,
    split_names,
    subgroup_values,
)
from fer_fairness.taxonomy import EMOTIONS, FAIRFACE_RACES, GENDERS, RAF_DB_RACES

_OTHER_DATASETS: Final = MappingProxyType({"fairface": "FairFace"})
_TIMES: Final = " \N{MULTIPLICATION SIGN} "
_ATTRIBUTES: Final = MappingProxyType({"age_group": "age group"})
_SOURCES: Final = MappingProxyType(
    {
        "annotated": "labels by annotators",
        "predicted": "labels predicted by a model",
        "given": "labels given in the file",
        "drawn": "true groups",
    }
)
_CONDITIONS: Final = MappingProxyType(
    {
        "full_size": "as published",
        "colour_100": "in colour at 100 pixels",
        "grey_48": "shrunk to 48 × 48 grey",  # noqa: RUF001 -- a times sign is meant
    }
)
_LONGEST: Final = 60
_SPELLED: Final = MappingProxyType(
    {
        "cvar dro": "CVaR-DRO",
        "ldam drw": "LDAM-DRW",
        "linear post": "LinearPost",
        "rand augment": "RandAugment",
        "vrex": "V-REx",
        "lp": "(linear program)",
        **{
            name.lower(): name
            for name in (
                *("AIF360", "CORAL", "CutMix", "DFR", "DRO", "FairGrad", "FLAC", "FSCL"),
                *("IRM", "JTT", "LfF", "LISA", "MixStyle", "MMD", "SAM", "cRT"),
            )
        },
    }
)
"""Words of methods' names that are not written as other words are."""
_SPELLED_WORD: Final = re.compile(rf"\b(?:{'|'.join(_SPELLED)})\b")
_PROPER_NAMES: Final = ("F1", "Theil", "Xu", *_SPELLED.values())
_RACES: Final = (*FAIRFACE_RACES, *RAF_DB_RACES)
_PLACES: Final = {name: place for place, name in enumerate((*EMOTIONS, *GENDERS, *_RACES))}
_STEP: Final = re.compile(
    r"(?:\D*[\W_])?(?:(?P<number>\d+)(?:\D.*)?|(?P<roman>I{1,3}|IV|VI?)(?:\W.*)?)"
)
"""A step of a scale, after a word or not: ages, Monk's 1 to 10, Fitzpatrick's I to VI."""

_ROMAN: Final = ("", "I", "II", "III", "IV", "V", "VI")
_JOINT: Final = re.compile(r"\s+[x×·|]\s+")  # noqa: RUF001 -- how intersections are written


def variant_label(variant: str) -> str:
    """`group_dro` as "Group DRO"; the name of a file stays as it is."""
    if "." in variant:
        return shortened(variant)
    words = variant.replace("_", " ")
    spelled = _SPELLED_WORD.sub(lambda found: _SPELLED[found[0]], words)
    return shortened(spelled if spelled.startswith(_PROPER_NAMES) else capitalised(spelled))


def start_label(started_from: str) -> str:
    """What a model started from: "random weights", "baseline", or a file."""
    if started_from in ("random", "published", "published_teacher"):
        return f"{started_from.replace('_teacher', ' teacher')} weights"
    if "." in started_from:
        return variant_label(started_from)
    return in_sentence(variant_label(started_from))


def evaluation_set_label(evaluation_set: str) -> str:
    """`fer_plus` as "FER+"; the name of a file stays as it is."""
    if evaluation_set in EVALUATION_SETS:
        return EVALUATION_SETS[evaluation_set].label
    words = evaluation_set if "." in evaluation_set else evaluation_set.replace("_", " ")
    return _OTHER_DATASETS.get(evaluation_set, shortened(words))


def attribute_label(attribute: str) -> str:
    """`gender x race` as "perceived gender", a times sign, "race": what somebody saw."""
    parts = [part.strip() for part in attribute_parts(attribute)]
    return "perceived " + _TIMES.join(
        _ATTRIBUTES.get(part, shortened(part.replace("_", " "))) for part in parts
    )


def subgroup_label(subgroup: str) -> str:
    """`age_group: 0-3; race: black or east_asian` with attributes and groups in words."""
    values = subgroup_values(subgroup)
    told = (
        f"{attribute_label(attribute)}: "
        f"{' or '.join(quoted_where(group_label(name), ' or ', '; ') for name in allowed)}"
        for attribute, allowed in values.items()
    )
    return "; ".join(told) or subgroup


def source_label(source: str) -> str:
    """Who gave the demographic labels, in words."""
    return _SOURCES.get(source, source.replace("_", " "))


def group_label(group: str) -> str:
    """`east_asian` as "East Asian"; separators of intersections become a dot.

    Names of groups that are not the project's own stay as they are, in quotes where they hold that
    dot, so that different groups are shown differently.
    """
    return CELL.join(quoted_where(_name_label(part), CELL) for part in split_names(group))


def _name_label(name: str) -> str:
    words = name.replace("_", " ") if name in _PLACES else name
    return shortened(words.title() if name in _RACES else words)


def shortened(name: str) -> str:
    """A name of somebody's file, cut in its middle where it is too long for a line."""
    return cut_in_middle(name, _LONGEST)


def cut_in_middle(name: str, longest: int) -> str:
    """A name of at most `longest` letters; a cut one has four digits of its own hash within.

    Else two names that differ where they are cut would look the same.
    """
    if len(name) <= longest:
        return name
    end = longest // 4
    digits = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:4]
    return f"{name[: longest - end - 7]}[{digits}]…{name[-end:]}"


def condition_label(condition: str) -> str:
    """How the faces looked that the labeller was measured on: "shrunk to 48 x 48 grey"."""
    return _CONDITIONS.get(condition, condition.replace("_", " "))


def held_out_label(evaluation_set: str) -> str:
    """The faces on which the labeller was measured for an evaluation set, in words."""
    known = EVALUATION_SETS.get(evaluation_set)
    looks = "" if known is None else f", {condition_label(known.condition)},"
    return f"held-out FairFace faces{looks}"


def capitalised(text: str) -> str:
    """`text` with its first letter in upper case, the others as they are."""
    return text[:1].upper() + text[1:]


def in_sentence(label: str) -> str:
    """A label within a sentence: "Accuracy gap" as "accuracy gap"; "Xu fairness" as it is."""
    return label if label.startswith(_PROPER_NAMES) else label[:1].lower() + label[1:]


def in_order(names: Sequence[str]) -> list[str]:
    """Distinct names in the project's own order, intersections part by part, unknown ones last."""

    def place(name: str) -> tuple[list[tuple[int, int]], str]:
        return [_place(part) for part in _JOINT.split(name)], name

    return sorted(dict.fromkeys(names), key=place)


def _place(name: str) -> tuple[int, int]:
    """Known names in their order, then steps of a scale by their first number, then all else."""
    if name in _PLACES:
        return 0, _PLACES[name]
    step = _STEP.fullmatch(name)
    if step is None:
        return 2, 0
    return 1, int(step["number"]) if step["number"] else _ROMAN.index(step["roman"])
