"""Do intervals, verdicts and minimum detectable gaps keep what they say? Proof by simulation.

    python benchmarks/verdict_simulation.py [--simulations 400] [--grouping gender ...]

People are drawn with the class counts and recalls of a published RAF-DB model (3,068 people),
groups independent of class, and a loss of recall planted in one group. Five parts:

- coverage: how often the 95 % interval holds what the metric comes to without noise, and how far
  the raw and the noise-corrected value lie from it on average;
- false alarms: how often anything at all is found where nothing is planted;
- power: how often the verdict finds a loss planted so that the metric comes to the minimum
  detectable distance that was stated (0.80 is asked for);
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

from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.gaps import gap_table
from fer_fairness.fairness.inference.corrections import holm
from fer_fairness.fairness.inference.draws import permutation_counts, resampled
from fer_fairness.fairness.inference.gap_intervals import distance
from fer_fairness.fairness.inference.gap_tests import measured_gaps, permutation_test
from fer_fairness.fairness.inference.intervals import Interval
from fer_fairness.fairness.metrics import GAP_METRICS, GapMetric, values_of
from fer_fairness.fairness.seeds.crossed_predictions import CrossedPredictions
from fer_fairness.fairness.seeds.measured import Part, measured, people_weights
from fer_fairness.fairness.verdicts import Verdict
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
PARTS = ("coverage", "alarms", "power", "pairs", "null")
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


COVERAGE = (
    Scenario("gender"),
    Scenario("gender", 0, 0.04),
    Scenario("gender", 0, 0.08),
    Scenario("gender", 1, 0.15, (0, 6)),
    Scenario("race"),
    Scenario("race", 1, 0.08),
    Scenario("race", 2, 0.15),
    Scenario("race", 2, 0.10, (1, 2, 5)),
    Scenario("race x gender"),
    Scenario("race x gender", 0, 0.08),
    Scenario("age"),
    Scenario("age", 0, 0.08),
    Scenario("age", 4, 0.15),
    Scenario("gender x age"),
    Scenario("gender x age", 0, 0.10),
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


def one_interval(job: tuple[Scenario, int]) -> list[Row]:
    scenario, number = job
    generator = np.random.default_rng([number, 1])
    people = people_of(scenario.grouping, generator)
    shares = planted_shares(scenario)
    counts = generator.multinomial(people, shares)
    metrics = list(GAP_METRICS.values())
    truths = values_of(metrics, people[..., np.newaxis] * shares)
    found = measured_gaps(
        counted(counts), metrics, DRAWS, n_permutations=DRAWS.n_permutations, seed=(number, 2)
    )
    rows = []
    for place, metric in enumerate(metrics):
        truth, estimate = float(truths[place]), found.estimates[place]
        rows.append(
            {
                "scenario": scenario.name,
                "metric": metric.name,
                "truth": truth,
                "covered": estimate.interval.low - 1e-9 <= truth <= estimate.interval.high + 1e-9,
                "too_high": estimate.interval.low - 1e-9 > truth,
                "raw_bias": float(found.values[place]) - truth,
                "corrected_bias": estimate.corrected - truth,
                "width": estimate.interval.high - estimate.interval.low,
            }
        )
    return rows


def one_audit(job: tuple[tuple[str, ...], int]) -> list[Row]:
    """Everything tested at once, with nothing planted."""
    groupings, number = job
    generator = np.random.default_rng([number, 3])
    tables = {}
    for grouping in groupings:
        people = people_of(grouping, generator)
        tables[grouping] = counted(
            generator.multinomial(people, planted_shares(Scenario(grouping)))
        )
    table = gap_table(tables, DRAWS.model_copy(update={"n_power": 50}), seed=number)
    found = table["verdict"] == Verdict.FOUND
    return [
        {
            "attributes": ", ".join(groupings),
            "anything": bool(found.any()),
            "share_of_rows": float(found.mean()),
            "uncorrected": float((table["p_value"] <= DRAWS.significance).mean()),
        }
    ]


def stated_distances(grouping: str, number: int) -> tuple[np.ndarray, dict[str, float]]:
    """People of a sample with nothing planted, and the distances stated as detectable for it."""
    generator = np.random.default_rng([number, 4])
    people = people_of(grouping, generator)
    table = counted(generator.multinomial(people, planted_shares(Scenario(grouping))))
    draws = DRAWS.model_copy(update={"n_power": 1000, "n_permutations": 3000})
    stated = gap_table({grouping: table}, draws, seed=number)
    summary = stated[stated["family"] == "summary"].set_index("metric")["minimum_detectable"]
    return people, {str(name): float(value) for name, value in summary.items()}


def loss_for(grouping: str, people: np.ndarray, metric: GapMetric, wanted: float) -> float:
    """The least loss of the smallest group that brings a metric to a distance from its ideal."""
    group = int(np.argmin(people.sum(axis=1)))
    losses = np.linspace(0.0, 1.0, 501)
    shares = np.stack([planted_shares(Scenario(grouping, group, loss)) for loss in losses])
    (values,) = values_of([metric], people[..., np.newaxis] * shares)
    reached = np.flatnonzero(distance(metric, values - values[0] + metric.ideal) >= wanted)
    return float(losses[reached[0]]) if reached.size else float("nan")


def one_power(job: tuple[str, str, int, int]) -> list[Row]:
    """How often the verdict of one metric finds what was stated as detectable for a sample."""
    grouping, name, number, n_tables = job
    people, stated = stated_distances(grouping, number)
    metrics = list(GAP_METRICS.values())
    place = list(GAP_METRICS).index(name)
    loss = loss_for(grouping, people, metrics[place], stated[name])
    row: dict[str, object] = {"stated": stated[name], "loss": loss, "found": float("nan")}
    if np.isfinite(loss):
        group = int(np.argmin(people.sum(axis=1)))
        shares = planted_shares(Scenario(grouping, group, loss))
        generator = np.random.default_rng([number, 5])
        tables = [generator.multinomial(people, shares) for _ in range(n_tables)]
        row["found"] = np.mean([survives(metrics, table, place) for table in tables])
    return [row]


def survives(metrics: Sequence[GapMetric], counts: np.ndarray, place: int) -> bool:
    """Whether one metric survives Holm's correction among all."""
    functions = list(metrics)
    nulls = resampled(permutation_counts, counts, functions, n=2000, seed=int(counts.sum()))
    tests = [
        permutation_test(float(value), null, higher_is_worse=metric.higher_is_worse)
        for metric, value, null in zip(metrics, values_of(metrics, counts), nulls, strict=True)
    ]
    return bool(holm([test.p_value for test in tests])[place] <= DRAWS.significance)


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
    metrics = [GAP_METRICS[name] for name in POWER_METRICS]
    groups, true, *predicted = np.repeat(np.indices(counts.shape).reshape(4, -1), counts.ravel(), 1)
    faces = np.arange(len(true))
    models = np.stack(predicted, axis=1)
    crossed = CrossedPredictions(groups, true, models, faces, len(counts), size)
    part = Part("grouping", crossed, tuple(metrics))
    weights = people_weights(len(faces), InferenceParameters(n_bootstrap=1000), number)
    both = measured(part, weights, number)
    means, _ = both.means(np.array([[1]]), np.array([[0]]))
    halves = means.half_widths(0.05)[0]
    truths = [values_of(metrics, people[..., np.newaxis] * part) for part in (first, second)]
    rows = []
    for place, (metric, was, became) in enumerate(zip(metrics, *truths, strict=True)):
        truth, value = float(became - was), float(means.values[0, place])
        interval = Interval(value - halves[place], value + halves[place])
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


