"""What was found between groups, in sentences built from the `gaps` table.

"Difference found" is said only where the verdict says so, which is where the p-value survived the
correction for many comparisons. Anything else is "no difference found", which is not "no
difference": the sentence tells what could not have been seen at these group sizes, and what chance
alone gives. Square brackets are 95 % intervals throughout.
"""

import math
from typing import Final

import pandas as pd

from fer_fairness.reporting.findings import Finding
from fer_fairness.reporting.inputs import ReportInputs
from fer_fairness.reporting.label_errors import (
    LabelErrors,
    corrected_text,
    correction_sentence,
    label_errors,
)
from fer_fairness.reporting.records import Row, as_float, records
from fer_fairness.reporting.tables import interval, is_few, listed, percent, points, thousands
from fer_fairness.reporting.verdicts import (
    BY_CLASS,
    NOT_FOUND,
    difference_found,
    gap_sentence,
    short_verdict,
)
from fer_fairness.reporting.words import (
    HEADLINE_METRICS,
    attribute_label,
    evaluation_set_label,
    group_label,
    in_sentence,
    metric_words,
    source_label,
)

_KEYS: Final = ("evaluation_set", "attribute", "attribute_source")
_MOST_NAMED: Final = 5
_MOST_EMOTIONS: Final = 4
_RECALL_GAP: Final = "recall_gap_"
_LONGEST_LIST: Final = 160
_MAY_BE_LARGER: Final = (
    "Label errors usually make real gaps look smaller: one between people can be larger than one "
    "between labels."
)


def gap_findings(inputs: ReportInputs, *, variant: str) -> list[Finding]:
    """What was found between groups for one variant: a finding per set, attribute and source.

    Args:
        inputs: The report's tables.
        variant: The variant to speak of.

    Returns:
        In the order of the `gaps` table; the differences found first. Lines of a text are one
        metric each, then who differs, then the sizes. Where groups were predicted, each metric is
        told with its value corrected for label errors, or why there is none.
    """
    rows = inputs.gaps[inputs.gaps["variant"] == variant]
    errors = label_errors(inputs)
    found = [
        _gap_finding(inputs, block, errors)
        for _, block in rows.groupby(list(_KEYS), sort=False)
        if block["metric"].isin(HEADLINE_METRICS).any()
    ]
    return sorted(found, key=lambda finding: finding.kind != "found")


def _gap_finding(inputs: ReportInputs, rows: pd.DataFrame, errors: LabelErrors) -> Finding:
    headline = rows[rows["metric"].isin(HEADLINE_METRICS)]
    ordered = sorted(records(headline), key=lambda row: HEADLINE_METRICS.index(str(row["metric"])))
    others = [row for row in records(rows.drop(headline.index)) if difference_found(row)]
    found = bool(others) or any(difference_found(row) for row in ordered)
    sentences = [_with_correction(row, errors) for row in ordered]
    sentences += _label_error_sentences(ordered, errors)
    sentences += _recall_sentences(inputs, others)
    sentences.append(_others_sentence(others))
    if found:
        sentences.append(_extremes_sentence(inputs, ordered[0]))
    sentences.append(_size_sentence(inputs, ordered[0]))
    text = "\n".join(part for part in sentences if part)
    return Finding("found" if found else "not_found", _heading(inputs, ordered[0]), text)


def _with_correction(row: Row, errors: LabelErrors) -> str:
    """The sentence of a gap; of predicted groups also its size without label errors."""
    sentence = gap_sentence(row)
    gap = errors.gap(row) if errors.concern(row) else None
    if gap is None or not math.isfinite(as_float(gap["corrected_value"])):
        return sentence
    return f"{sentence} Corrected for label errors: {corrected_text(gap)}."


def _label_error_sentences(rows: list[Row], errors: LabelErrors) -> list[str]:
    """What label errors leave open, of rows of one attribute; nothing where it was annotated."""
    first = rows[0]
    if not errors.concern(first):
        return []
    told = [correction_sentence(errors, first, _left_out_names(first["left_out"]))]
    if any(short_verdict(row) == NOT_FOUND for row in rows):
        told.append(_MAY_BE_LARGER)
    return [" ".join(part for part in told if part)]


def _heading(inputs: ReportInputs, row: Row) -> str:
    attribute = attribute_label(str(row["attribute"]))
    text = f"{attribute} ({source_label(str(row['attribute_source']))})"
    if inputs.kind == "audit":
        return text[:1].upper() + text[1:]
    return f"{evaluation_set_label(str(row['evaluation_set']))}, {text}"


