"""People with a difference planted between the groups of one attribute, as an audit gets them.

Classes and recalls are those of a published RAF-DB model (`common`); errors fall on the more
frequent classes. Groups are independent of the class unless a design says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from benchmarks.common import CLASS_SIZES, CLASSES, RECALLS

from fer_fairness.fairness.testing.people import JudgedFaces, judged_faces

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

ANGER: Final = CLASSES.index("anger")
_MOST: Final = 0.95
"""Of its errors, what a class can lose where recall is raised."""
_SURENESS: Final = 6.0
"""Of the beta distribution of confidence around a class's recall."""


@dataclass(frozen=True)
class Groups:
    """An attribute: names and shares of its groups."""

    names: tuple[str, ...]
    shares: tuple[float, ...]


RACE: Final = Groups(("most", "few", "some"), (0.77, 0.08, 0.15))
GENDER: Final = Groups(("female", "male"), (0.49, 0.51))
AGE: Final = Groups(
    ("0-3", "4-19", "20-39", "40-69", "70+"),
    tuple(float(n) / 3068 for n in (720, 441, 1072, 736, 99)),
)
TEN: Final = Groups(
    tuple(f"origin {letter}" for letter in "abcdefghij"),
    (0.20, 0.17, 0.15, 0.12, 0.10, 0.08, 0.07, 0.05, 0.04, 0.02),
)
RARE: Final = Groups(("most", "few", "some"), (0.77 + 0.08 - 12 / 3068, 12 / 3068, 0.15))
THREE: Final[Mapping[str, Groups]] = {"race": RACE, "gender": GENDER, "age": AGE}


@dataclass(frozen=True)
class Design:
    """Who is audited: faces by class, attributes, and whether groups show other emotions."""

    name: str
    class_sizes: tuple[int, ...]
    recalls: tuple[float, ...]
    attributes: Mapping[str, Groups] = field(default_factory=lambda: THREE)
    tilt: float = 0.0
    pairs: bool = False

    def mix(self, groups: Groups) -> Array:
        """Share of each group among the people of each class, shape (groups, classes)."""
        shares = np.repeat(np.array(groups.shares)[:, np.newaxis], len(self.class_sizes), axis=1)
        steps = np.arange(len(shares))[:, np.newaxis] * 2.0 + np.arange(shares.shape[1]) * 1.7
        tilted = shares * np.exp(self.tilt * np.sin(steps))
        return np.asarray(tilted / tilted.sum(axis=0))

    @property
    def confusion(self) -> Array:
        """Shares of predictions by true class."""
        sizes, found = np.array(self.class_sizes), np.diag(np.array(self.recalls))
        for place, recall in enumerate(self.recalls):
            errors = sizes / sizes.sum()
            errors[place] = 0.0
            found[place] += (1.0 - recall) * errors / errors.sum()
        return found


@dataclass(frozen=True)
class Planted:
    """What is done to the predictions of one group (or, with "trend", to all of an attribute).

    Attributes:
        attribute: Which attribute; "race x gender" for an intersection; none if nothing is.
        kind: recall (points less), opposite (less in the first class, more in the second), trend
            (points less a step), errors_to (share of the other errors that become the class),
            all_to (share of all answers that do), confidence (share of doubt that is hidden).
        size: How much.
        group: Place of the group.
        classes: Which classes; all by default.
    """

    attribute: str = ""
    kind: str = ""
    size: float = 0.0
    group: int = 0
    classes: tuple[int, ...] = ()


@dataclass(frozen=True)
class People:
    """What was drawn: true and predicted class, groups by attribute, confidence if there is any."""

    design: Design
    true: Codes
    predicted: Codes
    groups: Mapping[str, Codes]
    names: Mapping[str, tuple[str, ...]]
    confidence: Array | None

    def frame(self) -> pd.DataFrame:
        """A table of predictions with a column for each attribute drawn."""
        emotions = np.array(emotions_of(self.design))
        columns = {name: np.array(self.names[name])[codes] for name, codes in self.groups.items()}
        return pd.DataFrame(
            {
                "sample_id": [f"face {number}" for number in range(len(self.true))],
                "emotion": emotions[self.true],
                "predicted_emotion": emotions[self.predicted],
                **columns,
            }
        )

    def judged(self) -> JudgedFaces:
        """The same as the audit's tests take it."""
        frame = self.frame()
        return judged_faces(
            frame,
            {name: frame[name] for name in self.groups},
            emotions=emotions_of(self.design),
            confidence=self.confidence,
        )

    def counts(self, attribute: str) -> Array:
        """Faces by group, true and predicted class."""
        n, size = len(self.names[attribute]), len(self.design.class_sizes)
        cells = (self.groups[attribute] * size + self.true) * size + self.predicted
        return np.bincount(cells, minlength=n * size * size).reshape(n, size, size).astype(float)


