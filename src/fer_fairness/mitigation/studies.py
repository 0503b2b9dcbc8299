"""Trials that Optuna proposes, in a study that several processes and days fill."""

import json
import math
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from fer_fairness.errors import InvalidInputError
from fer_fairness.extras import require_extra
from fer_fairness.files import home_expanded
from fer_fairness.mitigation.method import Method
from fer_fairness.mitigation.post_method import PostMethod
from fer_fairness.mitigation.trials import Scores, Trial
from fer_fairness.mitigation.tuning import identity, nested, permitted, tried_once
from fer_fairness.params.budget import COSTS, BudgetParameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.processes import calls

if TYPE_CHECKING:
    import optuna

AS_CONFIGURED: Final = "as configured"
"""What a study calls the value that a block has: the first trial has no other."""

_TRIAL: Final = "trial"
_MADE_FROM: Final = "made from"
_COUNTED: Final = "counted"
_HEARTBEAT_SECONDS: Final = 60
_REDRAWS: Final = 10
"""How often a setting that another process tries is passed over; then it may have died of it."""
_OPENINGS: Final = 8
_OPENING_WAIT_SECONDS: Final = 0.5


def studied(
    block: Method | PostMethod,
    fine_tuning: FineTuningParameters | None,
    budget: BudgetParameters,
    score: Callable[[Any], Scores],
    *,
    seed: int,
    name: str,
    made_from: Mapping[str, Any],
) -> list[Trial]:
    """Fill a study with the trials of a budget, and give the first ones that were finished.

    Optuna's tree-structured Parzen estimator proposes the settings (Bergstra et al. 2011) among the
    values that the method states, after the block's own; none is tried twice. Processes of a
    cluster, where `processes.calls` has some, finish a trial each. Processes that are given the
    same study share its trials, and one more may be finished than was asked for by each. The first
    ones count, so that what they choose does not change any more.

    Args:
        block: The method as it is configured.
        fine_tuning: What all methods that train have in common; None where it trains nothing.
        budget: How many trials, for what, and where the study is kept.
        score: What a changed method scores on validation faces.
        seed: Decides, with the trials that are there, what is proposed.
        name: Of the study.
        made_from: What decides the scores beside the settings, JSON-able: a study of anything else
            is refused.

    Raises:
        InvalidInputError: The store cannot be opened, or its study is of something else.
    """
    require_extra("sweep", needed_for="budget.study")
    space = _space(block, fine_tuning)
    described = {**made_from, "method": block.model_dump(mode="json"), "values": space}
    n_trials = min(budget.trials, math.prod(map(len, space.values())))
    search = _Search(block, fine_tuning, budget, score, space, name, described, seed, n_trials)
    study = search.opened()
    while (n_missing := n_trials - len(_finished(study))) > 0:
        for _ in calls.get()(search, range(n_missing)):
            pass
    return [Trial.model_validate(trial.user_attrs[_TRIAL]) for trial in _counted(study, n_trials)]


@dataclass(frozen=True)
class _Search:
    """Finishes one trial of a study, in this process or, pickled, in another."""

    block: Method | PostMethod
    fine_tuning: FineTuningParameters | None
    budget: BudgetParameters
    score: Callable[[Any], Scores]
    space: Mapping[str, list[str]]
    name: str
    described: Mapping[str, Any]
    seed: int
    n_trials: int

    def opened(self) -> "optuna.Study":
        return _opened(self.budget, self.name, self.described)

    def __call__(self, call: int) -> None:
        """Finish one trial, unless others have finished all meanwhile."""
        study, redrawn = self.opened(), count()

        def go_on(study: "optuna.Study", trial: "optuna.trial.FrozenTrial") -> None:
            study.sampler = self._proposes(study, call)
            # Where others have meanwhile finished what there is to try, all else is a repetition.
            if _TRIAL in trial.user_attrs or len(_finished(study)) >= self.n_trials:
                study.stop()

        if len(_finished(study)) < self.n_trials:
            study.sampler = self._proposes(study, call)
            study.optimize(partial(self._tried, study, redrawn), callbacks=[go_on])

    def _proposes(self, study: "optuna.Study", call: int) -> "optuna.samplers.BaseSampler":
        """What proposes the next setting: the block's own, those whose trial died, then others.

        Calls side by side draw something else each. What is first is not put in Optuna's queue: of
        an SQLite database two processes may take the same from it.
        """
        from optuna import samplers
        from optuna.trial import TrialState

        trials = study.get_trials(deepcopy=False)
        drawn = zlib.crc32(f"{self.name} {self.seed} {call} {len(trials)}".encode())
        others = samplers.TPESampler(seed=drawn)
        running = [trial.params for trial in trials if trial.state == TrialState.RUNNING]
        taken = [*running, *(trial.params for trial in _finished(study))]
        died = [trial.params for trial in trials if trial.state == TrialState.FAIL]
        for first in (dict.fromkeys(self.space, AS_CONFIGURED), *died):
            if first.keys() == self.space.keys() and first not in taken:
                return samplers.PartialFixedSampler(first, others)
        return others

    def _tried(
        self, study: "optuna.Study", redrawn: Iterator[int], trial: "optuna.Trial"
    ) -> list[float]:
        import optuna

        picked = {key: trial.suggest_categorical(key, each) for key, each in self.space.items()}
        is_done = any(other.params == picked for other in _finished(study))
        if is_done or (_is_tried_elsewhere(study, trial) and next(redrawn) < _REDRAWS):
            raise optuna.TrialPruned  # proposed once more: no trial of the budget
        settings = _settings(picked)
        if one := permitted(self.block, settings, self.fine_tuning):
            done = tried_once(one[1], self.score, variant=self.block.name)
        else:
            done = Trial(settings=settings, failure="The block refuses these values together.")
        trial.set_user_attr(_TRIAL, done.model_dump(mode="json"))
        if done.scores is None:
            return [float("nan")] * len(self.budget.searched_for)
        return [float(getattr(done.scores, each)) for each in self.budget.searched_for]


