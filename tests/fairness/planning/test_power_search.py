import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from fer_fairness.fairness.planning.power_search import where_power_is

LEVEL = 0.05


def z_test(place: float, slope: float = 3.0) -> float:
    return float(ndtr(slope * place - ndtri(1.0 - LEVEL)))


@pytest.mark.parametrize("start", [0.001, 0.8, 50.0])
@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.95])
def test_the_place_is_found_from_anywhere(start: float, wanted: float) -> None:
    found = where_power_is(z_test, start=start, bounds=(1e-4, 100), level=LEVEL, wanted=wanted)
    assert found == pytest.approx((ndtri(wanted) + ndtri(1 - LEVEL)) / 3, rel=1e-3)


def test_noise_of_draws_is_evened_out() -> None:
    generator = np.random.default_rng(0)
    exact = (ndtri(0.8) + ndtri(1 - LEVEL)) / 3
    found = [
        where_power_is(
            lambda place: generator.binomial(500, z_test(place)) / 500,
            start=exact,
            bounds=(1e-4, 100),
            level=LEVEL,
            wanted=0.8,
        )
        for _ in range(100)
    ]
    one_draw_alone = np.sqrt(0.8 * 0.2 / 500) / (3 * np.exp(-0.5 * ndtri(0.8) ** 2) / 2.5066)
    assert np.mean(np.array(found, dtype=float)) == pytest.approx(exact, rel=0.01)
    assert np.std(np.array(found, dtype=float)) < one_draw_alone


def test_what_lies_beyond_the_bounds_is_told() -> None:
    nowhere = where_power_is(z_test, start=0.3, bounds=(0.1, 0.5), level=LEVEL, wanted=0.8)
    assert nowhere is None
    first = where_power_is(z_test, start=3.0, bounds=(2.0, 5.0), level=LEVEL, wanted=0.8)
    assert first == 2.0
