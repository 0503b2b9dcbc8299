"""Rows as small whole numbers, and what is counted of them, some rows at a time.

An audit may have ten million rows. So no row has a text of its own, codes have the smallest type
that holds them, and whatever needs larger numbers is made of a block of rows at a time.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.errors import InvalidInputError

Codes: TypeAlias = npt.NDArray[np.signedinteger[Any]]
"""Whole numbers from 0, -1 where missing, of any type: `combined` makes one number of several."""

Labels: TypeAlias = Sequence[str] | npt.NDArray[np.str_] | npt.NDArray[np.object_] | pd.Series
Flags: TypeAlias = npt.NDArray[np.bool_]
Part: TypeAlias = tuple[Codes, int]
"""A code a row, and how many codes there are."""

_ROWS_AT_ONCE: Final = 2**18
_CELLS_LOOKED_UP: Final = 2**22


def blocks_of(n_rows: int) -> Iterator[slice]:
    """The rows, some at a time."""
    for start in range(0, n_rows, _ROWS_AT_ONCE):
        yield slice(start, min(start + _ROWS_AT_ONCE, n_rows))


def code_type(n_codes: int) -> np.dtype[np.signedinteger[Any]]:
    """The smallest signed type that holds codes below `n_codes`, and -1."""
    found: np.dtype[np.signedinteger[Any]] = np.min_scalar_type(-max(n_codes, 1))
    return found


def looked_up(values: npt.NDArray[Any], codes: Codes) -> npt.NDArray[Any]:
    """`values[codes]`, of the type of `values`; the last of them is that of missing codes.

    Args:
        values: One a code, and one for -1, shape (codes + 1,).
        codes: Shape (rows,).
    """
    found = np.empty(len(codes), dtype=values.dtype)
    for rows in blocks_of(len(codes)):
        found[rows] = values[codes[rows]]
    return found


def combined(*parts: Part) -> Codes:
    """One code of several, the last running fastest; -1 where one of them is missing.

    Args:
        parts: Codes of the same rows; the product of their numbers must be below 2**63.
    """
    codes = np.empty(len(parts[0][0]), dtype=code_type(prod(n for _, n in parts)))
    for rows in blocks_of(len(codes)):
        codes[rows] = _combined(parts, rows)
    return codes


def tallied(*parts: Part) -> npt.NDArray[np.int64]:
    """How many rows have each code of each part, int64, an axis a part.

    Rows where one of them is missing are left out.
    """
    shape = tuple(n for _, n in parts)
    counts = np.zeros(prod(shape), dtype=np.int64)
    for rows in blocks_of(len(parts[0][0])):
        cells = _combined(parts, rows)
        counts += np.bincount(cells[cells >= 0], minlength=len(counts))
    return counts.reshape(shape)


def _combined(parts: Sequence[Part], rows: slice) -> npt.NDArray[np.int64]:
    cells = parts[0][0][rows].astype(np.int64)
    missing = cells < 0
    for codes, n in parts[1:]:
        own = codes[rows]
        missing |= own < 0
        cells = cells * n + own
    cells[missing] = -1
    return cells


def numbered(cells: Codes, n_cells: int) -> tuple[Codes, Codes]:
    """The different codes, rising, and the place of each row's code among them.

    As `np.unique(cells, return_inverse=True)` of those not missing, which sorts and so needs
    several times the memory.

    Args:
        cells: Shape (rows,).
        n_cells: All codes are below.
    """
    if n_cells > _CELLS_LOOKED_UP:
        present, places = np.unique(cells, return_inverse=True)
        n_missing = int(np.searchsorted(present, 0))
        found = places.ravel() - n_missing
        return present[n_missing:], found.astype(code_type(len(present)))
    present = np.flatnonzero(tallied((cells, n_cells)))
    place = np.full(n_cells + 1, -1, dtype=code_type(len(present)))
    place[present] = np.arange(len(present))
    return present, looked_up(place, cells)


def different_rows(parts: Sequence[Part], n_rows: int) -> tuple[npt.NDArray[np.int64], Codes]:
    """The different rows of several codes, in order, and the place of each row among them.

    Args:
        parts: Codes of the same rows, missing ones too.
        n_rows: How many rows there are.

    Returns:
        int64, shape (different rows, parts), -1 where missing; and codes, shape (rows,).
    """
    places: Codes = np.zeros(n_rows, dtype=np.int8)
    held = np.zeros((min(n_rows, 1), 0), dtype=np.int64)
    for codes, n in parts:
        from_one = np.append(np.arange(1, n + 1), 0).astype(code_type(n + 1))
        both = combined((places, len(held)), (looked_up(from_one, codes), n + 1))
        found, places = numbered(both, len(held) * (n + 1))
        held = np.column_stack([held[found // (n + 1)], found % (n + 1) - 1])
    return held, places


def coded(column: pd.Series) -> tuple[Codes, pd.Series]:
    """The place of each row's value among the different values, -1 where missing; and these.

    Values of several types are told apart even where Python has them equal, as 1, True and 1.0.

    Returns:
        Codes, and the values that occur, in their own type.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = np.asarray(column.cat.codes)
        present, codes = numbered(codes, len(column.cat.categories))
        return codes, pd.Series(column.cat.categories[present])
    if pd.api.types.infer_dtype(column).startswith("mixed"):
        return _coded_by_text(column)
    different: dict[Any, int] = {}
    parts = [np.empty(0, dtype=np.int8)]
    for rows in blocks_of(len(column)):
        places, values = pd.factorize(column.iloc[rows])
        known = [different.setdefault(value, len(different)) for value in values]
        of_values = np.array([*known, -1], dtype=code_type(len(different)))
        parts.append(of_values[places])
    return np.concatenate(parts), pd.Series(list(different), dtype=column.dtype)


