"""Do corrected differences of predicted groups keep what they say? Proof by simulation.

    nice python -m benchmarks.label_noise_simulation [--simulations 800] [--only scores ...]

People are drawn with the class counts and recalls of a published RAF-DB model (3,068 people), a
loss of recall is planted in one group, and everybody is labelled by a labeller that errs. Parts:

- scores: the group against all others: its difference in recall as labelled, corrected and by soft
  labels; how often 95 % intervals hold the truth, of that group and over all that are compared; how
  often the inversion is refused;
- gaps: coverage of the corrected gaps between all groups (a quarter of the simulations);
- broken: labeller and emotion model err on the same faces, by strength: what the corrected
  difference then says, and how often the bounds hold the truth of all groups (a quarter);
- speed: seconds of `label_noise` for 3,068 people, 7 groups and 7 classes.

Soft labels are probabilities of the groups given the label, by Bayes' rule from the held-out
confusion, moved to the people's mix: as well calibrated as that confusion is known.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from benchmarks.common import CLASS_SIZES, CLASSES, RECALLS

from fer_fairness.fairness.label_noise.bounds import bounded_scores
from fer_fairness.fairness.label_noise.confusion import LabelConfusion
from fer_fairness.fairness.label_noise.corrected_gaps import corrected_gaps
from fer_fairness.fairness.label_noise.corrected_scores import (
    ACCURACY_DIFFERENCE,
    RECALL_DIFFERENCE,
    corrected_scores,
    scores,
)
from fer_fairness.fairness.label_noise.correction import label_noise
from fer_fairness.fairness.label_noise.inversion import drawn_labels, reasons_against
from fer_fairness.fairness.label_noise.soft_labels import adapted_probabilities, soft_scores
from fer_fairness.fairness.metrics import GAP_METRICS, values_of
from fer_fairness.params.inference import InferenceParameters

DRAWS = InferenceParameters(n_bootstrap=1500, n_permutations=500)
MEASURED_GAPS = ("accuracy_gap", "equal_opportunity_gap", "recall_dispersion", "macro_f1_gap")
PARTS = ("scores", "gaps", "broken", "speed")
Row: TypeAlias = dict[str, object]
Array: TypeAlias = np.ndarray[Any, Any]


def confused(rightly: Sequence[float], likes: Array) -> Array:
    """P(label | group): a share is right, the rest falls as the groups resemble each other."""
    off = likes * (1.0 - np.eye(len(rightly)))
    wrong = (1.0 - np.array(rightly)) / off.sum(axis=1)
    return np.asarray(np.diag(rightly) + wrong[:, np.newaxis] * off)


def abstaining(shares: Array, least: float = 0.0, most: float = 0.0) -> Array:
    """Add the share that gets no label, larger from group to group."""
    none = np.linspace(least, most, len(shares))[:, np.newaxis]
    return np.hstack([shares * (1.0 - none), none])


@dataclass(frozen=True)
class Labeller:
    """Groups, P(label or none | group), and the shares of the groups where they are uneven."""

    groups: tuple[str, ...]
    shares: Array
    uneven: tuple[float, ...]


RACES = ("white", "black", "latino", "east asian", "southeast asian", "indian", "middle eastern")
LIKE_RACES = np.array(
    [
        [0, 0.3, 4, 0.5, 0.3, 0.5, 5],
        [0.5, 0, 2, 0.3, 1.5, 2.5, 0.5],
        [4, 1.2, 0, 0.7, 1.2, 2.2, 3.5],
        [0.7, 0.2, 0.8, 0, 6, 0.3, 0.2],
        [0.5, 1, 1.6, 5, 0, 1.2, 0.3],
        [0.6, 2, 3, 0.3, 1.2, 0, 2],
        [5, 0.3, 3.5, 0.2, 0.2, 1.5, 0],
    ]
)
FAIRFACE = confused((0.755, 0.861, 0.593, 0.780, 0.623, 0.730, 0.618), LIKE_RACES)
"""Diagonal as published for FairFace; errors by resemblance."""

AVERAGE = FAIRFACE.mean(axis=0)
COARSE = confused(
    (0.88, 0.86, 0.90, 0.72), np.array([[0, 1, 2, 3], [2, 0, 1, 3], [4, 1, 0, 2], [4, 3, 2, 0]])
)
UNEVEN = (0.5, 0.08, 0.12, 0.09, 0.06, 0.07, 0.08)
LABELLERS = {
    "FairFace": Labeller(RACES, abstaining(FAIRFACE), UNEVEN),
    "FairFace, abstaining": Labeller(RACES, abstaining(FAIRFACE, 0.05, 0.25), UNEVEN),
    "coarse": Labeller(
        ("white", "black", "asian", "indian"), abstaining(COARSE), (0.7, 0.08, 0.15, 0.07)
    ),
    "gender": Labeller(
        ("female", "male"), abstaining(confused((0.87, 0.87), np.ones((2, 2)))), (0.35, 0.65)
    ),
    "poor": Labeller(RACES, abstaining(0.35 * FAIRFACE + 0.65 * AVERAGE), UNEVEN),
    "bad": Labeller(RACES, abstaining(0.08 * FAIRFACE + 0.92 * AVERAGE), UNEVEN),
}


def drawn_labeller(generator: np.random.Generator) -> Labeller:
    """Some other labeller: 2 to 8 groups, .55 to .9 right, errors and abstention anyhow."""
    n_groups = int(generator.integers(2, 9))
    rightly = generator.uniform(0.55, 0.9, n_groups).tolist()
    likes = generator.gamma(0.7, size=(n_groups, n_groups)) + 0.02
    shares = abstaining(confused(rightly, likes), *np.sort(generator.uniform(0.0, 0.2, 2)))
    uneven = tuple(generator.dirichlet(np.full(n_groups, 4.0)))
    return Labeller(tuple(f"group {number}" for number in range(n_groups)), shares, uneven)


@dataclass(frozen=True)
class World:
    """Who is labelled how, and what is planted.

    Attributes:
        labeller: Name in `LABELLERS`, or "drawn" for another one in each simulation.
        mix: "balanced": all groups are as frequent; "uneven": as `Labeller.uneven` says.
        group: Place of the group planted in.
        loss: Recall lost by it in every class.
        times: How many times the 3,068 people.
        held_out: People behind the confusion.
        shared: How far labeller and emotion model err on the same faces: on half of all faces both
            err by this share more often, on the other half less often.
    """

    labeller: str
    mix: str
    group: int
    loss: float
    times: int = 1
    held_out: int = 2500
    shared: float = 0.0

    @property
    def columns(self) -> Row:
        """What tells this world from others in a table."""
        known = LABELLERS.get(self.labeller)
        return {
            "labeller": self.labeller,
            "mix": self.mix,
            "group": known.groups[self.group] if known else "first",
            "people": self.times * int(CLASS_SIZES.sum()),
            "held out": self.held_out,
            "shared": self.shared,
            "planted": -self.loss,
        }


@dataclass(frozen=True)
class Sample:
    """What an audit gets to see of a world, and the counts by true group without noise."""

    labelled: Array
    everybody: Array
    confusion: LabelConfusion
    expected: Array


def answer_shares(n_groups: int, world: World, wrong: float) -> Array:
    """P(answer | group, class), (g, c, k), with errors so many times as frequent.

    Errors fall on the more frequent classes.
    """
    recalls = np.repeat(RECALLS[np.newaxis], n_groups, axis=0)
    recalls[world.group] -= world.loss
    right = 1.0 - np.minimum((1.0 - recalls) * wrong, 1.0)[..., np.newaxis]
    errors = CLASS_SIZES * (1.0 - np.eye(len(CLASSES)))
    errors = errors / errors.sum(axis=1, keepdims=True)
    return np.asarray(right * np.eye(len(CLASSES)) + (1.0 - right) * errors)


def label_shares(shares: Array, wrong: float) -> Array:
    """The labeller with its errors, and abstentions, so many times as frequent."""
    errors = shares * (1.0 - np.eye(*shares.shape)) * wrong
    return np.asarray(errors + np.eye(*shares.shape) * (1.0 - errors.sum(axis=1, keepdims=True)))


def sample_of(world: World, generator: np.random.Generator) -> Sample:
    labeller = LABELLERS.get(world.labeller) or drawn_labeller(generator)
    n_groups, n_classes = len(labeller.groups), len(CLASSES)
    mix = np.full(n_groups, 1 / n_groups) if world.mix == "balanced" else np.array(labeller.uneven)
    people = generator.multinomial(CLASS_SIZES * world.times, mix).T
    poor = generator.binomial(people, 0.5)
    labelled = np.zeros((n_groups, n_classes, n_classes), dtype=np.int64)
    everybody, expected = np.zeros_like(labelled[0]), np.zeros(labelled.shape)
    for part, wrong in ((poor, 1.0 + world.shared), (people - poor, 1.0 - world.shared)):
        answers = answer_shares(n_groups, world, wrong)
        answered = generator.multinomial(part, answers)
        labels = label_shares(labeller.shares, wrong)[np.newaxis]
        labelled += drawn_labels(answered[np.newaxis], labels, generator)[0]
        everybody += answered.sum(axis=0)
        expected += part[..., np.newaxis] * answers
    held_out = generator.multinomial(world.held_out // n_groups, labeller.shares)
    return Sample(labelled, everybody, LabelConfusion(held_out, labeller.groups), expected)


def soft_difference(sample: Sample, group: int) -> float:
    """The recall difference of a group by soft labels, each person's given by their label."""
    cells = np.concatenate([sample.labelled, [sample.everybody - sample.labelled.sum(axis=0)]])
    label, true, answer = np.repeat(
        np.indices(cells.shape).reshape(3, -1), cells.ravel(), axis=1
    ).astype(np.int64)
    given = sample.confusion.counts.T + 1e-9
    soft, _ = adapted_probabilities(
        (given / given.sum(axis=1, keepdims=True))[label], sample.confusion.faces.astype(float)
    )
    found = soft_scores(soft, true, true == answer, confidence=0.95)
    return found[RECALL_DIFFERENCE][group].value


