"""Studies of Optuna: what they propose, share, remember and refuse."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from threading import Barrier
from typing import Any

import optuna
import pytest
from tests.mitigation.test_tuning import Refusing

from fer_fairness import extras
from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.extras import MissingExtraError
from fer_fairness.mitigation import studies
from fer_fairness.mitigation.methods.focal import Focal
from fer_fairness.mitigation.post.equalized_odds_lp import EqualizedOddsLp
from fer_fairness.mitigation.post.linear_post import LinearPost
from fer_fairness.mitigation.studies import studied
from fer_fairness.mitigation.trials import Scores, Trial, chosen_of
from fer_fairness.params.budget import BudgetParameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.processes import calls

COMMON = FineTuningParameters.model_validate({"training": {"target_learning_rate": 0.0003}})


@pytest.fixture(params=["sqlite", "journal"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "sweep"
    return f"sqlite:///{path}" if request.param == "sqlite" else str(path)


def budget(store: str, trials: int, **others: Any) -> BudgetParameters:
    return BudgetParameters.model_validate({"study": store, "trials": trials} | others)


def by_gamma(method: Focal) -> Scores:
    """The more gamma, the better the recall and the worse the gap."""
    scale = method.fine_tuning.get("training", {}).get("learning_rate_scale", 1.0)
    recall = 0.5 + method.gamma / 20 - scale / 3000
    return Scores(
        mean_recall=recall,
        worst_group_accuracy=0.5,
        accuracy_gap=method.gamma / 20,
        ideal_point=0.3,
    )


def search(
    at: BudgetParameters,
    score: Callable[[Any], Scores] = by_gamma,
    block: Any = None,
    **made_from: Any,
) -> list[Trial]:
    method = block or Focal(name="focal", gamma=1.0)
    return studied(method, COMMON, at, score, seed=0, name=method.name, made_from=made_from)


def test_the_block_comes_first_and_no_setting_is_tried_twice(store: str) -> None:
    trials = search(budget(store, 8))
    assert trials[0].settings == {}
    settings = [str(trial.settings) for trial in trials]
    assert len(set(settings)) == len(settings) == 8


def test_of_few_values_each_is_tried_once(store: str) -> None:
    block = LinearPost(name="post", epsilon=0.05)
    trials = search(budget(store, 20), lambda _: by_gamma(Focal()), block)
    assert sorted(trial.settings.get("epsilon", 0.05) for trial in trials) == [0.02, 0.05, 0.1]


def test_a_study_ends_where_others_finish_the_last_setting_meanwhile(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    block, proposes = LinearPost(name="post", epsilon=0.05), studies._Search._proposes
    n_proposals = 0

    def others_first(*arguments: Any) -> Any:
        nonlocal n_proposals
        n_proposals += 1
        assert n_proposals < 20, "what is finished is proposed again and again"
        if n_proposals == 1:
            with monkeypatch.context() as patch:
                patch.setattr(studies._Search, "_proposes", proposes)
                search(budget(store, 3), lambda _: by_gamma(Focal()), block)
        return proposes(*arguments)

    monkeypatch.setattr(studies._Search, "_proposes", others_first)
    assert len(search(budget(store, 3), lambda _: by_gamma(Focal()), block)) == 3


def test_a_study_goes_on_where_it_was(store: str) -> None:
    asked: list[float] = []

    def counted(method: Focal) -> Scores:
        asked.append(method.gamma)
        return by_gamma(method)

    first = search(budget(store, 3), counted)
    again = search(budget(store, 5), counted)
    assert again[:3] == first
    assert len(asked) == 5
    assert search(budget(store, 4), counted) == again[:4], "the first to be finished count"
    assert len(asked) == 5


def test_several_workers_share_the_trials_of_a_study(store: str) -> None:
    n_workers = 3
    with ThreadPoolExecutor(n_workers) as pool:
        found = list(pool.map(lambda _: search(budget(store, 6)), range(n_workers)))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 6
    study = optuna.load_study(
        study_name="focal",
        storage=store if "://" in store else _journal(store),
    )
    done = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    assert len(done) < 6 * n_workers, "each would have done as many alone"


def test_where_a_cluster_has_processes_each_finishes_trials(store: str) -> None:
    together, n_at_once = Barrier(3, timeout=300), []

    def at_once(method: Focal) -> Scores:
        n_at_once.append(together.wait())
        return by_gamma(method)

    def in_threads(function: Callable[[int], None], items: Iterable[int]) -> Iterator[None]:
        with ThreadPoolExecutor(3) as pool:
            yield from pool.map(function, items)

    before = calls.set(in_threads)
    try:
        trials = search(budget(store, 3), at_once)
    finally:
        calls.reset(before)
    assert len({str(trial.settings) for trial in trials}) == 3
    assert sorted(n_at_once) == [0, 1, 2]


def test_what_another_process_tries_is_not_tried_beside_it_unless_it_died(store: str) -> None:
    def tried(n_trials: int) -> list[Trial]:
        block = EqualizedOddsLp(name="of six settings")
        return search(budget(store, n_trials), lambda _: by_gamma(Focal()), block)

    first = tried(2)
    study = optuna.load_study(
        study_name="of six settings", storage=store if "://" in store else _journal(store)
    )
    values = {name: kind.choices for name, kind in study.trials[0].distributions.items()}
    done = [trial.params for trial in study.trials]
    settings = (dict(zip(values, each, strict=True)) for each in product(*values.values()))
    study.enqueue_trial(next(each for each in settings if each not in done))
    running = study.ask()
    for name, choices in values.items():
        running.suggest_categorical(name, choices)
    others = tried(4)
    picked = [trial.params for trial in study.trials if "trial" in trial.user_attrs]
    assert (others[:2], len(others)) == (first, 4)
    assert running.params not in picked
    assert len(tried(6)) == 6


def test_a_trial_that_turns_up_late_does_not_change_what_counts(store: str) -> None:
    first = search(budget(store, 3))
    study = optuna.load_study(
        study_name="focal", storage=store if "://" in store else _journal(store)
    )
    late = next(trial for trial in study.get_trials() if trial.user_attrs)
    late.params = late.params | {"gamma": "5.0"}
    late.datetime_complete = late.datetime_start
    study.add_trial(late)
    assert search(budget(store, 3)) == first
    assert search(budget(store, 5))[:3] == first


def test_tables_that_others_are_making_are_waited_for(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, collisions = optuna.create_study, iter(range(3))

    def colliding(**options: Any) -> optuna.Study:
        if next(collisions, None) is not None:
            raise RuntimeError("table version_info already exists")
        return create(**options)

    monkeypatch.setattr(optuna, "create_study", colliding)
    assert len(search(budget(store, 2))) == 2


def _journal(path: str) -> Any:
    from optuna.storages.journal import JournalFileBackend

    return optuna.storages.JournalStorage(JournalFileBackend(path))


def test_two_objectives_have_a_front(store: str) -> None:
    at = budget(store, 6, objectives="mean_recall;accuracy_gap")
    choice = chosen_of(search(at), at, variant="focal")
    scores = [trial.scores for trial in choice.trials if trial.scores]
    for number, mine in enumerate(scores):
        is_bettered = any(
            each.mean_recall >= mine.mean_recall
            and each.accuracy_gap <= mine.accuracy_gap
            and (each.mean_recall, each.accuracy_gap) != (mine.mean_recall, mine.accuracy_gap)
            for each in scores
        )
        assert is_bettered != (number in choice.front)
    assert choice.objectives == ["mean_recall", "accuracy_gap"]


def test_a_failure_is_a_trial_of_the_budget_and_its_reason_is_kept(store: str) -> None:
    def failing(method: Focal) -> Scores:
        if method.gamma == 1.0:
            raise TrainingError("The loss is nan.")
        return by_gamma(method)

    trials = search(budget(store, 4), failing)
    assert trials[0] == Trial(settings={}, failure="The loss is nan.")
    assert len(trials) == 4
    assert search(budget(store, 4), failing) == trials


def test_values_that_do_not_go_together_are_a_failed_trial(store: str) -> None:
    trials = search(budget(store, 8), lambda _: by_gamma(Focal()), Refusing(name="r"))
    assert len(trials) == 6
    assert [trial.settings for trial in trials if trial.failure] == [{"one": 1, "other": 1}]


@pytest.mark.parametrize("n_before", [0, 2])
def test_a_trial_that_was_killed_is_done_again_before_others(store: str, n_before: int) -> None:
    asked: list[Focal] = []

    def killed(method: Focal) -> Scores:
        asked.append(method)
        if len(asked) > n_before:
            raise KeyboardInterrupt
        return by_gamma(method)

    with pytest.raises(KeyboardInterrupt):
        search(budget(store, 4), killed)
    again: list[Focal] = []

    def noted(method: Focal) -> Scores:
        again.append(method)
        return by_gamma(method)

    trials = search(budget(store, 4), noted)
    assert again[0] == asked[-1]
    assert len(again) == 4 - n_before
    assert len({str(trial.settings) for trial in trials if trial.scores}) == 4


@pytest.mark.parametrize(
    ("others", "differs"),
    [
        ({"at": {"objectives": "accuracy_gap"}}, "objectives"),
        ({"block": Focal(name="focal", gamma=2.0)}, "method"),
        ({"seed": 1}, "seed"),
    ],
)
def test_a_study_of_something_else_is_refused(
    store: str, others: dict[str, Any], differs: str
) -> None:
    search(budget(store, 2))
    at = budget(store, 2, **others.get("at", {}))
    others = {key: value for key, value in others.items() if key != "at"}
    with pytest.raises(InvalidInputError, match=rf"'focal' in .*made with other .*{differs}"):
        search(at, **others)


@pytest.mark.parametrize("address", ["/no/such/folder/sweep", "nonsense://here", "sqlite:////no/x"])
def test_a_store_that_cannot_be_opened_is_told(address: str) -> None:
    with pytest.raises(InvalidInputError, match=r"budget\.study: .* cannot be opened"):
        search(budget(address, 2))


def test_without_optuna_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"budget\.study needs optuna.*\[sweep\]"):
        search(budget("sqlite:///x", 2))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"objectives": "mean_recall"}, "only a study searches"),
        ({"study": "x", "trials": 1}, "nothing is searched"),
        ({"study": "x", "trials": 2, "objectives": "mean_recall;mean_recall"}, "stands there"),
        ({"study": "x", "trials": 2, "objectives": "recall"}, "mean_recall"),
    ],
)
def test_budgets_that_contradict_themselves_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        BudgetParameters.model_validate(given)
