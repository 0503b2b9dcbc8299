"""Over several training seeds: the mean of every variant, and what holds against the baseline."""

import math
from dataclasses import replace
from typing import Final

import pandas as pd

from fer_fairness.reporting.figures import seed_differences_figure
from fer_fairness.reporting.findings import Finding, Kind, level_down
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import PREDICTED
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.sections.blocks import (
    Block,
    Findings,
    Heading,
    Section,
    Text,
    absent,
    drawing,
)
from fer_fairness.reporting.sections.cells import estimate_cell
from fer_fairness.reporting.tables import (
    Cell,
    Table,
    count_cell,
    interval,
    number,
    p_equals,
    p_value,
    percent,
    points,
    thousands,
)
from fer_fairness.reporting.verdicts import difference_found
from fer_fairness.reporting.words import (
    attribute_label,
    evaluation_set_label,
    in_sentence,
    metric_words,
    variant_label,
)

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


def over_seeds_section(inputs: ReportInputs) -> Section:
    """Means over training seeds, and differences to the baseline that hold for all of them."""
    scores, comparisons = inputs.scores_over_seeds, inputs.comparisons_over_seeds
    if scores.empty and comparisons.empty:
        return Section("over-seeds", TITLE, [absent(_ONE_SEED)])
    n = int(max(as_float(table["n_seeds"].max()) for table in (scores, comparisons) if len(table)))
    text = _READING.format(n=n)
    if any((table["attribute_source"] == PREDICTED).any() for table in (scores, comparisons)):
        text += _AS_LABELLED
    blocks: list[Block] = [Text(text)]
    if n == 2:
        blocks.append(Text(_FEW_SEEDS, warning=True))
    for evaluation_set in dict.fromkeys(
        [*scores["evaluation_set"], *comparisons["evaluation_set"]]
    ):
        blocks.append(Heading(evaluation_set_label(str(evaluation_set))))
        blocks += _of_set(
            scores[scores["evaluation_set"] == evaluation_set],
            comparisons[comparisons["evaluation_set"] == evaluation_set],
            inputs.variants(),
        )
    return Section("over-seeds", TITLE, blocks)


def _of_set(
    scores: pd.DataFrame, comparisons: pd.DataFrame, variants: tuple[str, ...]
) -> list[Block]:
    blocks: list[Block] = []
    if len(scores):
        blocks.append(_means_table(scores))
    if comparisons.empty:
        blocks.append(absent("No variant was compared with the baseline over seeds."))
    else:
        by_variant = comparisons.groupby("variant", sort=False)
        found = [_finding(str(name), records(rows)) for name, rows in by_variant]
        shown = comparisons[comparisons["metric"].isin((*_SCORES, _GAP_DRAWN))]
        figure = seed_differences_figure(shown, variants=variants)
        where = evaluation_set_label(str(comparisons["evaluation_set"].iloc[0]))
        caption = (
            f"What each variant changes against the baseline on {where}, in the mean over training "
            "seeds, with 95 % intervals and adjusted p. Right of zero is better for scores, and "
            "less even for gaps. Filled marks: difference found."
        )
        key = f"over-seeds-{comparisons['evaluation_set'].iloc[0]}"
        blocks += [Findings(tuple(found)), drawing(figure, key=key, caption=caption)]
        blocks.append(_differences_table(comparisons, where))
    gaps = scores[scores["attribute"].notna()]
    if len(gaps):
        blocks.append(_gaps_table(gaps))
    return blocks


def _finding(variant: str, rows: list[Row]) -> Finding:
    """What one variant changed on one evaluation set: scores, then differences found, then none."""
    told = [f"{_label(row)} {_change(row)}" for row in rows if row["metric"] in _SCORES]
    found = [row for row in rows if difference_found(row)]
    tested = sum(math.isfinite(as_float(row["p_value_holm"])) for row in rows)
    if found:
        named = _first_of([f"{_label(row)} {_change(row)}, p {_p(row)}" for row in found])
        verdict = f"Found after correction for {tested} differences: {named}."
    elif tested:
        verdict = (
            f"No difference found: none of {tested} is beyond the noise of seeds and people after "
            "correction. Differences within the intervals cannot be ruled out."
        )
    else:
        verdict = "Nothing could be tested."
    down = [_label(row) for row in rows if level_down(row)]
    levelled = f" Levelled down in the mean over seeds: {_first_of(down)}." if down else ""
    scores = f"{'; '.join(told)}." if told else ""
    scores = scores[:1].upper() + scores[1:]
    return Finding(_kind(found), variant_label(variant), f"{scores} {verdict}{levelled}".strip())


def _first_of(told: list[str]) -> str:
    """As many as one reads, the others counted: the table has all."""
    more = len(told) - _MOST_TOLD
    rest = [f"{more} more, in the table of every difference"] if more > 0 else []
    return "; ".join([*told[:_MOST_TOLD], *rest])


def _kind(found: list[Row]) -> Kind:
    """Better or worse where all that was found points one way and no gap was levelled down."""
    better = [_is_better(row) and not level_down(row) for row in found]
    if found and all(better):
        return "better"
    return "worse" if found and not any(better) else "unclear"


