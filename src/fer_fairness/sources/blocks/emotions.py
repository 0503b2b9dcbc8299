"""What a dataset's own labels of emotions stand for, and which stand for none of the eight."""

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fer_fairness.errors import InvalidInputError
from fer_fairness.params.datasets import LEAVE_OUT, DatasetParameters
from fer_fairness.sources.base import Json, shortened
from fer_fairness.taxonomy import CODES_OF_EMOTIONS, EMOTION_ALIASES, EMOTIONS

_NUMBERED: Final = re.compile(r"\d+[\s._-]+(?=[^\W\d])")
_CLOSE: Final = 0.75
_MOST_UNKNOWN: Final = 0.5
_SPELT: Final = {**{name: name for name in EMOTIONS}, **EMOTION_ALIASES}

_AROUSAL_OF_HAPPINESS: Final = (-0.2, 0.5)
_NEUTRAL_RADIUS: Final = 0.2
VALENCE_AND_AROUSAL: Final = (
    "Valence v and arousal a: neutral where both are within 0.2 of 0 (distance); else happiness "
    "where v > 0 and -0.2 <= a <= 0.5 (the region of AffectNet's annotators, Mollahosseini, Hasani "
    "and Mahoor 2017); sadness where v < 0 and a < 0. Elsewhere several emotions share a region "
    "(anger, fear, disgust and contempt at v < 0, a >= 0; surprise and delight above a = 0.5) or "
    "none of the eight lies there (calm): such faces are left out."
)
"""The stated table by which valence and arousal alone become emotions."""


@dataclass(frozen=True)
class EmotionLabels:
    """What labels stand for.

    Attributes:
        of: An emotion by label; None for a label that is none of the eight.
        unknown: Labels that nothing was known of, with their numbers of faces; they are none of
            the eight.
    """

    of: Mapping[str, str | None]
    unknown: Mapping[str, int]


class EmotionReader:
    """Reads single labels, by a dataset's own `labels`, its `codes`, and the usual names."""

    def __init__(self, labels: Mapping[str, str], codes: str | None) -> None:
        self._own = {_plain(label): emotion for label, emotion in labels.items()}
        self._codes = CODES_OF_EMOTIONS[codes] if codes else {}

    def knows(self, label: str) -> bool:
        """Whether it is known what a label stands for."""
        return self._found(label) is not _UNKNOWN

    def emotion(self, label: str) -> str | None:
        """The emotion that a label stands for; None where it is none of the eight, or unknown."""
        found = self._found(label)
        return None if found is _UNKNOWN or found is None else str(found)

    def _found(self, label: str) -> object:
        plain = _plain(label)
        if plain in self._own:
            return None if self._own[plain] == LEAVE_OUT else self._own[plain]
        for code in (label.strip().upper(), label.strip().lstrip("0") or "0"):
            if code in self._codes:
                return self._codes[code]
        return _SPELT.get(plain, _SPELT.get(_NUMBERED.sub("", plain), _UNKNOWN))


_UNKNOWN: Final = object()


def read_labels(
    counts: Counter[str], params: DatasetParameters, voted: Counter[str]
) -> EmotionLabels:
    """What the labels of a dataset stand for.

    Args:
        counts: Number of faces by label.
        params: The dataset's own labels and codes, and which emotions it is scored over.
        voted: Number of faces by the emotion that most annotators named, where votes are told.

    Raises:
        InvalidInputError: Labels are numbers of an order that is not named; one is nearly spelt
            like an emotion; none stands for an emotion, or nothing is known of those of most faces;
            or some stand for an emotion, or most annotators named one, that is not among those that
            the dataset is said to label.
    """
    reader = EmotionReader(params.labels, params.codes)
    unknown = {label: n for label, n in counts.items() if not reader.knows(label)}
    numbers = sorted((label for label in unknown if label.strip().isdecimal()), key=int)
    if numbers:
        _refuse_numbers(numbers, params)
    for label in unknown:
        _refuse_slip(label, counts[label], params)
    of = {label: reader.emotion(label) for label in counts}
    n_faces, n_unknown = sum(counts.values()), sum(unknown.values())
    if counts and (n_unknown > _MOST_UNKNOWN * n_faces or not any(of.values())):
        why = f"nothing is known of the labels of {n_unknown:,} of {n_faces:,} faces"
        if not any(of.values()):
            why = "none of its labels is an emotion"
        raise InvalidInputError(
            f"{params.name}: {why}: {_counted(counts)}. Say what they stand for in "
            f"datasets.{params.name}.labels ({LEAVE_OUT} for what is none), or in which order it "
            f"numbers emotions in datasets.{params.name}.codes ({', '.join(CODES_OF_EMOTIONS)})."
        )
    _refuse_others(of, counts, params, voted)
    return EmotionLabels(of, unknown)


