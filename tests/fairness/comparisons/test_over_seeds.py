from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.comparisons.of_two import COMPARISON_COLUMNS, compare_over_seeds
from fer_fairness.fairness.comparisons.over_seeds import SEED_SCORE_COLUMNS, scores_over_seeds
from fer_fairness.fairness.counts import group_counts
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS, OVERALL_METRICS
from fer_fairness.fairness.metrics.group_metrics import macro_f1
from fer_fairness.params.fairness_reporting import EvaluationParameters

EMOTIONS = ("neutral", "happiness", "surprise")
PARAMS = EvaluationParameters(n_bootstrap=200)
Frames = dict[int, pd.DataFrame]


def frames(n_seeds: int = 3, *, people: int = 120, recall: float = 0.8, draws: int = 0) -> Frames:
    """Predictions of the same people by several seeds; `draws` chooses what is predicted."""
    who = np.random.default_rng(7)
    generator = np.random.default_rng([8, draws])
    true = who.integers(0, 3, people)
    table: dict[str, object] = {
        "sample_id": [f"face_{row}" for row in range(people)],
        "emotion": np.array(EMOTIONS, dtype=object)[true],
        "gender": who.choice(["female", "male"], people),
        "race": who.choice(["asian", "black", "white"], people),
    }
    made = {}
    for seed in range(n_seeds):
        mistaken = generator.random(people) > recall
        predicted = np.where(mistaken, generator.integers(0, 3, people), true)
        labels = np.array(EMOTIONS, dtype=object)[predicted]
        made[seed] = pd.DataFrame(table | {"predicted_emotion": labels})
    return made


def scored(given_frames: Mapping[int, pd.DataFrame], *attributes: str) -> pd.DataFrame:
    return scores_over_seeds(
        given_frames, attributes=attributes, emotions=EMOTIONS, params=PARAMS, seed=1
    )


def compared(a: Frames, b: Frames, *attributes: str) -> pd.DataFrame:
    return compare_over_seeds(a, b, attributes=attributes, emotions=EMOTIONS, params=PARAMS, seed=1)


def row_of(found: pd.DataFrame, metric: str) -> dict[str, float]:
    (row,) = found[found["metric"] == metric].to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_without_noise_of_seeds_it_is_the_interval_of_people() -> None:
    found = row_of(scored(dict.fromkeys(range(5), frames()[0])), "accuracy")
    counts = group_counts(
        frames()[0]["emotion"],
        frames()[0]["predicted_emotion"],
        ["all"] * 120,
        classes=EMOTIONS,
    ).counts
    right = np.diagonal(counts[0]) / counts[0].sum(axis=1)
    variance = (counts[0].sum(axis=1) * right * (1 - right)).sum() / 120**2
    assert found["ci_high"] - found["value"] == pytest.approx(1.96 * np.sqrt(variance), rel=0.1)
    assert found["seed_standard_deviation"] == pytest.approx(0.0, abs=1e-12)
    assert found["seed_share"] == pytest.approx(0.0, abs=1e-12)


def test_scores_are_means_over_seeds() -> None:
    tables = frames()
    found = scored(tables, "gender")
    assert tuple(found.columns) == SEED_SCORE_COLUMNS
    overall = [metric.name for metric in OVERALL_METRICS]
    assert list(found["metric"]) == [*overall, *GAP_METRICS]
    for attribute, metric in (("gender", GAP_METRICS["accuracy_gap"]), (None, macro_f1)):
        values = [
            np.squeeze(
                metric(
                    group_counts(
                        table["emotion"],
                        table["predicted_emotion"],
                        table[attribute] if attribute else ["all"] * len(table),
                        classes=EMOTIONS,
                    ).counts
                )
            )
            for table in tables.values()
        ]
        name = "accuracy_gap" if attribute else "macro_f1"
        row = row_of(found, name)
        assert row["raw_value"] == pytest.approx(np.mean(values))
        if attribute is None:
            assert row["value"] == pytest.approx(np.mean(values))
            assert row["seed_standard_deviation"] == pytest.approx(np.std(values, ddof=1))
        else:
            assert 0.0 <= row["value"] < row["raw_value"]
    assert np.all(found["ci_low"] <= found["value"])
    assert np.all(found["value"] <= found["ci_high"])
    assert np.all(found["ci_low"] >= 0)
    assert set(found["n_seeds"]) == {3}


