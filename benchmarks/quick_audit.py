"""Our audit on people that were drawn: as it is, or by shuffles that samples share.

In an audit something is found exactly where the question of some attribute is answered with yes
(`hierarchy`); of the other rows two metrics are measured here, to be quick.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from benchmarks.planted_differences import Design, People, Planted, drawn

from fer_fairness.fairness.metrics import GAP_METRICS, GapMetric
from fer_fairness.fairness.testing.gap_tests import (
    AttributeTests,
    Compared,
    compared_groups,
    tested,
)
from fer_fairness.fairness.testing.hierarchy import level_of
from fer_fairness.fairness.testing.judging import attribute_weight, judged
from fer_fairness.fairness.testing.omnibus import among, harmonic, ranked

Array = npt.NDArray[np.float64]

LEVEL: Final = 0.05
_SAMPLES: Final = 10
_SHUFFLES: Final = 400


class _Question(Compared):
    """An attribute of which two metrics are measured, and no others."""

    @property
    def of_counts(self) -> tuple[GapMetric, ...]:
        """Accuracy and equal opportunity."""
        return (GAP_METRICS["accuracy_gap"], GAP_METRICS["equal_opportunity_gap"])

    @property
    def of_classes(self) -> tuple[GapMetric, ...]:
        """None."""
        return ()

    @property
    def of_calibration(self) -> tuple[GapMetric, ...]:
        """None."""
        return ()


def audited(people: People, *, n: int, seed: int, whole: bool = False) -> dict[str, float]:
    """Corrected p-value of each attribute: of its question, or with `whole` of any of its rows."""
    defined = _tests(people, n=n, seed=seed, whole=whole)
    found = {}
    for test, judgement in zip(defined, judged(defined, significance=LEVEL), strict=True):
        behind = np.nanmin([*judgement.metrics, *judgement.pairs])
        found[test.part.attribute] = float(min(judgement.any_difference, behind))
    return found


def _tests(people: People, *, n: int, seed: int, whole: bool) -> list[AttributeTests]:
    faces = people.judged()
    parts: list[Compared] = compared_groups(faces, minimum_group_size=10)
    if not whole:
        parts = [
            _Question(
                part.attribute,
                part.counted,
                part.people,
                part.kept,
                part.single_faces,
                part.calibration,
            )
            for part in parts
        ]
    tests = tested(faces, parts, n=n, seed=seed, cells_at_once=2**19)
    return [test for test in tests if test is not None]


class SharedShuffles:
    """The question of each attribute, answered by shuffles of ten samples with nothing planted.

    A sample of its own would be shuffled a thousand times; here its statistics are compared with
    those of shuffles of other samples of the same design, so that a thousand samples cost what two
    do otherwise.
    """

    def __init__(self, design: Design, *, calibrated: bool) -> None:
        kind = "confidence" if calibrated else ""
        nothing = Planted(next(iter(design.attributes)), kind) if kind else Planted()
        found: dict[str, list[Array]] = {}
        for number in range(_SAMPLES):
            people = drawn(design, nothing, np.random.default_rng([number, 99]))
            for test in _tests(people, n=_SHUFFLES, seed=number, whole=False):
                name = test.part.attribute
                found.setdefault(name, []).append(test.measured.statistics[1:])
        self._null = {name: np.concatenate(parts) for name, parts in found.items()}
        self._harmonic: dict[str, Array] = {}
        self._limit = -1.0

    def found(self, people: People) -> dict[str, bool]:
        """Whether the question of each attribute is answered with yes."""
        tests = _tests(people, n=1, seed=0, whole=False)
        if self._limit < 0:
            self._prepare(tests)
        return {test.part.attribute: self._p_value(test) <= self._limit for test in tests}

    def _prepare(self, tests: list[AttributeTests]) -> None:
        smallest = []
        for test in tests:
            name = test.part.attribute
            own = harmonic(ranked(self._null[name]), test.part.weights)
            self._harmonic[name] = own
            self._null[name] = np.sort(self._null[name], axis=0)
            smallest.append(among(own, own) / attribute_weight(name))
        self._limit = level_of(np.min(smallest, axis=0), LEVEL)

    def _p_value(self, test: AttributeTests) -> float:
        name, own = test.part.attribute, test.measured.statistics[0]
        null = self._null[name]
        columns = zip(own, null.T, strict=True)
        p_values = np.array([float(among(np.array([one]), all_)[0]) for one, all_ in columns])
        least = 1.0 / (len(null) + 1)
        together = harmonic(np.maximum(p_values, least), test.part.weights)
        p_value = float(among(np.array([together]), self._harmonic[name])[0])
        return p_value / attribute_weight(name)
