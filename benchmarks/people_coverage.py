"""Do intervals hold the truth, and verdicts their level, where people have several faces?

    python -m benchmarks.people_coverage [--samples 200] [--only coverage alarms]

Draws 40 people (20 of each gender) of 5 to 500 faces each; how often a person is recognised differs
between people (a beta distribution) and not between genders. Prints, for each number of faces, the
share of intervals that hold the expected score: of shares (accuracy, recall) and of averages, of
everybody and of one group, with people told apart and with every row taken for a person. Then how
often an audit of gender and age finds anything, which is nothing but a false alarm.
"""

import argparse

import numpy as np
import pandas as pd

from fer_fairness.fairness.counts import EVERYBODY, everybody_of, group_counts
from fer_fairness.fairness.group_scores import group_table, overall_table
from fer_fairness.fairness.people.counted_people import CountedPeople
from fer_fairness.fairness.testing.gap_tests import compared_groups, tested
from fer_fairness.fairness.testing.judging import judged
from fer_fairness.fairness.testing.people import judged_faces
from fer_fairness.params.inference import InferenceParameters

EMOTIONS = ("anger", "fear", "happiness", "neutral")
EASE = np.array([0.0, -0.15, 0.1, 0.0])
SHARES = np.array([0.25, 0.15, 0.4, 0.2])
METRICS = ("accuracy", "recall_fear", "recall_happiness", "balanced_accuracy", "macro_f1")
PARAMS = InferenceParameters(n_bootstrap=500)


def frames(
    generator: np.random.Generator, n_people: int, n_faces: int, spread: float, *, uneven: bool
) -> pd.DataFrame:
    """Faces of people who are recognised unequally; `uneven` numbers of faces differ tenfold."""
    sizes = np.full(n_people, n_faces)
    if uneven:
        sizes = np.maximum(2, n_faces * 10.0 ** generator.uniform(-0.5, 0.5, n_people)).astype(int)
    person = np.repeat(np.arange(n_people), sizes)
    mean, strength = 0.8, 0.8 * 0.2 / spread**2 - 1
    ability = generator.beta(mean * strength, (1 - mean) * strength, n_people)[person]
    emotion = generator.choice(len(EMOTIONS), len(person), p=SHARES)
    right = generator.random(len(person)) < np.clip(ability + EASE[emotion], 0, 1)
    other = (emotion + generator.integers(1, len(EMOTIONS), len(person))) % len(EMOTIONS)
    return pd.DataFrame(
        {
            "person": person,
            "emotion": np.array(EMOTIONS)[emotion],
            "predicted_emotion": np.array(EMOTIONS)[np.where(right, emotion, other)],
            "gender": np.array(["female", "male"])[person % 2],
        }
    )


def scores(frame: pd.DataFrame, seed: int, *, people: bool) -> pd.DataFrame:
    """Scores of everybody and of one group, by metric."""
    answers = frame["emotion"], frame["predicted_emotion"]
    together = everybody_of(frame)
    everybody = group_counts(*answers, together, classes=EMOTIONS, group_names=(EVERYBODY,))
    by_gender = group_counts(*answers, frame["gender"], classes=EMOTIONS)
    whole = CountedPeople(frame, frame["person"], EMOTIONS) if people else None
    overall = overall_table(
        everybody, PARAMS, seed=seed, people=whole.of(together, everybody) if whole else None
    )
    groups = group_table(
        {"gender": by_gender},
        PARAMS,
        seed=seed,
        people={"gender": whole.of(frame["gender"], by_gender)} if whole else None,
    )
    female = groups[groups["group"] == "female"]
    return pd.concat([overall.assign(of="everybody"), female.assign(of="group")])


def finds_anything(frame: pd.DataFrame, seed: int, *, people: bool) -> bool:
    """Whether the question of any attribute is answered with yes; ages are given at random."""
    generator = np.random.default_rng([seed, 1])
    ages = generator.choice(["0-19", "20-39", "40+"], frame["person"].max() + 1)
    groups = {"gender": frame["gender"], "age": pd.Series(ages[frame["person"]])}
    faces = judged_faces(
        frame, groups, emotions=EMOTIONS, people=frame["person"] if people else None
    )
    parts = compared_groups(faces, minimum_group_size=3)
    tests = tested(faces, parts, n=499, seed=seed, cells_at_once=2**19)
    found = judged([test for test in tests if test is not None], significance=0.05)
    return any(judgement.any_difference <= 0.05 for judgement in found)


def print_alarms(options: argparse.Namespace) -> None:
    print("\nAudits that find something where nothing is: people told apart, rows as people")
    for uneven in (False, True):
        for n_faces in options.faces:
            found = np.zeros((options.samples, 2))
            for number in range(options.samples):
                generator = np.random.default_rng([number, n_faces, uneven])
                frame = frames(generator, options.people, n_faces, options.spread, uneven=uneven)
                found[number] = [finds_anything(frame, number, people=one) for one in (True, False)]
            told = " ".join(f"{share:.3f}" for share in found.mean(axis=0))
            print(f"{n_faces:4} faces{', uneven' if uneven else ''}: {told}", flush=True)


def print_coverage(options: argparse.Namespace) -> None:
    for uneven in (False, True):
        for n_faces in options.faces:
            generator = np.random.default_rng(n_faces)
            # The truth: a sample of very many people, whose noise is far below an interval's width.
            many = frames(generator, 40_000, min(n_faces, 20), options.spread, uneven=False)
            truth = scores(many, 0, people=False).set_index(["of", "metric"])["value"]
            hits: dict[str, list[pd.Series]] = {"people": [], "rows": []}
            for sample in range(options.samples):
                frame = frames(generator, options.people, n_faces, options.spread, uneven=uneven)
                for name, found in hits.items():
                    table = scores(frame, sample, people=name == "people")
                    table = table.set_index(["of", "metric"])
                    found.append(table["ci_low"].le(truth) & table["ci_high"].ge(truth))
            for name, found in hits.items():
                shares = pd.concat(found, axis=1).mean(axis=1).unstack("of")
                told = "  ".join(
                    f"{metric} " + "/".join(f"{share:.3f}" for share in shares.loc[metric].dropna())
                    for metric in METRICS
                )
                print(f"{n_faces} faces{' (uneven)' * uneven}, intervals of {name}: {told}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--only", choices=("coverage", "alarms"), nargs="*")
    parser.add_argument("--faces", type=int, nargs="+", default=[5, 20, 50, 500])
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--spread", type=float, default=0.15)
    options = parser.parse_args()
    wanted = options.only or ("coverage", "alarms")
    if "coverage" in wanted:
        print_coverage(options)
    if "alarms" in wanted:
        print_alarms(options)


if __name__ == "__main__":
    main()
