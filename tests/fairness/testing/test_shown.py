import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.fairness.inference.intervals import Interval
from fer_fairness.fairness.testing.shown import Shown, agreeing

NUMBERS = st.integers(0, 8).map(lambda eighths: eighths / 8)
INTERVALS = st.tuples(NUMBERS, NUMBERS).map(lambda ends: Interval(min(ends), max(ends)))
ANY = st.builds(Shown, NUMBERS, INTERVALS, INTERVALS, st.booleans(), st.booleans())


@given(ANY, NUMBERS)
def test_estimate_intervals_and_verdict_agree(given_: Shown, equal: float) -> None:
    shown = agreeing(given_, equal)
    for interval in (shown.corrected, shown.alone):
        assert interval.low <= shown.value <= interval.high
    beyond = shown.corrected.low > equal if shown.more_is_worse else shown.corrected.high < equal
    assert beyond == shown.is_found
    assert (shown.corrected.low <= equal <= shown.corrected.high) != shown.is_found
    if shown.is_found:
        assert shown.corrected.low <= shown.alone.low
        assert shown.alone.high <= shown.corrected.high


@given(ANY, NUMBERS)
def test_what_agrees_stays_as_it_is(given_: Shown, equal: float) -> None:
    shown = agreeing(given_, equal)
    assert agreeing(shown, equal) == shown


def test_intervals_are_moved_by_no_more_than_it_takes() -> None:
    alone, corrected = Interval(0.3, 0.5), Interval(0.2, 0.6)
    found = Shown(0.4, corrected, alone, is_found=True, more_is_worse=True)
    assert agreeing(found, 0.1) == found
    assert agreeing(found, 0.25).corrected == Interval(float(np.nextafter(0.25, 1)), 0.6)
    not_found = Shown(0.4, corrected, alone, is_found=False, more_is_worse=True)
    assert agreeing(not_found, 0.1).corrected == Interval(0.1, 0.6)
    assert agreeing(not_found, 0.1).alone == alone


@given(ANY, NUMBERS, st.one_of(NUMBERS, st.just(float("nan"))))
def test_a_gap_not_found_is_no_wider_than_what_could_be_seen(
    shown: Shown, equal: float, planned: float
) -> None:
    found = shown.detectable(planned, equal)
    assert np.isnan(found) == np.isnan(planned)
    beyond = (shown.value - equal) * (1 if shown.more_is_worse else -1)
    if not np.isnan(found):
        assert found >= planned
        assert shown.is_found or found >= beyond
        assert found in (planned, beyond)