def print_coverage(numbers: range, groupings: Sequence[str]) -> None:
    for scenario in COVERAGE:
        if scenario.grouping in groupings:
            rows = in_parallel(one_interval, [(scenario, number) for number in numbers])
            print(f"\n{scenario.name}")
            means = rows.groupby("metric", sort=False).mean(numeric_only=True)
            print(means.to_string(), flush=True)


def print_alarms(numbers: range) -> None:
    print("\nFalse alarms where nothing is planted")
    for groupings in (("gender",), ("race",), ("gender", "race", "age"), tuple(SHARES)):
        rows = in_parallel(one_audit, [(groupings, number) for number in numbers])
        means = rows.groupby("attributes").mean(numeric_only=True)
        print(means.to_string(header=groupings == ("gender",)), flush=True)


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


def print_power(numbers: range, groupings: Sequence[str]) -> None:
    """Ten samples; what is stated for each is planted in its people again and again."""
    print("\nMeans over ten samples: stated minimum detectable distance, planted loss, share found")
    for grouping in groupings:
        for metric in POWER_METRICS:
            jobs = [(grouping, metric, number, len(numbers) // 10) for number in range(10)]
            found = in_parallel(one_power, jobs).mean()
            told = " ".join(f"{value:8.4f}" for value in found)
            print(f"{grouping:14} {metric:28} {told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=400)
    parser.add_argument("--only", choices=PARTS, nargs="*")
    parser.add_argument("--grouping", choices=list(SHARES), nargs="*", default=list(SHARES))
    given = parser.parse_args()
    wanted = given.only or PARTS
    numbers = range(given.simulations)
    pd.set_option("display.width", 160, "display.max_rows", 500, "display.precision", 3)
    if "coverage" in wanted:
        print_coverage(numbers, given.grouping)
    if "alarms" in wanted:
        print_alarms(numbers)
    if "power" in wanted:
        print_power(numbers, given.grouping)
    if "pairs" in wanted:
        print_pairs(numbers)
    if "null" in wanted:
        print("\nNothing planted: mean / tail of 5 %")
        print(null_table(max(given.simulations, 2000)).to_string())


if __name__ == "__main__":
    main()
