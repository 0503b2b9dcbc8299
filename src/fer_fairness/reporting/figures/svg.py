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
_TAG: Final = re.compile(r"(?:\n\s*)?<[^>]+>")
_DIGITS: Final = re.compile(r"(\.\d\d)\d+")
_TOLD: Final = re.compile(rf'<g id="{POINTED_AT}([^"]*)">')
_IDLE: Final = re.compile(r' font-family: [^;]*;| transform="rotate\(-0 [^)]*\)"|<g/>')
"""A quarter of a figure: fonts, which the page's style sets, turns by nothing, empty groups."""

_REFERENCE: Final = re.compile(r'(?:url\(#|href="#)([^")]+)')


def inline_svg(figure: Figure, *, key: str, description: str) -> Markup:
    """Draw a figure as an `<svg>` element for an HTML page.

    Args:
        figure: What to draw.
        key: Unique in the page; its hash prefixes the element ids, which would collide otherwise.
        description: What a reader who cannot see the figure is told.

    Returns:
        The element: no metadata, no date and no address, so the same figure gives the same text;
        places to a hundredth of a pixel.
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
    text = _with_own_ids(text, "f" + hashlib.sha256(key.encode()).hexdigest()[:8])
    text = _TAG.sub(lambda tag: _small(" ".join(tag[0].split())), text)
    opening = f'<svg role="img" aria-label="{escape(description)}"'
    return Markup(text.replace("<svg", opening, 1))  # noqa: S704 -- matplotlib escapes its texts


def _small(tag: str) -> str:
    return _IDLE.sub("", _DIGITS.sub(r"\1", tag))


def with_titles(text: str) -> str:
    """An SVG in which what `tell_when_pointed_at` said of a mark is its title."""
    return _TOLD.sub(r"<g><title>\1</title>", text)


def _with_own_ids(text: str, key: str) -> str:
    """Prefix the ids that something refers to, drop the others."""
    used = set(_REFERENCE.findall(text))

    def renamed(match: re.Match[str]) -> str:
        return f' id="{key}-{match[1]}"' if match[1] in used else ""

    text = _ID.sub(renamed, text)
    return _REFERENCE.sub(lambda match: match[0].replace("#", f"#{key}-"), text)
