"""What changes for a model between the dataset that it was trained on and the others.

The faces are those of other people, so nothing is paired: the noise of both sets adds up. All
models, pairs of sets, emotions, groups and gaps are corrected as one family (`step_down`), on draws
in which the people of a set weigh the same for every model and metric.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.fairness.comparisons.estimates import SeedMeans
from fer_fairness.fairness.comparisons.joint_tests import joint_tests
from fer_fairness.fairness.comparisons.over_seeds import Row
from fer_fairness.fairness.cross_dataset.measuring import Noisy, OfSet, noisy_metrics
from fer_fairness.fairness.inference.draws import seed_for
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters

BETWEEN_SETS_COLUMNS: Final = (
    "model",
    "home",
    "evaluation_set",
    "attribute",
    "group",
    "metric",
    "outcome",
    "home_value",
    "value",
    "difference",
    "ci_low",
    "ci_high",
    "verdict",
    "p_value",
    "p_value_corrected",
    "uncorrected_ci_low",
    "uncorrected_ci_high",
    "minimum_detectable",
    "n_tested",
    "n_emotions",
    "home_n_people",
    "n_people",
    "home_attribute_source",
    "attribute_source",
)

MEAN_RECALL: Final = "balanced_accuracy"
OVERCONFIDENCE: Final = "overconfidence"


def changes_between_sets(
    sets: Sequence[OfSet],
    homes: Mapping[str, str],
    params: InferenceParameters,
    *,
    seed: int,
    primary: Sequence[str],
) -> pd.DataFrame:
    """How each model does on the other sets against the one that it was trained on.

    Args:
        sets: What was measured on each.
        homes: By model the one set that it was trained on; models of several have no home.
        params: Confidence, significance, power.
        seed: Seed of draws of what varies in no draw of people.
        primary: Gaps of each attribute that are looked at first, beside what is asked in any case:
            mean recall and overconfidence of everybody, the recall of each emotion, the mean recall
            of each group. Accuracy, which also changes with how often each emotion is shown, and
            the other gaps are looked at where one of these found something.

    Returns:
        `BETWEEN_SETS_COLUMNS`, a row a model, other set and quantity: `home_value` and `value`,
        `difference` the second minus the first. A recall has no attribute if it is everybody's;
        a group's mean recall is over the `n_emotions` that it shows on both sets. Tests, intervals
        and `minimum_detectable` as of `family.changes`.
    """
    found = [
        change
        for model, home in homes.items()
        for away in sets
        if away.audience.name != home
        for change in _changes(model, _named(sets, home), away, primary)
    ]
    table = pd.DataFrame([change.row for change in found])
    if table.empty:
        return pd.DataFrame(columns=list(BETWEEN_SETS_COLUMNS))
    n_draws = min(len(change.noise) for change in found)
    generator = np.random.default_rng(seed_for(seed, "between sets"))
    deviations = np.array([change.deviation for change in found])
    noise = np.stack([change.noise[:n_draws] for change in found], axis=1)
    drawn = np.sqrt((noise**2).mean(axis=0))
    varies = drawn > 0
    scores = np.where(
        varies, noise / np.where(varies, drawn, 1.0), generator.standard_normal(noise.shape)
    )
    blocks = table.groupby(["model", "evaluation_set", "attribute"], dropna=False).ngroup()
    tests = joint_tests(
        [_means(table["difference"].to_numpy(dtype=float), deviations)],
        [scores],
        (table["outcome"] == "primary").to_numpy(dtype=bool),
        np.asarray(blocks, dtype=np.int64),
        params,
        seed=seed,
    )
    furthest = table["furthest"].to_numpy()[:, np.newaxis]
    ends = tests.filter(regex="ci_(low|high)$")
    tests[ends.columns] = np.clip(ends, -furthest, furthest)
    return table.join(tests)[list(BETWEEN_SETS_COLUMNS)]


@dataclass(frozen=True)
class _Change:
    """One row but for its test, its standard error, and draws of its noise, shape (n,)."""

    row: Row
    deviation: float
    noise: Array


def _named(sets: Sequence[OfSet], name: str) -> OfSet:
    return next(one for one in sets if one.audience.name == name)


def _means(differences: Array, deviations: Array) -> SeedMeans:
    """Differences of one trained model each: no noise of seeds."""
    none = np.zeros(differences.shape)
    return SeedMeans(
        values=differences,
        errors=deviations,
        seed_share=none,
        seed_standard_deviation=none,
        freedom=np.full(differences.shape, np.inf),
        n_seeds=1,
    )


def _changes(model: str, home: OfSet, away: OfSet, primary: Sequence[str]) -> Iterator[_Change]:
    for one in (*_recalls(home, away), _overconfidence(home, away), *_gaps(home, away, primary)):
        yield from one.changes(model, home, away)


@dataclass(frozen=True)
class _Compared:
    """Quantities of the same kind on both sets.

    Attributes:
        metrics: Their names.
        primary: Which are looked at first.
        home: On the home set.
        away: On the other.
        attribute: Whose groups they are of or between.
        group: Whose they are.
        n_emotions: How many emotions they are over.
        furthest: How far two values can be apart.
    """

    metrics: tuple[str, ...]
    primary: tuple[bool, ...]
    home: Noisy
    away: Noisy
    attribute: str | None = None
    group: str | None = None
    n_emotions: tuple[int, ...] | None = None
    furthest: tuple[float, ...] | None = None

    def changes(self, model: str, home: OfSet, away: OfSet) -> Iterator[_Change]:
        """The rows of one model."""
        first, second = (one.audience.variants.index(model) for one in (home, away))
        n = min(len(self.home.noise), len(self.away.noise))
        noise = self.away.noise[:n, second] - self.home.noise[:n, first]
        variances = self.home.variances[first] + self.away.variances[second]
        for place, metric in enumerate(self.metrics):
            before, after = self.home.values[first, place], self.away.values[second, place]
            row: Row = {
                "model": model,
                "home": home.audience.name,
                "evaluation_set": away.audience.name,
                "attribute": self.attribute,
                "group": self.group,
                "metric": metric,
                "outcome": "primary" if self.primary[place] else "secondary",
                "home_value": float(before),
                "value": float(after),
                "difference": float(after - before),
                "furthest": 1.0 if self.furthest is None else self.furthest[place],
                "n_emotions": (
                    len(home.audience.emotions)
                    if self.n_emotions is None
                    else self.n_emotions[place]
                ),
                "home_n_people": int(self.home.n_people[place]),
                "n_people": int(self.away.n_people[place]),
                "home_attribute_source": home.audience.sources.get(self.attribute or ""),
                "attribute_source": away.audience.sources.get(self.attribute or ""),
            }
            yield _Change(row, float(np.sqrt(variances[place])), noise[:, place])


def _recalls(home: OfSet, away: OfSet) -> Iterator[_Compared]:
    """Everybody's shares and those of each emotion, and each group's mean recall."""
    emotions = home.audience.emotions
    for key, at_home in home.recalls.items():
        if key not in away.recalls:
            continue
        elsewhere = away.recalls[key]
        both = (at_home.n_people > 0) & (elsewhere.n_people > 0)
        if not both.any():
            continue
        mean = (both / both.sum())[:, np.newaxis]
        n_both = int(both.sum())
        if key != (None, None):
            yield _Compared(
                metrics=(MEAN_RECALL,),
                primary=(True,),
                home=at_home.weighed(mean),
                away=elsewhere.weighed(mean),
                attribute=key[0],
                group=key[1],
                n_emotions=(n_both,),
            )
            continue
        each = np.eye(len(emotions))[:, both]
        sums = [np.hstack([mean, one.emotion_shares[:, np.newaxis], each]) for one in (home, away)]
        shown = [
            f"recall_{name}" for name, is_shown in zip(emotions, both, strict=True) if is_shown
        ]
        yield _Compared(
            metrics=(MEAN_RECALL, "accuracy", *shown),
            primary=(True, False, *(True for _ in shown)),
            home=_of_each(at_home, sums[0]),
            away=_of_each(elsewhere, sums[1]),
            n_emotions=(n_both, len(emotions), *(1 for _ in shown)),
        )


def _of_each(recalls: Noisy, sums: Array) -> Noisy:
    """Each sum by itself: an emotion that nobody shows makes only those undefined that need it."""
    each = [recalls.weighed(column[:, np.newaxis]) for column in sums.T]
    return Noisy(
        values=np.concatenate([one.values for one in each], axis=-1),
        noise=np.concatenate([one.noise for one in each], axis=-1),
        unseen=np.concatenate([one.unseen for one in each], axis=-1),
        people=tuple(of_one for one in each for of_one in one.people),
    )


def _overconfidence(home: OfSet, away: OfSet) -> _Compared:
    return _Compared((OVERCONFIDENCE,), (True,), home.overconfidence, away.overconfidence)


def _gaps(home: OfSet, away: OfSet, primary: Sequence[str]) -> Iterator[_Compared]:
    there = {one.part.attribute: one for one in away.parts}
    for one in home.parts:
        attribute = one.part.attribute
        if attribute is None or attribute not in there:
            continue
        metrics = one.part.metrics
        yield _Compared(
            metrics=tuple(metric.name for metric in metrics),
            primary=tuple(metric.name in primary for metric in metrics),
            home=noisy_metrics(one),
            away=noisy_metrics(there[attribute]),
            attribute=attribute,
            furthest=tuple(metric.highest for metric in metrics),
        )
