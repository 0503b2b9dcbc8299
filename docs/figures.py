"""Draws the figures of the pages under `docs/explanation`, from people made up here.

    make figures

Every figure is what the project's own statistics give of drawn predictions whose truth is known.
Same code, same figure: everything is drawn from fixed seeds. Some 20 seconds on one core.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from drawn_people import EMOTIONS, HARMED, labelled, people, variants
from fer_fairness import audit
from fer_fairness.fairness import GAP_METRICS, Audience, changes, compare_over_seeds
from fer_fairness.fairness.comparisons.bench import bench
from fer_fairness.fairness.counts import GroupCounts, group_counts
from fer_fairness.fairness.inference.draws import permutation_counts
from fer_fairness.fairness.inference.gap_intervals import noise_corrected
from fer_fairness.fairness.label_noise import label_noise
from fer_fairness.fairness.metrics.formulas import values_of
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.reporting.figures import style
from fer_fairness.reporting.figures.fronts import front_figure
from fer_fairness.reporting.rows.bench import FrontRow
from fer_fairness.reporting.rows.schema import rows_of

FOLDER: Final = Path(__file__).parent / "images/explanation"
PARAMS: Final = InferenceParameters(n_bootstrap=1000, n_permutations=1000)
ACCURACY_GAP: Final = GAP_METRICS["accuracy_gap"]
DRAWS: Final = 30
LOOKED_AT: Final = (
    "any_difference",
    "accuracy_gap",
    "worst_group_accuracy",
    "equal_opportunity_gap",
    "equalized_odds_gap",
    "recall_dispersion",
)
FOUND: Final = "difference found"


def counted(frame: pd.DataFrame) -> GroupCounts:
    """The counts that metrics are made of."""
    columns = (frame["emotion"], frame["predicted_emotion"], frame["group"])
    return group_counts(*columns, classes=EMOTIONS)


def gap_above_chance() -> Figure:
    """Gaps as counted, and without what noise adds, over the number of people."""
    figure = style.new_figure(style.WIDTH, 2.8)
    panels = figure.subplots(1, 2, sharey=True)
    sizes = (150, 300, 600, 1200, 2400, 4800)
    five = dict.fromkeys("abcde", 0.2)
    for panel, loss in zip(panels, (0.0, 0.08), strict=True):
        means = []
        for n in sizes:
            counts = [counted(people(n, seed, groups=five, loss=loss)) for seed in range(DRAWS)]
            raw = [values_of([ACCURACY_GAP], one.counts)[0] for one in counts]
            without = [noise_corrected(one, [ACCURACY_GAP], n=200, seed=0)[0] for one in counts]
            means.append((100 * np.mean(raw), 100 * np.mean(without)))
        title = f"One of five groups loses {100 * loss:.0f} points" if loss else "Nobody differs"
        style.quiet(panel, title=title, grid="y")
        style.label_axes(
            panel, x="People in five groups", y=f"Accuracy gap, mean of {DRAWS} draws (points)"
        )
        panel.axhline(100 * loss, color=style.QUIET, linewidth=0.8, linestyle="dotted")
        counted_line, without_line = np.array(means).T
        panel.plot(sizes, counted_line, color=style.ADDED, marker="o", label="as counted")
        panel.plot(sizes, without_line, color=style.BLUE, marker="D", label="noise taken off")
        panel.set_xscale("log")
        panel.set_xticks(sizes, [f"{n:,}" for n in sizes])
        panel.minorticks_off()
    panels[1].set_ylabel("")
    panels[0].legend(**style.LEGEND)
    return figure


def shuffles() -> Figure:
    """What shuffled groups give, beside what was measured: groups with alike and other emotions."""
    figure = style.new_figure(style.WIDTH, 2.6)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    three = {"a": 0.4, "b": 0.4, HARMED: 0.2}
    hard = (0.25, 0.35, 0.1, 0.1, 0.2)
    cases = {
        "Treated worse, same emotions": people(1200, 3, groups=three, loss=0.12),
        "Treated alike, harder emotions": people(1200, 3, groups=three, shares_of_harmed=hard),
    }
    for panel, (title, frame) in zip(panels, cases.items(), strict=True):
        counts = counted(frame).counts
        drawn = permutation_counts(counts, 4000, seed=0)
        null = 100 * values_of([ACCURACY_GAP], drawn)[0]
        measured = 100 * float(values_of([ACCURACY_GAP], counts)[0])
        style.quiet(panel, title=title)
        panel.hist(null, bins=50, color=style.CHANCE)
        panel.axvline(measured, color=style.ADDED, linewidth=1.5)
        share = (1 + (null >= measured).sum()) / (1 + len(null))
        told = f"measured\n{measured:.1f} points\np = {share:.2g}"
        panel.annotate(
            told,
            (measured, 0.97),
            xycoords=panel.get_xaxis_transform(),
            xytext=(-5, 0),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=style.SMALL_SIZE,
            color=style.ADDED,
        )
        style.label_axes(panel, x="Accuracy gap (points)", y="Shuffles of 4,000")
    panels[1].set_ylabel("")
    return figure


def verdicts() -> Figure:
    """P-values of one audit before and after the correction for everything that was tested."""
    frame = people(1500, 4, groups={"a": 0.4, "b": 0.4, HARMED: 0.2}, loss=0.15)
    generator = np.random.default_rng(1)
    harmless = ["glasses", "hair", "place"]
    frame[harmless] = generator.choice(["x", "y", "z"], (len(frame), len(harmless)))
    table = audit(
        frame,
        y_true="emotion",
        y_pred="predicted_emotion",
        attributes=["group", *harmless],
        n_bootstrap=200,
        n_permutations=4000,
    ).table
    looked_at = table[table["metric"].isin(LOOKED_AT)]
    figure = style.new_figure(style.WIDTH, 0.9 + 0.17 * len(looked_at))
    axes = figure.subplots()
    style.quiet(axes, grid="x")
    found = looked_at["verdict"] == FOUND
    pairs = looked_at[["p_value", "p_value_corrected"]].to_numpy(dtype=np.float64)
    for place, (pair, one) in enumerate(zip(pairs, found, strict=True)):
        colour = style.ADDED if one else style.QUIET
        axes.hlines(place, *pair, color=colour, linewidth=0.8)
        axes.plot(pair[0], place, "o", color=colour, markerfacecolor="white", markersize=5)
        axes.plot(pair[1], place, "o", color=colour, markersize=5)
    axes.set_xscale("log")
    axes.axvline(0.05, color=style.INK, linewidth=0.8, linestyle="dotted")
    rows = zip(looked_at["attribute"], looked_at["metric"], strict=True)
    style.forest_rows(axes, [f"{one}: {metric.replace('_', ' ')}" for one, metric in rows])
    style.label_axes(axes, x="p by itself (hollow) and corrected (filled); dotted: 0.05")
    return figure


def label_errors() -> Figure:
    """A group's difference to others as labelled and corrected, the worse the labeller errs."""
    three = {"a": 0.4, "b": 0.35, HARMED: 0.25}
    frame, known = people(4000, 5, groups=three, loss=0.15), people(3000, 6, groups=three)["group"]
    figure = style.new_figure(style.WIDTH * 0.7, 2.8)
    axes = figure.subplots()
    style.quiet(axes, grid="y")
    axes.axhline(-15, color=style.QUIET, linewidth=0.8, linestyle="dotted")
    marks = {
        "as_labelled": style.Mark(style.INK, "o", filled=False),
        "corrected": style.Mark(style.BLUE, "D"),
    }
    for right in (1.0, 0.9, 0.8, 0.7, 0.6):
        seen = {"true_group": known, "predicted_group": labelled(known, right, seed=7)}
        found = label_noise(
            frame.assign(group=labelled(frame["group"], right, seed=8), group_source="predicted"),
            attributes=["group"],
            emotions=EMOTIONS,
            held_out=pd.DataFrame(seen),
            probabilities=None,
            params=PARAMS,
            seed=0,
        ).scores
        rows = found[(found["group"] == HARMED) & (found["metric"] == "recall_difference")]
        by_method = rows.set_index("method")[["value", "ci_low", "ci_high"]].astype(float)
        for (method, mark), shift in zip(marks.items(), (-0.7, 0.7), strict=True):
            value, low, high = 100 * by_method.loc[method].to_numpy()
            axes.vlines(100 * right + shift, low, high, color=mark.colour)
            face = mark.colour if mark.filled else "white"
            place = 100 * right + shift
            axes.plot(place, value, mark.marker, color=mark.colour, markerfacecolor=face)
    axes.invert_xaxis()
    style.label_axes(axes, x="People given the right group (%)", y="Recall minus others' (points)")
    legend = {"as labelled": marks["as_labelled"], "corrected": marks["corrected"]}
    style.add_legend(figure, legend, columns=2)
    return figure


