import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import beta, kstest

from fer_fairness.mitigation.methods.mixup import Mixup
from fer_fairness.modeling import TrainingSet
from fer_fairness.modeling.batches import TrainingBatches
from fer_fairness.params.fine_tuning import FineTuningParameters

FINE_TUNING = FineTuningParameters.model_validate(
    {"training": {"mixup_alpha": 0.7, "batch_size": 100}}
)


def test_images_are_mixed_in_the_shares_of_the_papers_distribution() -> None:
    votes = np.random.default_rng(0).dirichlet(np.ones(3), 1000).astype(np.float32)
    training = TrainingSet(np.zeros((1000, 8, 8, 1), np.uint8), np.arange(1000), votes)
    for alpha in (0.2, 1.0):
        method = Mixup(alpha=alpha)
        params = method.training_parameters(FINE_TUNING)
        batches = list(TrainingBatches(training, params, method, seed=0).epoch(0))
        shares = np.concatenate([batch.inputs["mixing_share"] for batch in batches])
        # The larger of t and 1 - t, where t is from Beta(alpha, alpha).
        expected = lambda share, alpha=alpha: 2 * beta.cdf(share, alpha, alpha) - 1  # noqa: E731
        assert kstest(shares, expected).pvalue > 0.01
        for batch in batches:
            assert sorted(batch.inputs["partner"]) == list(range(100))


def test_alpha_takes_the_place_of_what_all_are_trained_with() -> None:
    for alpha, expected in ((0.2, 0.2), (0.0, 0.0), (None, 0.7)):
        training = Mixup(alpha=alpha).training_parameters(FINE_TUNING)
        assert training == FINE_TUNING.training.model_copy(update={"mixup_alpha": expected})


def test_an_alpha_that_is_said_twice_or_negative_is_refused() -> None:
    with pytest.raises(ValidationError, match="give alpha instead"):
        Mixup(fine_tuning={"training": {"mixup_alpha": 0.5}})
    with pytest.raises(ValidationError, match="alpha"):
        Mixup(alpha=-0.1)
