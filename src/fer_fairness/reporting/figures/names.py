"""What figures are called: in the page, and as files."""

import hashlib
import re
from typing import Final

from fer_fairness.fairness.group_names import attribute_parts

_PLAIN: Final = re.compile(r"[a-z0-9_]{1,40}")
_LONGEST: Final = 30


def figure_name(kind: str, *of: str | None) -> str:
    """A name that is the same in every run: `recalls-raf_db-gender-race-annotated`.

    Args:
        kind: What is drawn.
        of: Names of what it is drawn of, from whatever file; attributes may be intersections. What
            is None is left out.

    Returns:
        Lower-case letters, digits, underscores and hyphens. A name that has others is followed by
        eight digits of its hash, so that two that differ stay two.
    """
    parts = (part for name in of if name is not None for part in attribute_parts(name))
    return "-".join([kind, *map(_plain, parts)])


def _plain(name: str) -> str:
    name = name.strip()
    if _PLAIN.fullmatch(name):
        return name
    letters = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:_LONGEST]
    digits = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{letters}_{digits}" if letters else digits
