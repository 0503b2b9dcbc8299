import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.reporting.verdicts import (
    difference_found,
    gap_sentence,
    short_verdict,
    verdict_text,
)

ROW: dict[str, object] = {
    "metric": "accuracy_gap",
    "family": "summary",
    "value": 0.081,
    "ci_low": 0.059,
    "ci_high": 0.102,
    "corrected_value": 0.072,
    "minimum_detectable": 0.0619,
    "null_mean": 0.014,
    "null_95": 0.029,
    "p_value_holm": 0.004,
    "verdict": "difference found",
}
NOT_FOUND = {
    **ROW,
    "p_value_holm": 0.3,
    "verdict": "no difference found; smaller than 0.062 could not have been seen",
}
SHARES = st.floats(0, 1)


def test_a_found_gap_is_told_with_all_that_it_is_read_by() -> None:
    assert gap_sentence(ROW) == (
        "Accuracy gap: 8.1 points [5.9 to 10.2], noise-corrected 7.2; chance alone: 1.4, up to "
        "2.9. Minimum detectable: 6.2. Holm p = 0.004: difference found."
    )


def test_a_gap_not_found_says_what_could_not_have_been_seen_and_says_it_once() -> None:
    assert gap_sentence(NOT_FOUND).endswith(
        "up to 2.9. Holm p = 0.300: no difference found; smaller than 6.2 points could not have "
        "been seen."
    )


@pytest.mark.parametrize(
    ("metric", "shown"), [("accuracy_gap", "6.2 points"), ("accuracy_ratio", "0.062")]
)
def test_the_detectable_difference_is_in_the_unit_of_the_metric(metric: str, shown: str) -> None:
    text = verdict_text({**NOT_FOUND, "metric": metric})
    assert text == f"no difference found; smaller than {shown} could not have been seen"


def test_the_detectable_difference_comes_from_its_column_and_not_from_the_text() -> None:
    text = verdict_text({**NOT_FOUND, "minimum_detectable": 0.4})
    assert "smaller than 40.0 points" in text


def test_where_nothing_could_have_been_seen_the_verdict_says_so() -> None:
    text = verdict_text({**NOT_FOUND, "minimum_detectable": math.nan})
    assert text == "no difference found; none, however large, could have been seen"


@pytest.mark.parametrize("verdict", ["no difference found", "", "significant"])
def test_a_verdict_of_any_other_text_is_no_difference_found(verdict: str) -> None:
    assert short_verdict({**ROW, "verdict": verdict}) == "no difference found"


def test_too_few_people_is_neither_found_nor_not_found() -> None:
    assert verdict_text({**ROW, "verdict": "too few people to say"}) == "too few people to say"


def test_without_a_corrected_p_value_nothing_is_found() -> None:
    row = {**ROW, "p_value_holm": math.nan}
    assert not difference_found(row)
    assert "too few people to say" in gap_sentence(row)


def test_a_value_that_could_not_be_computed_is_said_to_be_so() -> None:
    assert "not determined" in gap_sentence({**ROW, "value": math.nan})


def test_a_missing_corrected_value_is_left_out() -> None:
    assert "noise-corrected" not in gap_sentence({**ROW, "corrected_value": math.nan})


def test_ratios_read_downward() -> None:
    row = {**ROW, "metric": "accuracy_ratio", "value": 0.9, "ci_low": 0.88, "ci_high": 0.93}
    sentence = gap_sentence({**row, "corrected_value": 0.92, "null_mean": 0.98, "null_95": 0.96})
    assert "0.900 [0.880 to 0.930], noise-corrected 0.920; chance alone: 0.980, down to" in sentence


@given(p=SHARES, seen=SHARES | st.just(math.nan), verdict=st.sampled_from(["", *"dnt"]))
def test_only_a_row_whose_verdict_says_so_is_found(p: float, seen: float, verdict: str) -> None:
    row = {**ROW, "p_value_holm": p, "minimum_detectable": seen, "verdict": verdict}
    assert not difference_found(row)
    assert verdict_text(row).startswith(short_verdict(row)) or "too few" in verdict_text(row)
    assert "nan" not in gap_sentence(row)
