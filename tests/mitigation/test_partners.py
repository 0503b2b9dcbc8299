import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fer_fairness.mitigation import trained_methods
from fer_fairness.mitigation.partners import PartnerMethod, drawn_partners, of_another_group
from fer_fairness.params.training import TrainingParameters


@given(st.lists(st.integers(-1, 2), min_size=1, max_size=12), st.integers(0, 99))
def test_partners_are_of_another_known_group_wherever_there_is_one(
    groups: list[int], seed: int
) -> None:
    codes = np.array(groups, np.int32)
    partner, has_one = drawn_partners(of_another_group(codes), np.random.default_rng(seed))
    for row, code in enumerate(groups):
        others = [other for other in groups if other not in (-1, code)]
        assert has_one[row] == (code >= 0 and bool(others))
        if has_one[row]:
            assert groups[partner[row]] in others


def test_all_that_suit_are_drawn_alike() -> None:
    suits = np.array([[False, True, True, False, True]] * 3000)
    partner, _ = drawn_partners(suits, np.random.default_rng(0))
    counts = np.bincount(partner, minlength=5)
    assert counts[[0, 3]].tolist() == [0, 0]
    assert np.abs(counts[[1, 2, 4]] - 1000).max() < 120


def test_methods_that_mix_say_so() -> None:
    mixing = [one for one in trained_methods().values() if issubclass(one, PartnerMethod)]
    assert len(mixing) == 3
    assert all(one.model_validate({}).mixes(TrainingParameters()) for one in mixing)
