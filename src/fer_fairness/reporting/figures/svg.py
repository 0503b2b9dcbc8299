"""Figures as SVG that can stand many in one HTML page: text stays text, nothing is fetched."""

import hashlib
import io
import re
from typing import Final

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from fer_fairness.reporting.figures.style import POINTED_AT, any_letters

_METADATA: Final = re.compile(r"\s*<metadata>.*?</metadata>", flags=re.DOTALL)
_NAMESPACES: Final = re.compile(r'\sxmlns(:\w+)?="[^"]*"')
_ID: Final = re.compile(r'\sid="([^"]+)"')
_NO_ID: Final = re.compile(r"[^A-Za-z0-9_-]")
_TOLD: Final = re.compile(rf'<g id="{POINTED_AT}([^"]*)">')
_REFERENCE: Final = re.compile(r'(?:url\(#|href="#)([^")]+)')


def inline_svg(figure: Figure, *, key: str, description: str) -> Markup:
    """Draw a figure as an `<svg>` element for an HTML page.

    Args:
        figure: What to draw.
        key: Unique in the page; prefixes the element ids, which would collide otherwise. What
            could end an attribute is left out of it: names of files are part of keys.
        description: What a reader who cannot see the figure is told.

    Returns:
        The element: no metadata, no date and no address, so the same figure gives the same text.
    """
    buffer = io.StringIO()
    looks = {"svg.fonttype": "none", "svg.hashsalt": "fer_fairness"}
    with mpl.rc_context(looks), any_letters():  # type: ignore[arg-type]
        # `Figure.savefig` would lay out and draw everything twice.
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = _METADATA.sub("", text)
    text = with_titles(_NAMESPACES.sub("", text).replace("xlink:href=", "href="))
    text = _with_own_ids(text, _plain(key))
    opening = f'<svg role="img" aria-label="{escape(description)}"'
    return Markup(text.replace("<svg", opening, 1))  # noqa: S704 -- matplotlib escapes its texts


def with_titles(text: str) -> str:
    """An SVG in which what `tell_when_pointed_at` said of a mark is its title."""
    return _TOLD.sub(r"<g><title>\1</title>", text)


def _plain(key: str) -> str:
    """A key of letters, digits and hyphens alone, another one for each key."""
    plain = _NO_ID.sub("-", key)
    return plain if plain == key else f"{plain}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _with_own_ids(text: str, key: str) -> str:
    """Prefix the ids that something refers to, drop the others."""
    used = set(_REFERENCE.findall(text))

    def renamed(match: re.Match[str]) -> str:
        return f' id="{key}-{match[1]}"' if match[1] in used else ""

    text = _ID.sub(renamed, text)
    return _REFERENCE.sub(lambda match: match[0].replace("#", f"#{key}-"), text)
