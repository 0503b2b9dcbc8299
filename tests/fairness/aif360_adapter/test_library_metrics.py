import re
from collections.abc import Callable
from importlib import import_module

import numpy as np
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.aif360_adapter.binary_datasets import aif360_values
from fer_fairness.fairness.aif360_adapter.library_metrics import aif360_metric, fairlearn_metric
from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import

FAIRLEARN = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
)
AIF360 = (
    "statistical_parity_difference",
    "disparate_impact_ratio",
    "equal_opportunity_difference",
    "average_odds_difference",
)

TABLES = np.array([[[30, 10], [4, 6]], [[16, 4], [2, 8]]])
"""Group (other, white), whether fear is shown, whether it is predicted."""

BY_HAND = {
    "demographic_parity_difference": 12 / 30 - 16 / 50,
    "demographic_parity_ratio": (16 / 50) / (12 / 30),
    "equalized_odds_difference": 0.2,
    "equalized_odds_ratio": 0.6 / 0.8,
    "equal_opportunity_difference": 0.2,
    "equal_opportunity_ratio": 0.6 / 0.8,
}

Columns = tuple[np.ndarray, np.ndarray, np.ndarray]


def binary(names: tuple[object, object] = (0, 1)) -> Columns:
    group, shown, predicted = (
        np.repeat(codes, TABLES.ravel()) for codes in np.indices(TABLES.shape).reshape(3, -1)
    )
    labels = np.array(names)
    return labels[shown], labels[predicted], np.array(["other", "white"])[group]


def three_emotions(names: tuple[object, object, object]) -> Columns:
    generator = np.random.default_rng(0)
    true = generator.integers(0, 3, 200)
    predicted = np.where(generator.random(200) < 0.7, true, generator.integers(0, 3, 200))
    labels = np.array(names)
    return labels[true], labels[predicted], generator.choice(["other", "white"], 200)


def of_aif360(name: str, columns: Columns, favourable: object = 1) -> float:
    return aif360_metric(name, *columns, privileged="white", favourable=favourable)


@pytest.mark.parametrize("name", FAIRLEARN)
def test_fairlearns_numbers_on_two_labels_are_those_computed_by_hand(name: str) -> None:
    assert fairlearn_metric(name, *binary()) == pytest.approx(BY_HAND[name])


@pytest.mark.parametrize("name", AIF360)
def test_aif360s_numbers_on_two_labels_are_those_of_its_other_interface(name: str) -> None:
    expected = aif360_values(TABLES)[name.removesuffix("_ratio")]
    assert of_aif360(name, binary()) == pytest.approx(expected)


def test_labels_by_name_give_the_same_numbers_as_zero_and_one() -> None:
    by_name = binary(("rest", "fear"))
    for name in FAIRLEARN:
        expected = fairlearn_metric(name, *binary())
        assert fairlearn_metric(name, *by_name, favourable="fear") == pytest.approx(expected)
    for name in AIF360:
        expected = of_aif360(name, binary())
        assert of_aif360(name, by_name, favourable="fear") == pytest.approx(expected)


@pytest.mark.parametrize("name", FAIRLEARN)
def test_an_outcome_that_is_no_label_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="The outcome 1 is not among the labels fear, rest"):
        fairlearn_metric(name, *binary(("rest", "fear")))


@pytest.mark.parametrize(
    ("library", "name", "instead"),
    [
        ("fairlearn", "demographic_parity_difference", "selection_rate_gap"),
        ("fairlearn", "demographic_parity_ratio", "selection_rate_gap"),
        ("fairlearn", "equalized_odds_difference", "equalized_odds_gap"),
        ("fairlearn", "equalized_odds_ratio", "equalized_odds_gap"),
        ("fairlearn", "equal_opportunity_difference", "equal_opportunity_gap"),
        ("fairlearn", "equal_opportunity_ratio", "equal_opportunity_ratio"),
        ("AIF360", "statistical_parity_difference", "selection_rate_gap"),
        ("AIF360", "disparate_impact_ratio", "selection_rate_gap"),
        ("AIF360", "equal_opportunity_difference", "equal_opportunity_gap"),
        ("AIF360", "average_odds_difference", "equalized_odds_gap"),
    ],
)
@pytest.mark.parametrize("names", [("calm", "fear", "joy"), (0, 1, 2)], ids=["text", "numbers"])
def test_more_than_two_labels_are_refused_with_what_to_use(
    library: str, name: str, instead: str, names: tuple[object, object, object]
) -> None:
    listed = ", ".join(map(str, names))
    expected = rf"{library}'s {name} is made for two labels, found 3 \({listed}\).* Use {instead},"
    call = fairlearn_metric if library == "fairlearn" else _aif360_against_white
    with pytest.raises(InvalidInputError, match=expected):
        call(name, *three_emotions(names))