def _others_sentence(found: list[Row]) -> str:
    """The other metrics over all emotions that differ; few by name."""
    labels = [
        in_sentence(metric_words(str(row["metric"])).label)
        for row in found
        if row["family"] != BY_CLASS
    ]
    if not labels:
        return ""
    named = labels[:_MOST_NAMED]
    more = len(labels) - len(named)
    return f"Difference also found: {_with_more('; '.join(named), more)}."


def _with_more(text: str, more: int) -> str:
    return f"{text} and {more:,} more" if more > 0 else text


def _recall_sentences(inputs: ReportInputs, found: list[Row]) -> list[str]:
    """The emotions whose recall differs, the widest gap first, each with the groups at its ends."""
    rows = [row for row in found if _is_recall_gap(row)]
    rows.sort(key=lambda row: -as_float(row["value"]))
    if not rows:
        return []
    told = [_recall_sentence(inputs, row) for row in rows[:_MOST_EMOTIONS]]
    more = len(rows) - len(told)
    if more:
        told.append(f"and {more:,} more emotion{'s' if more > 1 else ''}.")
    return ["Difference found in recall, by emotion:", *told]


def _is_recall_gap(row: Row) -> bool:
    return row["family"] == BY_CLASS and str(row["metric"]).startswith(_RECALL_GAP)


def _recall_sentence(inputs: ReportInputs, row: Row) -> str:
    emotion = str(row["metric"]).removeprefix(_RECALL_GAP)
    name = group_label(emotion)
    ends = _ends(inputs, row, metric=f"recall_{emotion}")
    named = f"lowest {ends[0]}, highest {ends[1]}; " if ends else ""
    bounds = interval(as_float(row["ci_low"]), as_float(row["ci_high"]), scale=100, digits=1)
    gap = f"gap {points(as_float(row['value']))} [{bounds}]"
    return f"{name[:1].upper()}{name[1:]}: {named}{gap}."


def _extremes_sentence(inputs: ReportInputs, row: Row) -> str:
    """Which of the compared groups are recognised least and most often, with their sizes."""
    ends = _ends(inputs, row, metric="accuracy")
    return f"Lowest accuracy: {ends[0]}; highest: {ends[1]}." if ends else ""


def _ends(inputs: ReportInputs, row: Row, *, metric: str) -> tuple[str, str] | None:
    """The compared groups lowest and highest in `metric`, with value and size; None if fewer."""
    same = _same_people(inputs.groups, row)
    # Recalls are of the faces of one emotion: whether a group was compared goes by all its faces.
    sizes = same["n_people"].astype(float).groupby(same["group"]).transform("max")
    same = same[(same["metric"] == metric) & (sizes >= as_float(row["smallest_group_size"]))]
    rows = records(same.dropna(subset=["value"]).sort_values(["value", "group"]))
    if len(rows) < 2:
        return None
    lowest, highest = (
        f"{group_label(str(end['group']))} {percent(as_float(end['value']))} "
        f"(n = {thousands(as_float(end['n_people']))})"
        for end in (rows[0], rows[-1])
    )
    return lowest, highest


def _size_sentence(inputs: ReportInputs, row: Row) -> str:
    smallest = as_float(row["smallest_group_size"])
    few = ", too few to read on its own" if is_few(smallest) else ""
    text = (
        f"{thousands(as_float(row['n_people']))} faces in {thousands(as_float(row['n_groups']))} "
        f"groups; smallest: {group_label(str(row['smallest_group']))}, "
        f"n = {thousands(smallest)}{few}."
    )
    missing = as_float(row["n_missing"])
    if missing > 0:
        text += f" {thousands(missing)} faces without such a label took no part."
    left_out = left_out_text(row["left_out"])
    if len(left_out) > _LONGEST_LIST:
        known = _same_people(inputs.groups, row)["group"].nunique()
        n_left_out = known - as_float(row["n_groups"])
        left_out = f"{thousands(n_left_out)} groups" if n_left_out > 0 else "many groups"
        left_out += ", which the table of gaps in the results names"
    return f"{text} Left out as too small: {left_out}." if left_out else text


def _same_people(groups: pd.DataFrame, row: Row) -> pd.DataFrame:
    """The rows of `groups` on what a row of `gaps` is about."""
    same = pd.Series(data=True, index=groups.index)
    for key in ("variant", *_KEYS):
        same &= groups[key] == row[key]
    return groups[same]


def left_out_text(value: object) -> str:
    """The groups left out, as text: given as a list, an array, a text, or missing."""
    return listed(_left_out_names(value))


def _left_out_names(value: object) -> list[str]:
    items = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(items, str):
        items = items.split(", ")
    if not isinstance(items, (list, tuple)):
        return []
    return [group_label(str(name)) for name in items]
