"""How long does a comparison of many methods over several seeds take?

    python -m benchmarks.changes_speed [variants] [seeds] [faces] [evaluation sets]

Fabricated predictions of eight emotions, five attributes; by default 24 methods and the baseline,
five seeds, two sets of 3,500 faces. Prints seconds, rows and the memory at its highest.
"""

import resource
import sys
import time

import numpy as np
import pandas as pd

from fer_fairness.fairness import Audience
from fer_fairness.fairness.comparisons.family import changes_and_scores
from fer_fairness.params.fairness_reporting import EvaluationParameters

EMOTIONS = np.array(list("abcdefgh"))
SHARES = [0.28, 0.2, 0.15, 0.13, 0.1, 0.06, 0.05, 0.03]
DEFAULTS = (25, 5, 3500, 2)


def fabricated(
    name: str, n_variants: int, n_seeds: int, n_faces: int, generator: np.random.Generator
) -> Audience:
    """One set, whose faces are as hard for all models but for their own noise."""
    true = generator.choice(len(EMOTIONS), n_faces, p=SHARES)
    faces = pd.DataFrame(
        {
            "sample_id": np.arange(n_faces),
            "emotion": EMOTIONS[true],
            "gender": generator.choice(["female", "male"], n_faces),
            "race": generator.choice(["a", "b", "c"], n_faces, p=[0.77, 0.08, 0.15]),
            "age_group": generator.choice(list("pqrst"), n_faces, p=[0.1, 0.2, 0.4, 0.2, 0.1]),
        }
    )
    hard = generator.random(n_faces)
    frames: dict[str, dict[int, pd.DataFrame]] = {}
    for variant in range(n_variants):
        frames[f"variant {variant}"] = {}
        for seed in range(n_seeds):
            wrong = 0.6 * hard + 0.4 * generator.random(n_faces) > 0.7
            other = (true + generator.integers(1, len(EMOTIONS), n_faces)) % len(EMOTIONS)
            predicted = EMOTIONS[np.where(wrong, other, true)]
            frames[f"variant {variant}"][seed] = faces.assign(predicted_emotion=predicted)
    return Audience(name, frames, EvaluationParameters().attributes, tuple(EMOTIONS))


def main() -> None:
    """Print what one comparison takes."""
    given = tuple(map(int, sys.argv[1:]))
    n_variants, n_seeds, n_faces, n_sets = given + DEFAULTS[len(given) :]
    generator = np.random.default_rng(0)
    audiences = [
        fabricated(f"set {number}", n_variants, n_seeds, n_faces, generator)
        for number in range(n_sets)
    ]
    start = time.perf_counter()
    found, scores = changes_and_scores(audiences, params=EvaluationParameters(), seed=0)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{time.perf_counter() - start:.0f} s, {len(found)} changes and {len(scores)} scores, "
        f"{memory:.1f} GiB"
    )


if __name__ == "__main__":
    main()
