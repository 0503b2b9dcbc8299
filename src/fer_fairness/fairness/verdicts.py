"""What is said of a test: one of three verdicts."""

from enum import StrEnum

import numpy as np


class Verdict(StrEnum):
    """What a test says of a difference; the column `verdict` of every table holds one of these."""

    FOUND = "difference found"
    NOT_FOUND = "no difference found"
    TOO_FEW = "too few people to say"


def verdict(*, found: bool, tested: bool, minimum_detectable: float) -> str:
    """The verdict on a difference between groups, as tables hold it.

    Args:
        found: Whether its test survived the correction for many tests.
        tested: Whether there was a test at all.
        minimum_detectable: How far beyond equal treatment the test would have found; NaN where
            nothing, however far.
    """
    if found:
        return Verdict.FOUND.value
    if not tested or not np.isfinite(minimum_detectable):
        return Verdict.TOO_FEW.value
    return Verdict.NOT_FOUND.value
