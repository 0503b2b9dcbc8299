"""What is said of a test."""

from enum import StrEnum


class Verdict(StrEnum):
    """The verdict on a difference between groups, as the column `verdict` of tables holds it.

    Where a difference could have been found, `minimum_detectable` is how far beyond equal treatment
    it would have had to be. Too few people are those without a test, or whose test would have found
    nothing, however far. Not tested is what stands behind primary outcomes that were not found.
    """

    FOUND = "difference found"
    NOT_FOUND = "no difference found"
    NOT_TESTED = "not tested"
    TOO_FEW = "too few people to say"


class PlantedVerdict(StrEnum):
    """What an audit of fabricated faces made of one group, beside what is planted there."""

    FOUND = "planted and found"
    MISSED = "planted, not found"
    NOT_LOOKED_AT = "planted, not looked at"
    NOT_PLANTED = "found, not planted"
    NEITHER = "neither planted nor found"
