"""Parameters are compared as JSON, and what differs is said in words."""

from pathlib import Path

from pydantic import RootModel

from fer_fairness.params.base import Parameters
from fer_fairness.provenance.values import PLACES, changes, models_in, plain


class Inner(Parameters):
    sizes: tuple[int, ...] = (1, 2)
    file: Path = Path("a/b")


class Block(Parameters):
    inner: Inner = Inner()
    rate: float = 0.5


class Wrapped(RootModel[Parameters]):
    pass


def test_models_become_json_and_places_are_left_out() -> None:
    places = dict.fromkeys(PLACES, "/x")
    assert plain({"a": Block(), **places, "b": {"beet_root": 3, "data_root": 1}}) == {
        "a": {"inner": {"sizes": [1, 2], "file": "a/b"}, "rate": 0.5},
        "b": {"beet_root": 3, "data_root": 1},
    }


def test_what_a_subclass_adds_is_kept() -> None:
    assert plain(Wrapped(Block(rate=0.1)))["rate"] == 0.1


def test_models_are_found_at_any_depth() -> None:
    found = {type(model).__name__ for model in models_in([{"a": Wrapped(Block())}, 3, "text"])}
    assert found == {"Wrapped", "Block", "Inner"}


def test_differences_are_named_by_their_dotted_names() -> None:
    before = {"params:block": plain(Block()), "params:seed": 0, "parameters": {"a": {"b": 1}}}
    after = {
        "params:block": plain(Block(inner=Inner(sizes=(3,)))),
        "params:seed": 7,
        "parameters": {"a": {"b": 2}},
    }
    assert list(changes(before, before)) == []
    assert list(changes(before, after)) == [
        "block.inner.sizes was [1, 2] and is [3]",
        "seed was 0 and is 7",
        "a.b was 1 and is 2",
    ]


def test_many_differences_of_one_block_are_counted_and_long_values_cut() -> None:
    before, after = {"params:x": dict.fromkeys("abcde", 0)}, {"params:x": {"a": "long" * 50}}
    told = list(changes(before, after))
    assert len(told) == 4
    assert told[0].endswith("...")
    assert len(told[0]) < 90
    assert told[1:] == [
        "x.b was 0 and is not set",
        "x.c was 0 and is not set",
        "2 more changes of x",
    ]