def from_valence_and_arousal(
    valence: npt.NDArray[np.float64], arousal: npt.NDArray[np.float64]
) -> npt.NDArray[np.object_]:
    """Emotions by `VALENCE_AND_AROUSAL`.

    Args:
        valence: Shape (n,), -1 to 1.
        arousal: Shape (n,), -1 to 1.

    Returns:
        Shape (n,): "neutral", "happiness", "sadness", or None where no one emotion is meant.
    """
    low, high = _AROUSAL_OF_HAPPINESS
    emotions: npt.NDArray[np.object_] = np.full(len(valence), None, dtype=object)
    emotions[(valence > 0) & (arousal >= low) & (arousal <= high)] = "happiness"
    emotions[(valence < 0) & (arousal < 0)] = "sadness"
    emotions[np.hypot(valence, arousal) <= _NEUTRAL_RADIUS] = "neutral"
    return emotions


def empty_emotions(found: Sequence[str | None], params: DatasetParameters) -> list[str]:
    """Emotions that the dataset is said to label and that no face shows."""
    return [emotion for emotion in params.scored_emotions if emotion not in set(found)]


def mapping_report(labels: EmotionLabels, counts: Counter[str]) -> list[Json]:
    """What each label stands for, with its number of faces."""
    return [
        {"label": label, "emotion": labels.of[label], "n_faces": n}
        for label, n in counts.most_common()
    ]


def _plain(label: str) -> str:
    return " ".join(label.strip().lower().split())


def _refuse_numbers(numbers: list[str], params: DatasetParameters) -> None:
    block = f"datasets.{params.name}"
    known = params.codes
    orders = "\n".join(
        f"  {name}: {', '.join(f'{code} {what or LEAVE_OUT}' for code, what in order.items())}"
        for name, order in CODES_OF_EMOTIONS.items()
        if all(number in order for number in numbers)
    )
    why = f"codes {known} has no such numbers" if known else "datasets number emotions differently"
    raise InvalidInputError(
        f"{params.name}: the labels {', '.join(numbers)} are numbers, and {why}. Name the order in "
        f"{block}.codes"
        + (f", one of\n{orders}\n" if orders else ", or ")
        + f"say what each stands for in {block}.labels, such as {{'{numbers[0]}': neutral}}."
    )


def _refuse_slip(label: str, n_faces: int, params: DatasetParameters) -> None:
    close = difflib.get_close_matches(_plain(label), list(_SPELT), n=1, cutoff=_CLOSE)
    if close:
        raise InvalidInputError(
            f"{params.name}: {n_faces} faces have the label {shortened(label)!r}, which is no "
            f"emotion; is {close[0]!r} meant? Rename it, or say what it stands for: "
            f"datasets.{params.name}.labels: {{{shortened(label)}: {_SPELT[close[0]]}}}, or "
            f"{LEAVE_OUT}."
        )


def _refuse_others(
    of: Mapping[str, str | None],
    counts: Counter[str],
    params: DatasetParameters,
    voted: Counter[str],
) -> None:
    scored = params.scored_emotions
    others = Counter({name: n for name, n in voted.items() if name not in scored})
    for label, emotion in of.items():
        if emotion is not None and emotion not in scored:
            others[emotion] += counts[label]
    if others:
        added = [name for name in EMOTIONS if name in scored or name in others]
        first = next((label for label, emotion in of.items() if emotion in others), None)
        leave_out = (
            "take their rows out of the table"
            if first is None
            else f"datasets.{params.name}.labels: {{{shortened(first)}: {LEAVE_OUT}}}"
        )
        raise InvalidInputError(
            f"{params.name}: {_counted(others)} faces show what models are not scored over there "
            f"({', '.join(scored)}). To score it too: datasets.{params.name}.emotions: "
            f"[{', '.join(added)}]; to leave these faces out: {leave_out}."
        )


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{shortened(label)!r} {n:,}" for label, n in counts.most_common(12))
