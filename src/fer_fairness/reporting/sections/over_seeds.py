"""Over several training seeds: the mean of every variant, and what holds against the baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.changes import changes_figure, changes_words
from fer_fairness.reporting.figures.names import figure_name
from fer_fairness.reporting.findings.changes import change_finding, together_note
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import evaluation_set_label
from fer_fairness.reporting.number_text import percent, points, thousands
from fer_fairness.reporting.rows.changes import ComparisonOverSeedsRow
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.seeds import ScoreOverSeedsRow
from fer_fairness.reporting.sections.change_tables import changes_table

TITLE: Final = "Over training seeds"
_SCORES: Final = ("accuracy", "balanced_accuracy", "macro_f1", "worst_class_recall")
_GAP_DRAWN: Final = "accuracy_gap"
"""One gap an attribute: with more the figure would be longer than a page."""
_ONE_SEED: Final = (
    "Every variant was trained with one seed, so nothing here tells what a variant does from what "
    'the luck of its seed does. The command kedro run --params "seeds=0;1;2;3;4" trains each with '
    "five seeds under the same budget, and this section then compares the means."
)
_READING: Final = (
    "Every variant was trained with {n} seeds, each time in full and under the same budget; all "
    "other sections but “Which method helps”, and what is said of it at the top, are about the "
    "models of the first seed. Intervals are for the mean over all "
    "seeds that could have been drawn and all people that could have been met: they hold the "
    "noise of both, and are wider the fewer seeds there are. What noise adds to a gap is taken off "
    "that of each seed."
)
_AS_LABELLED: Final = (
    " Groups marked as predicted are as labelled: label errors, which make real gaps and changes "
    "look smaller, are not taken off here."
)
_FEW_SEEDS: Final = (
    "With two seeds the noise between seeds is seen once, and may look small by accident: "
    "intervals are very wide on purpose, and hardly any difference can be found after correction, "
    "whatever its size. Five seeds are far better than two."
)


def over_seeds_section(inputs: ReportInputs) -> page.Section:
    """Means over training seeds, and differences to the baseline that hold for all of them."""
    scores, comparisons = inputs.rows(ScoreOverSeedsRow), inputs.rows(ComparisonOverSeedsRow)
    if not scores and not comparisons:
        return page.Section("over-seeds", TITLE, [page.absent(_ONE_SEED)])
    n = int(max(row.n_seeds for row in (*scores, *comparisons)))
    text = _READING.format(n=n)
    if comparisons:
        text += f" {together_note(comparisons)}"
    if any(row.predicted for row in (*scores, *comparisons)):
        text += _AS_LABELLED
    blocks: list[page.Block] = [page.Text(text)]
    if n == 2:
        blocks.append(page.Text(_FEW_SEEDS, warning=True))
    scores_of = grouped(scores, lambda row: row.evaluation_set)
    comparisons_of = grouped(comparisons, lambda row: row.evaluation_set)
    for name in dict.fromkeys([*scores_of, *comparisons_of]):
        of_set = _of_set(inputs, scores_of.get(name, []), comparisons_of.get(name, []))
        folded = not inputs.in_front(name)
        blocks += page.under(evaluation_set_label(name), of_set, folded=folded)
    return page.Section("over-seeds", TITLE, blocks)


def _of_set(
    inputs: ReportInputs,
    scores: list[ScoreOverSeedsRow],
    comparisons: list[ComparisonOverSeedsRow],
) -> list[page.Block]:
    blocks: list[page.Block] = [_means_table(scores)] if scores else []
    if comparisons:
        by_variant = grouped(comparisons, lambda row: row.variant)
        found = [change_finding(rows, rows[0].variant_label) for rows in by_variant.values()]
        blocks.append(page.many(found, "variant"))
        if inputs.variants_shown() == inputs.variants():
            blocks.append(_differences_drawing(comparisons, inputs.variants()))
        caption = (
            "Changes against the baseline in the mean over training seeds on "
            f"{comparisons[0].set_label}"
        )
        file = inputs.file_of(ComparisonOverSeedsRow)
        blocks.append(changes_table(caption, comparisons, all_in=file))
    else:
        blocks.append(page.absent("No variant was compared with the baseline over seeds."))
    gaps = [row for row in scores if row.attribute is not None]
    file = inputs.file_of(ScoreOverSeedsRow)
    return [*blocks, _gaps_table(gaps, all_in=file)] if gaps else blocks


def _differences_drawing(
    comparisons: list[ComparisonOverSeedsRow], variants: Sequence[str]
) -> page.Drawing:
    first = comparisons[0]
    caption = (
        f"What each variant changes against the baseline on {first.set_label}, in the mean over "
        "training seeds, with interval, both values and p after correction. Of a gap, left of "
        "zero is more even. Filled marks: difference found."
    )
    drawn = [row for row in comparisons if row.metric in (*_SCORES, _GAP_DRAWN)]
    return page.Drawing(
        figure_name("over_seeds", first.evaluation_set),
        changes_figure(
            drawn, variants=variants, axis="Variant minus baseline, mean over training seeds"
        ),
        caption=caption,
        alternative=changes_words(drawn),
        rows=drawn,
    )


def _means_table(scores: list[ScoreOverSeedsRow]) -> page.Table:
    """The scores of all faces, a row a variant: mean, interval, and spread over the seeds."""
    columns: list[page.Column[Mapping[str, ScoreOverSeedsRow]]] = [
        ("Variant", lambda line: page.first_of(line).variant_label),
        ("Seeds", lambda line: page.numeric(thousands(page.first_of(line).n_seeds))),
        ("n", lambda line: page.people(page.first_of(line).n_people)),
    ]
    heads = {metric: metric_words(metric).label for metric in _SCORES}
    by_variant = grouped(scores, lambda row: row.variant).values()
    return page.table(
        f"Mean over training seeds on {scores[0].set_label} in percent, with 95 % interval; below "
        "it the standard deviation (SD) of the seeds",
        [{row.metric: row for row in line} for line in by_variant],
        [*columns, *page.columns(heads, _mean_cell)],
        folded=len(by_variant) > page.MOST_ROWS,
    )


def _mean_cell(row: ScoreOverSeedsRow | None) -> page.Cell:
    cell = page.estimate(row)
    if row is None:
        return cell
    return replace(cell, text=f"{row.estimate}\nSD {points(row.seed_standard_deviation)}")


def _gaps_table(gaps: list[ScoreOverSeedsRow], *, all_in: str) -> page.Table:
    return page.table(
        f"Every gap between groups in the mean over training seeds on {gaps[0].set_label}",
        gaps,
        [
            ("Variant", lambda row: row.variant_label),
            ("Attribute", lambda row: row.people),
            ("Metric", lambda row: row.words.label),
            ("Mean [95 % interval]", lambda row: page.Cell(row.estimate, numeric=True)),
            (
                "Standard deviation of seeds",
                lambda row: page.numeric(row.amount(row.seed_standard_deviation)),
            ),
            (
                "Share of the variance that is seeds",
                lambda row: page.numeric(percent(row.seed_share, digits=0)),
            ),
            ("Seeds", lambda row: page.numeric(thousands(row.n_seeds))),
            ("n", lambda row: page.people(row.n_people)),
        ],
        folded=True,
        all_in=all_in,
    )
