"""How fast are draws, what do they depend on, and how does fairlearn's bootstrap compare?

    python -m benchmarks.bench_audit_speed [--rows 1000000]

Prints seconds for: 10,000 bootstrap and 10,000 permutation draws of every metric on 3,068 people,
7 emotions and 10 groups; the same table with ten, a hundred and a thousand times the people; the
bootstrap of fairlearn's MetricFrame on the same people, for as many replicates as it does in
reasonable time; a whole audit with intervals, corrections and detectable gaps; an audit of a large
table; an audit of 500 groups.
"""

import argparse
import resource
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
from benchmarks.common import CLASS_SIZES, CLASSES, seconds
from fairlearn.metrics import MetricFrame
from sklearn.metrics import accuracy_score, f1_score, recall_score

from fer_fairness import audit
from fer_fairness.fairness.inference.draws import bootstrap_counts, permutation_counts, resampled
from fer_fairness.fairness.metrics import GAP_METRICS, class_gap_metrics

DRAWS = 10_000
FAIRLEARN_DRAWS = 100


def people(n: int, n_groups: int, seed: int = 0) -> pd.DataFrame:
    """A table of predictions, four in five right."""
    generator = np.random.default_rng(seed)
    true = generator.choice(CLASSES, n, p=CLASS_SIZES / CLASS_SIZES.sum())
    wrong = generator.choice(CLASSES, n)
    return pd.DataFrame(
        {
            "true": true,
            "predicted": np.where(generator.random(n) < 0.8, true, wrong),
            "group": generator.integers(n_groups, size=n).astype(str),
        }
    )


def counts_of(frame: pd.DataFrame) -> np.ndarray:
    table = frame.groupby(["group", "true", "predicted"]).size().unstack(["true", "predicted"])
    columns = pd.MultiIndex.from_product([CLASSES, CLASSES])
    counts = table.reindex(columns=columns).fillna(0).to_numpy(dtype=np.int64)
    return counts.reshape(len(table), len(CLASSES), len(CLASSES))


def draw(counts: np.ndarray, metrics: Sequence[Callable[[np.ndarray], np.ndarray]]) -> None:
    resampled(bootstrap_counts, counts, metrics, n=DRAWS, seed=0)
    resampled(permutation_counts, counts, metrics, n=DRAWS, seed=1)


def fairlearn_bootstrap(frame: pd.DataFrame) -> None:
    def macro_f1(true: pd.Series, predicted: pd.Series) -> float:
        return float(f1_score(true, predicted, average="macro", zero_division=0))

    def balanced(true: pd.Series, predicted: pd.Series) -> float:
        return float(recall_score(true, predicted, average="macro", zero_division=0))

    MetricFrame(
        metrics={"accuracy": accuracy_score, "macro_f1": macro_f1, "recall": balanced},
        y_true=frame["true"],
        y_pred=frame["predicted"],
        sensitive_features=frame["group"],
        n_boot=FAIRLEARN_DRAWS,
        ci_quantiles=[0.025, 0.975],
        random_state=0,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    frame = people(3068, 10)
    counts = counts_of(frame)
    summary = list(GAP_METRICS.values())
    every = summary + list(class_gap_metrics(CLASSES))
    print(f"{2 * DRAWS} draws, 3,068 people, 7 emotions, 10 groups")
    for name, metrics in (("summary", summary), ("all", every)):
        took = min(seconds(partial(draw, counts, metrics), 3))
        print(f"  {name} ({len(metrics)} metrics): {took:.2f} s")
    for times in (10, 100, 1000):
        took = min(seconds(partial(draw, counts * times, summary), 3))
        print(f"  summary, {times} times the people: {took:.2f} s")
    (theirs,) = seconds(lambda: fairlearn_bootstrap(frame))
    theirs = theirs / FAIRLEARN_DRAWS / 3
    took_each = seconds(lambda: resampled(bootstrap_counts, counts, summary, n=DRAWS, seed=0), 3)
    ours = min(took_each) / DRAWS / len(summary)
    print(
        f"per replicate and metric: fairlearn {theirs * 1e6:.0f} us, ours {ours * 1e6:.2f} us: "
        f"{theirs / ours:.0f} times"
    )
    several = people(3488, 2).assign(
        race=people(3488, 3, 1)["group"], age=people(3488, 5, 2)["group"]
    )
    audited = partial(audit, y_true="true", y_pred="predicted")
    crossed = ["group", "race", "age", "group x race", "group x age", "race x age"]
    (took,) = seconds(partial(audited, several, attributes=crossed))
    print(f"audit(), 3,488 people, three attributes and their pairs: {took:.1f} s")
    tables = {
        "one attribute of 10 groups": frame,
        f"{given.rows} rows": people(given.rows, 10),
        "20,000 rows in 500 groups": people(20_000, 500),
    }
    for name, table in tables.items():
        (took,) = seconds(partial(audited, table, attributes="group"))
        print(f"audit(), {name}: {took:.1f} s")
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
