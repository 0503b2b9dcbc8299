"""Do intervals of gaps hold the truth, and how far is the estimate from it? Proof by simulation.

    python -m benchmarks.interval_coverage [--simulations 400] [--only race ...] [--metrics]

People are drawn with given numbers per class, groups independent of class, and a loss of recall is
planted in one group, in every class or in some. Of each scenario the table has, over the 16 metrics
of all emotions: how often the 95 % interval holds what the metric comes to without noise (mean, and
the metric where it does least often), how often it lies too high and too low, the same for 99 %
intervals, and the mean error and root mean squared error of the raw value and of the estimate, in
standard deviations of the raw value.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from benchmarks.common import CLASS_SIZES, RECALLS
from benchmarks.planted_differences import AGE, GENDER, RACE

from fer_fairness.fairness.counts import GroupCounts
from fer_fairness.fairness.inference.differences import fit_differences
from fer_fairness.fairness.inference.draws import permutation_counts, resampled
from fer_fairness.fairness.inference.gap_intervals import gap_estimates
from fer_fairness.fairness.metrics import GAP_METRICS, values_of
from fer_fairness.params.inference import InferenceParameters

Row: TypeAlias = dict[str, object]
DRAWS: Final = InferenceParameters(n_permutations=2000)
ROUNDING: Final = 1e-8


@dataclass(frozen=True)
class Design:
    """Who is there: people per class, their recalls, and shares of the groups."""

    sizes: tuple[int, ...]
    recalls: tuple[float, ...]
    groups: tuple[float, ...]

    def shares(self) -> np.ndarray:
        """Shares of predictions by true class: errors fall on the more frequent classes."""
        sizes, shares = np.array(self.sizes), np.diag(self.recalls).astype(float)
        for place, recall in enumerate(self.recalls):
            errors = np.where(np.arange(len(sizes)) == place, 0, sizes)
            shares[place] += (1.0 - recall) * errors / errors.sum()
        return shares


def of_raf(groups: npt.ArrayLike, times: float = 1.0) -> Design:
    sizes = tuple(int(size) for size in np.rint(CLASS_SIZES * times))
    return Design(sizes, tuple(RECALLS), tuple(np.asarray(groups) / np.sum(groups)))


TEN: Final = (0.3, 0.2, 0.15, 0.1, 0.07, 0.06, 0.05, 0.03, 0.02, 0.02)
EIGHT: Final = tuple(int(size) for size in np.rint(np.append(CLASS_SIZES, 120) * 3068 / 3188))
EIGHT_RECALLS: Final = (*RECALLS, 0.5)
FIVE_RECALLS: Final = (0.9, 0.8, 0.7, 0.6, 0.5)
DESIGNS: Final = {
    "gender": of_raf(GENDER.shares),
    "race": of_raf(RACE.shares),
    "age": of_raf(AGE.shares),
    "race x gender": of_raf(np.outer(RACE.shares, GENDER.shares).ravel()),
    "gender x age": of_raf(np.outer(GENDER.shares, AGE.shares).ravel()),
    "400 people, 3 emotions": Design((200, 120, 80), (0.85, 0.7, 0.55), (0.5, 0.5)),
    "900 people, 5 emotions": Design((270, 225, 180, 135, 90), FIVE_RECALLS, (0.6, 0.3, 0.1)),
    "900 people, smallest 45": Design((270, 225, 180, 135, 90), FIVE_RECALLS, (0.63, 0.32, 0.05)),
    "3,068 people, 8 x 10": Design(EIGHT, EIGHT_RECALLS, TEN),
    "20,000 people, 8 x 10": Design(
        tuple(int(size * 20_000 / 3068) for size in EIGHT), EIGHT_RECALLS, TEN
    ),
}


@dataclass(frozen=True)
class Scenario:
    """A loss of recall planted in one group; in every class where `classes` is empty."""

    design: str
    group: int = 0
    loss: float = 0.0
    classes: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """What is planted where."""
        where = f", {len(self.classes)} emotion(s)" if self.classes else ""
        share = DESIGNS[self.design].groups[self.group]
        planted = f"{self.loss:.2f} in group of {share:.0%}{where}" if self.loss else "nothing"
        return f"{self.design}: {planted}"

    def shares(self) -> np.ndarray:
        """Shares of predictions, (g, c, k)."""
        design = DESIGNS[self.design]
        shares = np.repeat(design.shares()[np.newaxis], len(design.groups), axis=0)
        for place in self.classes or range(len(design.sizes)):
            row = shares[self.group, place]
            right = row[place]
            lost = min(self.loss, right)
            row *= 1.0 + lost / (1.0 - right)
            row[place] = right - lost
        return shares


SCENARIOS: Final = (
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
    Scenario("400 people, 3 emotions"),
    Scenario("400 people, 3 emotions", 0, 0.10),
    Scenario("400 people, 3 emotions", 0, 0.15, (0,)),
    Scenario("400 people, 3 emotions", 0, 0.30, (1,)),
    Scenario("900 people, 5 emotions"),
    Scenario("900 people, 5 emotions", 1, 0.10),
    Scenario("900 people, 5 emotions", 2, 0.10),
    Scenario("900 people, 5 emotions", 2, 0.20),
    Scenario("900 people, 5 emotions", 2, 0.25, (1,)),
    Scenario("900 people, smallest 45", 2, 0.15),
    Scenario("900 people, smallest 45", 2, 0.25, (0,)),
    Scenario("3,068 people, 8 x 10"),
    Scenario("3,068 people, 8 x 10", 0, 0.05),
    Scenario("3,068 people, 8 x 10", 9, 0.10),
    Scenario("3,068 people, 8 x 10", 2, 0.15, (0, 4)),
    Scenario("20,000 people, 8 x 10"),
    Scenario("20,000 people, 8 x 10", 0, 0.05),
    Scenario("20,000 people, 8 x 10", 9, 0.10),
    Scenario("20,000 people, 8 x 10", 2, 0.15, (0, 4)),
)


def one_sample(scenario: Scenario, number: int) -> list[Row]:
    """Every metric on one sample of a scenario."""
    design, shares = DESIGNS[scenario.design], scenario.shares()
    generator = np.random.default_rng([number, 1])
    people = np.stack([generator.multinomial(size, design.groups) for size in design.sizes], axis=1)
    counts = generator.multinomial(people, shares)
    names = [tuple(map(str, range(size))) for size in counts.shape[:2]]
    metrics = list(GAP_METRICS.values())
    truths = values_of(metrics, people[..., np.newaxis] * shares)
    table = GroupCounts(counts, names[0], names[1], 0)
    values = [float(value) for value in values_of(metrics, table.counts)]
    n = DRAWS.n_permutations
    nulls = resampled(permutation_counts, table.counts, list(metrics), n=n, seed=(number, 2))
    differences = fit_differences(table)
    estimates = gap_estimates(differences, metrics, values, nulls, DRAWS, seed=(number, 3))
    rows: list[Row] = []
    for metric, true, raw, estimate in zip(metrics, truths, values, estimates, strict=True):
        row: Row = {"metric": metric.name, "truth": float(true), "raw": float(raw)}
        row |= {"estimate": estimate.corrected}
        sign = 1.0 if metric.higher_is_worse else -1.0
        for name, error in (("95", 0.05), ("99", 0.01)):
            interval = estimate.interval(error)
            ends = sorted(sign * end for end in (interval.low, interval.high))
            row[f"too high {name}"] = ends[0] - ROUNDING > sign * true
            row[f"too low {name}"] = ends[1] + ROUNDING < sign * true
            row[f"width {name}"] = ends[1] - ends[0]
        rows.append(row)
    return rows


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a metric."""
    by = rows.groupby("metric", sort=False)
    table = pd.DataFrame({"truth": by["truth"].mean()})
    noise = (rows["raw"] - rows["truth"]).groupby(rows["metric"], sort=False).std()
    for name in ("95", "99"):
        misses = by[[f"too high {name}", f"too low {name}"]].mean()
        table[f"held {name}"] = 1.0 - misses.sum(axis=1)
        table[misses.columns] = misses
    for name in ("raw", "estimate"):
        errors = (rows[name] - rows["truth"]).groupby(rows["metric"], sort=False)
        table[f"{name}: mean error"] = errors.mean() / noise
        table[f"{name}: RMSE"] = errors.apply(lambda part: np.sqrt((part**2).mean())) / noise
    table["width"] = by["width 95"].mean() / noise
    return table


