from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from tests.fairness.testing.audits import (
    THREE,
    audited,
    faces_counted,
    faces_of,
    gaps_of,
    people_table,
    worse,
)

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness import gap_rows
from fer_fairness.fairness.gap_rows import BY_CLASS, PAIRS, QUESTION, SUMMARY
from fer_fairness.fairness.gaps import GAP_COLUMNS
from fer_fairness.fairness.inference.intervals import Interval
from fer_fairness.fairness.metrics import GAP_METRICS, class_gap_metrics
from fer_fairness.fairness.metrics.formulas import GapMetric, values_of
from fer_fairness.fairness.metrics.words import ANY_DIFFERENCE, RECALL_DIFFERENCE
from fer_fairness.fairness.testing.corrections import benjamini_hochberg, holm
from fer_fairness.fairness.testing.detectability import Detectable
from fer_fairness.fairness.testing.gap_tests import AttributeTests
from fer_fairness.fairness.verdicts import Verdict

SHOWN = ["value", "ci_low", "ci_high", "uncorrected_ci_low", "uncorrected_ci_high", "p_value"]


@dataclass(frozen=True)
class Plain:
    """Stands in for an estimate where intervals are no matter."""

    corrected: float

    def interval(self, error: float) -> Interval:
        return Interval(self.corrected - 0.1 + error, self.corrected + 0.1 - error)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what no finding depends on, and draw as many shuffles as are asked for."""

    def plain(
        _: object, __: object, values: Sequence[float], *___: object, **____: object
    ) -> list[Plain]:
        return [Plain(value) for value in values]

    def any_number(tests: AttributeTests, *_: object, **__: object) -> Detectable:
        return Detectable(0.1, np.full(tests.metrics.shape[1], 0.1))

    monkeypatch.setattr(gap_rows, "gap_estimates", plain)
    monkeypatch.setattr(gap_rows, "detectable", any_number)


@pytest.fixture(scope="module")
def mixed() -> pd.DataFrame:
    """Three attributes: one with a harmed group, one without, one that cannot be compared."""
    frame = people_table(400, harmed="female", seed=2)
    frame["age"] = np.where(frame.index < 3, "0-3", "4-19")
    sure = np.random.default_rng(0).uniform(0.5, 1.0, len(frame))
    frame["confidence"] = np.where(frame["gender"] == "female", sure**0.2, sure)
    return gaps_of(audited("race", "gender", "age", table=frame))


def row_of(table: pd.DataFrame, attribute: str, metric: str) -> pd.Series:
    return table[(table["attribute"] == attribute) & (table["metric"] == metric)].iloc[0]


def test_rows_follow_the_attributes_families_and_metrics(mixed: pd.DataFrame) -> None:
    assert tuple(mixed) == GAP_COLUMNS
    assert list(mixed["attribute"].unique()) == ["race", "gender", "age"]
    metrics = [
        (ANY_DIFFERENCE, QUESTION),
        *((name, SUMMARY) for name in (*GAP_METRICS, "calibration_error_gap")),
        *((metric.name, BY_CLASS) for metric in class_gap_metrics(THREE)),
    ]
    for attribute, n_pairs in (("race", 3), ("gender", 1), ("age", 0)):
        rows = mixed[mixed["attribute"] == attribute]
        expected = [*metrics, *[(RECALL_DIFFERENCE, PAIRS)] * n_pairs]
        assert list(zip(rows["metric"], rows["family"], strict=True)) == expected
    assert list(mixed.index) == list(range(len(mixed)))
    pairs = mixed[mixed["family"] == PAIRS]
    assert list(zip(pairs["group"], pairs["other_group"], strict=True)) == [
        ("asian", "black"),
        ("asian", "indian"),
        ("black", "indian"),
        ("female", "male"),
    ]
    assert set(mixed[mixed["family"] != PAIRS]["group"]) == {""}


def test_raw_values_are_those_of_the_metrics() -> None:
    faces = audited(n=150)
    metrics: list[GapMetric] = [*GAP_METRICS.values(), *class_gap_metrics(THREE)]
    table = gaps_of(faces)
    expected = values_of(metrics, faces.counts("gender").counts)
    rows = table[table["family"].isin([SUMMARY, BY_CLASS])]
    assert_allclose(rows["raw_value"], expected, atol=1e-12)


def test_noise_is_taken_off_gaps_and_not_off_pairs() -> None:
    table = gaps_of(audited("race", n=150))
    rows = table[table["value"].notna()]
    larger = rows["raw_value"] >= rows["value"] - 1e-12
    smaller = rows["raw_value"] <= rows["value"] + 1e-12
    of_metrics = rows["family"] != PAIRS
    summary = rows["family"] == SUMMARY
    assert larger.where(worse(rows), smaller)[summary].mean() > 0.9
    assert_allclose(rows["raw_value"][~of_metrics], rows["value"][~of_metrics])


def test_equal_treatment_is_what_the_same_recalls_come_to() -> None:
    recalls, mixes = np.array([0.9, 0.5]), np.array([[200, 100], [80, 220]])
    counts = np.zeros((2, 2, 2), dtype=np.int64)
    for place in range(2):
        counts[:, place, place] = mixes[:, place] * recalls[place]
        counts[:, place, 1 - place] = mixes[:, place] - counts[:, place, place]
    table = gaps_of(faces_counted({"g": counts})).set_index("metric")
    accuracy = (mixes * recalls).sum(axis=1) / mixes.sum(axis=1)
    equal = table["equal_treatment"]
    assert equal["accuracy_gap"] == pytest.approx(np.ptp(accuracy))
    assert equal["equal_opportunity_gap"] == pytest.approx(0.0, abs=1e-9)
    assert equal[ANY_DIFFERENCE] == equal[RECALL_DIFFERENCE] == 0.0
    assert Verdict.FOUND not in set(table["verdict"])


def test_a_planted_difference_is_found_and_the_absent_ones_are_not(mixed: pd.DataFrame) -> None:
    verdicts = mixed.set_index(["attribute", "metric"])["verdict"]
    for metric in (ANY_DIFFERENCE, "accuracy_gap", "accuracy_ratio", "calibration_error_gap"):
        assert verdicts.loc["gender", metric] == Verdict.FOUND
    assert not (verdicts.loc["race"] == Verdict.FOUND).any()
    rows = mixed[mixed["attribute"] == "gender"].set_index("metric")
    gap, ratio = rows.loc["accuracy_gap"], rows.loc["accuracy_ratio"]
    assert gap["raw_value"] > gap["null_95"] > gap["null_mean"] > 0
    assert gap["ci_low"] < 0.2 < gap["ci_high"]  # a third of what is lost is right by chance
    assert ratio["raw_value"] < ratio["null_95"] < ratio["null_mean"] < 1
    pair = rows.loc[RECALL_DIFFERENCE]
    assert pair["ci_low"] < -0.2 < pair["ci_high"] < 0  # female minus male


def test_well_known_corrections_are_columns_within_each_family(mixed: pd.DataFrame) -> None:
    for _, rows in mixed.groupby("family"):
        p_values = rows["p_value"].to_numpy()
        assert_allclose(rows["p_value_holm"], holm(p_values))
        assert_allclose(rows["p_value_benjamini_hochberg"], benjamini_hochberg(p_values))


def test_single_groups_have_nothing_to_compare(mixed: pd.DataFrame) -> None:
    rows = mixed[mixed["attribute"] == "age"]
    assert set(rows["verdict"]) == {Verdict.TOO_FEW}
    assert rows[SHOWN].isna().all(axis=None)
    assert rows["p_value_corrected"].isna().all()
    assert set(rows["n_groups"]) == {1}
    assert set(rows["n_people"]) == {397}
    assert set(rows["left_out"]) == {"0-3"}
    assert set(rows["smallest_group"]) == {"0-3"}
    assert set(rows["smallest_group_size"]) == {3}
    assert set(rows["n_permutations"]) == {0}


def test_people_and_faces_are_counted() -> None:
    frame = people_table(240).assign(person=np.repeat(np.arange(60), 4))
    frame["gender"] = np.where(frame["person"] < 25, "female", "male")
    frame["race"] = pd.Series("asian", frame.index, dtype=object).mask(frame["person"] >= 12, None)
    frame.loc[frame["person"] < 4, "race"] = "black"
    table = gaps_of(audited("gender", "race", table=frame)).groupby("attribute").first()
    assert list(table.loc["gender", ["n_people", "n_faces"]]) == [60, 240]
    assert list(table.loc["gender", ["smallest_group", "smallest_group_size"]]) == ["female", 25]
    assert table.loc["race", "left_out"] == "asian, black"
    assert table.loc["race", "n_missing"] == 48 * 4


@pytest.mark.usefixtures("quick")
def test_frames_of_a_person_are_no_finding() -> None:
    generator = np.random.default_rng(0)
    frame = people_table(2000, seed=1).assign(person=np.repeat(np.arange(40), 50))
    right = generator.random(2000) < generator.permutation(np.linspace(0.3, 1, 40))[frame["person"]]
    frame["predicted_emotion"] = np.where(right, frame["emotion"], "anger")
    accuracy = right.reshape(40, 50).mean(axis=1)
    apart = 0.0
    while not 0.07 < apart < 0.09:  # 1.2 standard errors by people, 4 by rows
        female = generator.permutation(40) < 20
        apart = accuracy[female].mean() - accuracy[~female].mean()
    frame["gender"] = np.where(female[frame["person"]], "female", "male")
    by_people, by_rows = (
        gaps_of(audited(table=part))["verdict"] for part in (frame, frame.drop(columns="person"))
    )
    assert Verdict.FOUND not in set(by_people)
    assert Verdict.FOUND in set(by_rows)


@pytest.mark.usefixtures("quick")
def test_behind_a_primary_outcome_not_found_nothing_is_tested() -> None:
    faces = audited("gender", "race", harmed="female", lost=0.4)
    table = gaps_of(faces, primary=("accuracy_gap by race",))
    named = (table["attribute"] == "race") & (table["metric"] == "accuracy_gap")
    assert list(table["verdict"][named]) == [Verdict.NOT_FOUND]
    assert set(table["verdict"][~named]) <= {Verdict.NOT_TESTED, Verdict.TOO_FEW}
    assert Verdict.NOT_TESTED in set(table["verdict"])
    found = gaps_of(faces, primary=("accuracy_gap by gender",))["verdict"]
    assert list(found) == list(gaps_of(faces)["verdict"])


@pytest.mark.usefixtures("quick")
def test_a_primary_outcome_is_found_where_many_tests_would_hide_it() -> None:
    faces = audited("gender", "race", n=400, harmed="female", lost=0.09, seed=3)
    first, second = (
        row_of(gaps_of(faces, primary=primary), "gender", "accuracy_gap")
        for primary in ((), ("accuracy_gap by gender",))
    )
    assert first["p_value"] == second["p_value"] == second["p_value_corrected"]
    assert second["p_value_corrected"] < first["p_value_corrected"]


@pytest.mark.usefixtures("quick")
def test_a_primary_outcome_that_cannot_be_compared_keeps_nobody_waiting() -> None:
    frame = people_table(300, harmed="female").assign(age="4-19")
    faces = audited("gender", "age", table=frame)
    table = gaps_of(faces, primary=("accuracy_gap by age",))
    assert list(table["verdict"]) == list(gaps_of(faces)["verdict"])
    assert Verdict.NOT_TESTED not in set(table["verdict"])


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("accuracy_gap by height", "'accuracy_gap by height' is unknown.*Attributes: gender"),
        ("beauty by gender", "'beauty by gender' is unknown.*Metrics: accuracy_gap"),
        ("any_difference by gender", "is unknown"),
        ("accuracy_gap", 'such as "accuracy_gap by gender"'),
    ],
)
def test_an_unknown_primary_outcome_is_refused(named: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        gaps_of(audited(), primary=(named,))


@pytest.mark.usefixtures("quick", "fewer_shuffles")
def test_without_bias_few_audits_find_any() -> None:
    alarms = 0
    for seed in range(40):
        table = gaps_of(audited("gender", "race", n=120, seed=seed), seed=seed)
        alarms += Verdict.FOUND in set(table["verdict"])
    assert alarms <= 6


@pytest.mark.usefixtures("quick")
def test_shuffles_are_enough_for_something_to_be_found() -> None:
    generator = np.random.default_rng(0)
    frame = people_table(300, harmed="female", lost=0.7)
    others = [f"attribute {place}" for place in range(6)]
    for name in others:
        frame[name] = generator.choice(["x", "y"], 300)
    table = gaps_of(audited("gender", *others, table=frame), n_permutations=100)
    for metric in ("accuracy_gap", "recall_gap_anger"):
        assert row_of(table, "gender", metric)["verdict"] == Verdict.FOUND


def test_groups_below_the_smallest_size_are_named_and_not_compared() -> None:
    frame = people_table(200).assign(race=lambda own: own["race"].astype(object))
    frame.loc[:6, "race"], frame.loc[7:8, "race"] = "latino", "white"
    table = gaps_of(audited("race", table=frame))
    assert set(table["left_out"]) == {"latino, white"}
    assert set(table["n_groups"]) == {3}
    assert set(table["n_people"]) == {191}
    alone = gaps_of(audited("race", table=frame[9:]))
    assert_allclose(table["raw_value"], alone["raw_value"])
    assert set(gaps_of(audited("race", table=frame), minimum_group_size=5)["n_groups"]) == {4}


def test_nobody_in_any_group_is_too_few() -> None:
    table = gaps_of(audited(table=people_table(40).assign(gender=None)))
    assert set(table["verdict"]) == {Verdict.TOO_FEW}
    assert set(table["smallest_group"]) == {""}
    assert set(table["smallest_group_size"]) == {0}
    assert set(table["n_missing"]) == {40}
    assert table[SHOWN].isna().all(axis=None)


def test_no_attribute_gives_no_rows() -> None:
    table = gaps_of(faces_of(people_table(40), classes=THREE))
    assert tuple(table) == GAP_COLUMNS
    assert table.empty


def test_a_group_may_have_an_empty_name() -> None:
    frame = people_table(150)
    unnamed = frame.assign(gender=frame["gender"].replace("female", ""))
    named, table = gaps_of(audited(table=frame)), gaps_of(audited(table=unnamed))
    assert set(table["n_groups"]) == {2}
    pd.testing.assert_frame_equal(named[SHOWN], table[SHOWN])


def test_classes_of_nobody_are_not_measured() -> None:
    counts = np.random.default_rng(0).integers(5, 40, (2, 3, 3))
    counts[:, 1], counts[0, 2] = 0, 0
    table = gaps_of(faces_counted({"g": counts})).set_index("metric")
    assert table.loc["recall_gap_fear", "verdict"] == Verdict.TOO_FEW
    assert table.loc[["recall_gap_fear", "recall_gap_happiness"], SHOWN].isna().all(axis=None)
    assert np.isfinite(table["p_value"]["recall_gap_anger"])


def test_many_small_groups_are_compared() -> None:
    frame = people_table(480).assign(race=np.tile([f"g{place:03}" for place in range(40)], 12))
    table = gaps_of(audited("race", table=frame), n_power=50)
    assert set(table["n_groups"]) == {40}
    assert not (table["family"] == PAIRS).any()  # 780 of them: none could be found
    gap = row_of(table, "race", "accuracy_gap")
    assert gap["raw_value"] > 0.3  # the widest of 40 noisy ones
    assert gap["verdict"] != Verdict.FOUND


@pytest.mark.usefixtures("fewer_shuffles")
def test_tables_are_those_of_their_seed() -> None:
    faces = audited("gender", "race", n=100)
    first, again, other = (gaps_of(faces, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert not first["p_value"].equals(other["p_value"])
    pd.testing.assert_series_equal(first["raw_value"], other["raw_value"])


@pytest.mark.usefixtures("quick")
def test_memory_changes_the_draws_and_not_what_they_say() -> None:
    faces = audited(n=500, harmed="female", lost=0.6)
    for mib in (1, 64):
        gap = gaps_of(faces, n_permutations=20_000, memory_mib=mib).set_index("metric")
        assert gap.loc["accuracy_gap", "verdict"] == Verdict.FOUND
        assert gap.loc["accuracy_gap", "p_value"] == pytest.approx(1 / 20_001)


def test_names_of_the_groups_change_no_value() -> None:
    frame = people_table(250, harmed="female")
    turned = frame.assign(gender=frame["gender"].map({"female": "z", "male": "a"}))
    first, second = gaps_of(audited(table=frame)), gaps_of(audited(table=turned))
    pairs = first["family"] == PAIRS
    assert_allclose(first["raw_value"][~pairs], second["raw_value"][~pairs], atol=1e-12)
    assert_allclose(first["value"][pairs], -second["value"][pairs])
    assert_allclose(first["null_mean"], second["null_mean"], atol=0.03)
    assert list(first["verdict"][:17]) == list(second["verdict"][:17])
