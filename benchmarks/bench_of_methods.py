"""Does a bench of methods find what is there, and nothing else? Where the truth is known.

    python -m benchmarks.bench_of_methods [simulations] [methods] [seeds] [faces]

Draws predictions again and again: by default 50 times with one training seed, where seeds add no
noise, and a fifth as often with five that do; 6 methods, 800 faces on each of two evaluation sets,
as hard for all methods. Prints

- where all methods are alike: how often any pair is told apart in an outcome, any method is told
  apart from the control in any outcome, and Friedman's test finds an order;
- where one method has the mean recall that is called the smallest change found in 8 of 10: how
  often it is found;
- where one method is far better: how often the possible ranks of all methods hold their true ones,
  how often it alone may be the best, and how probably it is on the front.

Some 100 seconds on one core.
"""

import sys
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.comparisons.bench import Bench, bench
from fer_fairness.params.inference import InferenceParameters

PARAMS = InferenceParameters(n_bootstrap=300)
EMOTIONS = np.array(list("abcde"))
SHARES = (0.35, 0.25, 0.2, 0.12, 0.08)
EASE = np.array([1.4, 1.0, 0.8, 0.6, 0.4])
HARMED = -0.4
"""Of the smaller group, on the probit scale, with all methods alike."""

OF_HARMED = 0.4
SEED_NOISE = 0.05
"""Where there are several seeds: what is said of one seed is said of its models."""

BETTER = 0.6
LARGEST = 5.0
"""An effect with which everything is recognised."""

DEFAULTS = (50, 6, 5, 800)
CONTROL = "method 0"
DETECTABLE = "smallest change of mean recall called found in 8 of 10"


def audience(
    name: str, effects: np.ndarray, n_seeds: int, n_faces: int, generator: np.random.Generator
) -> Audience:
    """One set, as methods predict it whose effects on everybody are given on the probit scale."""
    n_classes = len(EMOTIONS)
    true = generator.choice(n_classes, n_faces, p=SHARES)
    gender = generator.choice(["female", "male"], n_faces, p=[OF_HARMED, 1 - OF_HARMED])
    faces = pd.DataFrame(
        {"sample_id": np.arange(n_faces), "emotion": EMOTIONS[true], "gender": gender}
    )
    ease = EASE[true] + HARMED * (gender == "female")
    hard = np.sqrt(0.6) * generator.standard_normal(n_faces)
    frames: dict[str, dict[int, pd.DataFrame]] = {}
    for method, effect in enumerate(effects):
        frames[f"method {method}"] = {}
        for seed in range(n_seeds):
            own = np.sqrt(0.4) * generator.standard_normal(n_faces)
            shift = effect + (SEED_NOISE if n_seeds > 1 else 0.0) * generator.standard_normal()
            other = (true + generator.integers(1, n_classes, n_faces)) % n_classes
            predicted = np.where(ease + hard + own + shift > 0, true, other)
            frames[f"method {method}"][seed] = faces.assign(predicted_emotion=EMOTIONS[predicted])
    return Audience(name, frames, ("gender",), tuple(EMOTIONS), {"gender": "annotated"})


def benches(n: int, effects: np.ndarray, n_seeds: int, n_faces: int, seed: int) -> Iterator[Bench]:
    """The benches of `n` simulations."""
    for number in range(n):
        generator = np.random.default_rng((seed, number))
        sets = [audience(name, effects, n_seeds, n_faces, generator) for name in ("first", "other")]
        controls = {name: CONTROL for name in sets[0].variants if name != CONTROL}
        yield bench(sets, controls=controls, params=PARAMS, seed=number)


def alike(found: Bench) -> dict[str, float]:
    """What is found of methods that do not differ."""
    tests, against = found.rank_tests, found.against_control
    recall = against[against["metric"] == "balanced_accuracy"]
    rows = tests.to_dict("records")
    return {
        **{f"any pair told apart, {row['metric']}": row["n_told_apart"] > 0 for row in rows},
        "any method told apart from the control": (against["verdict"] == "difference found").any(),
        **{f"Friedman's p < 0.05, {row['metric']}": row["friedman_p_value"] < 0.05 for row in rows},
        DETECTABLE: recall["minimum_detectable"].median(),
    }


def planted(found: Bench) -> dict[str, float]:
    """How often a change of the last method's mean recall is found, as a share of the sets."""
    against = found.against_control
    last = against["variant"] == against["variant"].iloc[-1]
    of_last = against[last & (against["metric"] == "balanced_accuracy")]
    return {"such a change is found": (of_last["verdict"] == "difference found").mean()}


def best(found: Bench) -> dict[str, float]:
    """What is found where the last method is better than all others, which are alike."""
    recall = found.ranks[found.ranks["metric"] == "balanced_accuracy"].reset_index(drop=True)
    last = recall["variant"].iloc[-1]
    # The true rank of the others is any from 2 on.
    held = np.where(
        recall["variant"] == last,
        recall["rank_low"] == 1,
        (recall["rank_low"] <= 2) & (recall["rank_high"] == len(recall)),
    )
    fronts = found.fronts[found.fronts["metric"] == "worst_group_accuracy"]
    of_last = fronts["variant"] == last
    return {
        "possible ranks of all methods hold the true ones": held.all(),
        "the best method alone may be the best": recall["rank_high"].iloc[-1] == 1,
        "probability of the best to be on the front": fronts.loc[of_last, "probability"].mean(),
        "the same, its lowest": fronts.loc[of_last, "probability"].min(),
        "probability of the others": fronts.loc[~of_last, "probability"].mean(),
    }


def effect_of(change: float) -> float | None:
    """The effect on the probit scale that changes mean recall by so much, if there is one."""
    scale = np.sqrt(1 + SEED_NOISE**2)

    def mean_recall(effect: float) -> float:
        harmed, others = (norm.cdf((EASE + by + effect) / scale) for by in (HARMED, 0.0))
        return float((OF_HARMED * harmed + (1 - OF_HARMED) * others).mean())

    if not change < mean_recall(LARGEST) - mean_recall(0.0):  # missing where nothing is detectable
        return None
    return float(
        brentq(lambda effect: mean_recall(effect) - mean_recall(0.0) - change, 0.0, LARGEST)
    )


def told(n: int, n_methods: int, n_seeds: int, n_faces: int) -> pd.Series:
    """All figures of one number of seeds."""
    effects = np.zeros(n_methods)

    def means(
        what: Callable[[Bench], dict[str, float]], times: int, effect: float, seed: int
    ) -> pd.Series:
        effects[-1] = effect
        found = [what(one) for one in benches(times, effects, n_seeds, n_faces, seed)]
        return pd.DataFrame(found).astype(float).mean()

    same = means(alike, n, 0.0, 0)
    effect = effect_of(same[DETECTABLE])
    at_limit = pd.Series(dtype=float) if effect is None else means(planted, n, effect, 1)
    return pd.Series(pd.concat([same, at_limit, means(best, min(n, 10), BETTER, 2)]))


def main() -> None:
    """Print the figures with one seed and with several."""
    given = tuple(map(int, sys.argv[1:]))
    n, n_methods, n_seeds, n_faces = given + DEFAULTS[len(given) :]
    for seeds, times in ((1, n), (n_seeds, max(n // 5, 1))):
        print(f"\n{seeds} seed{'s' * (seeds > 1)}, {times} simulations")
        print(told(times, n_methods, seeds, n_faces).round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
