from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import codes
from fer_fairness.fairness.codes import (
    categorical,
    code_type,
    coded,
    codes_of,
    combined,
    different_rows,
    looked_up,
    numbered,
    repeated,
    tallied,
)

N_FIRST, N_SECOND = 120, 90
"""Together more than the type of either holds."""

ROWS = st.lists(st.tuples(st.integers(-1, N_FIRST - 1), st.integers(-1, N_SECOND - 1)), max_size=30)
IDS = st.one_of(
    st.lists(st.integers(-3, 20)),
    st.lists(st.sampled_from(["1", "a", "b", "", "long text of somebody", None])),
    st.lists(st.sampled_from([1, "1", 1.0, None])),
    st.lists(st.sampled_from([0.0, -0.0, 1.5, float("nan")])),
)
TEXTS = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=20)


@pytest.fixture(autouse=True, scope="module")
def _few_rows_at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_ROWS_AT_ONCE", 4)
        yield


def two_codes(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(rows, dtype=np.int8).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@pytest.mark.parametrize(("n", "kind"), [(1, "i1"), (128, "i1"), (129, "i2"), (2**15 + 1, "i4")])
def test_codes_have_the_smallest_type_that_holds_them(n: int, kind: str) -> None:
    assert code_type(n) == np.dtype(kind)
    assert np.array([n - 1, -1]).astype(code_type(n)).tolist() == [n - 1, -1]


@given(ROWS)
def test_small_codes_are_combined_without_overflow(rows: list[tuple[int, int]]) -> None:
    first, second = two_codes(rows)
    found = combined((first, N_FIRST), (second, N_SECOND))
    assert found.dtype == code_type(N_FIRST * N_SECOND)
    assert found.tolist() == [-1 if min(row) < 0 else row[0] * N_SECOND + row[1] for row in rows]


@given(ROWS)
def test_rows_are_tallied_by_all_parts(rows: list[tuple[int, int]]) -> None:
    first, second = two_codes(rows)
    expected = np.zeros((N_FIRST, N_SECOND), dtype=np.int64)
    for row in rows:
        if min(row) >= 0:
            expected[row] += 1
    np.testing.assert_array_equal(tallied((first, N_FIRST), (second, N_SECOND)), expected)


@given(ROWS)
def test_different_rows_are_in_order_missing_codes_first(rows: list[tuple[int, int]]) -> None:
    first, second = two_codes(rows)
    held, places = different_rows([(first, N_FIRST), (second, N_SECOND)], len(rows))
    assert list(map(tuple, held.tolist())) == sorted(set(rows))
    assert [tuple(held[place].tolist()) for place in places] == rows


@given(st.lists(st.integers(-1, 40), max_size=60), st.sampled_from([41, 2**23]))
def test_numbered_is_unique_with_its_inverse(cells: list[int], n_cells: int) -> None:
    present, places = numbered(np.array(cells, dtype=np.int64), n_cells)
    assert present.tolist() == sorted(set(cells) - {-1})
    assert looked_up(np.append(present, -1), places).tolist() == cells


@given(IDS)
def test_ids_are_repeated_where_pandas_says_so(values: list[object]) -> None:
    for ids in (pd.Series(values, dtype=object), pd.Series(values)):
        np.testing.assert_array_equal(repeated(ids), ids.duplicated())


def test_texts_of_the_same_hash_are_compared_as_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "_hashed", lambda ids: np.zeros(len(ids), dtype=np.uint64))
    ids = pd.Series(list("abcdeafgh"), dtype="str")
    assert np.flatnonzero(repeated(ids)).tolist() == [5]


@given(TEXTS, st.sampled_from(["str", "object", "category"]))
def test_values_become_codes_and_sorted_categories(values: list[str | None], kind: Any) -> None:
    column = pd.Series(values, dtype=object).astype(kind)
    places, different = coded(column)
    assert set(different) == set(values) - {None}
    named = categorical(places, different.tolist(), like=column)
    assert named.cat.categories.tolist() == sorted({text for text in values if text is not None})
    assert [None if pd.isna(name) else name for name in named] == values


def test_values_of_several_types_are_told_apart() -> None:
    places, different = coded(pd.Series([1, True, "1", 1.0, None, 1, [2], [2]], dtype=object))
    assert places.tolist() == [0, 1, 2, 3, -1, 0, 4, 4]
    assert list(map(repr, different)) == ["1", "True", "'1'", "1.0", "[2]"]


@pytest.mark.parametrize("wrong", [0, 3, 4, 9])
@pytest.mark.parametrize("kind", ["str", "category"])
def test_codes_of_many_rows_are_found_in_blocks(wrong: int, kind: Any) -> None:
    labels = pd.Series(list("abcabcabca"), index=range(5, 15))
    found = codes_of("class", labels.astype(kind), "cab")
    np.testing.assert_array_equal(found, [1, 2, 0] * 3 + [1])
    labels.iloc[wrong] = "d"
    with pytest.raises(InvalidInputError, match=f"Row {wrong} has the class 'd'"):
        codes_of("class", labels.astype(kind), "cab")
