"""How often an audit finds a gap, by the number of faces of the group that is served worse."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from scipy.interpolate import pchip_interpolate

from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.reporting.figures import style
from fer_fairness.reporting.labels import cut_in_middle, group_label
from fer_fairness.reporting.number_text import thousands

_LETTERS: Final = 112
"""That fit on a line of the figure."""

_POINTS: Final = 120
"""Of which a line is made."""

_LABELLED: Final = (0.62, 0.5, 0.4, 0.3)
"""Powers at which the lines bear their gap, the first that a line reaches."""


def power_figure(power: pd.DataFrame, plan: Mapping[str, Any]) -> Figure:
    """A line for each gap, the gap asked for in colour and the plan marked on it.

    Args:
        power: Columns gap, n_faces, n_faces_of_group, power.
        plan: As `Plan.record` tells it.

    Returns:
        A full-width figure. Below is the number of faces of the harmed group, above of all groups;
        both rise by factors.
    """
    figure = style.new_figure(style.WIDTH, 4.4)
    axes = figure.subplots()
    style.quiet(axes, grid="both")
    for gap in power["gap"].unique().tolist():
        asked = bool(np.isclose(gap, plan["gap"]))
        faces, found = _line(power[power["gap"] == gap])
        _draw_line(axes, faces, found, gap, asked=asked)
        if asked:
            own = plan["n_faces_of_group"]
            _mark_plan(axes, plan, float(np.interp(np.log(own), np.log(faces), found)))
    wanted = plan["parameters"]["power"]
    axes.axhline(100 * wanted, color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    axes.set_xscale("log")
    axes.set_xlim(power["n_faces_of_group"].min(), power["n_faces_of_group"].max())
    axes.set_ylim(0, 102)
    ticks = _round_numbers(*axes.get_xlim())
    _label_numbers(axes, ticks, [thousands(tick) for tick in ticks])
    _add_all_faces(axes, plan["n_faces"] / plan["n_faces_of_group"])
    group = cut_in_middle(group_label(plan["harmed"]), 40)
    style.label_axes(
        axes, x=f"Faces of the group that is served worse ({group})", y="Audits of 100 that find it"
    )
    _write_above(figure, plan)
    return figure


def _line(power: pd.DataFrame) -> tuple[Array, Array]:
    """Faces of the harmed group and power in percent, at many points between those known."""
    power = power.drop_duplicates("n_faces_of_group")
    numbers = np.log(power["n_faces_of_group"].to_numpy(dtype=float))
    fine = np.linspace(numbers[0], numbers[-1], _POINTS)
    found = pchip_interpolate(numbers, power["power"].to_numpy(dtype=float), fine)
    return np.exp(fine), 100 * np.asarray(found)


def _draw_line(axes: Axes, faces: Array, found: Array, gap: float, *, asked: bool) -> None:
    colour = style.ADDED if asked else style.QUIET
    axes.plot(faces, found, color=colour, linewidth=2.0 if asked else 1.0, zorder=3 if asked else 2)
    heights = [100 * share for share in _LABELLED if found[0] < 100 * share < found[-1]]
    height = heights[0] if heights else float(found[len(found) // 2])
    place = np.exp(np.interp(height, found, np.log(faces)))
    axes.annotate(
        f"{100 * gap:.3g} points",
        (place, height),
        ha="center",
        va="center",
        fontsize=style.SMALL_SIZE,
        color=style.for_text(colour),
        fontweight="bold" if asked else "normal",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        zorder=4,
    )


def _mark_plan(axes: Axes, plan: Mapping[str, Any], height: float) -> None:
    """A point on its line, led down to where right of it no line is."""
    faces = plan["n_faces_of_group"]
    axes.plot([faces], [height], marker="o", markersize=7, color=style.ADDED, zorder=5)
    axes.vlines(faces, 0, height, color=style.ADDED, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.annotate(
        f"{thousands(faces)} of {thousands(plan['n_faces'])} faces",
        (faces, 0),
        xytext=(5, 6),
        textcoords="offset points",
        fontsize=style.TEXT_SIZE,
        color=style.INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        zorder=5,
    )


def _add_all_faces(axes: Axes, of_each: float) -> None:
    """A second scale above: faces of all groups, `of_each` for one of the harmed group."""

    def of_all(faces: Any) -> Any:  # noqa: ANN401  numbers of any kind
        return np.asarray(faces) * of_each

    def of_group(faces: Any) -> Any:  # noqa: ANN401
        return np.asarray(faces) / of_each

    above = axes.secondary_xaxis("top", functions=(of_all, of_group))
    low, high = axes.get_xlim()
    ticks = _round_numbers(low * of_each, high * of_each)
    _label_numbers(above, ticks, [thousands(tick) for tick in ticks])
    above.spines["top"].set_visible(False)
    above.tick_params(labelsize=style.SMALL_SIZE, colors=style.QUIET, width=0.6, length=3)
    above.set_xlabel("Faces of all groups", fontsize=style.SMALL_SIZE, color=style.QUIET)


def _label_numbers(axes: Any, ticks: Sequence[float], texts: Sequence[str]) -> None:  # noqa: ANN401
    by_tick = dict(zip(ticks, texts, strict=True))
    axes.xaxis.set_major_locator(FixedLocator(list(ticks)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: by_tick.get(tick, "")))


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, ... between two numbers."""
    tens = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    numbers = [step * 10.0**ten for ten in tens for step in (1, 2, 5)]
    return [number for number in numbers if low <= number <= high]


def _write_above(figure: Figure, plan: Mapping[str, Any]) -> None:
    lines = textwrap.wrap(style.unparsed(plan["sentence"]), _LETTERS)
    figure.suptitle(
        "\n".join(lines),
        x=0.01,
        ha="left",
        fontsize=style.TEXT_SIZE,
        fontweight="bold",
        color=style.INK,
    )
    figure.supxlabel(
        "\n".join(textwrap.wrap(style.unparsed(plan["assumptions"]), _LETTERS + 20)),
        x=0.01,
        ha="left",
        fontsize=style.SMALL_SIZE,
        color=style.QUIET,
    )
