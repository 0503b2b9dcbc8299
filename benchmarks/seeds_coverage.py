"""Do the intervals over training seeds hold the truth as often as they say?

    python -m benchmarks.seeds_coverage [simulations]

Draws people and training seeds again and again: 3,068 faces with the emotions of RAF-DB's test
split and the recalls of a usual network, two variants, and noise of people, of seeds, and of each
seed with each face. Prints how often the 95 % interval holds the mean over all seeds and people,
and how often a difference is found; first the same for parts that are normal. Some 20 minutes on
one core for 100 simulations of each case.
"""

import sys
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
from benchmarks.common import CLASS_SIZES, CLASSES, RECALLS
from scipy.stats import norm

from fer_fairness.fairness import Audience, changes
from fer_fairness.fairness.comparisons.crossed_predictions import CrossedPredictions
from fer_fairness.fairness.comparisons.estimates import mean_over_seeds
from fer_fairness.fairness.comparisons.measured import Part, measured, people_weights
from fer_fairness.fairness.metrics import GAP_METRICS
from fer_fairness.fairness.metrics.formulas import values_of
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.params.inference import InferenceParameters

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

GROUP_SHARES = {
    "gender": (1502, 1566),
    "race": (2370, 460, 238),
    "age": (1500, 1545, 23),
}
CLASS_SHARES = CLASS_SIZES / CLASS_SIZES.sum()

METRICS = tuple(GAP_METRICS.values())
N_DRAWS = 150
TRUTH_SEEDS = 2000
"""Training seeds behind each true value."""


def _mistaken() -> Array:
    """How often each wrong emotion is taken for the true one, rows sum to 1."""
    chances = np.tile(np.sqrt(CLASS_SHARES), (len(CLASSES), 1))
    np.fill_diagonal(chances, 0.0)
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))


MISTAKEN = _mistaken()


@dataclass(frozen=True)
class World:
    """How two variants see faces, on the probit scale, where one face's own noise has variance 1.

    Attributes:
        seed_noise: Standard deviations of a seed's effect on everybody, on each emotion and on
            each group (of one attribute).
        planted: What the last group of the attribute loses with the first and second variant.
        shared: Parts of a face's own variance that both variants and all seeds share, that one
            variant's seeds share, and that is one seed's alone.
    """

    attribute: str
    seed_noise: tuple[float, float, float]
    planted: tuple[float, float]
    shared: tuple[float, float, float] = (0.5, 0.2, 0.3)

    def people(self) -> Whole:
        """Number of people, shape (groups, classes); the same in every simulation."""
        shares = np.array(GROUP_SHARES[self.attribute])
        below = np.floor(np.cumsum(shares)[:, np.newaxis] / shares.sum() * CLASS_SIZES + 0.5)
        return np.asarray(np.diff(below, axis=0, prepend=0), dtype=np.int64)

    def chances(self, n_seeds: int, generator: np.random.Generator) -> Array:
        """Probit of being recognised, shape (seeds, 2 variants, groups, classes)."""
        n_groups = len(GROUP_SHARES[self.attribute])
        overall, by_class, by_group = (
            scale * generator.standard_normal((n_seeds, 2, *shape))
            for scale, shape in zip(
                self.seed_noise, ((1, 1), (1, len(CLASSES)), (n_groups, 1)), strict=True
            )
        )
        loss = np.zeros((2, n_groups, 1))
        loss[:, -1, 0] = self.planted
        spread = np.sqrt(1 + np.square(self.seed_noise).sum())
        return np.asarray(norm.ppf(RECALLS) * spread - loss + overall + by_class + by_group)

    def truths(self, generator: np.random.Generator) -> list[Array]:
        """Mean over seeds of each metric without noise of people, by variant."""
        n_seeds = TRUTH_SEEDS if any(self.seed_noise) else 1
        recalls = norm.cdf(self.chances(n_seeds, generator))
        right = self.people() * recalls
        wrong = self.people() - right
        counts = wrong[..., np.newaxis] * MISTAKEN + right[..., np.newaxis] * np.eye(len(CLASSES))
        return [values.mean(axis=0) for values in values_of(METRICS, counts)]

    def predictions(self, n_seeds: int, generator: np.random.Generator) -> CrossedPredictions:
        """Predictions by the first variant's seeds, then by those of the second."""
        cells = np.repeat(np.arange(self.people().size), self.people().ravel())
        groups, true = np.divmod(cells, len(CLASSES))
        n = len(cells)
        face, variant, own = np.sqrt(self.shared)
        noise = (
            face * generator.standard_normal((1, 1, n))
            + variant * generator.standard_normal((1, 2, n))
            + own * generator.standard_normal((n_seeds, 2, n))
        )
        chances = self.chances(n_seeds, generator)[:, :, groups, true]
        bounds = np.cumsum(MISTAKEN[true], axis=1)[:, :-1]
        mistaken = (generator.random((n, 1)) > bounds).sum(axis=1)
        predicted = np.where(chances + noise > 0, true, mistaken)
        return CrossedPredictions(
            groups=groups,
            true=true,
            predicted=predicted.swapaxes(0, 1).reshape(-1, n).T,
            people=np.arange(n),
            n_groups=len(self.people()),
            n_classes=len(CLASSES),
        )


