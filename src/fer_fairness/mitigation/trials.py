"""What trials of a method's hyper-parameters came to, and the one that validation faces choose.

Which trial is best depends on what is asked of it, and benchmarks that leave it to each method, or
to the test set, find gains that are not there (Gulrajani and Lopez-Paz 2021, arXiv 2007.01434; Yang
et al. 2023, SubpopBench, arXiv 2302.12254). So one rule chooses for all.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias, get_args

import numpy as np
import pandas as pd
from pydantic import BaseModel

from fer_fairness.errors import TrainingError
from fer_fairness.params.budget import COSTS, BudgetParameters, Objective, SelectionRule
from fer_fairness.taxonomy import ATTRIBUTES

Settings: TypeAlias = dict[str, Any]
"""What a trial changes in a block of parameters, nested as the block is."""

RULES: Final[tuple[SelectionRule, ...]] = get_args(SelectionRule)

MINIMUM_FACES: Final = 30
"""A smaller group decides nothing: its accuracy on validation faces is mostly chance."""


class Scores(BaseModel):
    """Of a trial, on validation faces.

    Attributes:
        mean_recall: Mean over the emotions that faces have.
        worst_group_accuracy: Of the groups of all attributes with at least `MINIMUM_FACES` faces;
            the accuracy of all faces where there is no such group.
        accuracy_gap: The largest of the attributes', between such groups; 0 where there is none.
        ideal_point: Distance from accuracy 1 and accuracy gap 0; the less the better.
    """

    mean_recall: float
    worst_group_accuracy: float
    accuracy_gap: float
    ideal_point: float

    def badness(self, objective: Objective) -> float:
        """What `objective` wants least of."""
        score = float(getattr(self, objective))
        return score if objective in COSTS else -score


class Trial(BaseModel):
    """What was tried, and what came of it.

    Attributes:
        settings: What differs from the block of parameters.
        scores: None where it failed.
        failure: Why it did.
    """

    settings: Settings
    scores: Scores | None = None
    failure: str | None = None

    @property
    def options(self) -> str:
        """The settings as the command line takes them: `tau=1, fine_tuning.training.max_epochs=2`.

        Empty where nothing differs.
        """
        return ", ".join(_as_options(self.settings))


def _as_options(settings: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _as_options(value, f"{above}{name}.")
        else:
            yield f"{above}{name}={value}"


class Choice(BaseModel):
    """The trials of a method, and which one each rule would choose, by number from 0.

    Attributes:
        n_asked: How many trials the budget allows; a method with fewer values has fewer.
        objectives: What a study searched for; empty where settings were drawn.
        front: With two objectives, the trials that none betters in both.
    """

    rule: SelectionRule
    n_asked: int
    chosen: int
    by_rule: dict[SelectionRule, int]
    trials: list[Trial]
    objectives: list[Objective] = []
    front: list[int] = []

    @classmethod
    def of_nothing(cls, budget: BudgetParameters) -> "Choice":
        """Where there is no validation face: the block as it is written."""
        by_rule = dict.fromkeys(RULES, 0)
        return cls(
            rule=budget.selection, n_asked=budget.trials, chosen=0, by_rule=by_rule, trials=[]
        )


def validation_scores(predictions: pd.DataFrame) -> Scores:
    """Scores of a trial under every rule.

    Args:
        predictions: A `predictions` table of validation faces with the columns `gender`, `race` and
            `age_group`, missing where nobody knows them. At least one row.
    """
    right = predictions["predicted_emotion"] == predictions["emotion"]
    accuracy = float(right.mean())
    lowest: list[float] = []
    gaps = [0.0]
    for attribute in ATTRIBUTES:
        by_group = right.groupby(predictions[attribute].astype(object)).agg(["size", "mean"])
        known = by_group.loc[by_group["size"] >= MINIMUM_FACES, "mean"]
        if len(known):
            lowest.append(float(known.min()))
            gaps.append(float(known.max() - known.min()))
    return Scores(
        mean_recall=float(right.groupby(predictions["emotion"].astype(object)).mean().mean()),
        worst_group_accuracy=min(lowest, default=accuracy),
        accuracy_gap=max(gaps),
        ideal_point=float(np.hypot(1 - accuracy, max(gaps))),
    )


def chosen_of(trials: Sequence[Trial], budget: BudgetParameters, *, variant: str) -> Choice:
    """Which trial is best by the budget's rule, and which the other rules would have chosen.

    Of equally good ones it is the first.

    Raises:
        TrainingError: Every trial failed.
    """
    ranked = {number: trial.scores for number, trial in enumerate(trials) if trial.scores}
    if not ranked:
        reasons = " ".join(
            f"With {trial.options or 'its own settings'}: {trial.failure}" for trial in trials
        )
        raise TrainingError(
            f"{variant}: every one of its {len(trials)} trials failed. {reasons} Give its block "
            "other parameters, or take it out."
        )
    by_rule = {each: min(ranked, key=lambda number: ranked[number].badness(each)) for each in RULES}
    return Choice(
        rule=budget.selection,
        n_asked=budget.trials,
        chosen=by_rule[budget.selection],
        by_rule=by_rule,
        trials=list(trials),
        objectives=[] if budget.study is None else list(budget.searched_for),
        front=_front(ranked, budget.objectives or ()),
    )


def _front(ranked: Mapping[int, Scores], objectives: Sequence[Objective]) -> list[int]:
    """The trials that no other betters in one of two objectives and equals in the other."""
    if len(objectives) < 2:
        return []
    points = {
        number: np.array([scores.badness(each) for each in objectives])
        for number, scores in ranked.items()
    }
    return [
        number
        for number, point in points.items()
        if not any((other <= point).all() and (other < point).any() for other in points.values())
    ]
