"""What is said of a test, in words."""

from typing import Final

import numpy as np

FOUND: Final = "difference found"
NOT_FOUND: Final = "no difference found"
TOO_FEW: Final = "too few people to say"


def verdict(*, found: bool, tested: bool, minimum_detectable: float) -> str:
    """The verdict on a difference between groups.

    Args:
        found: Whether its test survived the correction for many tests.
        tested: Whether there was a test at all.
        minimum_detectable: How far beyond equal treatment the test would have found; NaN where
            nothing, however far.
    """
    if found:
        return FOUND
    if not tested or not np.isfinite(minimum_detectable):
        return TOO_FEW
    return f"{NOT_FOUND}; smaller than {minimum_detectable:.3g} could not have been seen"
