"""One look for every figure: colours that colour-blind readers tell apart, quiet axes, inches.

Colours: Okabe and Ito 2008 for variants, cividis (Nunez et al. 2018) for counts. Marks differ in
shape as well as in colour, so that a black-and-white print still tells variants apart.
"""

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from fer_fairness.reporting.labels import capitalised, cut_in_middle

WIDTH: Final = 9.2
"""Width of a full-width figure in inches: the text column of the page at 72 points an inch."""

INK: Final = "#222222"
QUIET: Final = "#6b6b6b"
FAINT: Final = "#e4e4e4"
CHANCE: Final = "#d9d9d9"
SEEN: Final = "#56B4E9"
BEFORE: Final = "#56B4E9"
ADDED: Final = "#D55E00"
BLUE: Final = "#0072B2"

POINTED_AT: Final = "pointed-at:"
"""What the ids of marks begin with that say something."""

_LONGEST: Final = 40
_NOTEBOOK_DPI: Final = 110

TEXT_SIZE: Final = 8.5
SMALL_SIZE: Final = 7.5
"""Points. A phone shows full-width figures at 800 pixels: these letters at 9. Smaller ones are for
half figures alone."""

LEGEND: Final[Mapping[str, Any]] = MappingProxyType(
    {"frameon": False, "fontsize": SMALL_SIZE, "labelcolor": QUIET}
)
"""How every legend looks."""

_COLOURS: Final = ("#222222", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS: Final = ("o", "s", "D", "^", "v", "P", "X")


_CONTRAST: Final = 4.5
"""Of text on white: WCAG 2.2, success criterion 1.4.3."""


def for_text(colour: str) -> str:
    """A colour darkened until text in it can be read on white, as #rrggbb."""
    red, green, blue = to_rgb(colour)
    while 1.05 / (_luminance(red, green, blue) + 0.05) < _CONTRAST:
        red, green, blue = 0.97 * red, 0.97 * green, 0.97 * blue
    return to_hex((red, green, blue))


def _luminance(*rgb: float) -> float:
    """Relative luminance of red, green and blue in [0, 1] as sRGB has them (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return sum(
        weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )


@dataclass(frozen=True)
class Mark:
    """How estimates of one kind are drawn: of one variant, or by one method."""

    colour: str
    marker: str
    size: float = 5.0
    width: float = 1.3
    filled: bool = True
    alpha: float = 1.0


def marks(variants: Sequence[str]) -> dict[str, Mark]:
    """A mark for each variant, by its place: the first (the baseline) is dark and round."""
    return {
        variant: Mark(_COLOURS[place % len(_COLOURS)], _MARKERS[place % len(_MARKERS)])
        for place, variant in enumerate(variants)
    }


class ShownFigure(Figure):
    """A figure that a notebook shows as a picture, whether or not it has loaded pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=_NOTEBOOK_DPI)
        return buffer.getvalue()


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of `width` by `height` inches that lays its axes out by itself."""
    figure = ShownFigure(figsize=(width, height), dpi=72, layout="constrained", facecolor="white")
    figure.set_layout_engine("constrained", w_pad=0.06, h_pad=0.06, wspace=0.03, hspace=0.05)
    return figure


def panel_grid(
    figure: Figure, n_panels: int, *, columns: int, share: Literal["x", "y", "both"]
) -> list[Axes]:
    """So many panels in rows of at most `columns`, which share one axis or both."""
    columns = min(columns, n_panels)
    grid = figure.subplots(
        -(-n_panels // columns),
        columns,
        squeeze=False,
        sharex=share in ("x", "both"),
        sharey=share in ("y", "both"),
    )
    panels = list(grid.ravel())
    for panel in panels[n_panels:]:
        panel.remove()
    return panels[:n_panels]


def message_figure(sentence: str) -> Figure:
    """A small figure that only says why there is nothing to draw."""
    figure = new_figure(WIDTH / 2, 0.8)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.text(
        0.5, 0.5, unparsed(sentence), ha="center", va="center", color=QUIET, fontsize=TEXT_SIZE
    )
    return figure


def quiet(axes: Axes, *, title: str = "", grid: str = "") -> None:
    """Strip an axes to what is needed: no box, small dark labels, an optional faint grid."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(QUIET)
        axes.spines[side].set_linewidth(0.6)
    axes.tick_params(labelsize=SMALL_SIZE, colors=INK, width=0.6, length=3)
    axes.set_axisbelow(True)
    if grid in ("x", "y", "both"):
        axes.grid(visible=True, axis=grid, color=FAINT, linewidth=0.6)  # type: ignore[arg-type]
    if title:
        # A fixed height: matplotlib would measure every label to find one, which takes seconds.
        axes.set_title(title, fontsize=TEXT_SIZE, color=INK, loc="left", fontweight="bold", y=1.0)


