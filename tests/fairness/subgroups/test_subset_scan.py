from itertools import product

import numpy as np
import pandas as pd
import pytest

from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import
from fer_fairness.fairness.subgroups import subset_scan
from fer_fairness.fairness.subgroups.subset_scan import (
    ErrorCells,
    Subgroups,
    best_subgroups,
    members,
    random_starts,
)
from fer_fairness.fairness.subgroups.subset_scores import bernoulli_scores

N_CLASSES = 3


def fabricated(
    seed: int, n_values: tuple[int, ...], *, unknown: bool = False
) -> tuple[ErrorCells, np.ndarray]:
    """A cell for every combination of values, and the errors of each, (cells, classes)."""
    generator = np.random.default_rng(seed)
    ranges = [range(-1 if unknown else 0, n) for n in n_values]
    codes = np.array(list(product(*ranges)), dtype=np.int64)
    people = generator.integers(0, 30, size=(len(codes), N_CLASSES))
    rates = generator.uniform(0.05, 0.6, size=(len(codes), 1)) * [0.5, 1.0, 1.5]
    errors = generator.binomial(people, rates)
    expected = errors.sum(axis=0) / people.sum(axis=0)
    return ErrorCells(codes, n_values, people, expected), errors


def search(
    cells: ErrorCells, errors: np.ndarray, *, penalty: float = 1.0, minimum: int = 1, n: int = 40
) -> Subgroups:
    starts = random_starts(cells, n, np.random.default_rng(0))
    tables = errors.sum(axis=1)[np.newaxis] if errors.shape[-1] == N_CLASSES else errors
    return best_subgroups(cells, tables, starts=starts, penalty=penalty, minimum_people=minimum)


def best_of_all(
    cells: ErrorCells, errors: np.ndarray, *, penalty: float = 1.0, minimum: int = 1
) -> float:
    """The highest score of every subgroup there is."""
    options = []
    for n in cells.n_values:
        flags = [np.array([*named, False]) for named in product([False, True], repeat=n)]
        options.append([*flags[1:-1], np.ones(n + 1, dtype=bool)])
    chosen = [np.array(part) for part in zip(*product(*options), strict=True)]
    inside = members(cells, chosen).astype(float)
    scores, _ = bernoulli_scores(inside @ errors.sum(axis=1), inside @ cells.people, cells.expected)
    for named in chosen:
        scores -= penalty * np.where(named.all(axis=1), 0, named.sum(axis=1))
    return float(scores[(inside @ cells.people).sum(axis=1) >= minimum].max())


def as_table(cells: ErrorCells, errors: np.ndarray) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """A row a person, as AIF360 takes them: attributes, whether wrong, expected error."""
    rows = []
    for code, people, wrong in zip(cells.codes, cells.people, errors, strict=True):
        for of_class, expected in enumerate(cells.expected):
            flags = np.arange(people[of_class]) < wrong[of_class]
            rows += [(*code, int(flag), expected) for flag in flags]
    table = pd.DataFrame(rows, columns=["a", "b", "wrong", "expected"])
    return table[["a", "b"]], table["wrong"], table["expected"]


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_no_subgroup_scores_more_than_the_one_found(seed: int, *, unknown: bool) -> None:
    cells, errors = fabricated(seed, (2, 4, 3), unknown=unknown)
    for penalty in (0.0, 1.0):
        found = search(cells, errors, penalty=penalty)
        assert found.scores[0] == pytest.approx(best_of_all(cells, errors, penalty=penalty))


@pytest.mark.parametrize("seed", range(10))
def test_a_minimum_size_costs_little_of_the_best_score(seed: int) -> None:
    cells, errors = fabricated(seed, (2, 4, 3))
    found = search(cells, errors, penalty=0.0, minimum=150)
    best = best_of_all(cells, errors, penalty=0.0, minimum=150)
    assert 0.9 * best <= found.scores[0] <= best + 1e-9