def training_seeds() -> Figure:
    """What one method changes with each seed, and what can be said with two, three, five, ten."""
    before, after = variants([(0.0, 0.0), (0.02, 0.15)], 1500, 9)
    rows: list[tuple[str, tuple[float, float, float], bool]] = []
    for n_seeds in (2, 3, 5, 10):
        table = compare_over_seeds(
            {seed: before[seed] for seed in range(n_seeds)},
            {seed: after[seed] for seed in range(n_seeds)},
            attributes=["group"],
            emotions=EMOTIONS,
            params=PARAMS,
            seed=0,
        )
        row = table[table["metric"] == "worst_group_accuracy"].iloc[0]
        estimate = (row["difference"], row["ci_low"], row["ci_high"])
        rows.append((f"{n_seeds} seeds", estimate, row["verdict"] == FOUND))
    each = [lowest_accuracy(after[seed]) - lowest_accuracy(before[seed]) for seed in range(10)]
    figure = style.new_figure(style.WIDTH * 0.8, 2.0)
    axes = figure.subplots()
    style.quiet(axes, grid="x")
    axes.axvline(0.0, color=style.QUIET, linewidth=0.8)
    one_seed = style.Mark(style.ADDED, "|", size=9.0)
    style.draw_estimates(axes, [0] * 10, [(value,) * 3 for value in each], one_seed)
    for place, (_, estimate, found) in enumerate(rows, start=1):
        style.draw_estimates(axes, [place], [estimate], style.Mark(style.BLUE, "D", filled=found))
    style.forest_rows(axes, ["each of 10 seeds", *(label for label, _, _ in rows)])
    style.label_axes(axes, x="Change of worst-group accuracy (points); filled: difference found")
    return figure