def _is_tried_elsewhere(study: "optuna.Study", trial: "optuna.Trial") -> bool:
    """Whether another process tries the same, or died while it did."""
    import optuna

    running = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
    return any(each.number != trial.number and each.params == trial.params for each in running)


def _space(
    block: Method | PostMethod, fine_tuning: FineTuningParameters | None
) -> dict[str, list[str]]:
    """The values of each parameter that the block permits, as JSON, after its own."""
    own = identity(block, fine_tuning)
    return {
        name: [
            AS_CONFIGURED,
            *(
                json.dumps(value)
                for value in values
                if (one := permitted(block, nested({name: value}), fine_tuning)) and one[0] != own
            ),
        ]
        for name, values in block.search.items()
    }


def _settings(picked: Mapping[str, str]) -> dict[str, Any]:
    changed = {name: json.loads(text) for name, text in picked.items() if text != AS_CONFIGURED}
    return nested(changed)


def _opened(budget: BudgetParameters, name: str, described: Mapping[str, Any]) -> "optuna.Study":
    """The study of a method in the store, new or as earlier runs left it.

    Raises:
        InvalidInputError: The store cannot be opened, or its study is of something else.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # Signs of life and fixed settings are called experimental, and have been since 2021.
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    for left in reversed(range(_OPENINGS)):
        try:
            study = _created(budget, name)
            break
        except Exception as error:
            if left:  # other processes may be making the same tables
                time.sleep(_OPENING_WAIT_SECONDS)
                continue
            raise InvalidInputError(
                f"budget.study: {budget.study} cannot be opened as a store of Optuna "
                f"({str(error).splitlines()[0]}). Expected an address such as sqlite:///sweep.db, "
                "or the path of a journal file in a folder that is there."
            ) from error
    objectives = {"objectives": list(budget.searched_for)}
    _check_is_of(study, budget, json.loads(json.dumps({**described, **objectives})))
    return study


def _created(budget: BudgetParameters, name: str) -> "optuna.Study":
    import optuna

    return optuna.create_study(
        storage=_store(str(budget.study)),
        study_name=name,
        directions=["minimize" if each in COSTS else "maximize" for each in budget.searched_for],
        load_if_exists=True,
    )


def _store(address: str) -> "optuna.storages.BaseStorage":
    """A database, in which the trial of a process that died is found failed, or a journal file."""
    from optuna import storages

    if "://" in address:
        return storages.RDBStorage(address, heartbeat_interval=_HEARTBEAT_SECONDS)
    from optuna.storages.journal import JournalFileBackend

    return storages.JournalStorage(JournalFileBackend(str(home_expanded(address))))


def _check_is_of(
    study: "optuna.Study", budget: BudgetParameters, described: Mapping[str, Any]
) -> None:
    made = study.user_attrs.get(_MADE_FROM)
    if made is None:
        study.set_user_attr(_MADE_FROM, described)
        return
    differing = sorted(key for key in {*made, *described} if made.get(key) != described.get(key))
    if differing:
        raise InvalidInputError(
            f"budget.study: the study {study.study_name!r} in {budget.study} was made with other "
            f"{', '.join(differing)}: its trials would be compared with others of another kind. "
            "Give budget.study another store, or put back what differs."
        )


def _counted(study: "optuna.Study", n_trials: int) -> "list[optuna.trial.FrozenTrial]":
    """The first trials that were finished, the same ones for all processes and for good.

    The time at which a trial was finished is taken before its process gets to write it, so that one
    may turn up before another that was counted. What counts is therefore written down, as a trial
    that was none: a store numbers those one by one, and the lowest number is believed.
    """
    import optuna

    while True:
        written = [
            trial.user_attrs[_COUNTED]
            for trial in study.get_trials(deepcopy=False)
            if _COUNTED in trial.user_attrs
        ]
        finished = [trial.number for trial in _finished(study)]
        n_counted = min(n_trials, len(finished))
        for numbers in written:
            if len(numbers) >= n_counted:
                trials = study.get_trials(deepcopy=False)
                return [trials[number] for number in numbers[:n_counted]]
        before: list[int] = max(written, key=len, default=[])
        numbers = [*before, *(number for number in finished if number not in before)]
        study.add_trial(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState.FAIL,
                user_attrs={_COUNTED: numbers[:n_counted]},
            )
        )


def _finished(study: "optuna.Study") -> "Sequence[optuna.trial.FrozenTrial]":
    """Trials of the budget, failed ones among them, in the order in which they were finished."""
    import optuna

    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.FAIL)
    done = study.get_trials(deepcopy=False, states=states)
    told = [trial for trial in done if _TRIAL in trial.user_attrs]
    told.sort(key=lambda trial: (trial.datetime_complete, trial.number))
    # Two processes may have been given the same settings at once; they are one trial.
    first: dict[str, optuna.trial.FrozenTrial] = {}
    for trial in told:
        first.setdefault(json.dumps(trial.params, sort_keys=True), trial)
    return list(first.values())
