"""Does moderating the variance between training seeds over methods find more, and nothing else?

    python -m benchmarks.moderated_seeds [families]

Draws the values of methods and of a control over training seeds, with nothing between them, and
tests all differences. Prints for each number of seeds and methods and each kind of noise, with each
variance by itself and moderated (`fairness/comparisons/moderation.py`):

- `missed`: share of 95 % intervals that miss the truth, of all methods, and `last` of the last one;
- `false`: share of families in which anything is found, at the level of one of these tests;
- `false, 7 outcomes`: the same where each method has seven such outcomes, at most (Bonferroni);
- `half`: the median half of such an interval, in standard errors of a usual method;
- `found`: how often a difference of eight standard errors of a usual method is found.

What noise of each seed alone with these people adds (`own`) is a twentieth of the usual variance
for every method, so that it tells nothing of them; of `known` it is half of the method's own.
`people` have as much noise as usual seeds. Two minutes on one core for 1,000 families.
"""

import sys
from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.fairness.comparisons.estimates import SeedMeans, seed_means

Array = npt.NDArray[np.float64]

LEVEL = 0.05
N_OUTCOMES = 7
PLANTED = 8.0
"""Standard errors of a usual method's difference."""

KINDS = (
    "alike",
    "spread",
    "one diverges",
    "noisy control",
    "quiet control",
    "heavy tails",
    "two kinds",
    "known",
    "people",
)


def deviations(kind: str, n_methods: int, generator: np.random.Generator) -> Array:
    """The standard deviation of each method over seeds, the control's first; usually 1."""
    scale = np.ones(n_methods + 1)
    if kind in ("spread", "known"):
        return np.asarray(np.exp(generator.standard_normal(n_methods + 1)))
    if kind == "one diverges":
        scale[-1] = 5.0
    if kind.endswith("control"):
        scale[0] = 3.0 if kind == "noisy control" else 0.2
    return scale


def noise(kind: str, n_seeds: int, n_methods: int, generator: np.random.Generator) -> Array:
    """Noise of seeds of variance 1, shape (seeds, methods and control)."""
    shape = n_seeds, n_methods + 1
    if kind == "heavy tails":
        return np.asarray(generator.standard_t(3, shape) / np.sqrt(3.0))
    alone = generator.standard_normal(shape)
    if kind != "two kinds":
        return np.asarray(alone)
    of_kinds = generator.standard_normal((n_seeds, 2))[:, np.arange(n_methods + 1) % 2]
    return np.asarray(np.sqrt(0.9) * of_kinds + np.sqrt(0.1) * alone)


def family(
    kind: str, n_seeds: int, n_methods: int, generator: np.random.Generator
) -> dict[str, SeedMeans]:
    """Differences to the control without effects: by themselves, and moderated."""
    scale = deviations(kind, n_methods, generator)
    values = scale * noise(kind, n_seeds, n_methods, generator)
    differences = values[:, 1:] - values[:, :1]
    variance = 2.0 / n_seeds
    own = np.full(n_methods, 0.05 * variance)
    shared = np.zeros(n_methods)
    if kind == "known":
        own = 0.5 * (scale[1:] ** 2 + scale[0] ** 2) / n_seeds
    if kind == "people":
        shared += variance
        differences = differences + np.sqrt(variance) * generator.standard_normal(n_methods)
    given = differences[..., np.newaxis], shared[:, np.newaxis], own[:, np.newaxis]
    return {"alone": seed_means(*given), "moderated": seed_means(*given, n_methods)}


def told(kind: str, n_seeds: int, n_methods: int, n: int) -> Iterator[dict[str, float | str]]:
    """A row for each way, over `n` families."""
    generator = np.random.default_rng((n_seeds, n_methods, KINDS.index(kind)))
    families = [family(kind, n_seeds, n_methods, generator) for _ in range(n)]
    unit = np.sqrt((4.0 if kind == "people" else 2.0) / n_seeds)
    for way in families[0]:
        error = np.array([np.abs(one[way].values[:, 0]) for one in families])
        signed = np.array([one[way].values[:, 0] for one in families])
        half, corrected, of_outcomes = (
            np.array([one[way].half_widths(level)[:, 0] for one in families])
            for level in (LEVEL, LEVEL / n_methods, LEVEL / n_methods / N_OUTCOMES)
        )
        yield {
            "seeds": n_seeds,
            "methods": n_methods,
            "kind": kind,
            "way": way,
            "missed": (error > half).mean(),
            "last": (error > half)[:, -1].mean(),
            "false": (error > corrected).any(axis=1).mean(),
            "false, 7 outcomes": min(1.0, N_OUTCOMES * (error > of_outcomes).any(axis=1).mean()),
            "half": np.median(corrected) / unit,
            "found": (signed + PLANTED * unit > corrected).mean(),
        }


def main() -> None:
    """Print a table for each number of seeds and methods."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for n_seeds, n_methods in product((2, 3, 5, 10), (2, 5, 12, 35)):
        rows = [row for kind in KINDS for row in told(kind, n_seeds, n_methods, n)]
        print(pd.DataFrame(rows).round(3).to_string(index=False), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
