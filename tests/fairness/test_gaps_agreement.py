from collections.abc import Sequence

import pandas as pd
import pytest
from tests.fairness.testing.audits import audited, gaps_of, random_audit, worse

from fer_fairness.fairness import gaps
from fer_fairness.fairness.gap_rows import BY_CLASS, PAIRS, QUESTION, SUMMARY
from fer_fairness.fairness.verdicts import Verdict

PRIMARY = ("accuracy_gap by race", "equal_opportunity_gap by gender")


def check_agreement(table: pd.DataFrame, *, significance: float = 0.05) -> None:
    """What is shown of every row is about one quantity and says the same thing."""
    found = table["verdict"] == Verdict.FOUND
    assert (found == (table["p_value_corrected"] <= significance)).all()
    tested = table["p_value"].notna()
    assert (table["p_value_corrected"] >= table["p_value"] - 1e-12)[tested].all()
    could_be_seen = tested & (found | table["minimum_detectable"].notna())
    assert ((table["verdict"] == Verdict.TOO_FEW) == ~could_be_seen).all()
    numbers = table[table["family"] != QUESTION]
    assert (numbers["value"].notna() == tested[numbers.index]).all()
    rows = numbers[numbers["value"].notna()]
    assert rows[["ci_low", "ci_high", "raw_value", "equal_treatment"]].notna().all(axis=None)
    for low, high in (("ci_low", "ci_high"), ("uncorrected_ci_low", "uncorrected_ci_high")):
        assert (rows[low] <= rows["value"]).all()
        assert (rows["value"] <= rows[high]).all()
    equal = rows["equal_treatment"]
    assert (((equal < rows["ci_low"]) | (equal > rows["ci_high"])) == found[rows.index]).all()
    discovered = rows[found[rows.index]]
    assert (discovered["ci_low"] <= discovered["uncorrected_ci_low"]).all()
    assert (discovered["uncorrected_ci_high"] <= discovered["ci_high"]).all()
    beyond = (rows["value"] - equal).where(worse(rows), equal - rows["value"])
    beyond = beyond.where(rows["family"] != PAIRS, rows["value"].abs())
    assert (beyond[found[rows.index]] > 0).all()
    missed = rows["verdict"].isin([Verdict.NOT_FOUND, Verdict.NOT_TESTED])
    assert (beyond <= rows["minimum_detectable"] + 1e-12)[missed].all()
    assert (rows["minimum_detectable"].dropna() > 0).all()


def check_hierarchy(table: pd.DataFrame, named: Sequence[tuple[str, ...]] = ()) -> None:
    """What is behind is found only where what is before is."""
    for attribute, rows in table[table["verdict"] == Verdict.FOUND].groupby("attribute"):
        families = set(rows["family"])
        if families & {BY_CLASS, PAIRS}:
            assert SUMMARY in families
        if not (set(zip(rows["attribute"], rows["metric"], strict=True)) <= set(named)):
            assert QUESTION in families, attribute


def named_in(seed: int) -> tuple[str, ...]:
    """No primary outcome in every third audit, one or two in the others."""
    return PRIMARY[: seed % 3]


@pytest.fixture(scope="module")
def random_tables() -> dict[int, pd.DataFrame]:
    """Audits of any kind, by seed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gaps, "shuffles_needed", lambda *_: 900)
        return {
            seed: gaps_of(random_audit(seed), seed=seed, n_power=50, primary=named_in(seed))
            for seed in range(18)
        }


def test_estimates_intervals_and_verdicts_agree_in_any_audit(
    random_tables: dict[int, pd.DataFrame],
) -> None:
    for table in random_tables.values():
        check_agreement(table)


def test_what_is_behind_is_found_behind_findings_in_any_audit(
    random_tables: dict[int, pd.DataFrame],
) -> None:
    for seed, table in random_tables.items():
        outcomes = [tuple(name.split(" by "))[::-1] for name in named_in(seed)]
        check_hierarchy(table, outcomes)


def test_random_audits_hold_findings_and_their_absence(
    random_tables: dict[int, pd.DataFrame],
) -> None:
    """Or the agreement of the two would not have been tested."""
    table = pd.concat(random_tables.values())
    seen = set(zip(table["family"], table["verdict"], strict=True))
    for family in (QUESTION, SUMMARY, BY_CLASS, PAIRS):
        for verdict in (Verdict.FOUND, Verdict.NOT_FOUND, Verdict.NOT_TESTED):
            assert (family, verdict) in seen
    assert "calibration_error_gap" in set(table["metric"])
    assert (table["n_faces"] > table["n_people"]).any()


@pytest.mark.usefixtures("fewer_shuffles")
@pytest.mark.parametrize("significance", [0.01, 0.05, 0.2])
def test_estimates_and_verdicts_agree_at_any_level(significance: float) -> None:
    table = gaps_of(audited("gender", "race", harmed="female", lost=0.5), significance=significance)
    found = table["verdict"] == Verdict.FOUND
    assert found.any()
    rows = table[table["value"].notna()]
    equal = rows["equal_treatment"]
    excluded = (equal < rows["ci_low"]) | (equal > rows["ci_high"])
    assert (excluded == found[rows.index]).all()
    assert (found == (table["p_value_corrected"] <= significance)).all()
