"""The table of every change against the baseline."""

import math
from collections.abc import Sequence

from fer_fairness.reporting import page
from fer_fairness.reporting.labels import capitalised
from fer_fairness.reporting.number_text import p_value, thousands
from fer_fairness.reporting.rows.changes import Change


def changes_table(
    caption: str,
    rows: Sequence[Change],
    *,
    all_in: str,
    reference: str = "Baseline",
    noun: str = "variant",
) -> page.Table:
    """Changes with intervals and tests, those found first and in bold.

    Args:
        caption: What the table shows.
        rows: The changes of one evaluation set.
        all_in: The file that has all of them.
        reference: What they are changes against.
        noun: What one of those compared is called.
    """
    return page.table(
        caption,
        sorted(rows, key=lambda row: (not row.found, row.p if math.isfinite(row.p) else math.inf)),
        [
            (capitalised(noun), lambda row: row.variant_label),
            ("Metric", lambda row: row.words.label),
            ("Attribute", lambda row: row.people),
            (f"{reference} → {noun}", lambda row: page.numeric(row.from_to)),
            (
                "Difference [interval]",
                lambda row: page.numeric(f"{row.measured} [{row.interval}]", strong=row.found),
            ),
            ("Corrected p", lambda row: page.numeric(p_value(row.p), strong=row.found)),
            ("Verdict", lambda row: row.judgement.value),
            (
                "Smallest change found in 8 of 10",
                lambda row: page.numeric(row.amount(row.minimum_detectable)),
            ),
            ("Levelled down", lambda row: page.yes_or_no(row.level_down)),
            ("p of this row alone", lambda row: page.numeric(p_value(row.p_value))),
            (
                "95 % interval of this row alone",
                lambda row: page.numeric(
                    row.bounds(row.uncorrected_ci_low, row.uncorrected_ci_high)
                ),
            ),
            (
                "Difference as counted",
                lambda row: page.numeric(row.amount(row.raw_difference, sign=True)),
            ),
            ("Seeds", lambda row: page.numeric(thousands(row.n_seeds))),
            ("n", lambda row: page.people(row.n_people)),
        ],
        folded=True,
        all_in=all_in,
    )
