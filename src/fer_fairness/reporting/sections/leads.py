"""What the lead of the first page counts: headline comparisons, and what other metrics found."""

from typing import Final

import pandas as pd

from fer_fairness.reporting.records import records
from fer_fairness.reporting.tables import listed
from fer_fairness.reporting.verdicts import TOO_FEW, difference_found, short_verdict
from fer_fairness.reporting.words import HEADLINE_METRICS, in_sentence, metric_words

_KEYS: Final = ["variant", "evaluation_set", "attribute", "attribute_source"]


def headline_counts(rows: pd.DataFrame, *, of: str, after: str) -> str:
    """How many of the headline comparisons are differences found.

    Args:
        rows: Rows of `gaps` with headline metrics only, at least one.
        of: What is compared: "of every attribute".
        after: What the correction is for, after the word "all".

    Returns:
        One sentence; where nothing could be compared, it says that and not "none found".
    """
    told = records(rows)
    names = listed([in_sentence(metric_words(metric).label) for metric in HEADLINE_METRICS])
    what = f"{len(told)} headline comparisons ({names} {of})"
    if all(short_verdict(row) == TOO_FEW for row in told):
        return f"None of the {what} could be made: too few people."
    found = sum(difference_found(row) for row in told)
    are = "is a difference" if found == 1 else "are differences"
    return f"Of {what}, {found} {are} found after the correction for all {after}."


def others_found(gaps: pd.DataFrame, what: str) -> str:
    """For how many attributes only metrics other than the headline ones found a difference.

    Args:
        gaps: Rows of `gaps`: those of the findings that the page shows.
        what: What a finding is about, in the singular: "attribute".

    Returns:
        One sentence and a space behind it; empty where there are none.
    """
    more = sum(_only_others(block) for _, block in gaps.groupby(_KEYS, sort=False))
    if not more:
        return ""
    noun, *rest = what.split(" ", 1)
    things = " ".join([noun if more == 1 else f"{noun}s", *rest])
    return f"Other metrics found a difference for {more} more {things}. "


def _only_others(rows: pd.DataFrame) -> bool:
    found = {str(row["metric"]) for row in records(rows) if difference_found(row)}
    shown = rows["metric"].isin(HEADLINE_METRICS).any()
    return bool(shown and found and found.isdisjoint(HEADLINE_METRICS))
