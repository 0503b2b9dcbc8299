"""The two figures of the first screen: the accuracy gap of each attribute, and who is behind it."""

from collections.abc import Sequence
from typing import Final

from matplotlib.figure import Figure

from fer_fairness.reporting.figures import style
from fer_fairness.reporting.figures.gaps import draw_gap
from fer_fairness.reporting.findings.gap_sentences import gap_words
from fer_fairness.reporting.glance import Sign, Statement
from fer_fairness.reporting.labels import capitalised, group_label
from fer_fairness.reporting.number_text import interval, percent, thousands
from fer_fairness.reporting.rows.scores import GroupRow

HEADLINE_GAPS_CAPTION: Final = (
    "Noise taken off. Grey: equal treatment; dotted: 8 audits of 10 find it; filled: found; "
    "diamond: in another metric; p: of this gap."
)
_WIDTH: Final = 5.3
_ROW: Final = 0.215
_MARK: Final = style.Mark(style.INK, "o")
_FOUND: Final = style.Mark("#B34700", "o")
_FOUND_ELSEWHERE: Final = style.Mark("#B34700", "D")
_MOST_GROUPS: Final = 9


def headline_gaps_figure(statements: Sequence[Statement]) -> Figure:
    """The accuracy gap of each attribute with its interval, half a row wide.

    Filled marks are differences found, diamonds where another metric than accuracy was. The grey
    bar reaches to equal treatment, the dotted line is what would be found in 8 audits of 10.
    """
    figure = style.new_figure(_WIDTH, 0.62 + _ROW * len(statements))
    panel = figure.subplots()
    style.quiet(panel, grid="x")
    style.label_axes(panel, x="Accuracy gap (percentage points)")
    panel.use_sticky_edges = False  # else a mark at zero touches the labels
    for place, statement in enumerate(statements):
        draw_gap(panel, statement.gap, place, _mark_of(statement))
    style.forest_rows(panel, [style.sentence_case(one.about) for one in statements])
    panel.set_xlim(left=min(0.0, panel.get_xlim()[0]))
    return figure


def _mark_of(statement: Statement) -> style.Mark:
    if statement.sign is not Sign.FOUND:
        return _MARK
    return _FOUND if statement.gap.found else _FOUND_ELSEWHERE


def headline_gaps_words(statements: Sequence[Statement]) -> str:
    """What that figure shows: "Accuracy gap. Perceived race: 12.7 points, interval ..."."""
    told = (f"{one.about}: {gap_words(one.gap)}" for one in statements)
    return f"Accuracy gap. {'; '.join(told)}."


def group_accuracy_figure(statement: Statement) -> Figure:
    """The accuracy of each group of one attribute with its 95 % interval, lowest first.

    Of many groups those at the ends.
    """
    groups = _shown(statement.groups)
    figure = style.new_figure(_WIDTH, 0.62 + _ROW * len(groups))
    panel = figure.subplots()
    style.quiet(panel, grid="x")
    style.label_axes(panel, x="Faces whose emotion is recognised (%)")
    estimates = [(group.value, group.ci_low, group.ci_high) for group in groups]
    told = [capitalised(_words(group)) for group in groups]
    style.draw_estimates(panel, list(range(len(groups))), estimates, _MARK, told=told)
    labels = [f"{group_label(group.group)} (n = {thousands(group.n_people)})" for group in groups]
    style.forest_rows(panel, [style.sentence_case(label) for label in labels])
    return figure


def group_accuracy_words(statement: Statement) -> str:
    """What that figure shows: each group with its accuracy and interval, lowest first."""
    told = "; ".join(map(_words, _shown(statement.groups)))
    return f"Accuracy, {statement.about}: {told}."


def _words(group: GroupRow) -> str:
    """One group: "Black 87.4 %, interval 83.5 to 90.5, n = 349"."""
    bounds = interval(group.ci_low, group.ci_high, scale=100, digits=1)
    size = thousands(group.n_people)
    return f"{group_label(group.group)} {percent(group.value)}, interval {bounds}, n = {size}"


def _shown(groups: Sequence[GroupRow]) -> list[GroupRow]:
    ordered = sorted(groups, key=lambda group: group.value)
    if len(ordered) <= _MOST_GROUPS:
        return ordered
    half = _MOST_GROUPS // 2
    return [*ordered[: _MOST_GROUPS - half], *ordered[-half:]]