def _coded_by_text(column: pd.Series) -> tuple[Codes, pd.Series]:
    different: dict[tuple[type, str], int] = {}
    values: list[object] = []
    parts = [np.empty(0, dtype=np.int8)]
    for rows in blocks_of(len(column)):
        block = column.iloc[rows]
        found = np.full(len(block), -1, dtype=np.int64)
        for row in np.flatnonzero(block.notna()):
            value = block.iat[int(row)]
            found[row] = different.setdefault((type(value), str(value)), len(different))
            if len(different) > len(values):
                values.append(value)
        parts.append(found.astype(code_type(len(different))))
    return np.concatenate(parts), pd.Series(values, dtype=object)


def categorical(
    codes: Codes, texts: Sequence[str | None], *, like: pd.Series | None = None
) -> pd.Series:
    """Rows as categories: the different texts, sorted; None is missing.

    Args:
        codes: Shape (rows,), -1 where missing.
        texts: Of each code; several may have the same.
        like: Has the index and the name of the result.
    """
    names = sorted({text for text in texts if text is not None})
    place = {text: number for number, text in enumerate(names)}
    of_texts = [-1 if text is None else place[text] for text in texts]
    found = looked_up(np.array([*of_texts, -1], dtype=code_type(len(names))), codes)
    kind = pd.CategoricalDtype(pd.Index(names, dtype=object))
    values = pd.Categorical.from_codes(found, dtype=kind, validate=False)
    index, name = (None, None) if like is None else (like.index, like.name)
    return pd.Series(values, index=index, name=name, copy=False)


def places_in(labels: Labels, names: Sequence[str]) -> Codes:
    """Position of each label in `names`, -1 where it is none of them."""
    index = pd.Index(list(names), dtype=object)
    if isinstance(labels, pd.Series) and isinstance(labels.dtype, pd.CategoricalDtype):
        places = index.get_indexer(labels.cat.categories.astype(object))
        of_categories = np.append(places, -1).astype(code_type(len(index)))
        return looked_up(of_categories, np.asarray(labels.cat.codes))
    codes = np.empty(len(labels), dtype=code_type(len(index)))
    for rows in blocks_of(len(labels)):
        block = np.asarray(labels[rows], dtype=object)
        codes[rows] = index.get_indexer(pd.Index(block, dtype=object))
    return codes


def codes_of(
    what: str,
    labels: Labels,
    names: Sequence[str],
    *,
    rows: Labels | Codes | None = None,
    missing: bool = False,
) -> Codes:
    """Position of each label in `names`.

    Args:
        what: What a label is, for the message.
        labels: The labels.
        names: All that there are.
        rows: What the message calls the labels' rows; by default their number.
        missing: Whether labels may be missing: they have -1.

    Raises:
        InvalidInputError: If a label is none of the names.
    """
    codes = places_in(labels, names)
    absent = codes < 0
    if missing and absent.any():
        absent &= np.asarray(pd.Series(labels).notna())
    unknown = np.flatnonzero(absent)
    if unknown.size:
        first = int(unknown[0])
        row = first if rows is None else np.asarray(rows)[first]
        (found,) = np.asarray(labels[first : first + 1], dtype=object)
        raise InvalidInputError(
            f"Row {row} has the {what} {found!r}, expected one of "
            f"{', '.join(map(str, names))}; {unknown.size} rows are like it. Leave such rows out, "
            f"or name every {what} that occurs."
        )
    return codes


def repeated(ids: pd.Series) -> Flags:
    """Rows whose id stands in an earlier row, as `ids.duplicated()`, which keeps all texts.

    Texts are compared by a hash of 64 bits, and as texts only where two hashes are the same.
    """
    if isinstance(ids.dtype, pd.CategoricalDtype):
        ids = pd.Series(ids.cat.codes, copy=False)
    whole = pd.api.types.is_integer_dtype(ids) and isinstance(ids.dtype, np.dtype)
    if whole and _rising(ids.to_numpy()):
        return np.zeros(len(ids), dtype=bool)
    if not whole and pd.api.types.infer_dtype(ids) != "string":
        return np.asarray(ids.duplicated())
    hashes = np.empty(len(ids), dtype=np.uint64)
    for rows in blocks_of(len(ids)):
        hashes[rows] = _hashed(ids.iloc[rows])
    hashes.sort()
    suspect = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    found = np.zeros(len(ids), dtype=bool)
    if suspect.size:
        for rows in blocks_of(len(ids)):
            found[rows] = np.isin(_hashed(ids.iloc[rows]), suspect)
        places = np.flatnonzero(found)
        found[places] = ids.iloc[places].duplicated()
    return found


def _rising(values: npt.NDArray[Any]) -> bool:
    blocks = (values[max(rows.start - 1, 0) : rows.stop] for rows in blocks_of(len(values)))
    return all(bool((block[1:] > block[:-1]).all()) for block in blocks)


def _hashed(ids: pd.Series) -> npt.NDArray[np.uint64]:
    values = ids.to_numpy() if isinstance(ids.dtype, np.dtype) else ids.to_numpy(dtype=object)
    return pd.util.hash_array(values, categorize=False)