def test_a_variant_does_not_differ_from_itself() -> None:
    found = compared(frames(), frames(), "gender")
    assert tuple(found.columns) == COMPARISON_COLUMNS
    assert_array_equal(found[["difference", "ci_low", "ci_high"]].to_numpy(dtype=float), 0.0)
    assert set(found["p_value"]) == {1.0}
    assert not found["level_down"].any()


def test_a_difference_is_second_minus_first() -> None:
    worse, better = frames(5, recall=0.6, draws=1), frames(5, recall=0.95, draws=2)
    forth, back = compared(worse, better, "race"), compared(better, worse, "race")
    assert row_of(forth, "accuracy")["ci_low"] > 0
    assert row_of(forth, "accuracy")["p_value_corrected"] <= 0.05
    assert_allclose(forth["difference"], -back["difference"])
    assert_allclose(
        forth["difference"], scored(better, "race")["value"] - scored(worse, "race")["value"]
    )


def test_intervals_end_where_the_metric_does() -> None:
    """Two seeds are so unsure that intervals would go far beyond what a share can be."""
    worse, better = frames(2, recall=0.1, draws=1), frames(2, recall=0.9, draws=2)
    found = compared(worse, better, "gender", "race")
    beyond_one = ("demographic_parity_gap", "theil_index_gap", "between_group_generalized_entropy")
    shares = found[~found["metric"].isin(beyond_one)]
    assert np.all(shares["ci_low"] >= -1.0)
    assert np.all(shares["ci_high"] <= 1.0)
    assert (shares["ci_high"] == 1.0).any()
    assert (found["ci_high"] > 1.0).any()
    for table in (worse, better):
        means = scored(table, "gender", "race")
        assert np.all(means["ci_low"] >= 0.0)
        assert np.all(means.loc[~means["metric"].isin(beyond_one), "ci_high"] <= 1.0)


@given(st.integers(0, 1000), st.floats(0, 1))
@settings(max_examples=5)
def test_no_value_lies_outside_its_interval(draws: int, recall: float) -> None:
    a, b = frames(2, people=40, recall=recall, draws=draws), frames(2, people=40, draws=draws + 1)
    for found, value in (
        (scored(a, "gender", "race"), "value"),
        (compared(a, b, "gender", "race"), "difference"),
    ):
        defined = found.dropna(subset=["ci_low"])
        assert np.all(defined["ci_low"] <= defined[value] + 1e-9)
        assert np.all(defined[value] <= defined["ci_high"] + 1e-9)


def test_pairing_takes_out_what_both_variants_find_hard() -> None:
    base = frames(recall=0.7, people=400)
    second = {seed: table.copy() for seed, table in base.items()}
    for seed, table in second.items():
        table.loc[seed::60, "predicted_emotion"] = "neutral"
    paired, alone = (row_of(found, "accuracy") for found in (compared(base, second), scored(base)))
    assert paired["ci_high"] - paired["ci_low"] < (alone["ci_high"] - alone["ci_low"]) / 2


def test_levelling_down_is_told_from_lifting_up() -> None:
    base = frames(recall=1.0)
    for table in base.values():
        table.loc[table["gender"] == "male", "predicted_emotion"] = "neutral"
    lower = {seed: table.assign(predicted_emotion="neutral") for seed, table in base.items()}
    higher = {
        seed: table.assign(predicted_emotion=table["emotion"]) for seed, table in base.items()
    }
    exchanged = {
        seed: table.assign(
            predicted_emotion=table["emotion"].where(table.index % 2 == 0, "neutral")
        )
        for seed, table in base.items()
    }
    for second, levelled in ((lower, True), (higher, False), (exchanged, False)):
        row = row_of(compared(base, second, "gender"), "accuracy_gap")
        assert row["difference"] < 0
        assert bool(row["level_down"]) is levelled


