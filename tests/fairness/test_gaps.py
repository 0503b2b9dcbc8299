from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from fer_fairness.fairness import gaps
from fer_fairness.fairness.counts import Counts, GroupCounts
from fer_fairness.fairness.gaps import BY_CLASS, GAP_COLUMNS, SUMMARY, gap_table
from fer_fairness.fairness.inference import gap_tests
from fer_fairness.fairness.inference.corrections import benjamini_hochberg, holm
from fer_fairness.fairness.inference.gap_intervals import GapEstimate
from fer_fairness.fairness.inference.gap_tests import GapTests
from fer_fairness.fairness.metrics import GAP_METRICS, class_gap_metrics
from fer_fairness.fairness.metrics.calibration import CalibrationCounts, calibration_counts
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.fairness.verdicts import Verdict
from fer_fairness.params.inference import InferenceParameters

FEW_DRAWS = InferenceParameters(n_bootstrap=300, n_permutations=300, n_power=60)
CLASSES = ("neutral", "happiness", "fear")
SHARES = np.array([[0.85, 0.1, 0.05], [0.1, 0.85, 0.05], [0.2, 0.2, 0.6]])
CLASS_SHARES = (0.5, 0.3, 0.2)
NUMBERS = [name for name in GAP_COLUMNS[3:14] if name != "n_permutations"]


def fabricated(
    sizes: Sequence[int],
    *,
    harmed: int | None = None,
    lost: float = 0.3,
    only: int | None = None,
    seed: int = 0,
) -> GroupCounts:
    """People of groups of given sizes; one may lose recall, in all classes or in one."""
    generator = np.random.default_rng(seed)
    people = np.stack([generator.multinomial(size, CLASS_SHARES) for size in sizes])
    shares = np.tile(SHARES, (len(sizes), 1, 1))
    if harmed is not None:
        for place in range(len(CLASSES)) if only is None else (only,):
            shares[harmed, place, place] -= lost
            shares[harmed, place, (place + 1) % len(CLASSES)] += lost
    groups = tuple(f"group {place:03}" for place in range(len(sizes)))
    return GroupCounts(generator.multinomial(people, shares), groups, CLASSES, n_missing=0)


def gaps_of(
    by_attribute: Mapping[str, GroupCounts] | GroupCounts,
    *,
    calibration: Mapping[str, CalibrationCounts] | None = None,
    seed: int = 0,
    **params: float,
) -> pd.DataFrame:
    if isinstance(by_attribute, GroupCounts):
        by_attribute = {"gender": by_attribute}
    chosen = FEW_DRAWS.model_copy(update=params)
    return gap_table(by_attribute, chosen, seed=seed, calibration=calibration)