def in_one_row(name: str, table: pd.DataFrame) -> str:
    """A scenario's row of the markdown table."""
    held = table["held 95"]
    cells = [name, f"{held.mean():.3f}", f"{held.min():.2f} {held.idxmin()}"]
    cells += [f"{held.max():.2f}", f"{((held < 0.93) | (held > 0.97)).sum()}"]
    cells += [f"{table[column].mean():.3f}" for column in ("too high 95", "too low 95")]
    cells += [f"{table['held 99'].mean():.3f}", f"{table['held 99'].min():.2f}"]
    for column in ("raw: mean error", "estimate: mean error"):
        cells.append(f"{table[column].mean():+.2f} ({table[column].abs().mean():.2f})")
    cells += [f"{table[f'{column}: RMSE'].mean():.2f}" for column in ("raw", "estimate")]
    return "| " + " | ".join([*cells, f"{table['width'].mean():.2f}"]) + " |"


COLUMNS: Final = (
    "scenario",
    "95 %: mean",
    "least",
    "most",
    "metrics outside .93 to .97",
    "too high",
    "too low",
    "99 %: mean",
    "least",
    "raw, mean error (size)",
    "estimate, mean error (size)",
    "raw, RMSE",
    "estimate, RMSE",
    "width",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=400)
    parser.add_argument("--only", nargs="*", default=[""], help="beginnings of scenarios' names")
    parser.add_argument("--metrics", action="store_true", help="a table of the metrics as well")
    parser.add_argument("--workers", type=int, help="processes; by default one a core")
    given = parser.parse_args()
    pd.set_option("display.width", 220, "display.max_columns", 50, "display.precision", 3)
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    with ProcessPoolExecutor(given.workers) as pool:
        for scenario in SCENARIOS:
            if not scenario.name.startswith(tuple(given.only)):
                continue
            numbers = range(given.simulations)
            parts = pool.map(one_sample, repeat(scenario), numbers, chunksize=8)
            table = summary(pd.DataFrame([row for part in parts for row in part]))
            print(in_one_row(scenario.name, table), flush=True)
            if given.metrics:
                print(table.to_string(), flush=True)


if __name__ == "__main__":
    main()
