import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.aif360_adapter.binary_datasets import (
    ALL_GROUP_METRICS,
    TWO_GROUP_METRICS,
    OneVsRest,
    aif360_values,
    aif360_values_of_all_groups,
    datasets_of_counts,
    one_vs_rest_datasets,
)
from fer_fairness.fairness.aif360_adapter.one_vs_rest import COUNT_FORMULAS
from fer_fairness.fairness.aif360_adapter.quiet_import import quiet_aif360_import

EMOTIONS = ("neutral", "happiness", "fear")
RACES = ("asian", "black", "white")


def fabricated(n: int = 200) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    emotion = generator.choice(EMOTIONS, n)
    kept = generator.random(n) < 0.7
    return pd.DataFrame(
        {
            "sample_id": [str(number) for number in range(n)],
            "emotion": emotion,
            "predicted_emotion": np.where(kept, emotion, generator.choice(EMOTIONS, n)),
            "race": generator.choice(RACES, n),
            "gender": generator.choice(["female", "male"], n),
            "probability_fear": generator.random(n),
        }
    )


def tables_of(pair: OneVsRest) -> np.ndarray:
    """Group, shown, predicted, counted from what AIF360 holds."""
    codes = np.column_stack(
        [pair.truth.protected_attributes, pair.truth.labels, pair.outcome.labels]
    ).astype(int)
    tables = np.zeros((len(pair.groups), 2, 2), dtype=np.int64)
    np.add.at(tables, tuple(codes.T), 1)
    return tables


def test_a_pair_of_datasets_tells_the_emotion_from_all_others() -> None:
    frame = fabricated()
    pair = one_vs_rest_datasets(frame, attribute="race", emotion="fear")
    assert (pair.attribute, pair.groups, pair.n_missing) == ("race", RACES, 0)
    np.testing.assert_array_equal(pair.truth.labels.ravel(), frame["emotion"] == "fear")
    np.testing.assert_array_equal(pair.outcome.labels.ravel(), frame["predicted_emotion"] == "fear")
    np.testing.assert_array_equal(pair.outcome.scores.ravel(), frame["probability_fear"])
    named = np.array(RACES)[pair.truth.protected_attributes.ravel().astype(int)]
    np.testing.assert_array_equal(named, frame["race"])
    assert pair.truth.favorable_label == 1.0


def test_without_probabilities_the_label_is_the_score() -> None:
    pair = one_vs_rest_datasets(fabricated(), attribute="race", emotion="happiness")
    np.testing.assert_array_equal(pair.outcome.scores, pair.outcome.labels)


def test_people_without_a_group_are_left_out_and_counted() -> None:
    frame = fabricated()
    frame.loc[:9, "race"] = None
    pair = one_vs_rest_datasets(frame, attribute="race", emotion="fear")
    assert pair.n_missing == 10
    assert len(pair.truth.labels) == len(frame) - 10
    np.testing.assert_array_equal(pair.outcome.scores.ravel(), frame["probability_fear"][10:])


def test_groups_can_be_chosen_and_ordered() -> None:
    frame = fabricated()
    pair = one_vs_rest_datasets(frame, attribute="race", emotion="fear", groups=["white", "asian"])
    assert pair.groups == ("white", "asian")
    assert len(pair.truth.labels) == frame["race"].isin(["white", "asian"]).sum()
    sizes = tables_of(pair).sum(axis=(1, 2)).tolist()
    assert sizes == [(frame["race"] == name).sum() for name in pair.groups]


def test_intersections_are_groups() -> None:
    pair = one_vs_rest_datasets(fabricated(), attribute="gender x race", emotion="fear")
    assert len(pair.groups) == 6
    assert pair.condition("female x white") == [
        {"gender x race": pair.groups.index("female x white")}
    ]


def test_a_condition_is_what_aif360_takes() -> None:
    frame = fabricated()
    pair = one_vs_rest_datasets(frame, attribute="race", emotion="fear")
    with quiet_aif360_import():
        from aif360.metrics import ClassificationMetric
    metric = ClassificationMetric(
        pair.truth,
        pair.outcome,
        unprivileged_groups=pair.condition("asian", "black"),
        privileged_groups=pair.condition("white"),
    )
    white = frame["race"] == "white"
    given = frame["predicted_emotion"] == "fear"
    difference = given[~white].mean() - given[white].mean()
    assert metric.statistical_parity_difference() == pytest.approx(difference)
    with pytest.raises(InvalidInputError, match="'martian' is no group of 'race'"):
        pair.condition("white", "martian")


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_people_and_their_counts_give_the_same_values(emotion: str) -> None:
    two = one_vs_rest_datasets(
        fabricated(), attribute="race", emotion=emotion, groups=["black", "white"]
    )
    three = one_vs_rest_datasets(fabricated(), attribute="race", emotion=emotion)
    from_people = [
        aif360_values_of_all_groups(two),
        aif360_values_of_all_groups(three),
    ]
    from_counts = [
        aif360_values_of_all_groups(datasets_of_counts(tables_of(pair))) for pair in (two, three)
    ]
    for one, other in zip(from_people, from_counts, strict=True):
        assert one == pytest.approx(other, abs=1e-12)
    formulas = {name: float(of(tables_of(two))) for name, of in COUNT_FORMULAS.items()}
    assert aif360_values(tables_of(two)) == pytest.approx(formulas, abs=1e-12)


