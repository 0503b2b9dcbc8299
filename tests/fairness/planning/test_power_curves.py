import numpy as np
import pytest

from fer_fairness.fairness.planning.planned_power import PlannedAudit
from fer_fairness.fairness.planning.power_curves import power_curves
from fer_fairness.params.plan import PlanParameters

AUDIT = PlannedAudit(PlanParameters(groups={"a": 9.0, "b": 1.0}, n_draws=400))


def test_curves_hold_the_gap_asked_for_and_others_around_it() -> None:
    power = power_curves(AUDIT, 0.12, 1000, seed=0)
    gaps = list(power["gap"].unique())
    assert gaps == sorted(gaps)
    assert [gap < 0.12 for gap in gaps].count(True) == 1
    assert [gap > 0.12 for gap in gaps].count(True) == 2
    assert 0.12 in gaps
    assert (power["n_faces_of_group"] == np.rint(power["n_faces"] / 10)).mean() > 0.8


def test_power_rises_along_every_curve_and_stays_near_what_was_drawn() -> None:
    power = power_curves(AUDIT, 0.12, 1000, seed=0)
    for gap in power["gap"].unique().tolist():
        line = power[power["gap"] == gap]
        assert np.all(np.diff(line["power"]) >= 0)
        middle = line.iloc[len(line) // 2]
        drawn = AUDIT.power(int(middle["n_faces"]), gap, seed=9, n_draws=4000)
        assert middle["power"] == pytest.approx(drawn, abs=0.08)


@pytest.mark.parametrize("gap", [0.002, 0.9])
def test_the_smallest_and_largest_gaps_have_curves_too(gap: float) -> None:
    power = power_curves(AUDIT, gap, AUDIT.fewest_faces, seed=0)
    assert gap in set(power["gap"])
    assert power["power"].between(0, 1).all()
    assert power["n_faces"].min() >= AUDIT.fewest_faces
