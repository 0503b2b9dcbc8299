"""Over several training seeds: the mean of every variant, and what holds against the baseline."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from fer_fairness.fairness.metrics.words import metric_words
from fer_fairness.reporting import page
from fer_fairness.reporting.figures.seeds import seed_differences_figure
from fer_fairness.reporting.findings import Finding, Kind
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.labels import capitalised, evaluation_set_label
from fer_fairness.reporting.number_text import p_equals, p_value, percent, points, thousands
from fer_fairness.reporting.rows.schema import grouped
from fer_fairness.reporting.rows.seeds import ComparisonOverSeedsRow, ScoreOverSeedsRow

TITLE: Final = "Over training seeds"
_SCORES: Final = ("accuracy", "balanced_accuracy", "macro_f1", "worst_class_recall")
_GAP_DRAWN: Final = "accuracy_gap"
"""One gap an attribute: with more the figure would be longer than a page."""
_MOST_TOLD: Final = 5
_ONE_SEED: Final = (
    "Every variant was trained with one seed, so nothing here tells what a variant does from what "
    'the luck of its seed does. The command kedro run --params "seeds=0;1;2;3;4" trains each with '
    "five seeds under the same budget, and this section then compares the means."
)
_READING: Final = (
    "Every variant was trained with {n} seeds, each time in full and under the same budget; all "
    "other sections are about the models of the first seed. Intervals are for the mean over all "
    "seeds that could have been drawn and all people that could have been met: they hold the "
    "noise of both, and are wider the fewer seeds there are. Noise widens a gap and lowers the "
    "worst emotion's recall, and that is not taken off here; in a difference of two alike it "
    "cancels. p is adjusted after Holm for all differences of one variant on one evaluation set, "
    "and the verdict follows from that."
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
    if any(row.predicted for row in (*scores, *comparisons)):
        text += _AS_LABELLED
    blocks: list[page.Block] = [page.Text(text)]
    if n == 2:
        blocks.append(page.Text(_FEW_SEEDS, warning=True))
    scores_of = grouped(scores, lambda row: row.evaluation_set)
    comparisons_of = grouped(comparisons, lambda row: row.evaluation_set)
    for name in dict.fromkeys([*scores_of, *comparisons_of]):
        blocks.append(page.Heading(evaluation_set_label(name)))
        blocks += _of_set(scores_of.get(name, []), comparisons_of.get(name, []), inputs.variants())
    return page.Section("over-seeds", TITLE, blocks)


def _of_set(
    scores: list[ScoreOverSeedsRow],
    comparisons: list[ComparisonOverSeedsRow],
    variants: Sequence[str],
) -> list[page.Block]:
    blocks: list[page.Block] = [_means_table(scores)] if scores else []
    if comparisons:
        by_variant = grouped(comparisons, lambda row: row.variant)
        found = tuple(_finding(rows) for rows in by_variant.values())
        drawn = [row for row in comparisons if row.metric in (*_SCORES, _GAP_DRAWN)]
        figure = seed_differences_figure(drawn, variants=variants)
        caption = (
            f"What each variant changes against the baseline on {comparisons[0].set_label}, in the "
            "mean over training seeds, with 95 % intervals and adjusted p. Right of zero is better "
            "for scores, and less even for gaps. Filled marks: difference found."
        )
        key = f"over-seeds-{comparisons[0].evaluation_set}"
        blocks += [page.Findings(found), page.drawing(figure, key=key, caption=caption)]
        blocks.append(_differences_table(comparisons))
    else:
        blocks.append(page.absent("No variant was compared with the baseline over seeds."))
    gaps = [row for row in scores if row.attribute is not None]
    return [*blocks, _gaps_table(gaps)] if gaps else blocks


def _finding(rows: list[ComparisonOverSeedsRow]) -> Finding:
    """What one variant changed on one evaluation set: scores, then differences found, then none."""
    told = [f"{row.label} {row.change}" for row in rows if row.metric in _SCORES]
    found = [row for row in rows if row.found]
    tested = sum(math.isfinite(row.p) for row in rows)
    if found:
        named = _first_of([f"{row.label} {row.change}, p {p_equals(row.p)}" for row in found])
        verdict = f"Found after correction for {tested} differences: {named}."
    elif tested:
        verdict = (
            f"No difference found: none of {tested} is beyond the noise of seeds and people after "
            "correction. Differences within the intervals cannot be ruled out."
        )
    else:
        verdict = "Nothing could be tested."
    down = [row.label for row in rows if row.level_down]
    levelled = f" Levelled down in the mean over seeds: {_first_of(down)}." if down else ""
    scores = capitalised(f"{'; '.join(told)}." if told else "")
    return Finding(_kind(found), rows[0].variant_label, f"{scores} {verdict}{levelled}".strip())


def _first_of(told: list[str]) -> str:
    """As many as one reads, the others counted: the table has all."""
    more = len(told) - _MOST_TOLD
    rest = [f"{more} more, in the table of every difference"] if more > 0 else []
    return "; ".join([*told[:_MOST_TOLD], *rest])


def _kind(found: list[ComparisonOverSeedsRow]) -> Kind:
    """Better or worse where all that was found points one way and no gap was levelled down."""
    better = [_is_better(row) and not row.level_down for row in found]
    if found and all(better):
        return "better"
    return "worse" if found and not any(better) else "unclear"


def _is_better(row: ComparisonOverSeedsRow) -> bool:
    """Scores, and ratios between groups, are better where they rise; gaps where they fall."""
    rising_is_better = row.metric in _SCORES or row.words.higher_is_more_equal
    return (row.difference > 0) == rising_is_better


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
    )


def _mean_cell(row: ScoreOverSeedsRow | None) -> page.Cell:
    cell = page.estimate(row)
    if row is None:
        return cell
    return replace(cell, text=f"{row.estimate}\nSD {points(row.seed_standard_deviation)}")


def _gaps_table(gaps: list[ScoreOverSeedsRow]) -> page.Table:
    return page.table(
        f"Every gap between groups in the mean over training seeds on {gaps[0].set_label} (as "
        "measured: the widening by noise is not taken off)",
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
    )


def _differences_table(comparisons: list[ComparisonOverSeedsRow]) -> page.Table:
    return page.table(
        f"Every difference to the baseline over training seeds on {comparisons[0].set_label}",
        comparisons,
        [
            ("Variant", lambda row: row.variant_label),
            ("Metric", lambda row: row.words.label),
            ("Attribute", lambda row: row.people),
            ("Mean difference", lambda row: page.numeric(row.measured, strong=row.found)),
            ("95 % interval", lambda row: page.numeric(row.interval)),
            ("p", lambda row: page.numeric(p_value(row.p_value))),
            ("Holm p", lambda row: page.numeric(p_value(row.p_value_holm), strong=row.found)),
            ("Levelled down", lambda row: page.yes_or_no(row.level_down)),
            ("Seeds", lambda row: page.numeric(thousands(row.n_seeds))),
            ("n", lambda row: page.people(row.n_people)),
        ],
        folded=True,
    )