def one_score(job: tuple[World, int]) -> list[Row]:
    """Everything told of the planted group in one simulation."""
    world, number = job
    generator = np.random.default_rng([number, 1])
    sample = sample_of(world, generator)
    truth = scores(sample.expected, sample.expected.sum(axis=0))
    raw = scores(sample.labelled, sample.everybody)[RECALL_DIFFERENCE]
    row: Row = {**world.columns, "raw": raw[world.group], "soft": np.nan, "corrected": np.nan}
    row |= {"rmse": np.nan, "width": np.nan, "left out": np.nan}
    row |= {"refused": bool(reasons_against(sample.confusion, DRAWS.label_noise))}
    if row["refused"]:
        return [row]
    counted = (sample.labelled, sample.everybody, sample.confusion)
    found = corrected_scores(*counted, n=1000, confidence=0.95, min_people=10, seed=generator)
    one = found.scores[RECALL_DIFFERENCE][world.group]
    row["left out"] = 1.0 - found.compared.mean()
    if found.compared[world.group]:  # else the report tells no value
        row |= {
            "soft": soft_difference(sample, world.group),
            "corrected": one.value,
            "rmse": (one.value - truth[RECALL_DIFFERENCE][world.group]) ** 2,
            "width": one.interval.high - one.interval.low,
        }
    for name, metric in (("recall", RECALL_DIFFERENCE), ("accuracy", ACCURACY_DIFFERENCE)):
        ends = np.array([[part.interval.low, part.interval.high] for part in found.scores[metric]])
        inside = ((ends[:, 0] <= truth[metric]) & (truth[metric] <= ends[:, 1])).astype(float)
        row[f"covered {name}"] = inside[world.group] if found.compared[world.group] else np.nan
        some = found.compared.any()
        row[f"covered {name}, all"] = inside[found.compared].mean() if some else np.nan
    bounds = bounded_scores(*counted, n=200, confidence=0.95, seed=generator)[ACCURACY_DIFFERENCE]
    true = truth[ACCURACY_DIFFERENCE]
    row["in bounds"] = float(np.all((bounds.low <= true) & (true <= bounds.high)))
    return [row]