def emotions_of(design: Design) -> tuple[str, ...]:
    """Names of a design's classes."""
    return (*CLASSES, "contempt")[: len(design.class_sizes)]


def sized(name: str, n: int, *, classes: int = 7, **other: object) -> Design:
    """A design of about `n` faces: RAF-DB's classes, three of them, or one more."""
    sizes, recalls = {
        3: (CLASS_SIZES[[0, 3, 6]], RECALLS[[0, 3, 6]]),
        7: (CLASS_SIZES, RECALLS),
        8: (np.append(CLASS_SIZES, 150), np.append(RECALLS, 0.55)),
    }[classes]
    scaled = np.maximum(np.rint(sizes / sizes.sum() * n), 3).astype(int)
    whole, rates = tuple(map(int, scaled)), tuple(map(float, recalls))
    return Design(name, whole, rates, **other)  # type: ignore[arg-type]


def drawn(design: Design, planted: Planted, generator: np.random.Generator) -> People:
    """One sample of people, their groups and predictions."""
    true = np.repeat(np.arange(len(design.class_sizes)), design.class_sizes)
    groups, names = {}, {}
    for name, attribute in design.attributes.items():
        limits = np.cumsum(design.mix(attribute), axis=0)[:, true]
        codes = (generator.random(len(true)) > limits).sum(axis=0)
        groups[name] = np.minimum(codes, len(attribute.names) - 1).astype(np.int64)
        names[name] = attribute.names
    if design.pairs:
        _add_pairs(groups, names)
    shares = np.repeat(design.confusion[np.newaxis], len(true), axis=0).reshape(len(true), -1)
    where = groups.get(planted.attribute)
    tables = _planted_tables(design, planted, len(names.get(planted.attribute, ("",))))
    shares = tables[np.zeros_like(true) if where is None else where, true]
    above = generator.random(len(true))[:, np.newaxis] > np.cumsum(shares, axis=1)
    predicted = np.minimum(above.sum(axis=1), len(design.class_sizes) - 1).astype(np.int64)
    confidence = None
    if planted.kind == "confidence":
        confidence, predicted = _confident(design, true, predicted, generator)
        hidden = np.where(where == planted.group, planted.size, 0.0)
        confidence = confidence + hidden * (1.0 - confidence)
    return People(design, true, predicted, groups, names, confidence)


def _add_pairs(groups: dict[str, Codes], names: dict[str, tuple[str, ...]]) -> None:
    single = list(groups)
    for place, first in enumerate(single):
        for second in single[place + 1 :]:
            both = f"{first} x {second}"
            groups[both] = groups[first] * len(names[second]) + groups[second]
            names[both] = tuple(f"{one} x {two}" for one in names[first] for two in names[second])


def _confident(
    design: Design, true: Codes, predicted: Codes, generator: np.random.Generator
) -> tuple[Array, Codes]:
    """Confidences that are right as often as they say, and predictions to them."""
    recalls = np.array(design.recalls)[true]
    confidence = generator.beta(_SURENESS * recalls, _SURENESS * (1.0 - recalls))
    right = generator.random(len(true)) < confidence
    wrong = np.where(predicted == true, (true + 1) % len(design.class_sizes), predicted)
    return confidence, np.where(right, true, wrong)


def _planted_tables(design: Design, planted: Planted, n_groups: int) -> Array:
    """Shares of predictions by group and true class, shape (groups, classes, classes)."""
    tables = np.repeat(design.confusion[np.newaxis], n_groups, axis=0)
    classes = planted.classes or tuple(range(len(design.class_sizes)))
    size, group = planted.size, planted.group
    if planted.kind == "recall":
        for place in classes:
            _lose(tables[group, place], place, size)
    elif planted.kind == "opposite":
        _lose(tables[group, classes[0]], classes[0], size)
        _lose(tables[group, classes[1]], classes[1], -size)
    elif planted.kind == "trend":
        for step in range(n_groups):
            for place in classes:
                _lose(tables[step, place], place, size * (step - (n_groups - 1) / 2))
    elif planted.kind in {"errors_to", "all_to"}:
        for place in range(len(tables[group])):
            _taken_for(tables[group, place], place, planted)
    return tables


def _lose(row: Array, place: int, points: float) -> None:
    """Take recall from a class; errors grow in proportion."""
    right = float(row[place])
    lost = min(points, right) if points > 0 else max(points, -_MOST * (1.0 - right))
    row *= 1.0 + lost / (1.0 - right)
    row[place] = right - lost


def _taken_for(row: Array, place: int, planted: Planted) -> None:
    """Move a share of the other errors, or of all answers, to one class."""
    (taken,) = planted.classes
    if place == taken:
        return
    moved = row * planted.size
    moved[taken] = 0.0
    if planted.kind == "errors_to":
        moved[place] = 0.0
    row -= moved
    row[taken] += moved.sum()