def test_rows_may_come_in_any_order() -> None:
    tables = frames()
    shuffled = {0: tables[0], 1: tables[1].sample(frac=1, random_state=0), 2: tables[2].iloc[::-1]}
    pd.testing.assert_frame_equal(scored(tables, "gender"), scored(shuffled, "gender"))


def test_an_attribute_is_drawn_alike_whatever_else_is_asked_for() -> None:
    both = scored(frames(), "gender", "race")
    alone = scored(frames(), "race").iloc[len(OVERALL_METRICS) :]
    rows = both[both["attribute"] == "race"]
    pd.testing.assert_frame_equal(rows.reset_index(drop=True), alone.reset_index(drop=True))


def test_people_without_a_group_and_small_groups_take_no_part() -> None:
    tables = frames(people=60)
    for table in tables.values():
        table["gender"] = ["female"] * 30 + ["male"] * 20 + ["other"] * 4 + [None] * 6
    found = scored(tables, "gender")
    assert list(found["n_people"].unique()) == [60, 50]
    assert found["value"].notna().all()


def test_a_single_group_has_no_gap() -> None:
    tables = {seed: table.assign(gender="female") for seed, table in frames().items()}
    for found, value in (
        (scored(tables, "gender"), "value"),
        (compared(tables, tables, "gender"), "difference"),
    ):
        gaps = found[found["attribute"] == "gender"]
        assert len(gaps) == len(GAP_METRICS)
        assert gaps[[value, "ci_low", "ci_high", "seed_share"]].isna().all(axis=None)


def test_one_seed_is_not_enough() -> None:
    with pytest.raises(InvalidInputError, match=r"Seeds given: 4.*more seeds, or use `evaluate`"):
        scored({4: frames()[0]})
    with pytest.raises(InvalidInputError, match="or use `compare`"):
        compared({4: frames()[0]}, {4: frames()[1]})


def test_seeds_of_both_variants_must_match() -> None:
    with pytest.raises(InvalidInputError, match="the second variant alone has seed 2"):
        compared(frames(2), frames(3))


def test_people_must_be_the_same_for_every_seed() -> None:
    tables = frames()
    tables[1] = tables[1].drop(index=5)
    with pytest.raises(
        InvalidInputError, match=r"'face_5' is in the table of seed 0 and not in.*seed 1"
    ):
        scored(tables)
    with pytest.raises(InvalidInputError, match="not in that of seed 1 of the second variant"):
        compared(frames(), tables)
    tables[1] = pd.concat([frames()[1], frames()[1].tail(1).assign(sample_id="stranger")])
    with pytest.raises(InvalidInputError, match="'stranger' is in the table of seed 1"):
        scored(tables)


def test_emotions_must_be_the_same_for_every_seed() -> None:
    tables = frames()
    told = str(tables[2]["emotion"].iloc[3])
    tables[2].loc[3, "emotion"] = next(name for name in EMOTIONS if name != told)
    with pytest.raises(InvalidInputError, match=rf"'face_3' shows '{told}'.*that of seed 2"):
        scored(tables)


def test_faults_of_a_table_name_its_seed() -> None:
    tables = frames()
    tables[1] = pd.concat([tables[1], tables[1].head(1)])
    with pytest.raises(InvalidInputError, match=r"In the table of seed 1: .*'face_0'"):
        scored(tables)
    tables = frames()
    tables[2].loc[4, "predicted_emotion"] = "joy"
    with pytest.raises(
        InvalidInputError, match=r"face_4 has the predicted emotion of seed 2 'joy'"
    ):
        scored(tables)
    with pytest.raises(InvalidInputError, match="need the column 'age'"):
        scored(frames(), "age")
