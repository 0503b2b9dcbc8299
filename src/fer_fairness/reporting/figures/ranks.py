"""Critical-difference diagram: mean ranks, and bars that join what is not told apart."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.reporting.figures import style
from fer_fairness.reporting.number_text import first_few, number
from fer_fairness.reporting.rows.bench import RankRow

_INCH: Final = 0.165
"""Height of a line of text."""

_LANE: Final = 0.6
"""Height of a bar, in lines of text."""

_ABOVE: Final = 3.2
"""Lines above the axis."""

_FIRST: Final = 0.8
"""Height of the first bar below the axis, in lines."""

_SIDE: Final = 0.75
"""Room for names on either side of the axis, as a share of its length."""


def rank_figure(rows: Sequence[RankRow], *, critical_difference: float) -> Figure:
    """Mean ranks on a line, the best at its left end, with names on both sides.

    Args:
        rows: The ranks of one outcome.
        critical_difference: Nemenyi's, drawn as a scale above the line; NaN where there is none.

    Returns:
        A full-width figure. Two methods are not told apart exactly where a bar has dots of both.
        Behind each name stand its mean rank and, in brackets, the ranks that it may have.
    """
    if not rows:
        return style.message_figure("No methods were ranked.")
    ordered = sorted(rows, key=lambda row: row.mean_rank)
    lanes = _in_lanes(ordered)
    below = _FIRST + _LANE * len(lanes)
    lines = -(-len(ordered) // 2)
    figure = style.new_figure(style.WIDTH, _INCH * (_ABOVE + below + lines))
    axes = figure.subplots()
    axes.set_axis_off()
    length = max(len(ordered) - 1, 1)
    axes.set_xlim(1 - _SIDE * length, 1 + (1 + _SIDE) * length)
    axes.set_ylim(below + lines, -_ABOVE)
    _draw_axis(axes, len(ordered), critical_difference)
    _draw_names(axes, ordered, below)
    for lane, bars in enumerate(lanes):
        for bar in bars:
            places = [ordered[place].mean_rank for place in bar]
            heights = [_FIRST + _LANE * lane] * len(places)
            axes.plot(places, heights, color=style.BLUE, linewidth=2.0, alpha=0.75)
            axes.plot(places, heights, ".", color=style.BLUE, markersize=5, zorder=3)
    return figure


def rank_words(rows: Sequence[RankRow]) -> str:
    """What that figure shows: the mean ranks, the best first."""
    ordered = sorted(rows, key=lambda row: row.mean_rank)
    told = [
        f"{row.variant_label} {number(row.mean_rank, digits=1)} (may be {row.possible_ranks})"
        for row in ordered
    ]
    return f"Mean ranks: {'; '.join(first_few(told))}." if told else "No methods were ranked."


def joined(names: Sequence[str], alike: Mapping[str, Sequence[str]]) -> list[tuple[int, ...]]:
    """Few groups so that two members of a group are alike, and all that are alike share one.

    Args:
        names: In order.
        alike: For each name the others that it is not told apart from.

    Returns:
        Places of the members of each group, at least two. Where alikeness is nearness in order,
        these are the bars of the classical diagram. The fewest groups would take time that grows
        exponentially; these are found pair by pair, those that lie farthest apart first.
    """
    pairs = {
        (i, j)
        for i, j in combinations(range(len(names)), 2)
        if names[j] in alike[names[i]] or names[i] in alike[names[j]]
    }
    left, groups = set(pairs), []
    for first, last in sorted(pairs, key=lambda pair: (pair[0] - pair[1], pair)):
        if (first, last) not in left:
            continue
        group = [first, last]
        # Those between the two come first, so that bars are as full as they can be.
        for place in [*range(first + 1, last), *range(first), *range(last + 1, len(names))]:
            if all((min(place, one), max(place, one)) in pairs for one in group):
                group.append(place)
        group.sort()
        left -= set(combinations(group, 2))
        groups.append(tuple(group))
    return sorted(groups)


def _in_lanes(ordered: Sequence[RankRow]) -> list[list[tuple[int, ...]]]:
    """The bars, those that do not overlap in one lane."""
    names = [row.variant for row in ordered]
    lanes: list[list[tuple[int, ...]]] = []
    for bar in joined(names, {row.variant: row.alike for row in ordered}):
        start = ordered[bar[0]].mean_rank
        free = (lane for lane in lanes if ordered[lane[-1][-1]].mean_rank < start)
        lane = next(free, None)
        if lane is None:
            lanes.append([bar])
        else:
            lane.append(bar)
    return lanes


def _draw_axis(axes: Axes, n: int, critical_difference: float) -> None:
    """The line of ranks with its ticks, and Nemenyi's critical difference as a scale above it."""
    axes.plot([1, n], [0, 0], color=style.INK, linewidth=0.8)
    step = max(1, -(-n // 12))
    for rank in sorted({1, n, *range(step, n, step)}):
        axes.plot([rank, rank], [0, -0.3], color=style.INK, linewidth=0.8)
        if rank in (1, n) or min(rank - 1, n - rank) >= step / 2:
            _tell(axes, rank, -0.45, str(rank), "center", va="bottom")
    _tell(axes, 1 - 0.02 * n, 0, "Mean rank, best at the left", "right", colour=style.QUIET)
    if 0 < critical_difference < n - 1:
        start = n - critical_difference
        axes.plot([start, n], [-1.5, -1.5], color=style.QUIET, linewidth=1.6)
        text = f"Nemenyi's critical difference {number(critical_difference, digits=1)}"
        _tell(axes, n, -2.3, text, "right", colour=style.QUIET)


def _draw_names(axes: Axes, ordered: Sequence[RankRow], below: float) -> None:
    """Names of the better half at the left, of the others at the right, each led to its rank."""
    half = -(-len(ordered) // 2)
    low, high = axes.get_xlim()
    room = 0.004 * (high - low)
    edges = 1 - 0.03 * (high - low), len(ordered) + 0.03 * (high - low)
    for place, row in enumerate(ordered):
        at_left = place < half
        line = place if at_left else len(ordered) - 1 - place
        height, edge = below + line + 0.5, edges[0 if at_left else 1]
        strong = row.is_control
        axes.plot(
            [row.mean_rank, row.mean_rank, edge],
            [0, height, height],
            color=style.ADDED if strong else style.QUIET,
            linewidth=1.2 if strong else 0.5,
        )
        control = ", control" if strong else ""
        numbers = f"{number(row.mean_rank, digits=1)} [{row.possible_ranks}]"
        _tell(
            axes,
            edge - room if at_left else edge + room,
            height,
            f"{style.literal(row.variant_label)}{control}  {numbers}",
            "right" if at_left else "left",
            colour=style.for_text(style.ADDED) if strong else style.INK,
        )


def _tell(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    side: str,
    *,
    va: str = "center",
    colour: str = style.INK,
) -> None:
    axes.text(x, y, text, ha=side, va=va, fontsize=style.SMALL_SIZE, color=colour)
