"""Templates of the report and the model card: whatever is filled in is escaped."""

import re
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#$~])")


def markdown_escape(value: object) -> str:
    """A value as plain text inside Markdown: no markup, no HTML, no formula, no new line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))


@cache
def template(name: str) -> Template:
    """A template of `reporting/templates`; what is filled into one of HTML is escaped.

    Into one of Markdown values are to be put by the filter `md`.
    """
    environment = Environment(
        loader=PackageLoader("fer_fairness.reporting"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["md"] = markdown_escape
    return environment.get_template(name)
