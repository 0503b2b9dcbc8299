"""How somebody's file was read: which column was taken as what, and what was noticed."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from fer_fairness.reporting.results import Json, as_json
from fer_fairness.reporting.sections.blocks import Block, Heading, Pairs, Section, absent
from fer_fairness.reporting.tables import MISSING
from fer_fairness.reporting.words import attribute_label

_MOST_LISTED: Final = 20
_NAMES: Final = MappingProxyType(
    {
        "sha256": "SHA-256",
        "n_rows": "Rows",
        "columns": "Which column is what",
        "true": "True emotion",
        "predicted": "Predicted emotion",
        "sample_id": "Sample",
        "codes": "Integer codes",
        "n_by_class": "Faces by true emotion",
        "n_without_group": "Faces without a group",
    }
)


def reading_section(manifest: Mapping[str, object]) -> Section:
    """What `manifest["reading"]` tells of an audited file.

    Args:
        manifest: Its `reading` may have any keys: a mapping (role to column, or columns) becomes a
            list of pairs under its name, and what is plain (the file's name, its sha256) stands
            first. Its `notes` are left to the top of the page, where the report's notes stand.

    Returns:
        The section; a sentence where nothing is known.
    """
    reading = as_json(manifest.get("reading"))
    if not isinstance(reading, dict) or not reading:
        return _section([absent("How the predictions were read was not recorded.")])
    plain = {
        key: value
        for key, value in reading.items()
        if key != "notes" and not isinstance(value, dict)
    }
    blocks: list[Block] = []
    if plain:
        blocks.append(_pairs(plain, _words))
    for key, value in reading.items():
        if isinstance(value, dict) and value:
            names = _KEYS.get(key, str)
            blocks += [Heading(_words(key)), _pairs(value, names)]
    return _section(blocks)


def _section(blocks: list[Block]) -> Section:
    return Section("reading", "How the predictions were read", blocks)


def _pairs(values: Mapping[str, Json], names: Callable[[str], str]) -> Pairs:
    return Pairs(tuple((names(key), _shown(value)) for key, value in values.items()))


def _shown(value: Json) -> str:
    """A value as text; a column with how it was chosen behind it: "y_true (guessed)"."""
    if value is None or value in ("", [], {}):
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        more = len(value) - _MOST_LISTED
        text = ", ".join(_shown(item) for item in value[:_MOST_LISTED])
        return f"{text} and {more:,} more" if more > 0 else text
    if isinstance(value, dict):
        columns = value.get("column", value.get("columns"))
        if columns is not None and set(value) <= {"column", "columns", "by"}:
            return f"{_shown(columns)} ({_shown(value.get('by'))})"
        return "; ".join(f"{key}: {_shown(item)}" for key, item in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def _words(key: str) -> str:
    words = _NAMES.get(key, key.replace("_", " "))
    return words[:1].upper() + words[1:]


_KEYS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"columns": _words, "n_without_group": attribute_label}
)
"""How keys are shown of what is keyed by our words or by attributes; other keys are the file's."""