def label_axes(axes: Axes, *, x: str = "", y: str = "") -> None:
    """Name the two axes in the figure's small type."""
    axes.set_xlabel(unparsed(x), fontsize=SMALL_SIZE, color=INK)
    axes.set_ylabel(unparsed(y), fontsize=SMALL_SIZE, color=INK)


def literal(text: str) -> str:
    """`text` as matplotlib shall draw it: one line, cut in its middle where long, no formula."""
    return unparsed(cut_in_middle(text, _LONGEST))


def unparsed(text: str) -> str:
    """`text` as matplotlib shall draw it, however long: no dollar a formula, nothing unprintable.

    A label that begins with an underscore would be left out of a legend.
    """
    plain = "".join(char if char.isprintable() else " " for char in text)
    return (" " + plain if plain.startswith("_") else plain).replace("$", r"\$")


@contextmanager
def any_letters() -> Iterator[None]:
    """Draw names in any script: of a letter that the font lacks a box is drawn, without warnings.

    In the SVG of a page text stays text, and the reader's fonts are used.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def draw_estimates(
    axes: Axes,
    places: Sequence[float],
    estimates: Sequence[tuple[float, float, float]],
    mark: Mark,
    *,
    scale: float = 100.0,
    with_intervals: bool = True,
    told: Sequence[str] = (),
) -> None:
    """Values with their intervals across the rows of a plot.

    Args:
        axes: Where to draw.
        places: Heights of the rows.
        estimates: Value, lower and upper bound of each; what is missing is not drawn.
        mark: How to draw them.
        scale: What values are multiplied by: 100 makes percent and points.
        with_intervals: Whether the intervals are drawn.
        told: What each value says when it is pointed at.
    """
    values, low, high = scale * np.array(estimates).reshape(-1, 3).T
    if with_intervals:
        axes.hlines(places, low, high, color=mark.colour, linewidth=mark.width, alpha=mark.alpha)
    at_once = [([value], [place]) for value, place in zip(values, places, strict=True)]
    for across, along in at_once if told else [(values, places)]:
        axes.plot(
            across,
            along,
            marker=mark.marker,
            markersize=mark.size,
            color=mark.colour,
            markerfacecolor=mark.colour if mark.filled else "white",
            alpha=mark.alpha,
            linestyle="none",
            clip_on=False,
            zorder=3,
        )
    for line, text in zip(axes.lines[len(axes.lines) - len(told) :], told, strict=True):
        tell_when_pointed_at(line, text)


def tell_when_pointed_at(artist: Artist, text: str) -> None:
    """Have a browser show a text where the pointer rests on a mark (`svg.with_titles`)."""
    # An attribute with double quotes in it would be written in single ones.
    artist.set_gid(POINTED_AT + text.replace('"', "'"))


def add_legend(figure: Figure, marks_by_label: Mapping[str, Mark], *, columns: int) -> None:
    """A legend of marks above a figure."""
    constrained = isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine)
    handles = [
        Line2D(
            [],
            [],
            color=mark.colour,
            marker=mark.marker,
            markersize=mark.size,
            markerfacecolor=mark.colour if mark.filled else "white",
            linewidth=mark.width,
            label=literal(label),
        )
        for label, mark in marks_by_label.items()
    ]
    figure.legend(
        handles=handles,
        loc="outside upper left" if constrained else "upper left",
        ncols=min(columns, len(handles)),
        borderaxespad=0.1,
        **LEGEND,
    )


def separate_rows(axes: Axes, n_rows: int) -> None:
    """Faint lines between the rows of a plot."""
    axes.hlines(
        [place - 0.5 for place in range(1, n_rows)],
        0,
        1,
        transform=axes.get_yaxis_transform(),
        color="#f0f0f0",
        linewidth=0.6,
    )


def forest_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Name the rows of a plot that reads from top to bottom, without an axis line."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def tell_at_right(axes: Axes, place: float, text: str, *, strong: bool) -> None:
    """A small text at the right end of a row, dark where `strong`."""
    axes.annotate(
        text,
        (1.0, place),
        xycoords=axes.get_yaxis_transform(),
        ha="left",
        va="center",
        fontsize=SMALL_SIZE,
        color=INK if strong else QUIET,
    )


def sentence_case(text: str) -> str:
    """`text` with its first letter in upper case, and ready for matplotlib."""
    return literal(capitalised(text))


def spread(positions: Sequence[float], *, apart: float) -> list[float]:
    """Move labels on a line to at least `apart` from one another, keeping their order.

    Args:
        positions: Where the labels would stand.
        apart: The least distance between two neighbours, in the same unit.

    Returns:
        The new positions, in the order given, centred on the old ones.
    """
    if not positions:
        return []
    order = sorted(range(len(positions)), key=lambda place: positions[place])
    moved = [positions[order[0]]]
    for place in order[1:]:
        moved.append(max(positions[place], moved[-1] + apart))
    shift = sum(moved) / len(moved) - sum(positions) / len(positions)
    result = [0.0] * len(positions)
    for place, position in zip(order, moved, strict=True):
        result[place] = position - shift
    return result