def _aif360_against_white(name: str, *columns: np.ndarray) -> float:
    return aif360_metric(name, *columns, privileged="white")


@pytest.mark.parametrize(
    ("call", "name", "module"),
    [
        (fairlearn_metric, "demographic_parity_difference", "fairlearn.metrics"),
        (_aif360_against_white, "statistical_parity_difference", "aif360.sklearn.metrics"),
    ],
)
def test_the_message_tells_the_number_that_the_library_returns(
    call: Callable[..., float], name: str, module: str
) -> None:
    with quiet_aif360_import():
        library = import_module(module)
    true, predicted, groups = three_emotions((0, 1, 2))
    options = {"prot_attr": groups, "priv_group": "white"}
    if module.startswith("fairlearn"):
        options = {"sensitive_features": groups}
    number = getattr(library, name)(true, predicted, **options)
    with pytest.raises(InvalidInputError, match=re.escape(f"it would return {number:.4g}, which")):
        call(name, true, predicted, groups)
    with pytest.raises(InvalidInputError, match="it would return 0, which compares how often the"):
        call(name, *three_emotions(("calm", "fear", "joy")))


@pytest.mark.parametrize("name", ["equalized_odds_difference", "equalized_odds_ratio"])
@pytest.mark.parametrize(
    ("label", "shown"), [(0, "has nobody of the label 1"), (1, "has only people of the label 1")]
)
def test_rates_that_are_not_defined_are_refused(name: str, label: int, shown: str) -> None:
    true, predicted, groups = binary()
    true = np.where(groups == "white", label, true)
    with pytest.raises(InvalidInputError, match=f"The group 'white' {shown}"):
        fairlearn_metric(name, true, predicted, groups)
    with pytest.raises(InvalidInputError, match=f"The group 'white' {shown}"):
        of_aif360("average_odds_difference", (true, predicted, groups))


def test_a_ratio_to_zero_is_refused() -> None:
    true, predicted, groups = binary()
    predicted = np.where(groups == "white", 0, predicted)
    with pytest.raises(InvalidInputError, match="Nobody of 'white' is given 1"):
        of_aif360("disparate_impact_ratio", (true, predicted, groups))


def test_other_groups_are_taken_together_against_the_privileged() -> None:
    true, predicted, groups = binary()
    split = np.where((groups == "other") & (np.arange(len(groups)) % 3 == 0), "third", groups)
    for name in AIF360:
        expected = of_aif360(name, (true, predicted, groups))
        assert of_aif360(name, (true, predicted, split)) == pytest.approx(expected)


def test_wrong_inputs_are_refused() -> None:
    true, predicted, groups = binary()
    with pytest.raises(InvalidInputError, match="'accuracy' is no metric of fairlearn that is"):
        fairlearn_metric("accuracy", true, predicted, groups)
    with pytest.raises(InvalidInputError, match="group 'black' is no group; those are other, whit"):
        aif360_metric(AIF360[0], true, predicted, groups, privileged="black")
    with pytest.raises(InvalidInputError, match="true label: 79, predicted label: 80, group: 80"):
        fairlearn_metric(FAIRLEARN[0], true[1:], predicted, groups)
    with pytest.raises(InvalidInputError, match="Row 1 has no group"):
        fairlearn_metric(FAIRLEARN[0], true, predicted, np.array(["white", None] * 40))
    with pytest.raises(InvalidInputError, match="All people are of the group 'white': nothing to"):
        fairlearn_metric(FAIRLEARN[0], true, predicted, ["white"] * len(true))