@pytest.mark.parametrize("penalty", [1e-17, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_score_is_aif360s_on_the_same_people(seed: int, penalty: float) -> None:
    with quiet_aif360_import():
        from aif360.detectors import bias_scan
        from aif360.detectors.mdss.MDSS import MDSS
        from aif360.detectors.mdss.ScoringFunctions import Bernoulli
    cells, errors = fabricated(seed, (3, 4))
    data, wrong, expected = as_table(cells, errors)
    _, theirs = bias_scan(data, wrong, expected, overpredicted=False, num_iters=5, penalty=penalty)
    found = search(cells, errors, penalty=penalty)
    assert found.scores[0] >= theirs - 5e-5  # theirs is rounded to four places
    subset = {
        name: np.flatnonzero(flags[0, :-1]).tolist()
        for name, flags in zip("ab", found.chosen, strict=True)
        if not flags[0].all()
    }
    scanner = MDSS(Bernoulli(direction="positive"))
    same = scanner.score_current_subset(data, expected, wrong, subset, penalty)
    assert found.scores[0] == pytest.approx(same, abs=1.5e-4)


def test_the_score_is_that_of_the_subgroup_given() -> None:
    cells, errors = fabricated(1, (2, 5, 3), unknown=True)
    found = search(cells, errors)
    inside = members(cells, found.chosen)[0]
    observed = np.array([errors[inside].sum()], dtype=float)
    scores, _ = bernoulli_scores(
        observed, cells.people[inside].sum(axis=0)[np.newaxis].astype(float), cells.expected
    )
    named = sum(0 if flags.all() else int(flags.sum()) for flags in found.chosen)
    assert found.scores[0] == pytest.approx(scores[0] - named)


def test_unknown_values_belong_where_the_attribute_is_not_named() -> None:
    cells, _ = fabricated(0, (2, 2), unknown=True)
    named, free = np.array([[True, False, False]]), np.ones((1, 3), dtype=bool)
    inside = members(cells, [named, free])[0]
    assert (cells.codes[inside][:, 0] == 0).all()
    assert set(cells.codes[inside][:, 1]) == {-1, 0, 1}


def test_naming_every_value_is_naming_none() -> None:
    cells, errors = fabricated(0, (2, 3), unknown=True)
    for flags in (
        *random_starts(cells, 40, np.random.default_rng(1)),
        *search(cells, errors).chosen,
    ):
        full = flags[:, :-1].all(axis=1)
        np.testing.assert_array_equal(flags[:, -1], full)


def test_small_subgroups_are_passed_over() -> None:
    cells, errors = fabricated(3, (2, 4, 3))
    smallest = [
        int(cells.people[members(cells, found.chosen)[0]].sum())
        for found in (search(cells, errors, minimum=minimum) for minimum in (1, 200, 600))
    ]
    assert smallest[1] >= 200
    assert smallest[2] >= 600
    everybody = int(cells.people.sum())
    assert search(cells, errors, minimum=everybody).scores[0] == 0.0
    assert search(cells, errors, minimum=everybody + 1).scores[0] == -np.inf


def test_a_higher_penalty_names_fewer_values() -> None:
    cells, errors = fabricated(2, (4, 6))
    named = [
        sum(0 if flags.all() else int(flags.sum()) for flags in found.chosen)
        for found in (search(cells, errors, penalty=penalty) for penalty in (0.0, 6.0, 1e6))
    ]
    assert named[0] > named[1] > named[2] == 0


def test_a_table_is_searched_alike_alone_and_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    cells, errors = fabricated(4, (2, 4, 3))
    tables = np.random.default_rng(0).binomial(cells.people.sum(axis=1), 0.3, size=(9, len(errors)))
    together = search(cells, tables)
    alone = [search(cells, table[np.newaxis]) for table in tables]
    monkeypatch.setattr(subset_scan, "_NUMBERS_AT_ONCE", 1)
    in_turns = search(cells, tables)
    np.testing.assert_allclose(together.scores, [found.scores[0] for found in alone], atol=1e-9)
    np.testing.assert_array_equal(together.scores, in_turns.scores)
    for one, other in zip(together.chosen, in_turns.chosen, strict=True):
        np.testing.assert_array_equal(one, other)
