"""One row of `gaps` in words: its verdict, and the whole sentence."""

import math
from typing import Final

from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting.number_text import p_equals
from fer_fairness.reporting.rows.scores import GapRow

_ROUNDING: Final = 1e-9


def verdict_text(row: GapRow) -> str:
    """The verdict in words; where no difference was found, with what could not have been seen."""
    if row.judgement is not Verdict.NOT_FOUND:
        return row.judgement
    if not math.isfinite(row.minimum_detectable):
        return f"{row.judgement}; none, however large, could have been seen"
    limit = row.amount(row.minimum_detectable)
    return f"{row.judgement}; smaller than {limit} could not have been seen"


def gap_sentence(row: GapRow) -> str:
    """One row of `gaps` as two sentences.

    Args:
        row: A row of `gaps`.

    Returns:
        Value with interval, what is left of it without noise, what chance alone gives, the
        minimum detectable difference, the p-value after Holm's correction, and the verdict; and
        where the value is not above what chance gives on average, that it is not.
    """
    words = row.words
    if not math.isfinite(row.value):
        return f"{words.label}: not determined ({Verdict.TOO_FEW})."
    parts = [f"{words.label}: {row.amount(row.value)} [{row.interval}]"]
    if math.isfinite(row.corrected_value):
        parts.append(f", noise-corrected {row.in_unit(row.corrected_value)}")
    mean, limit = row.in_unit(row.null_mean), row.in_unit(row.null_95)
    reach = "down to" if words.higher_is_more_equal else "up to"
    parts.append(f"; chance alone: {mean}, {reach} {limit}{_no_more(row)}. ")
    if row.found and math.isfinite(row.detectable):
        parts.append(f"Minimum detectable: {row.in_unit(row.detectable)}. ")
    parts.append(f"Holm p {p_equals(row.p)}: {verdict_text(row)}.")
    return "".join(parts)


def _no_more(row: GapRow) -> str:
    """That a value is not beyond the mean of chance; empty where it is, or where found."""
    beyond = row.value - row.null_mean
    beyond = -beyond if row.words.higher_is_more_equal else beyond
    if not beyond <= _ROUNDING or row.found:  # NaN is neither
        return ""
    return ": no more than the mix of emotions and noise give by themselves"