def _is_better(row: Row) -> bool:
    """Scores, and ratios between groups, are better where they rise; gaps where they fall."""
    metric = str(row["metric"])
    rises = as_float(row["difference"]) > 0
    return rises == (metric in _SCORES or metric_words(metric).higher_is_more_equal)


def _label(row: Row) -> str:
    """A metric in a sentence, with its attribute where it is one between groups."""
    label = in_sentence(metric_words(str(row["metric"])).label)
    attribute = row["attribute"]
    return f"{label} for {_people(row)}" if isinstance(attribute, str) and attribute else label


def _people(row: Row) -> str:
    attribute = row["attribute"]
    if not (isinstance(attribute, str) and attribute):
        return "all faces"
    suffix = " (predicted)" if row["attribute_source"] == PREDICTED else ""
    return f"{attribute_label(attribute)}{suffix}"


def _p(row: Row) -> str:
    return p_equals(as_float(row["p_value_holm"]))


def _change(row: Row) -> str:
    return f"{_measured(row)} [{_bounds(row)}]"


def _measured(row: Row) -> str:
    value = as_float(row["difference"])
    in_points = metric_words(str(row["metric"])).in_points
    return points(value, sign=True) if in_points else number(value)


def _bounds(row: Row) -> str:
    low, high = as_float(row["ci_low"]), as_float(row["ci_high"])
    in_points = metric_words(str(row["metric"])).in_points
    return interval(low, high, scale=100, digits=1) if in_points else interval(low, high)


def _means_table(scores: pd.DataFrame) -> Table:
    """The scores of all faces, a row a variant: mean, interval, and spread over the seeds."""
    body = []
    for variant, rows in scores.groupby("variant", sort=False):
        by_metric = {str(row["metric"]): row for row in records(rows)}
        first = next(iter(by_metric.values()))
        cells = (_mean_cell(by_metric.get(metric)) for metric in _SCORES)
        seeds = Cell(thousands(as_float(first["n_seeds"])), numeric=True)
        size = count_cell(as_float(first["n_people"]))
        body.append((Cell(variant_label(str(variant))), seeds, size, *cells))
    return Table(
        caption=f"Mean over training seeds on {_where(scores)} in percent, with 95 % interval; "
        "below it the standard deviation (SD) of the seeds",
        header=("Variant", "Seeds", "n", *(metric_words(metric).label for metric in _SCORES)),
        rows=tuple(body),
    )


def _mean_cell(row: Row | None) -> Cell:
    cell = estimate_cell(row, in_points=True, one_line=True)
    if row is None:
        return cell
    spread = points(as_float(row["seed_standard_deviation"]))
    return replace(cell, text=f"{cell.text}\nSD {spread}")


def _gaps_table(gaps: pd.DataFrame) -> Table:
    return Table(
        caption=f"Every gap between groups in the mean over training seeds on {_where(gaps)} (as "
        "measured: the widening by noise is not taken off)",
        header=("Variant", "Attribute", "Metric", *_MEAN_HEADS),
        rows=tuple(
            (
                Cell(variant_label(str(row["variant"]))),
                Cell(_people(row)),
                Cell(metric_words(str(row["metric"])).label),
                *_mean_cells(row),
            )
            for row in records(gaps)
        ),
        folded=True,
    )


_MEAN_HEADS: Final = (
    *("Mean [95 % interval]", "Standard deviation of seeds", "Share of the variance that is seeds"),
    *("Seeds", "n"),
)


def _mean_cells(row: Row) -> tuple[Cell, ...]:
    in_points = metric_words(str(row["metric"])).in_points
    spread = as_float(row["seed_standard_deviation"])
    return (
        estimate_cell(row, in_points=in_points, one_line=True),
        Cell(points(spread) if in_points else number(spread), numeric=True),
        Cell(percent(as_float(row["seed_share"]), digits=0), numeric=True),
        Cell(thousands(as_float(row["n_seeds"])), numeric=True),
        count_cell(as_float(row["n_people"])),
    )


def _differences_table(comparisons: pd.DataFrame, where: str) -> Table:
    return Table(
        caption=f"Every difference to the baseline over training seeds on {where}",
        header=(
            *("Variant", "Metric", "Attribute", "Mean difference", "95 % interval", "p"),
            *("Holm p", "Levelled down", "Seeds", "n"),
        ),
        rows=tuple(
            (
                Cell(variant_label(str(row["variant"]))),
                Cell(metric_words(str(row["metric"])).label),
                Cell(_people(row)),
                Cell(_measured(row), numeric=True, strong=difference_found(row)),
                Cell(_bounds(row), numeric=True),
                Cell(p_value(as_float(row["p_value"])), numeric=True),
                Cell(
                    p_value(as_float(row["p_value_holm"])),
                    numeric=True,
                    strong=difference_found(row),
                ),
                Cell("yes" if level_down(row) else "no", strong=level_down(row)),
                Cell(thousands(as_float(row["n_seeds"])), numeric=True),
                count_cell(as_float(row["n_people"])),
            )
            for row in records(comparisons)
        ),
        folded=True,
    )


def _where(rows: pd.DataFrame) -> str:
    return evaluation_set_label(str(rows["evaluation_set"].iloc[0]))