def one_gap(job: tuple[World, int]) -> list[Row]:
    """Gaps between all groups in one simulation."""
    world, number = job
    generator = np.random.default_rng([number, 2])
    sample = sample_of(world, generator)
    counted = (sample.labelled, sample.everybody, sample.confusion)
    compared = corrected_scores(
        *counted, n=300, confidence=0.95, min_people=10, seed=generator
    ).compared
    if compared.sum() < len(("one group", "another")):
        return []
    metrics = [GAP_METRICS[name] for name in MEASURED_GAPS]
    truths = values_of(metrics, sample.expected[compared])
    found = corrected_gaps(*counted, compared, metrics, DRAWS, seed=(number, 3))
    raws = values_of(metrics, sample.labelled)
    rows = []
    for metric, truth, raw, gap in zip(metrics, truths, raws, found, strict=True):
        low, high = gap.interval.low, gap.interval.high
        row = {"metric": metric.name, "truth": truth, "raw": raw, "value": gap.value}
        row |= {"corrected": gap.estimate.corrected, "width": high - low}
        row |= {"too low": high + 1e-9 < truth, "too high": low - 1e-9 > truth}
        rows.append({**world.columns, **row, "covered": low - 1e-9 <= truth <= high + 1e-9})
    return rows


FEMALE, BLACK, INDIAN, MIDDLE_EASTERN = 0, 1, 3, 6
LOSSES = (0.0, 0.04, 0.08)
MIXES = ("balanced", "uneven")
WORLDS_OF_SCORES = (
    *(
        World("FairFace", mix, group, loss)
        for mix in MIXES
        for group in (BLACK, MIDDLE_EASTERN)
        for loss in LOSSES
    ),
    World("FairFace", "balanced", MIDDLE_EASTERN, 0.08, held_out=10_954),
    *(World("FairFace", "uneven", MIDDLE_EASTERN, 0.08, 3, size) for size in (2500, 10_954)),
    World("FairFace, abstaining", "uneven", MIDDLE_EASTERN, 0.08),
    *(World("coarse", mix, INDIAN, 0.08) for mix in MIXES),
    *(World("gender", "uneven", FEMALE, loss) for loss in (0.0, 0.08)),
    *(World("drawn", "uneven", 0, loss) for loss in (0.0, 0.08)),
    World("poor", "balanced", MIDDLE_EASTERN, 0.08),
    World("bad", "balanced", MIDDLE_EASTERN, 0.08),
)
WORLDS_OF_GAPS = (
    *(World("FairFace", "balanced", MIDDLE_EASTERN, loss) for loss in (0.0, 0.08)),
    *(World("FairFace", "uneven", MIDDLE_EASTERN, loss) for loss in (0.0, 0.08)),
    World("FairFace", "uneven", MIDDLE_EASTERN, 0.08, 3, 10_954),
    *(World("coarse", "uneven", INDIAN, loss) for loss in (0.0, 0.08)),
    *(World("gender", "uneven", FEMALE, loss) for loss in (0.0, 0.08)),
    *(World("drawn", "uneven", 0, loss) for loss in (0.0, 0.08)),
)
WORLDS_BROKEN = tuple(
    World(labeller, "uneven", group, loss, shared=shared)
    for labeller, group in (("FairFace", MIDDLE_EASTERN), ("gender", FEMALE))
    for loss in (0.0, 0.08)
    for shared in (0.0, 0.15, 0.3, 0.5)
)


