"""Which models cross-dataset validation trains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.pipelines.variants.crossing import Crossing, crossing_of

KNOWN = ("fer_plus", "raf_db", "mine")


@given(st.integers(2, 6), st.booleans())
def test_each_dataset_has_a_model_and_from_three_on_one_without_it(n: int, leave: bool) -> None:  # noqa: FBT001
    names = tuple(f"set_{place}" for place in range(n))
    models = Crossing(names, leave).models
    alone = [sets for sets in models.values() if len(sets) == 1]
    assert alone == [(name,) for name in names]
    without = [sets for sets in models.values() if len(sets) > 1]
    expected = [set(names) - {name} for name in names] if leave and n > 2 else []
    assert [set(sets) for sets in without] == expected


def test_without_a_choice_every_evaluation_set_takes_part() -> None:
    assert crossing_of({}, KNOWN).datasets == KNOWN
    chosen = {"cross_dataset": {"datasets": "raf_db;mine"}}
    assert crossing_of(chosen, KNOWN).datasets == ("raf_db", "mine")


@pytest.mark.parametrize(
    ("datasets", "told"),
    [
        (["fer_plus"], "at least two different"),
        (["fer_plus", "fer_plus"], "at least two different"),
        (["fer_plus", "fer_pluss"], "names fer_pluss; expected some of fer_plus, raf_db, mine"),
    ],
)
def test_what_cannot_be_compared_is_refused(datasets: list[str], told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        crossing_of({"cross_dataset": {"datasets": datasets}}, KNOWN)


def test_what_nodes_read_says_what_each_model_is_trained_on() -> None:
    told = Crossing(("a", "b")).as_parameters()
    assert told == {
        "datasets": ["a", "b"],
        "models": {
            "baseline_on_a": {"name": "baseline_on_a", "trained_on": ["a"]},
            "baseline_on_b": {"name": "baseline_on_b", "trained_on": ["b"]},
        },
    }
