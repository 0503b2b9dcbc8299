"""One row of `gaps` in words: its verdict, what could have been seen, and the whole sentence."""

import math
from typing import Final

from fer_fairness.reporting.inputs import DIFFERENCE_FOUND
from fer_fairness.reporting.records import Row, as_float
from fer_fairness.reporting.tables import interval, number, p_equals, points
from fer_fairness.reporting.words import MetricWords, metric_words

_ROUNDING: Final = 1e-9

TOO_FEW: Final = "too few people to say"
"""The verdict where nothing could be compared."""

NOT_FOUND: Final = "no difference found"
"""The verdict where a gap could be compared, and chance may have made it."""

BY_CLASS: Final = "by_class"
"""The family of the metrics of one emotion; the others are of the family "summary"."""


def difference_found(row: Row) -> bool:
    """Whether a row of `gaps` is a difference found: by its verdict, and by a corrected p-value."""
    survived = math.isfinite(as_float(row["p_value_holm"]))
    return survived and str(row["verdict"]).startswith(DIFFERENCE_FOUND)


def short_verdict(row: Row) -> str:
    """The verdict without the difference that could have been seen: one of three texts."""
    if difference_found(row):
        return DIFFERENCE_FOUND
    tested = math.isfinite(as_float(row["p_value_holm"]))
    if not tested or str(row["verdict"]).startswith(TOO_FEW):
        return TOO_FEW
    return NOT_FOUND


def verdict_text(row: Row) -> str:
    """The verdict in words that never claim more than the corrected p-value allows.

    Args:
        row: A row of `gaps`.

    Returns:
        Where no difference was found, with the smallest that could have been seen, in the unit in
        which the metric is shown.
    """
    verdict = short_verdict(row)
    if verdict in (DIFFERENCE_FOUND, TOO_FEW):
        return verdict
    beyond = as_float(row["minimum_detectable"])
    if not math.isfinite(beyond):
        return f"{verdict}; none, however large, could have been seen"
    words = metric_words(str(row["metric"]))
    limit = points(beyond) if words.in_points else number(beyond)
    return f"{verdict}; smaller than {limit} could not have been seen"


def detectable(row: Row) -> float:
    """The value of the metric from which on the verdict would have found it; NaN where none.

    The column `minimum_detectable` is how far that is beyond what equal treatment gives.
    """
    beyond = as_float(row["minimum_detectable"])
    more_equal = metric_words(str(row["metric"])).higher_is_more_equal
    return as_float(row["equal_treatment"]) + (-beyond if more_equal else beyond)


def in_unit(value: float, words: MetricWords) -> str:
    """A value of a metric as it is shown, without the unit: 0.081 as "8.1" where in points."""
    return number(100 * value, digits=1) if words.in_points else number(value)


def gap_sentence(row: Row) -> str:
    """One row of `gaps` as two sentences.

    Args:
        row: A row of `gaps`.

    Returns:
        Value with interval, what is left of it without noise, what chance alone gives, the
        minimum detectable difference, the p-value after Holm's correction, and the verdict; and
        where the value is not above what chance gives on average, that it is not.
    """
    words = metric_words(str(row["metric"]))
    value, low, high = (as_float(row[name]) for name in ("value", "ci_low", "ci_high"))
    if not math.isfinite(value):
        return f"{words.label}: not determined ({TOO_FEW})."
    scale, digits = (100.0, 1) if words.in_points else (1.0, 3)
    said = points(value) if words.in_points else number(value)
    parts = [f"{words.label}: {said} [{interval(low, high, scale=scale, digits=digits)}]"]
    corrected = as_float(row["corrected_value"])
    if math.isfinite(corrected):
        parts.append(f", noise-corrected {in_unit(corrected, words)}")
    mean, limit = (in_unit(as_float(row[name]), words) for name in ("null_mean", "null_95"))
    reach = "down to" if words.higher_is_more_equal else "up to"
    parts.append(f"; chance alone: {mean}, {reach} {limit}{_no_more(row, words)}. ")
    seen = detectable(row)
    if difference_found(row) and math.isfinite(seen):
        parts.append(f"Minimum detectable: {in_unit(seen, words)}. ")
    parts.append(f"Holm p {p_equals(as_float(row['p_value_holm']))}: {verdict_text(row)}.")
    return "".join(parts)


def _no_more(row: Row, words: MetricWords) -> str:
    """That a value is not beyond the mean of chance; empty where it is, or where found."""
    value, mean = as_float(row["value"]), as_float(row["null_mean"])
    beyond = mean - value if words.higher_is_more_equal else value - mean
    if not beyond <= _ROUNDING or difference_found(row):  # NaN is neither
        return ""
    return ": no more than the mix of emotions and noise give by themselves"