def print_means(
    pool: ProcessPoolExecutor,
    function: Callable[[tuple[World, int]], list[Row]],
    worlds: Sequence[World],
    numbers: range,
) -> None:
    """Print the means over simulations as a table of markdown, one row a world and metric."""
    jobs = [(world, number) for world in worlds for number in numbers]
    rows = pd.DataFrame([row for part in pool.map(function, jobs, chunksize=20) for row in part])
    by = [name for name in (*worlds[0].columns, "metric") if name in rows]
    means = rows.astype({name: float for name in rows if name not in by}).groupby(by, sort=False)
    table = means.mean().reset_index()
    if "rmse" in table:
        table["rmse"] = np.sqrt(table["rmse"])
    lines = [table.columns, ["---"] * table.shape[1], *table.to_numpy(dtype=object)]
    for line in lines:
        cells = [f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in line]
        print("| " + " | ".join(cells) + " |")
    print(flush=True)


def labelled_table(size: int, generator: np.random.Generator) -> pd.DataFrame:
    true = generator.integers(0, len(RACES), size)
    labels = [generator.choice(np.array(RACES), p=FAIRFACE[group]) for group in true]
    return pd.DataFrame({"true_race": np.array(RACES)[true], "predicted_race": labels})


def print_speed() -> None:
    """Time of the whole room, tables of people included."""
    generator = np.random.default_rng(0)
    size = int(CLASS_SIZES.sum())
    true = np.repeat(np.arange(len(CLASSES)), CLASS_SIZES)
    right = generator.random(size) < RECALLS[true]
    answers = np.where(right, true, generator.integers(0, len(CLASSES), size))
    people = pd.DataFrame(
        {
            "sample_id": np.arange(size).astype(str),
            "emotion": np.array(CLASSES)[true],
            "predicted_emotion": np.array(CLASSES)[answers],
            "race": labelled_table(size, generator)["predicted_race"],
            "race_source": "predicted",
        }
    )
    held_out = labelled_table(2500, generator)
    started = time.perf_counter()
    label_noise(
        people,
        attributes=["race"],
        emotions=CLASSES,
        held_out=held_out,
        probabilities=None,
        params=InferenceParameters(),
        seed=0,
    )
    print(
        f"label_noise, 3,068 people x 7 groups x 7 classes: {time.perf_counter() - started:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=800)
    parser.add_argument("--first", type=int, default=0, help="number of the first simulation")
    parser.add_argument("--only", choices=PARTS, nargs="*")
    given = parser.parse_args()
    wanted = given.only or PARTS
    numbers = range(given.first, given.first + given.simulations)
    few = numbers[: max(len(numbers) // 4, 1)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        if "scores" in wanted:
            print("\nOne group against all others\n")
            print_means(pool, one_score, WORLDS_OF_SCORES, numbers)
        if "gaps" in wanted:
            print("\nGaps between all groups\n")
            print_means(pool, one_gap, WORLDS_OF_GAPS, few)
        if "broken" in wanted:
            print("\nWhere labeller and emotion model err on the same faces\n")
            print_means(pool, one_score, WORLDS_BROKEN, few)
    if "speed" in wanted:
        print_speed()


if __name__ == "__main__":
    main()