WORLDS = {
    "equal gaps, noise of seeds": World("gender", (0.02, 0.05, 0.03), (0.15, 0.15)),
    "equal gaps, no noise of seeds": World("gender", (0.0, 0.0, 0.0), (0.15, 0.15)),
    "equal gaps, much noise of seeds": World("gender", (0.1, 0.15, 0.1), (0.15, 0.15)),
    "a group of 23 people, equal gaps": World("age", (0.02, 0.05, 0.03), (0.15, 0.15)),
    "the second variant closes the gap": World("gender", (0.02, 0.05, 0.03), (0.25, 0.0)),
    "three unequal groups, equal gaps": World("race", (0.02, 0.05, 0.03), (0.15, 0.15)),
    "one seed, three groups, equal gaps": World("race", (0.0, 0.0, 0.0), (0.15, 0.15)),
    "one seed, the second variant closes the gap": World("gender", (0.0, 0.0, 0.0), (0.25, 0.0)),
    "one seed, closes that of three groups": World("race", (0.0, 0.0, 0.0), (0.25, 0.0)),
}


def simulated(world: World, n_seeds: int, n: int, generator: np.random.Generator) -> pd.DataFrame:
    """Estimates of `n` simulations and what is true, a row for each metric and simulation."""
    truths = world.truths(generator)
    params = InferenceParameters(n_bootstrap=N_DRAWS)
    models = np.arange(2 * n_seeds).reshape(2, n_seeds).T
    rows = []
    for number in range(n):
        part = Part("attribute", world.predictions(n_seeds, generator), METRICS)
        weights = people_weights(len(part.people.true), params, generator)
        found = measured(part, weights, number)
        for what, means, sign in (
            ("one variant", found.means(models[:, 1:])[0], 0.0),
            ("difference", found.means(models[:, 1:], models[:, :1])[0], 1.0),
        ):
            halves, p_values = means.half_widths(0.05)[0], means.p_values()[0]
            for place, metric in enumerate(METRICS):
                rows.append(
                    {
                        "metric": metric.name,
                        "of": what,
                        "error": means.values[0, place]
                        - (truths[place][1] - sign * truths[place][0]),
                        "half": halves[place],
                        "seed_share": means.seed_share[0, place],
                        "p_value": p_values[place],
                    }
                )
    return pd.DataFrame(rows)


def table(simulations: pd.DataFrame) -> pd.DataFrame:
    """Coverage by metric.

    `covered`: how often the 95 % interval holds the truth without noise. `below_0_05`,
    `below_0_001`: how often p is; of a difference between variants with equal gaps these are false
    findings. `error`: on average. Undefined estimates are left out.
    """
    held = simulations.dropna(subset="half")
    held = held.assign(
        covered=held["error"].abs() <= held["half"],
        below_0_05=held["p_value"] < 0.05,
        below_0_001=held["p_value"] < 0.001,
    )
    columns = ["covered", "below_0_05", "below_0_001", "error", "half", "seed_share"]
    return held.groupby(["of", "metric"], sort=False)[columns].mean()


