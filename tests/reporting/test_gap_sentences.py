import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reporting.rows import gap_row

from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.reporting.gap_sentences import gap_sentence, verdict_text

NOT_FOUND: dict[str, object] = {"p_value_holm": 0.3, "verdict": "no difference found"}
SHARES = st.floats(0, 1)


def test_a_found_gap_is_told_with_all_that_it_is_read_by() -> None:
    assert gap_sentence(gap_row()) == (
        "Accuracy gap: 8.1 points [5.9 to 10.2], noise-corrected 7.2; chance alone: 1.4, up to "
        "2.9. Minimum detectable: 6.2. Holm p = 0.004: difference found."
    )


def test_a_gap_not_found_says_what_could_not_have_been_seen_and_says_it_once() -> None:
    assert gap_sentence(gap_row(NOT_FOUND)).endswith(
        "up to 2.9. Holm p = 0.300: no difference found; smaller than 6.2 points could not have "
        "been seen."
    )


@pytest.mark.parametrize(
    ("metric", "shown"),
    [
        ("accuracy_gap", "smaller than 6.2 points"),
        ("theil_index_gap", "smaller than 0.062"),
        ("accuracy_ratio", "smaller than 0.062"),
        ("worst_group_accuracy", "smaller than 6.2 points"),
    ],
)
def test_the_detectable_difference_is_in_the_unit_of_the_metric(metric: str, shown: str) -> None:
    text = verdict_text(gap_row(NOT_FOUND, metric=metric))
    assert text == f"no difference found; {shown} could not have been seen"


def test_the_detectable_difference_comes_from_its_column_and_not_from_the_text() -> None:
    text = verdict_text(gap_row(NOT_FOUND, minimum_detectable=0.4))
    assert "smaller than 40.0 points" in text


def test_where_nothing_could_have_been_seen_the_verdict_says_so() -> None:
    text = verdict_text(gap_row(NOT_FOUND, minimum_detectable=math.nan))
    assert text == "no difference found; none, however large, could have been seen"


def test_too_few_people_is_neither_found_nor_not_found() -> None:
    assert verdict_text(gap_row(verdict="too few people to say")) == "too few people to say"


def test_without_a_corrected_p_value_nothing_is_found() -> None:
    row = gap_row(p_value_holm=math.nan)
    assert not row.found
    assert row.judgement is Verdict.TOO_FEW
    assert "too few people to say" in gap_sentence(row)


def test_a_value_that_could_not_be_computed_is_said_to_be_so() -> None:
    assert "not determined" in gap_sentence(gap_row(value=math.nan))


def test_a_missing_corrected_value_is_left_out() -> None:
    assert "noise-corrected" not in gap_sentence(gap_row(corrected_value=math.nan))


@pytest.mark.parametrize(
    ("metric", "seen", "shown"),
    [("accuracy_gap", 0.062, "6.2"), ("accuracy_ratio", 0.229, "0.771")],
)
def test_a_found_row_gives_the_detectable_value_and_not_a_distance(
    metric: str, seen: float, shown: str
) -> None:
    equal = 1.0 if metric == "accuracy_ratio" else 0.0
    row = gap_row(metric=metric, minimum_detectable=seen, equal_treatment=equal)
    sentence = gap_sentence(row)
    assert f"Minimum detectable: {shown}. " in sentence


NO_MORE = "no more than the mix of emotions and noise give by themselves. Holm"


@pytest.mark.parametrize(
    ("metric", "value"),
    [("accuracy_gap", 0.014), ("accuracy_gap", 0.014 + 1e-15), ("accuracy_ratio", 0.99)],
)
def test_a_value_that_chance_gives_on_average_is_said_to_be_no_more(
    metric: str, value: float
) -> None:
    row = gap_row(NOT_FOUND, metric=metric, value=value)
    assert NO_MORE in gap_sentence(row)
    assert NO_MORE not in gap_sentence(dataclasses.replace(row, null_mean=math.nan))


@pytest.mark.parametrize(("metric", "value"), [("accuracy_gap", 0.015), ("accuracy_ratio", 0.013)])
def test_a_value_beyond_the_mean_of_chance_is_not_said_to_be_no_more(
    metric: str, value: float
) -> None:
    assert NO_MORE not in gap_sentence(gap_row(NOT_FOUND, metric=metric, value=value))


def test_a_difference_found_is_never_said_to_be_no_more() -> None:
    assert NO_MORE not in gap_sentence(gap_row(value=0.001))


def test_ratios_read_downward() -> None:
    row = gap_row(metric="accuracy_ratio", value=0.9, ci_low=0.88, ci_high=0.93)
    chance = dataclasses.replace(row, corrected_value=0.92, null_mean=0.98, null_95=0.96)
    sentence = gap_sentence(chance)
    assert "0.900 [0.880 to 0.930], noise-corrected 0.920; chance alone: 0.980, down to" in sentence


@given(
    p=SHARES | st.just(math.nan), seen=SHARES | st.just(math.nan), verdict=st.sampled_from(Verdict)
)
def test_no_row_claims_more_than_its_verdict_and_its_p_value(
    p: float, seen: float, verdict: Verdict
) -> None:
    row = gap_row(p_value_holm=p, minimum_detectable=seen, verdict=verdict.value)
    assert row.found == (verdict is Verdict.FOUND and math.isfinite(p))
    assert verdict_text(row).startswith(verdict if math.isfinite(p) else Verdict.TOO_FEW)
    assert "nan" not in gap_sentence(row)
