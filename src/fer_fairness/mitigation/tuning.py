"""Trials of a method's hyper-parameters, and the one that validation faces choose.

Which trial is best depends on what is asked of it, and benchmarks that leave it to each method, or
to the test set, find gains that are not there (Gulrajani and Lopez-Paz 2021, arXiv 2007.01434; Yang
et al. 2023, SubpopBench, arXiv 2302.12254). So every method has the same number of trials, drawn
from the values that its own file states, and one rule chooses for all.
"""

import logging
import zlib
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast, get_args

import numpy as np
import pandas as pd
from pydantic import BaseModel, ValidationError

from fer_fairness.errors import FerFairnessError, TrainingError
from fer_fairness.mitigation.method import Method
from fer_fairness.mitigation.post_method import PostMethod
from fer_fairness.params.budget import COSTS, BudgetParameters, Objective, SelectionRule
from fer_fairness.params.fine_tuning import FineTuningParameters, merged
from fer_fairness.taxonomy import ATTRIBUTES

logger = logging.getLogger(__name__)

Settings: TypeAlias = dict[str, Any]
"""What a trial changes in a block of parameters, nested as the block is."""

Kind = TypeVar("Kind", bound=Method | PostMethod)

RULES: Final[tuple[SelectionRule, ...]] = get_args(SelectionRule)

MINIMUM_FACES: Final = 30
"""A smaller group decides nothing: its accuracy on validation faces is mostly chance."""


N_PARTS: Final = 3
"""Parts of the validation faces, each held out once, that post methods are tried on."""


class Candidate(NamedTuple):
    """One setting to try."""

    settings: Settings
    block: Any


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


def candidates(
    block: Method | PostMethod,
    fine_tuning: FineTuningParameters | None,
    n_trials: int,
    *,
    seed: int,
) -> list[Candidate]:
    """The settings to try: the block's own, and others drawn from the values its method states.

    Args:
        block: The method as it is configured.
        fine_tuning: What all methods that train have in common; None where it trains nothing.
        n_trials: How many settings, at most.
        seed: The training seed; together with the block's name it decides what is drawn.

    Returns:
        At least one, all different; fewer than `n_trials` where the method states too few values
        that the block permits.

    Raises:
        pydantic.ValidationError: The block's own setting is not one that fine-tuning may have.
    """
    names = list(block.search)
    grid = [dict(zip(names, values, strict=True)) for values in product(*block.search.values())]
    order = np.random.default_rng([seed, zlib.crc32(block.name.encode())]).permutation(len(grid))
    found = {identity(block, fine_tuning): Candidate({}, block)}
    for number in order:
        if len(found) == n_trials:
            break
        if one := permitted(block, nested(grid[number]), fine_tuning):
            found.setdefault(*one)
    return list(found.values())


def permitted(
    block: Method | PostMethod, settings: Settings, fine_tuning: FineTuningParameters | None
) -> tuple[str, Candidate] | None:
    """The candidate of these settings, after its `identity`.

    None where they do not go with what the block says otherwise; the log tells why.
    """
    try:
        changed = with_settings(block, settings)
        return identity(changed, fine_tuning), Candidate(settings, changed)
    except ValidationError as error:
        logger.warning("%s: %s is not tried: %s", block.name, settings, error)
        return None


def tried(
    found: Sequence[Candidate], score: Callable[[Any], Scores], *, variant: str
) -> list[Trial]:
    """Each candidate with what came of it; a failure is named, and the others go on."""
    trials = []
    for number, candidate in enumerate(found, start=1):
        logger.info(
            "%s: trial %d of %d, %s",
            variant,
            number,
            len(found),
            candidate.settings or "as configured",
        )
        trials.append(tried_once(candidate, score, variant=variant))
    return trials


def tried_once(candidate: Candidate, score: Callable[[Any], Scores], *, variant: str) -> Trial:
    """One candidate with its scores, or with the reason why it has none."""
    try:
        return Trial(settings=candidate.settings, scores=score(candidate.block))
    except FerFairnessError as error:
        logger.warning(
            "%s: the trial %s failed: %s", variant, candidate.settings or "as configured", error
        )
        return Trial(settings=candidate.settings, failure=str(error))


def with_settings(block: Kind, settings: Settings) -> Kind:
    """The method with the settings of a trial."""
    return cast("Kind", type(block).model_validate(merged(block.model_dump(), settings)))


def nested(values: Mapping[str, Any]) -> Settings:
    """`{"fine_tuning.training.x": 1}` as `{"fine_tuning": {"training": {"x": 1}}}`."""
    settings: Settings = {}
    for name, value in values.items():
        *above, last = name.split(".")
        inner: Settings = {last: value}
        for part in reversed(above):
            inner = {part: inner}
        settings = merged(settings, inner)
    return settings


def identity(block: Method | PostMethod, fine_tuning: FineTuningParameters | None) -> str:
    """A text that is the same for settings that come to the same."""
    own = block.model_dump_json(exclude={"fine_tuning"})
    if fine_tuning is None or not isinstance(block, Method):
        return own
    return own + fine_tuning.with_changes(block.fine_tuning).model_dump_json()


def cross_fitted(method: PostMethod, scored: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Validation predictions changed by rules that were fitted without them.

    Scored on the faces that it was fitted on, the method that fits most closely would win. Where
    there are fewer faces than parts, they are left as they are.

    Args:
        method: What changes them.
        scored: As `PostMethod.fit` is given it.
        seed: Decides which faces are held out together, and what the method draws.
    """
    parts = np.random.default_rng(seed).permutation(len(scored)) % N_PARTS
    if len(scored) < N_PARTS:
        return scored
    changed = scored.copy()
    for part in range(N_PARTS):
        held_out = parts == part
        rules = method.fit(scored[~held_out].reset_index(drop=True))
        after = method.apply(scored[held_out].reset_index(drop=True), rules, seed=seed)
        for column in after.columns:
            changed.loc[held_out, column] = after[column].to_numpy()
    return changed


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
            f"With {trial.settings or 'its own'}: {trial.failure}" for trial in trials
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
