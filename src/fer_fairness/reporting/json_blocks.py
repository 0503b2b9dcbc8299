"""Nested mappings of any shape as tables: data-quality reports and manifests differ in keys."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from fer_fairness.reporting import page
from fer_fairness.reporting.json_values import Json, as_json
from fer_fairness.reporting.labels import capitalised
from fer_fairness.reporting.number_text import MISSING, thousands

_MOST_ROWS: Final = 50
_MOST_UNFOLDED: Final = 8
_MOST_COLUMNS: Final = 9
_MOST_ITEMS: Final = 12
_MOST_LISTED: Final = 20


def nested_blocks(
    report: Mapping[str, object],
    *,
    title: str,
    counts: bool = True,
    results_name: str = "results.json",
) -> list[page.Block]:
    """A nested mapping as a list of plain facts, then one folded table for each inner part.

    Args:
        report: JSON-able values, nested as deep as they come.
        title: What the captions of the tables begin with.
        counts: Whether whole numbers are counts, with separators, or seeds and settings.
        results_name: The file that has the rows which a table leaves out.

    Returns:
        The blocks; none for an empty mapping.
    """
    values = as_json(report)
    if not isinstance(values, dict) or not values:
        return []
    plain = {key: value for key, value in values.items() if _is_plain(value)}
    blocks: list[page.Block] = []
    if plain:
        pairs = ((spelled(key), json_text(item, counts=counts)) for key, item in plain.items())
        blocks.append(page.Pairs(tuple(pairs)))
    for key, value in values.items():
        if key not in plain:
            table = _inner_table(value, caption=f"{title}: {spelled(key).lower()}", counts=counts)
            blocks.append(_capped(table, results_name))
    return blocks


def _inner_table(value: Json, *, caption: str, counts: bool) -> page.Table:
    lines = _as_records(value)
    if lines is None:
        lines = [{"entry": key, "value": item} for key, item in flat(value)]
    heads = {name: spelled(name) for line in lines for name in line}
    return page.table(caption, lines, page.columns(heads, partial(_cell, counts=counts)))


def _as_records(value: Json) -> list[dict[str, Json]] | None:
    """Rows of a table, where a list of mappings or a mapping of mappings has that shape."""
    if isinstance(value, dict):
        records = [{"": key, **item} for key, item in value.items() if isinstance(item, dict)]
    elif isinstance(value, list):
        records = [item for item in value if isinstance(item, dict)]
    else:
        return None
    width = len({column for record in records for column in record})
    flat = all(_is_plain(item) for record in records for item in record.values())
    regular = len(records) == len(value) and flat and 0 < width <= _MOST_COLUMNS
    return records if regular else None


def _capped(table: page.Table, results_name: str) -> page.Table:
    more = len(table.rows) - _MOST_ROWS
    caption = table.caption
    if more > 0:
        caption = f"{caption} (the first {_MOST_ROWS}; {more:,} more in {results_name})"
    folded = len(table.rows) > _MOST_UNFOLDED
    return replace(table, caption=caption, rows=table.rows[:_MOST_ROWS], folded=folded)


def flat(value: Json, prefix: str = "") -> list[tuple[str, Json]]:
    """What a nested value holds, each under the keys that lead to it; short lists stay whole."""
    if _is_plain(value) or not value:
        return [(prefix, value)]
    if isinstance(value, dict):
        items: Iterable[tuple[object, Json]] = value.items()
    else:
        items = enumerate(value if isinstance(value, list) else [value], start=1)
    return [
        pair
        for key, item in items
        for pair in flat(item, f"{prefix} › {key}" if prefix else str(key))  # noqa: RUF001
    ]


def _is_plain(value: Json) -> bool:
    if isinstance(value, dict):
        return not value
    if isinstance(value, list):
        return len(value) <= _MOST_ITEMS and all(not isinstance(x, (dict, list)) for x in value)
    return True


def _cell(value: Json, *, counts: bool) -> page.Cell:
    aligned = value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
    return page.Cell(json_text(value, counts=counts), numeric=aligned)


def json_text(value: Json, *, counts: bool = True) -> str:
    """A value as text; a column with how it was chosen behind it: "y_true (guessed)".

    Args:
        value: Any; a list is cut where it is long.
        counts: Whether whole numbers are counts, with separators, or seeds and settings.
    """
    if value is None or value in ("", [], {}):
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return thousands(value) if counts else str(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        more = len(value) - _MOST_LISTED
        text = ", ".join(json_text(item, counts=counts) for item in value[:_MOST_LISTED])
        return f"{text} and {more:,} more" if more > 0 else text
    if isinstance(value, dict):
        if "by" in value and set(value) <= {"column", "columns", "by"}:
            columns, by = value.get("column", value.get("columns")), json_text(value["by"])
            return by if columns is None else f"{json_text(columns)} ({by})"
        told = (f"{key}: {json_text(item, counts=counts)}" for key, item in value.items())
        return "; ".join(told)
    return value


def spelled(key: str) -> str:
    """`n_faces` as "N faces"."""
    return capitalised(key.replace("_", " "))
