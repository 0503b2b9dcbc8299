"""Do intervals of changes keep what they say, and does noise look as the literature says?

    python benchmarks/verdict_simulation.py [--simulations 400]

People are drawn with the class counts and recalls of a published RAF-DB model (3,068 people),
groups independent of class, and a loss of recall planted in one group. Verdicts are looked at by
`verdict_power.py`, intervals of gaps by `interval_coverage.py`. Here:

- pairs: how often the interval of the difference between two models holds it;
- null: means and tails of the metrics where nothing is planted, as in the literature's table.
"""

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
import pandas as pd
from common import CLASS_SIZES, CLASSES, RECALLS

from fer_fairness.fairness.counts import GroupCounts, PairedCounts
from fer_fairness.fairness.inference.paired import paired_differences
from fer_fairness.fairness.metrics import GAP_METRICS, values_of
from fer_fairness.params.inference import InferenceParameters

GENDER = np.array([1502, 1566]) / 3068
RACE = np.array([0.77, 0.08, 0.15])
AGE = np.array([720, 441, 1072, 736, 99]) / 3068
SHARES = {
    "gender": GENDER,
    "race": RACE,
    "age": AGE,
    "race x gender": np.outer(RACE, GENDER).ravel(),
    "gender x age": np.outer(GENDER, AGE).ravel(),
}
POWER_METRICS = ("accuracy_gap", "macro_f1_gap", "xu_fairness", "equal_opportunity_gap")
Job = TypeVar("Job")
Row: TypeAlias = dict[str, object]
PARTS = ("pairs", "null")
EVERY_CLASS = tuple(range(len(CLASSES)))
DRAWS = InferenceParameters(n_bootstrap=6500, n_permutations=1000, n_power=500)


@dataclass(frozen=True)
class Scenario:
    """A loss of recall planted in one group, in every class or in some."""

    grouping: str
    group: int = 0
    loss: float = 0.0
    classes: tuple[int, ...] = EVERY_CLASS

    @property
    def name(self) -> str:
        """What is planted where."""
        where = "" if self.classes == EVERY_CLASS else f" in {len(self.classes)} classes"
        return f"{self.grouping}: " + (
            f"{self.loss:.2f} in group {self.group}{where}" if self.loss else "nothing"
        )


def base_shares() -> np.ndarray:
    """Shares of predictions by true class: errors fall on the more frequent classes."""
    shares = np.zeros((len(CLASSES), len(CLASSES)))
    for place, recall in enumerate(RECALLS):
        errors = CLASS_SIZES / CLASS_SIZES.sum()
        errors[place] = 0.0
        shares[place] = (1.0 - recall) * errors / errors.sum()
        shares[place, place] = recall
    return shares


def planted_shares(scenario: Scenario) -> np.ndarray:
    shares = np.repeat(base_shares()[np.newaxis], len(SHARES[scenario.grouping]), axis=0)
    for place in scenario.classes:
        row = shares[scenario.group, place]
        right = row[place]
        lost = min(scenario.loss, right)
        row *= 1.0 + lost / (1.0 - right)
        row[place] = right - lost
    return shares


def people_of(grouping: str, generator: np.random.Generator) -> np.ndarray:
    drawn = [generator.multinomial(size, SHARES[grouping]) for size in CLASS_SIZES]
    return np.stack(drawn, axis=1)


def counted(counts: np.ndarray) -> GroupCounts:
    names = tuple(f"group {number}" for number in range(len(counts)))
    return GroupCounts(counts, names, CLASSES, 0)


def joint_shares(first: np.ndarray, second: np.ndarray, alike: float = 0.6) -> np.ndarray:
    """Shares of pairs of predictions: in a share `alike` of faces both err as far as they can."""
    both = np.minimum(first, second)
    same = np.einsum("gck,kl->gckl", both, np.eye(first.shape[-1]))
    rest_first, rest_second = first - both, second - both
    mass = np.maximum(rest_first.sum(axis=-1), 1e-12)[..., np.newaxis, np.newaxis]
    rest = rest_first[..., :, np.newaxis] * rest_second[..., np.newaxis, :] / mass
    apart = first[..., :, np.newaxis] * second[..., np.newaxis, :]
    return alike * (same + rest) + (1.0 - alike) * apart


