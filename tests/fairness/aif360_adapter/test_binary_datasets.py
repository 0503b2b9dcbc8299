import numpy as np
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.aif360_adapter.binary_datasets import (
    GROUP,
    TWO_GROUP_METRICS,
    aif360_values,
    binary_datasets,
)
from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import

GENERATOR = np.random.default_rng(0)
GROUPS = GENERATOR.integers(3, size=200)
SHOWN = GENERATOR.random(200) < 0.3
PREDICTED = np.where(GENERATOR.random(200) < 0.7, SHOWN, GENERATOR.random(200) < 0.3)
SCORES = GENERATOR.random(200)


def test_a_pair_of_datasets_tells_the_emotion_from_all_others() -> None:
    truth, outcome = binary_datasets(GROUPS, SHOWN, PREDICTED, SCORES)
    np.testing.assert_array_equal(truth.labels.ravel(), SHOWN)
    np.testing.assert_array_equal(outcome.labels.ravel(), PREDICTED)
    np.testing.assert_array_equal(outcome.scores.ravel(), SCORES)
    np.testing.assert_array_equal(truth.protected_attributes.ravel(), GROUPS)
    assert truth.favorable_label == 1.0


def test_without_probabilities_the_label_is_the_score() -> None:
    _, outcome = binary_datasets(GROUPS, SHOWN, PREDICTED)
    np.testing.assert_array_equal(outcome.scores, outcome.labels)


def test_aif360_takes_groups_by_the_name_of_their_attribute() -> None:
    with quiet_aif360_import():
        from aif360.metrics import ClassificationMetric
    metric = ClassificationMetric(
        *binary_datasets(GROUPS, SHOWN, PREDICTED),
        unprivileged_groups=[{GROUP: 0}, {GROUP: 1}],
        privileged_groups=[{GROUP: 2}],
    )
    difference = PREDICTED[GROUPS < 2].mean() - PREDICTED[GROUPS == 2].mean()
    assert metric.statistical_parity_difference() == pytest.approx(difference)


def test_a_method_of_aif360_runs_on_the_datasets() -> None:
    with quiet_aif360_import():
        from aif360.algorithms.postprocessing import RejectOptionClassification
    groups = (GROUPS == 2).astype(np.int64)
    truth, outcome = binary_datasets(groups, SHOWN, PREDICTED, SCORES)
    method = RejectOptionClassification([{GROUP: 0}], [{GROUP: 1}], num_class_thresh=5)
    decided = method.fit(truth, outcome).predict(outcome)
    assert decided.labels.shape == (200, 1)


def test_names_are_methods_of_aif360() -> None:
    with quiet_aif360_import():
        from aif360.metrics import ClassificationMetric
    for name in TWO_GROUP_METRICS:
        assert callable(getattr(ClassificationMetric, name))


def test_nobody_makes_no_dataset() -> None:
    with pytest.raises(InvalidInputError, match="AIF360 takes no empty dataset"):
        aif360_values(np.zeros((2, 2, 2), dtype=np.int64))