def lowest_accuracy(frame: pd.DataFrame) -> float:
    """Accuracy of the group that is recognised least often."""
    right = frame["emotion"] == frame["predicted_emotion"]
    return float(right.groupby(frame["group"]).mean().min())


def changes_against_control() -> Figure:
    """Twenty methods that change nothing: the best looks good by itself, not among twenty."""
    frames = variants([(0.0, 0.0)] * 21, 1000, 17, noise=0.0)
    names = ["control", *(f"method {number}" for number in range(1, 21))]
    by_name = {name: {0: frame[0]} for name, frame in zip(names, frames, strict=True)}
    audience = Audience("faces", by_name, ("group",), EMOTIONS)
    table = changes([audience], params=PARAMS, seed=0)
    of_recall = table[(table["metric"] == "balanced_accuracy") & table["attribute"].isna()]
    of_recall = of_recall.sort_values("difference", ascending=False)
    figure = style.new_figure(style.WIDTH * 0.8, 3.6)
    axes = figure.subplots()
    style.quiet(axes, grid="x")
    axes.axvline(0.0, color=style.QUIET, linewidth=0.8)
    places = list(range(len(of_recall)))
    bounds = of_recall[["difference", "ci_low", "ci_high"]].to_numpy()
    of_row = ["difference", "uncorrected_ci_low", "uncorrected_ci_high"]
    alone = of_recall[of_row].to_numpy()
    all_twenty = style.Mark(style.BLUE, "D", size=4.0, width=1.0)
    by_itself = style.Mark(style.ADDED, "", width=3.0, alpha=0.5)
    style.draw_estimates(axes, places, [*alone], by_itself)
    style.draw_estimates(axes, places, [*bounds], all_twenty)
    style.forest_rows(axes, list(of_recall["variant"]))
    style.label_axes(axes, x="Change of mean recall against the control (points)")
    legend = {"95 % interval by itself": by_itself, "among all that were tested": all_twenty}
    style.add_legend(figure, legend, columns=2)
    return figure


def pareto_front() -> Figure:
    """Accuracy against the worst group of six methods, two of them hard to tell apart."""
    names = ["continued_training", *(f"method {letter}" for letter in "ABCDE")]
    effects = [(0.0, 0.0), (-0.05, 0.25), (0.12, 0.0), (-0.2, 0.4), (0.1, 0.02), (-0.2, 0.1)]
    frames = variants(effects, 1500, 11, noise=0.0)
    by_name = {name: {0: frame[0]} for name, frame in zip(names, frames, strict=True)}
    audience = Audience("faces", by_name, ("group",), EMOTIONS, {"group": "annotated"})
    controls = dict.fromkeys(names[1:], names[0])
    fronts = bench([audience], controls=controls, params=PARAMS, seed=0).fronts
    rows = rows_of(fronts[fronts["metric"] == "worst_group_accuracy"], FrontRow)
    return front_figure(rows)


FIGURES: Final[Sequence[Callable[[], Figure]]] = (
    gap_above_chance,
    shuffles,
    verdicts,
    label_errors,
    training_seeds,
    changes_against_control,
    pareto_front,
)


def main() -> None:
    """Write every figure as SVG, named after its function."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    looks = {"svg.fonttype": "none", "svg.hashsalt": "fer_fairness"}
    for draw in FIGURES:
        with mpl.rc_context(looks):  # type: ignore[arg-type]
            draw().savefig(FOLDER / f"{draw.__name__}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