def one_pair(job: tuple[Scenario, Scenario, int]) -> list[Row]:
    """Two models on the same people: does the interval of the difference hold the truth?"""
    before, after, number = job
    generator = np.random.default_rng([number, 8])
    people = people_of(before.grouping, generator)
    first, second = planted_shares(before), planted_shares(after)
    joint = joint_shares(first, second).reshape(*first.shape[:2], -1)
    joint = np.maximum(joint, 0.0) / joint.sum(axis=-1, keepdims=True)
    size = len(CLASSES)
    counts = generator.multinomial(people, joint).reshape(*first.shape[:2], size, size)
    table = counted(counts[..., 0])
    pair = PairedCounts(counts, table.groups, CLASSES, 0)
    metrics = [GAP_METRICS[name] for name in POWER_METRICS]
    found = paired_differences(pair, metrics, n=1000, confidence=0.95, seed=number)
    truths = [values_of(metrics, people[..., np.newaxis] * part) for part in (first, second)]
    rows = []
    for metric, was, became in zip(metrics, *truths, strict=True):
        truth, interval = float(became - was), found[metric.name].interval
        rows.append(
            {
                "metric": metric.name,
                "truth": truth,
                "covered": interval.low - 1e-9 <= truth <= interval.high + 1e-9,
                "excludes_zero": interval.low > 0 or interval.high < 0,
            }
        )
    return rows


def null_table(n: int) -> pd.DataFrame:
    """Mean and tail of three metrics over people drawn anew, groups included."""
    names = {"xu_fairness": 0.05, "accuracy_ratio": 0.05, "equal_opportunity_gap": 0.95}
    rows = []
    for grouping in SHARES:
        generator = np.random.default_rng(7)
        shares = base_shares()
        tables = []
        for _ in range(n):
            people = people_of(grouping, generator)
            tables.append(generator.multinomial(people, shares))
        values = values_of([GAP_METRICS[name] for name in names], np.stack(tables))
        row: dict[str, object] = {"grouping": grouping}
        for (name, tail), drawn in zip(names.items(), values, strict=True):
            row[name] = f"{drawn.mean():.3f} / {np.quantile(drawn, tail):.3f}"
        rows.append(row)
    return pd.DataFrame(rows)


def in_parallel(function: Callable[[Job], list[Row]], jobs: Sequence[Job]) -> pd.DataFrame:
    with ProcessPoolExecutor() as pool:
        parts = pool.map(function, jobs, chunksize=4)
        return pd.DataFrame([row for part in parts for row in part])


def print_pairs(numbers: range) -> None:
    print("\nTwo models on the same people: coverage of the difference's interval")
    pairs = (
        (Scenario("gender"), Scenario("gender")),
        (Scenario("gender", 0, 0.08), Scenario("gender", 0, 0.08)),
        (Scenario("gender", 0, 0.12), Scenario("gender", 0, 0.04)),
        (Scenario("race"), Scenario("race")),
        (Scenario("race", 1, 0.12), Scenario("race", 1, 0.04)),
    )
    for before, after in pairs:
        rows = in_parallel(one_pair, [(before, after, number) for number in numbers])
        print(f"{before.name}, then {after.name}")
        means = rows.groupby("metric", sort=False).mean(numeric_only=True)
        print(means.to_string(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=400)
    parser.add_argument("--only", choices=PARTS, nargs="*")
    given = parser.parse_args()
    wanted = given.only or PARTS
    numbers = range(given.simulations)
    pd.set_option("display.width", 160, "display.max_rows", 500, "display.precision", 3)
    if "pairs" in wanted:
        print_pairs(numbers)
    if "null" in wanted:
        print("\nNothing planted: mean / tail of 5 %")
        print(null_table(max(given.simulations, 2000)).to_string())


if __name__ == "__main__":
    main()
