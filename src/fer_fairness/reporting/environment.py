"""Where the templates of pages are, and how they are filled."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def environment() -> Environment:
    """The templates of this package; what is filled in is escaped, and nothing may be missing."""
    return Environment(
        loader=PackageLoader("fer_fairness.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