def all_group_references(tables: np.ndarray) -> dict[str, float]:
    """The formulas of AIF360's documentation, on counts."""
    people = tables.sum(axis=(1, 2))
    benefit = 1 + (tables[:, 0, 1] - tables[:, 1, 0]) / people
    shares = people / people.sum()
    ratio = benefit / (shares * benefit).sum()
    squared = float((shares * (ratio**2 - 1)).sum() / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        theil = float((shares * np.where(ratio > 0, ratio * np.log(ratio), 0.0)).sum())

    def differential_fairness(positive: np.ndarray) -> float:
        rates = (positive + 0.5) / (people + 1)
        return float(max(np.ptp(np.log(rates)), np.ptp(np.log(1 - rates))))

    shown = differential_fairness(tables[:, 1].sum(axis=1))
    given = differential_fairness(tables[:, :, 1].sum(axis=1))
    values = (squared, theil, np.sqrt(2 * max(squared, 0.0)), shown, given - shown)
    return dict(zip(ALL_GROUP_METRICS, values, strict=True))


@settings(max_examples=40)
@given(
    tables=st.integers(2, 6).flatmap(
        lambda n: arrays(np.int64, (n, 2, 2), elements=st.integers(0, 25))
    )
)
def test_metrics_of_all_groups_are_functions_of_counts(tables: np.ndarray) -> None:
    assume((tables.sum(axis=(1, 2)) > 0).all())
    assume(tables[:, 0].sum() + tables[:, 1, 1].sum() > 0)  # else nobody has any benefit
    found = aif360_values_of_all_groups(datasets_of_counts(tables))
    expected = all_group_references(tables)
    # A root of a sum that is 0 but for rounding.
    loose = found.pop("between_all_groups_coefficient_of_variation", 0.0)
    assert (0.0 if np.isnan(loose) else loose) == pytest.approx(
        expected.pop("between_all_groups_coefficient_of_variation"), abs=1e-7
    )
    assert found == pytest.approx(expected, abs=1e-12)
    entropy = COUNT_FORMULAS["between_group_generalized_entropy_index"](tables)
    assert float(entropy) == pytest.approx(
        found["between_all_groups_generalized_entropy_index"], abs=1e-12
    )


def test_of_two_groups_all_groups_are_both() -> None:
    tables = np.array([[[30, 10], [4, 6]], [[16, 4], [2, 8]]])
    both = aif360_values(tables)["between_group_generalized_entropy_index"]
    every = aif360_values_of_all_groups(datasets_of_counts(tables))
    assert every["between_all_groups_generalized_entropy_index"] == pytest.approx(both, abs=1e-12)


def test_names_are_methods_of_aif360() -> None:
    with quiet_aif360_import():
        from aif360.metrics import ClassificationMetric
    for name in (*TWO_GROUP_METRICS, *ALL_GROUP_METRICS):
        assert callable(getattr(ClassificationMetric, name))


def test_of_one_group_nothing_is_between_all_groups() -> None:
    tables = np.array([[[5, 1], [2, 4]], [[0, 0], [0, 0]]])
    values = aif360_values_of_all_groups(datasets_of_counts(tables))
    assert tuple(values) == ALL_GROUP_METRICS
    assert np.isnan(list(values.values())).all()


def test_what_makes_no_dataset_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="column 'age', which the table lacks"):
        one_vs_rest_datasets(fabricated(), attribute="age", emotion="fear")
    with pytest.raises(InvalidInputError, match="None of 200 people has a group of 'race' among"):
        one_vs_rest_datasets(fabricated(), attribute="race", emotion="fear", groups=["martian"])
    with pytest.raises(InvalidInputError, match="more than once"):
        one_vs_rest_datasets(
            fabricated().assign(sample_id="same"), attribute="race", emotion="fear"
        )
    for tables in (np.ones((2, 2), dtype=np.int64), np.zeros((2, 2, 2), dtype=np.int64)):
        with pytest.raises(InvalidInputError, match=r"counts of shape \(2, 2, 2\) with somebody"):
            datasets_of_counts(tables)
