"""The gym's findings for readers: tables in Markdown, and a heat map."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
from benchmarks.gym_findings import OUTCOMES, PARTS, Verdict
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.pipelines.variants.structure import BASELINE
from fer_fairness.reporting.figures import style
from fer_fairness.reporting.labels import variant_label

_GOOD: Final = (Verdict.NARROWS, Verdict.SERVES_BETTER)
_DEAR: Final = (Verdict.NARROWS_AT_A_COST,)
_BAD: Final = (Verdict.MIXED, Verdict.COSTS, Verdict.WIDENS)
_QUIET: Final = (Verdict.NOTHING, Verdict.CANNOT_TELL)
"""Verdicts whose methods are listed, not tabled."""
_GAPS: Final = {
    "accuracy_gap": "an accuracy gap",
    "balanced_accuracy_gap": "a gap of mean recall",
}
_DARK: Final = 0.07
"""From such a change on the ground is dark."""


def markdown(table: pd.DataFrame) -> str:
    """The findings in Markdown, a section for each bias and attribute, in points.

    Methods that do nothing, or of which nothing can be told, are named below the table. Intervals
    are of each change alone; bold is what is found after correction.
    """
    lines = []
    for (bias, attribute), rows in table.groupby(["bias", "attribute"], sort=False):
        first = rows.iloc[0]
        parts = ("control_gap", "control_gap_ci_low", "control_gap_ci_high")
        gap, low, high = (100 * float(first[part]) for part in parts)
        control = f"{_GAPS[first['gap_metric']]} of {gap:.1f} points ({low:.1f} to {high:.1f})"
        size = f"{first['n_faces']:,} test faces"
        told_so = f"Methods are told {first['groups_told']} faces"
        lines += [
            f"## {bias}: {first['planted'] or 'nothing planted'}, by {attribute}",
            "",
            f"Under continued training: {control}. {first['n_seeds']} seeds, {size}. {told_so}.",
            _detectable(rows),
            "",
            f"**{recommendation(rows)}**",
            "",
        ]
        lines += _table(rows[~rows["verdict"].isin(_QUIET)])
        for verdict in _QUIET:
            quiet = sorted(rows.loc[rows["verdict"] == verdict, "variant"].map(variant_label))
            if quiet:
                lines += [f"{verdict.capitalize()} ({len(quiet)}): {', '.join(quiet)}.", ""]
    return "\n".join(lines)


def _table(rows: pd.DataFrame) -> list[str]:
    """Lines of a table with a row for each method; none where there are no rows."""
    if rows.empty:
        return []
    lines = [
        f"| method | {' | '.join(OUTCOMES.values())} | verdict | settings chosen |",
        "|---|---|---|---|---|---|",
    ]
    for _, row in rows.iterrows():
        cells = [_in_points(row, outcome) for outcome in OUTCOMES]
        settings = row["settings"].replace("fine_tuning.training.", "") or "its own"
        told = [variant_label(row["variant"]), *cells, row["verdict"], settings]
        lines.append(f"| {' | '.join(told)} |")
    return [*lines, ""]


def _detectable(rows: pd.DataFrame) -> str:
    """The smallest changes that would have been found, in the median over methods."""
    smallest = [
        f"{100 * rows[f'{outcome}_minimum_detectable'].median():.1f} of {label.lower()}"
        for outcome, label in OUTCOMES.items()
    ]
    told = ", ".join(smallest)
    return f"Found in 8 of 10 such studies would be a change of {told} (points; median of methods)."


def recommendation(rows: pd.DataFrame) -> str:
    """Which methods to take against a bias and which not, by its rows of the findings.

    The baseline is none.
    """
    rows = rows[rows["variant"] != BASELINE]

    def named(verdicts: Iterable[Verdict]) -> list[str]:
        by_verdict = {
            verdict: rows.loc[rows["verdict"] == verdict, "variant"].map(variant_label)
            for verdict in verdicts
        }
        return [f"{', '.join(of)} ({verdict})" for verdict, of in by_verdict.items() if len(of)]

    narrows = rows["verdict"].isin([Verdict.NARROWS, Verdict.NARROWS_AT_A_COST]).any()
    take = named(_GOOD) or ["nothing that was tried"]
    return " ".join(
        [
            *([] if narrows else ["No method is found to narrow the gap."]),
            f"Recommended: {'; '.join(take)}.",
            *(f"To be weighed: {'; '.join(some)}." for some in [named(_DEAR)] if some),
            *(f"Advised against: {'; '.join(harmful)}." for harmful in [named(_BAD)] if harmful),
        ]
    )


def _in_points(row: pd.Series, outcome: str) -> str:
    change, low, high = (_points(row[f"{outcome}_{part}"]) for part in PARTS[:3])
    bold = "**" if row[f"{outcome}_found"] else ""
    return f"{bold}{change}{bold} ({low} to {high})"


def _points(share: float) -> str:
    """A difference of shares in points: "+1.2"; none is "+0.0", whatever it was rounded from."""
    return f"{round(100 * share, 1) + 0.0:+.1f}"


def heat_map(table: pd.DataFrame) -> Figure:
    """Methods against biases, a panel an outcome: changes in points, bold where found.

    Purple is better than continued training, orange worse. Colours end at 10 points.
    """
    names = table["bias"] + np.where(
        table.groupby("bias")["attribute"].transform("nunique") > 1, " " + table["attribute"], ""
    )
    columns, variants = list(names.unique()), sorted(table["variant"].unique())
    height = 1.3 + 0.19 * len(variants)
    figure = style.new_figure(style.WIDTH, height)
    panels = style.panel_grid(figure, len(OUTCOMES), columns=len(OUTCOMES), share="both")
    for panel, (outcome, title) in zip(panels, OUTCOMES.items(), strict=True):
        _draw(panel, table.assign(column=names), outcome, variants, columns)
        style.quiet(panel, title=title)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        labels = [style.literal(name.replace("_", " ")) for name in columns]
        panel.set_xticks(range(len(columns)), labels, rotation=40, ha="right")
        panel.set_yticks(range(len(variants)), [style.literal(variant_label(v)) for v in variants])
    return figure


def _draw(
    panel: Axes, table: pd.DataFrame, outcome: str, variants: list[str], columns: list[str]
) -> None:
    shown = table.pivot_table(index="variant", columns="column", values=f"{outcome}_change")
    better = -1.0 if outcome == "gap" else 1.0
    values = 100 * shown.reindex(index=variants, columns=columns).to_numpy(dtype=float)
    panel.imshow(better * values, cmap="PuOr", vmin=-10, vmax=10, aspect="auto")
    for _, row in table.iterrows():
        if not np.isfinite(row[f"{outcome}_change"]):
            continue
        panel.text(
            columns.index(row["column"]),
            variants.index(row["variant"]),
            _points(row[f"{outcome}_change"]),
            ha="center",
            va="center",
            fontsize=style.SMALL_SIZE - 1.5,
            fontweight="bold" if row[f"{outcome}_found"] else "normal",
            color=style.INK if abs(row[f"{outcome}_change"]) < _DARK else "white",
        )