def false_alarms(n: int, generator: np.random.Generator) -> pd.Series:
    """How often anything is found among twenty variants that differ from the first by noise alone.

    1,500 faces, five emotions, two groups of gender and three of race, of which the smallest is
    recognised less often, by all variants alike.
    """
    found = []
    params = InferenceParameters(n_bootstrap=1000)
    for number in range(n):
        compared = changes([_null_audience(generator)], params=params, seed=number)
        verdicts = compared["verdict"] == Verdict.FOUND
        found.append(
            {
                "family-wise": verdicts.any(),
                "single tests": (compared["p_value"] < 0.05).mean(),
                "uncorrected, any": (compared["p_value"] < 0.05).any(),
            }
        )
    return pd.DataFrame(found).mean()


def _null_audience(generator: np.random.Generator) -> Audience:
    n, emotions = 1500, tuple("abcde")
    true = generator.choice(5, n, p=[0.35, 0.25, 0.2, 0.12, 0.08])
    race = generator.choice(3, n, p=[0.77, 0.15, 0.08])
    people = {
        "sample_id": np.arange(n),
        "emotion": np.array(emotions)[true],
        "gender": generator.choice(["female", "male"], n),
        "race": np.array(["first", "second", "third"])[race],
    }
    chance = np.array([1.4, 1.0, 0.8, 0.6, 0.4])[true] - 0.5 * (race == 2)
    face = np.sqrt(0.5) * generator.standard_normal(n)
    frames = {}
    for variant in range(21):
        right = chance + face + np.sqrt(0.5) * generator.standard_normal(n) > 0
        predicted = np.where(right, true, (true + generator.integers(1, 5, n)) % 5)
        table_of = pd.DataFrame(people).assign(predicted_emotion=np.array(emotions)[predicted])
        frames[f"variant {variant}"] = {0: table_of}
    return Audience("faces", frames, ("gender", "race"), emotions)


def normal_parts(n_seeds: int, n: int, generator: np.random.Generator) -> pd.DataFrame:
    """How often zero is rejected where it is true, for normal noise of known variances.

    A row for each mixture: what people do to the mean is 1, `shared` of it by noise that all seeds
    share; `by_seed` is what seeds add to that.
    """
    noise = generator.standard_normal((100, n_seeds + 1))
    noise = np.linalg.qr(noise - noise.mean(axis=0))[0] * np.sqrt(len(noise) - 1)
    rows = []
    for shared, by_seed in product((0.0, 0.2, 0.5, 0.8, 0.95, 1.0), (0.0, 0.3, 1, 3, 10, 100)):
        own = np.sqrt((1 - shared) * n_seeds)
        replicates = np.sqrt(shared) * noise[:, :1] + own * noise[:, 1:]
        of_seeds = np.sqrt((1 - shared + by_seed) * n_seeds)
        values = np.sqrt(shared) * generator.standard_normal((n, 1))
        values = values + of_seeds * generator.standard_normal((n, n_seeds))
        p = np.array([mean_over_seeds(of_one, replicates, 0.95).p_value for of_one in values])
        shares = {f"below {level}": (p < level).mean() for level in (0.05, 0.005, 0.001)}
        rows.append({"shared": shared, "by_seed": by_seed, **shares})
    return pd.DataFrame(rows)


def main() -> None:
    """Print a table for each number of seeds with normal parts, and for each world."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for n_seeds in (2, 3, 5):
        print(f"\nNormal parts, nothing differs; {n_seeds} seeds, {n} simulations")
        rejected = normal_parts(n_seeds, n, np.random.default_rng(n_seeds))
        print(rejected.round(4).to_string(index=False), flush=True)
    print("\nTwenty variants that change nothing")
    print(false_alarms(n, np.random.default_rng(0)).round(4).to_string(), flush=True)
    for name, world in WORLDS.items():
        for n_seeds in (2, 3, 5) if any(world.seed_noise) else (1, 5):
            found = simulated(world, n_seeds, n, np.random.default_rng(n_seeds))
            print(f"\n{name}; {n_seeds} seeds, {n} simulations")
            print(
                table(found).sort_index(level="of", sort_remaining=False).round(4).to_string(),
                flush=True,
            )


if __name__ == "__main__":
    main()
