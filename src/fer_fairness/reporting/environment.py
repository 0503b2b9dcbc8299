"""Where the templates of pages and cards are, and how they are filled."""

import re
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#$~])")


def markdown_escape(value: object) -> str:
    """A value as plain text inside Markdown: no markup, no HTML, no formula, no new line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))


@cache
def environment() -> Environment:
    """The templates of this package, where nothing may be missing.

    What is filled into HTML is escaped; into Markdown it is put by the filter `md`.
    """
    found = Environment(
        loader=PackageLoader("fer_fairness.reporting"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["md"] = markdown_escape
    return found
