import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reporting.rows import gap_row

from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting.findings.gap_sentences import gap_sentence, verdict_text

NOT_FOUND: dict[str, object] = {"p_value_corrected": 0.3, "verdict": "no difference found"}
PAIR: dict[str, object] = {
    "metric": "recall_difference",
    "family": "pairs",
    "group": "black",
    "other_group": "white",
    "value": -0.15,
    "ci_low": -0.26,
    "ci_high": -0.04,
}
QUESTION: dict[str, object] = {
    "metric": "any_difference",
    "family": "question",
    "value": math.nan,
    "ci_low": math.nan,
    "ci_high": math.nan,
}
SHARES = st.floats(0, 1)


def test_a_found_gap_is_told_with_its_interval_and_its_corrected_p_value() -> None:
    assert gap_sentence(gap_row()) == (
        "Accuracy gap: 8.1 points [5.9 to 10.2], p = 0.004: difference found."
    )


def test_a_gap_not_found_says_what_would_have_been_found() -> None:
    assert gap_sentence(gap_row(NOT_FOUND)).endswith(
        "p = 0.300: no difference found; 6.2 points would be found in 8 audits of 10."
    )


@pytest.mark.parametrize(
    ("metric", "equal", "shown"),
    [
        ("accuracy_gap", 0.0, "6.2 points"),
        ("accuracy_gap", 0.01, "7.2 points"),
        ("theil_index_gap", 0.0, "0.062"),
        ("accuracy_ratio", 1.0, "0.938"),
        ("worst_group_accuracy", 0.8, "73.8 points"),
    ],
)
def test_what_would_be_found_is_a_value_of_the_metric_in_its_unit(
    metric: str, equal: float, shown: str
) -> None:
    text = verdict_text(gap_row(NOT_FOUND, metric=metric, equal_treatment=equal))
    assert text == f"no difference found; {shown} would be found in 8 audits of 10"


def test_where_nothing_would_be_found_the_verdict_says_so() -> None:
    text = verdict_text(gap_row(NOT_FOUND, minimum_detectable=math.nan))
    assert text == "no difference found; none, however large, would be found among so few"


def test_too_few_people_is_neither_found_nor_not_found() -> None:
    assert verdict_text(gap_row(verdict="too few people to say")) == "too few people to say"


def test_without_a_corrected_p_value_nothing_is_found() -> None:
    row = gap_row(p_value_corrected=math.nan)
    assert not row.found
    assert row.judgement is Verdict.TOO_FEW
    assert "too few people to say" in gap_sentence(row)


def test_a_value_that_could_not_be_computed_is_said_to_be_so() -> None:
    assert "not determined" in gap_sentence(gap_row(value=math.nan))


@pytest.mark.parametrize(("sign", "less", "more"), [(1, "Black", "White"), (-1, "White", "Black")])
def test_a_pair_names_first_who_is_recognised_less_often(sign: int, less: str, more: str) -> None:
    ends = sorted((sign * -0.26, sign * -0.04))
    row = gap_row(PAIR, value=sign * -0.15, ci_low=ends[0], ci_high=ends[1])
    assert gap_sentence(row) == (
        f"{less} faces are recognised 15.0 points [4.0 to 26.0] less often than {more} faces of "
        "the same emotion, p = 0.004: difference found."
    )


def test_groups_that_are_no_words_are_quoted() -> None:
    row = gap_row(PAIR, group="20-39", other_group="70+")
    assert gap_sentence(row).startswith("Faces of “20-39” are recognised")
    assert "than faces of “70+” of the same emotion" in gap_sentence(row)


def test_the_question_is_answered_without_a_number_of_its_own() -> None:
    found = "People who show the same emotion are not recognised alike in all groups (p = 0.004)."
    assert gap_sentence(gap_row(QUESTION)) == found
    assert gap_sentence(gap_row(QUESTION, **NOT_FOUND)) == (
        "No group was found to be recognised differently (p = 0.300). A loss of 6.2 points of "
        "recall in the smallest group would be found in 8 audits of 10."
    )
    assert "too few people" in gap_sentence(gap_row(QUESTION, p_value_corrected=math.nan))
    assert "primary outcomes" in gap_sentence(gap_row(QUESTION, verdict="not tested"))


@pytest.mark.parametrize(
    ("metric", "equal", "told"),
    [
        ("accuracy_gap", 0.111, " (equal treatment gives 11.1)"),
        ("accuracy_gap", 0.0004, ""),
        ("accuracy_ratio", 0.9, " (equal treatment gives 0.900)"),
        ("accuracy_ratio", 1.0, ""),
    ],
)
def test_equal_treatment_that_is_not_no_gap_is_told(metric: str, equal: float, told: str) -> None:
    sentence = gap_sentence(gap_row(metric=metric, equal_treatment=equal))
    assert f"[{gap_row(metric=metric).interval}]{told}, p = 0.004" in sentence


def test_what_was_not_tested_has_no_p_value() -> None:
    for part in ({}, PAIR):
        told = gap_sentence(gap_row(part, verdict="not tested", p_value_corrected=0.76))
        assert told.endswith(": not tested.")
        assert "p =" not in told


def test_ratios_keep_their_unit() -> None:
    row = gap_row(
        metric="accuracy_ratio", value=0.9, ci_low=0.88, ci_high=0.93, equal_treatment=1.0
    )
    assert "0.900 [0.880 to 0.930], p = 0.004" in gap_sentence(row)


@given(
    p=SHARES | st.just(math.nan), seen=SHARES | st.just(math.nan), verdict=st.sampled_from(Verdict)
)
def test_no_row_claims_more_than_its_verdict_and_its_p_value(
    p: float, seen: float, verdict: Verdict
) -> None:
    row = gap_row(p_value_corrected=p, minimum_detectable=seen, verdict=verdict.value)
    assert row.found == (verdict is Verdict.FOUND and math.isfinite(p))
    assert verdict_text(row).startswith(verdict if math.isfinite(p) else Verdict.TOO_FEW)
    assert "nan" not in gap_sentence(row)
