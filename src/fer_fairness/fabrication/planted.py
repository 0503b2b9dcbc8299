"""What is planted in fabricated faces, one bias after another, and in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fer_fairness.errors import InvalidInputError
from fer_fairness.fabrication.planting import SPLITS
from fer_fairness.params.fabrication import ByGroup, PlantedBias
from fer_fairness.taxonomy import ATTRIBUTES

_TIMES: Final = "\N{MULTIPLICATION SIGN}"


class Kind(StrEnum):
    """What is wrong with the faces of a group."""

    QUALITY = "image quality"
    LABEL_NOISE = "label noise"
    EMOTIONS = "emotion shares"
    FEW = "few faces"


@dataclass(frozen=True)
class Planted:
    """One bias of one group.

    Attributes:
        attribute: `gender`, `race` or `age_group`.
        group: One of `params.fabrication.GROUPS`.
        kind: What is wrong.
        strength: How much, in words.
        factors: Of emotion shares, emotion -> factor on its odds.
    """

    attribute: str
    group: str
    kind: Kind
    strength: str
    factors: Mapping[str, float] = field(default_factory=dict)


def planted_biases(planted: PlantedBias) -> list[Planted]:
    """Every bias that changes anything, kind by kind; none where faces are as they should be."""
    return [
        *(
            Planted(attribute, group, Kind.QUALITY, f"strength {number:g} of 1")
            for attribute, group, number in _by_group(planted.image_quality_by_group)
        ),
        *_noise(planted),
        *_tilts(planted),
        *(
            Planted(attribute, group, Kind.FEW, f"{_percent(number)} of all faces")
            for attribute, group, number in _by_group(_few(planted))
        ),
    ]


def planted_attributes(planted: PlantedBias) -> tuple[str, ...]:
    """The attributes that a bias is planted by; where none is, those whose shares are given.

    Raises:
        InvalidInputError: There is neither: nobody could say which gap to look at.
    """
    biased = {bias.attribute for bias in planted_biases(planted) if bias.kind is not Kind.FEW}
    chosen = biased or set(planted.group_shares)
    if not chosen:
        raise InvalidInputError(
            "The bias names no attribute: give it image_quality_by_group, label_noise_by_group, "
            "emotion_by_group or group_shares."
        )
    return tuple(name for name in ATTRIBUTES if name in chosen)


def told(planted: PlantedBias) -> str:
    """What is planted, in words: `image quality: black (strength 0.4 of 1)`."""
    biases = planted_biases(planted)
    groups = {
        kind: [f"{bias.group} ({bias.strength})" for bias in biases if bias.kind is kind]
        for kind in Kind
    }
    return "; ".join(f"{kind}: {', '.join(named)}" for kind, named in groups.items() if named)


def _by_group(chances: ByGroup) -> Iterator[tuple[str, str, float]]:
    for attribute, by_group in chances.items():
        for group, number in by_group.items():
            if number > 0:
                yield attribute, group, number


def _noise(planted: PlantedBias) -> Iterator[Planted]:
    if not planted.label_noise_splits:
        return
    for attribute, group, number in _by_group(planted.label_noise_by_group):
        words = f"{_percent(number)} wrong in {' and '.join(planted.label_noise_splits)}"
        yield Planted(attribute, group, Kind.LABEL_NOISE, words)


def _tilts(planted: PlantedBias) -> Iterator[Planted]:
    splits = planted.emotion_splits
    if not splits:
        return
    where = "" if set(splits) == set(SPLITS) else f" in {' and '.join(splits)}"
    for attribute, by_group in planted.emotion_by_group.items():
        for group, factors in by_group.items():
            tilted = {emotion: factor for emotion, factor in factors.items() if factor != 1}
            words = ", ".join(f"{name} {_TIMES} {factor:g}" for name, factor in tilted.items())
            if tilted:
                yield Planted(attribute, group, Kind.EMOTIONS, f"{words}{where}", tilted)


def _few(planted: PlantedBias) -> ByGroup:
    """Groups with less than half of what they had if all that are there had as many."""
    few = {}
    for attribute, shares in planted.group_shares.items():
        there = {group: share for group, share in shares.items() if share > 0}
        few[attribute] = {
            group: share for group, share in there.items() if share < 0.5 / len(there)
        }
    return few


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