def calibrated(n: int, *, overconfident: float = 0.0) -> CalibrationCounts:
    generator = np.random.default_rng(0)
    groups = generator.choice(["group 000", "group 001"], n)
    confidence = generator.uniform(0.5, 1.0, n)
    right = generator.random(n) < confidence - overconfident * (groups == "group 001")
    true = generator.choice(CLASSES, n)
    given = np.where(right, true, np.where(true == "fear", "neutral", "fear"))
    return calibration_counts(true, given, confidence, groups, classes=CLASSES)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what no finding depends on, for simulations of many audits."""

    none = GapEstimate(np.nan)

    def no_estimates(
        _: object, metrics: Sequence[GapMetric], *__: object, **___: object
    ) -> list[GapEstimate]:
        return [none] * len(metrics)

    def any_number(tests: GapTests, *_: object) -> Array:
        return np.full(len(tests.metrics), 0.1)

    monkeypatch.setattr(gap_tests, "gap_estimates", no_estimates)
    monkeypatch.setattr(GapTests, "minimum_detectable", any_number)


@pytest.fixture(scope="module")
def mixed() -> pd.DataFrame:
    """Three attributes: one with a harmed group, one without, one that cannot be compared."""
    return gaps_of(
        {
            "race": fabricated([150, 120, 90], seed=1),
            "gender": fabricated([300, 250], harmed=1, seed=2),
            "age": fabricated([400, 3]),
        },
        calibration={
            "race": calibrated(600),
            "gender": calibrated(600, overconfident=0.3),
            "age": calibrated(5),
        },
    )


def test_rows_follow_the_attributes_families_and_metrics_asked_for(mixed: pd.DataFrame) -> None:
    assert tuple(mixed) == GAP_COLUMNS
    summary = [*GAP_METRICS, "calibration_error_gap"]
    by_class = [metric.name for metric in class_gap_metrics(CLASSES)]
    assert list(mixed["metric"]) == 3 * (summary + by_class)
    assert list(mixed["attribute"].unique()) == ["race", "gender", "age"]
    families = [SUMMARY] * len(summary) + [BY_CLASS] * len(by_class)
    assert list(mixed["family"]) == 3 * families
    assert list(mixed.index) == list(range(len(mixed)))


def test_values_are_those_of_the_metrics() -> None:
    counted = fabricated([60, 50, 40])
    metrics = [*GAP_METRICS.values(), *class_gap_metrics(CLASSES)]
    assert_allclose(gaps_of(counted)["value"], values_of(metrics, counted.counts), atol=1e-12)


def test_a_planted_difference_is_found_and_the_absent_ones_are_not(mixed: pd.DataFrame) -> None:
    verdicts = mixed.set_index(["attribute", "metric"])["verdict"]
    for metric in ("accuracy_gap", "accuracy_ratio", "recall_gap_fear", "calibration_error_gap"):
        assert verdicts["gender", metric] == Verdict.FOUND
    assert not (verdicts["race"] == Verdict.FOUND).any()
    rows = mixed[mixed["attribute"] == "gender"].set_index("metric")
    gap, ratio = rows.loc["accuracy_gap"], rows.loc["accuracy_ratio"]
    assert gap["value"] > gap["null_95"] > gap["null_mean"] > 0
    assert gap["ci_low"] > 0.15
    assert ratio["value"] < ratio["null_95"] < ratio["null_mean"] < 1


def test_p_values_are_corrected_within_each_family_over_all_attributes(
    mixed: pd.DataFrame,
) -> None:
    for _, rows in mixed.groupby("family"):
        p_values = rows["p_value"].to_numpy()
        assert_allclose(rows["p_value_holm"], holm(p_values))
        assert_allclose(rows["p_value_benjamini_hochberg"], benjamini_hochberg(p_values))
        tested = np.sort(p_values[np.isfinite(p_values)])
        by_hand = [
            min(1.0, max((tested.size - rank) * p for rank, p in enumerate(tested[: place + 1])))
            for place in range(tested.size)
        ]
        assert_allclose(np.sort(rows["p_value_holm"].dropna()), by_hand)


def test_a_verdict_is_too_few_where_no_difference_would_have_been_seen(
    mixed: pd.DataFrame,
) -> None:
    for _, row in mixed.iterrows():
        if row["verdict"] == Verdict.FOUND:
            assert row["p_value_holm"] <= 0.05
        elif np.isfinite(row["minimum_detectable"]):
            assert row["verdict"] == Verdict.NOT_FOUND
        else:
            assert row["verdict"] == Verdict.TOO_FEW
    race = mixed[(mixed["attribute"] == "race") & (mixed["metric"] == "accuracy_gap")].iloc[0]
    assert 0.05 < race["minimum_detectable"] < 0.4


def test_single_groups_have_nothing_to_compare(mixed: pd.DataFrame) -> None:
    rows = mixed[mixed["attribute"] == "age"]
    assert set(rows["verdict"]) == {Verdict.TOO_FEW}
    assert rows[NUMBERS].isna().all(axis=None)
    classes = rows[rows["metric"] != "calibration_error_gap"]
    assert set(classes["n_groups"]) == {1}
    assert set(classes["n_people"]) == {400}
    assert set(classes["left_out"]) == {"group 001"}
    assert set(classes["smallest_group"]) == {"group 001"}
    assert set(classes["smallest_group_size"]) == {3}


@pytest.mark.usefixtures("quick")
def test_no_class_is_found_where_the_attributes_summary_finds_nothing() -> None:
    for seed in range(4):
        table = gaps_of(
            {
                "gender": fabricated([70, 60], harmed=1, lost=0.5, only=2, seed=seed),
                "race": fabricated([200, 200], harmed=1, lost=0.3, seed=seed),
            }
        )
        by_family = table[table["verdict"] == Verdict.FOUND].groupby("family")["attribute"]
        found = {family: set(attributes) for family, attributes in by_family}
        assert found[BY_CLASS] <= found[SUMMARY]


def test_a_class_is_a_finding_only_behind_a_finding_of_its_attribute() -> None:
    cases = [
        ("gender", SUMMARY, 0.2, Verdict.NOT_FOUND),
        ("gender", BY_CLASS, 0.001, Verdict.NOT_FOUND),
        ("race", SUMMARY, 0.05, Verdict.FOUND),
        ("race", BY_CLASS, 0.001, Verdict.FOUND),
        ("race", BY_CLASS, 0.051, Verdict.NOT_FOUND),
        ("age", SUMMARY, np.nan, Verdict.TOO_FEW),
    ]
    table = pd.DataFrame(cases, columns=["attribute", "family", "p_value_holm", "expected"])
    table = table.assign(p_value=table["p_value_holm"], minimum_detectable=0.03124)
    assert list(gaps._verdicts(table, 0.05)) == list(table["expected"])


@pytest.mark.usefixtures("quick")
def test_without_bias_few_audits_find_any() -> None:
    alarms = 0
    for seed in range(100):
        table = gaps_of(fabricated([60, 45], seed=seed), seed=seed, n_bootstrap=100)
        alarms += Verdict.FOUND in set(table["verdict"])
    assert alarms <= 10


@pytest.mark.usefixtures("quick")
def test_shuffles_are_enough_for_something_to_be_found() -> None:
    many = {f"attribute {place}": fabricated([60, 60], seed=place) for place in range(8)}
    many["gender"] = fabricated([200, 200], harmed=0, lost=0.6)
    table = gaps_of(many, n_permutations=100, n_bootstrap=100).set_index(["attribute", "metric"])
    assert table.loc[("gender", "accuracy_gap"), "verdict"] == Verdict.FOUND
    assert table.loc[("gender", "recall_gap_neutral"), "verdict"] == Verdict.FOUND
    assert table["p_value"].min() < 0.05 / (9 * 24)


def test_groups_below_the_smallest_size_are_named_and_not_compared() -> None:
    counted = fabricated([60, 7, 80, 2])
    table = gaps_of(counted)
    assert set(table["left_out"]) == {"group 001, group 003"}
    assert set(table["n_groups"]) == {2}
    assert set(table["n_people"]) == {140}
    assert set(table["smallest_group"]) == {"group 000"}
    same = gaps_of(counted.reaching(10))
    pd.testing.assert_frame_equal(
        table.drop(columns="left_out"), same.drop(columns="left_out"), check_exact=True
    )
    assert set(gaps_of(counted, minimum_group_size=5)["n_groups"]) == {3}


def test_nobody_in_any_group_is_too_few() -> None:
    nobody = GroupCounts(np.zeros((0, 3, 3), dtype=np.int64), (), CLASSES, n_missing=40)
    table = gaps_of(nobody)
    assert set(table["verdict"]) == {Verdict.TOO_FEW}
    assert set(table["smallest_group"]) == {""}
    assert set(table["smallest_group_size"]) == {0}
    assert set(table["n_missing"]) == {40}
    assert table[NUMBERS].isna().all(axis=None)


def test_no_attribute_gives_no_rows() -> None:
    table = gaps_of({})
    assert tuple(table) == GAP_COLUMNS
    assert table.empty


def test_a_group_may_have_an_empty_name() -> None:
    counted = fabricated([60, 40])
    unnamed = GroupCounts(counted.counts, ("", "male"), CLASSES, n_missing=0)
    named = gaps_of(counted)
    assert set(gaps_of(unnamed)["n_groups"]) == {2}
    pd.testing.assert_frame_equal(named[NUMBERS], gaps_of(unnamed)[NUMBERS])


def test_groups_without_anybody_of_a_class_and_classes_of_nobody_are_measured() -> None:
    counts = fabricated([60, 40]).counts.copy()
    counts[:, 2] = 0
    counts[0, 1] = 0
    table = gaps_of(GroupCounts(counts, ("x", "y"), CLASSES, n_missing=0)).set_index("metric")
    assert table.loc["recall_gap_fear", "verdict"] == Verdict.TOO_FEW
    assert np.isnan(table["value"]["recall_gap_happiness"])
    assert np.isfinite(table["p_value"]["recall_gap_neutral"])


def test_five_hundred_small_groups_are_compared() -> None:
    table = gaps_of(fabricated([12] * 500), n_power=50, n_bootstrap=100, n_permutations=100)
    assert set(table["n_groups"]) == {500}
    gap = table.set_index("metric").loc["accuracy_gap"]
    assert gap["value"] > 0.5  # the widest of 500 noisy ones
    assert gap["verdict"] != Verdict.FOUND
    assert gap["p_value"] > 0.05


def test_an_attribute_is_drawn_alike_whatever_else_is_asked() -> None:
    race, gender = fabricated([90, 80], seed=1), fabricated([90, 80], seed=2)
    columns = [
        name
        for name in NUMBERS
        if name not in ("minimum_detectable", "p_value_holm", "p_value_benjamini_hochberg")
    ]
    alone = gaps_of({"race": race}, n_permutations=2000)
    among = gaps_of({"gender": gender, "race": race}, n_permutations=2000)
    rows = among[among["attribute"] == "race"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone[columns], rows[columns], check_exact=True)
    assert not alone[columns].equals(gaps_of({"other": race}, n_permutations=2000)[columns])


def test_tables_are_those_of_their_seed() -> None:
    counted = fabricated([50, 40])
    first, again, other = (gaps_of(counted, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert not first["p_value"].equals(other["p_value"])
    pd.testing.assert_series_equal(first["value"], other["value"])


def test_memory_changes_the_draws_and_not_what_they_say() -> None:
    counted = fabricated([300, 300], harmed=1)
    gap = gaps_of(counted, n_permutations=20_000, memory_mib=1).set_index("metric")
    assert gap.loc["accuracy_gap", "verdict"] == Verdict.FOUND
    assert gap.loc["accuracy_gap", "p_value"] == pytest.approx(1 / 20_001)


def counts_turned(counted: GroupCounts) -> Counts:
    return counted.counts[::-1]


def test_order_of_the_groups_changes_no_value() -> None:
    counted = fabricated([120, 100], harmed=0)
    turned = GroupCounts(counts_turned(counted), counted.groups[::-1], CLASSES, n_missing=0)
    first, second = gaps_of(counted), gaps_of(turned)
    assert_allclose(first["value"], second["value"], atol=1e-12)
    assert list(first["smallest_group"]) == list(second["smallest_group"])
    assert_allclose(first["null_mean"], second["null_mean"], atol=0.03)
