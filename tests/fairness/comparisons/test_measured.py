import numpy as np
import pytest

from fer_fairness.fairness.comparisons.measured import Measured
from fer_fairness.fairness.comparisons.moderation import FEWEST_METHODS

N_SEEDS = 3


def measured(n_variants: int) -> Measured:
    """One metric of variants over seeds, whose people are as noisy as their seeds."""
    generator = np.random.default_rng(n_variants)
    values = 0.7 + 0.01 * generator.standard_normal((n_variants * N_SEEDS, 1))
    draws = values + 0.01 * generator.standard_normal((1, 500, *values.shape))
    return Measured(values, values, draws.astype(np.float32))


@pytest.mark.parametrize("n_variants", [FEWEST_METHODS, FEWEST_METHODS + 1])
def test_as_many_methods_beside_the_control_as_it_takes_are_moderated(n_variants: int) -> None:
    found = measured(n_variants)
    models = np.arange(n_variants * N_SEEDS).reshape(n_variants, N_SEEDS).T
    control = np.repeat(models[:, :1], n_variants - 1, axis=1)
    first, second = np.triu_indices(n_variants, k=1)
    for means, _ in (
        found.means(models[:, 1:], control),
        # So many pairs are differences of the same few methods.
        found.means(models[:, first], models[:, second]),
    ):
        moderated = means.freedom > N_SEEDS - 1
        assert moderated.all() if n_variants > FEWEST_METHODS else not moderated.any()
