import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from tests.fairness.label_noise.worlds import RECALLS, IntArray, held_out_table

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.label_noise import (
    ACCURACY,
    AS_LABELLED,
    ATTRIBUTE_COLUMNS,
    BOUNDS,
    CORRECTED,
    GAP_COLUMNS,
    GROUP_COLUMNS,
    RECALL_DIFFERENCE,
    SCORE_COLUMNS,
    SCORES,
    SOFT_LABELS,
    LabelNoise,
    label_noise,
)
from fer_fairness.fairness.metrics.gap_metrics import GAP_METRICS
from fer_fairness.fairness.metrics.reductions import Array
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.params.label_noise import LabelNoiseParameters

EMOTIONS = tuple("abcdefg")
FEW_DRAWS = InferenceParameters(
    n_bootstrap=130, n_permutations=100, label_noise=LabelNoiseParameters(n_draws=200)
)
RACES = ("asian", "black", "white")
GENDERS = ("female", "male")
RACE_SHARES = np.array([[0.8, 0.05, 0.05, 0.1], [0.05, 0.7, 0.15, 0.1], [0.05, 0.1, 0.75, 0.1]])
GENDER_SHARES = np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]])
LOSS = 0.2


def drawn_labels(true: IntArray, shares: Array, generator: np.random.Generator) -> IntArray:
    edges = shares[true].cumsum(axis=1)
    return np.asarray((generator.random(len(true))[:, np.newaxis] > edges).sum(axis=1))


def people(n: int = 2500, seed: int = 0) -> pd.DataFrame:
    """People whose model serves black people worse; race and gender are what a labeller says."""
    generator = np.random.default_rng(seed)
    race = generator.choice(3, n, p=[0.3, 0.2, 0.5])
    gender = generator.integers(0, 2, n)
    emotion = generator.integers(0, 7, n)
    right = generator.random(n) < RECALLS[emotion] - LOSS * (race == 1)
    answer = np.where(right, emotion, (emotion + generator.integers(1, 7, n)) % 7)
    race_label = drawn_labels(race, RACE_SHARES, generator)
    gender_label = drawn_labels(gender, GENDER_SHARES, generator)
    return pd.DataFrame(
        {
            "sample_id": [f"face-{number}" for number in range(n)],
            "emotion": np.array(EMOTIONS)[emotion],
            "predicted_emotion": np.array(EMOTIONS)[answer],
            "race": np.array([*RACES, None], dtype=object)[race_label],
            "race_source": "predicted",
            "gender": np.array(GENDERS, dtype=object)[gender_label],
            "gender_source": "predicted",
            "true_race": np.array(RACES, dtype=object)[race],
            "true_gender": np.array(GENDERS, dtype=object)[gender],
        }
    )


def held_out(n: int = 1800, seed: int = 1) -> pd.DataFrame:
    table = people(n, seed)
    return table[["true_race", "true_gender"]].assign(
        predicted_race=table["race"], predicted_gender=table["gender"]
    )


def probabilities(frame: pd.DataFrame) -> pd.DataFrame:
    """Probabilities of the groups given the label alone, for groups as frequent as held out."""
    table = pd.DataFrame({"sample_id": frame["sample_id"]})
    for attribute, groups, shares, mix in (
        ("race", RACES, RACE_SHARES, np.array([0.3, 0.2, 0.5])),
        ("gender", GENDERS, GENDER_SHARES, np.array([0.5, 0.5])),
    ):
        joint = mix[:, np.newaxis] * shares + 1e-12
        given = (joint / joint.sum(axis=0)).T
        labels = pd.Index(groups).get_indexer(pd.Index(frame[attribute]))
        for place, group in enumerate(groups):
            table[f"probability_{attribute}_{group}"] = given[labels, place]
    return table


PEOPLE = people()
HELD_OUT = held_out()


def measured(
    frame: pd.DataFrame = PEOPLE,
    *attributes: str,
    known: pd.DataFrame = HELD_OUT,
    soft: pd.DataFrame | None = None,
    seed: int = 0,
) -> LabelNoise:
    return label_noise(
        frame,
        attributes=attributes,
        emotions=EMOTIONS,
        held_out=known,
        probabilities=soft,
        params=FEW_DRAWS,
        seed=seed,
    )


@pytest.fixture(scope="module")
def by_race() -> LabelNoise:
    return measured(PEOPLE, "race", soft=probabilities(PEOPLE))


def score(found: LabelNoise, group: str, metric: str, method: str) -> pd.Series:
    table = found.scores
    wanted = (table["group"] == group) & (table["metric"] == metric) & (table["method"] == method)
    assert wanted.sum() == 1
    return table[wanted].iloc[0]


def test_tables_have_their_columns_and_a_row_for_everything(by_race: LabelNoise) -> None:
    assert tuple(by_race.attributes.columns) == ATTRIBUTE_COLUMNS
    assert tuple(by_race.groups.columns) == GROUP_COLUMNS
    assert tuple(by_race.scores.columns) == SCORE_COLUMNS
    assert tuple(by_race.gaps.columns) == GAP_COLUMNS
    assert by_race.attributes["attribute"].tolist() == ["race"]
    assert tuple(by_race.groups["group"]) == RACES
    assert tuple(by_race.gaps["metric"]) == tuple(GAP_METRICS)
    rows = by_race.scores.groupby("method", sort=False).size()
    assert rows.to_dict() == {
        AS_LABELLED: 3 * len(SCORES),
        CORRECTED: 3 * len(SCORES),
        SOFT_LABELS: 3 * len(SCORES),
        BOUNDS: 3 * 2,  # nothing bounds a difference in recall
    }
    assert set(rows.index) == {AS_LABELLED, CORRECTED, SOFT_LABELS, BOUNDS}


def test_people_without_a_label_are_counted(by_race: LabelNoise) -> None:
    (row,) = by_race.attributes.to_dict("records")
    n_abstained = int(PEOPLE["race"].isna().sum())
    assert row["n_people"] == len(PEOPLE)
    assert row["n_abstained"] == n_abstained > 200
    assert row["share_abstained"] == pytest.approx(n_abstained / len(PEOPLE))
    assert row["n_held_out"] == len(HELD_OUT)
    assert row["refused"] == ""


def test_groups_tell_how_often_labels_are_right_and_how_many_people_there_are(
    by_race: LabelNoise,
) -> None:
    groups = by_race.groups.set_index("group")
    for name in RACES:
        row = groups.loc[name]
        known = HELD_OUT[HELD_OUT["true_race"] == name]
        assert row["n_held_out"] == len(known)
        assert row["labelled_rightly"] == pytest.approx((known["predicted_race"] == name).mean())
        assert row["n_labelled"] == (PEOPLE["race"] == name).sum()
        assert row["n_ci_low"] < (PEOPLE["true_race"] == name).sum() < row["n_ci_high"]
        assert row["n_ci_low"] < row["n_corrected"] < row["n_ci_high"]
    assert groups["compared"].all()


def test_what_labels_hide_is_corrected(by_race: LabelNoise) -> None:
    raw = score(by_race, "black", RECALL_DIFFERENCE, AS_LABELLED)
    found = score(by_race, "black", RECALL_DIFFERENCE, CORRECTED)
    soft = score(by_race, "black", RECALL_DIFFERENCE, SOFT_LABELS)
    assert found["ci_low"] < -LOSS < found["ci_high"]
    assert found["value"] < raw["value"] < soft["value"] < 0
    assert raw["ci_high"] < 0
    gap = by_race.gaps.set_index("metric").loc["accuracy_gap"]
    assert gap["value"] < 0.16
    assert gap["corrected_value"] == pytest.approx(LOSS, abs=0.05)
    assert gap["ci_low"] < LOSS < gap["ci_high"]


def test_raw_scores_are_those_of_people_as_labelled(by_race: LabelNoise) -> None:
    black = PEOPLE[PEOPLE["race"] == "black"]
    expected = (black["emotion"] == black["predicted_emotion"]).mean()
    assert score(by_race, "black", ACCURACY, AS_LABELLED)["value"] == pytest.approx(expected)


def test_of_bounds_only_the_ends_are_there_and_they_hold_the_truth(by_race: LabelNoise) -> None:
    bounds = by_race.scores[by_race.scores["method"] == BOUNDS]
    assert bounds["value"].isna().all()
    assert RECALL_DIFFERENCE not in set(bounds["metric"])
    for name in RACES:
        true = PEOPLE[PEOPLE["true_race"] == name]
        row = score(by_race, name, ACCURACY, BOUNDS)
        assert row["ci_low"] < (true["emotion"] == true["predicted_emotion"]).mean()
        assert row["ci_high"] > (true["emotion"] == true["predicted_emotion"]).mean()


def test_attributes_that_nobody_predicted_give_empty_tables() -> None:
    annotated = PEOPLE.assign(race_source="annotated", gender_source="none")
    found = measured(annotated, "race", "gender", "gender x race")
    for table in (found.attributes, found.groups, found.scores, found.gaps):
        assert table.empty
    assert tuple(found.scores.columns) == SCORE_COLUMNS


def test_people_whom_the_labeller_did_not_see_are_left_out() -> None:
    unseen = PEOPLE.index < 500
    frame = PEOPLE.assign(
        race=PEOPLE["race"].mask(unseen), race_source=np.where(unseen, "none", "predicted")
    )
    found, alone = measured(frame, "race"), measured(PEOPLE[~unseen], "race")
    assert found.attributes["n_people"].tolist() == [2000]
    assert_frame_equal(found.scores, alone.scores)


def test_without_probabilities_there_are_no_soft_labels() -> None:
    assert SOFT_LABELS not in set(measured(PEOPLE, "race").scores["method"])


def test_a_seed_gives_the_same_and_another_other_intervals() -> None:
    first, again, other = (measured(PEOPLE, "gender", seed=seed) for seed in (1, 1, 2))
    for name in ("attributes", "groups", "scores", "gaps"):
        assert_frame_equal(getattr(first, name), getattr(again, name))
    assert not first.scores["ci_low"].equals(other.scores["ci_low"])
    assert_allclose(first.scores["value"], other.scores["value"])


def test_what_is_drawn_for_an_attribute_is_the_same_whatever_else_is_asked() -> None:
    alone, together = measured(PEOPLE, "gender"), measured(PEOPLE, "race", "gender")
    for name in ("attributes", "groups", "scores", "gaps"):
        table = getattr(together, name)
        assert_frame_equal(
            table[table["attribute"] == "gender"].reset_index(drop=True), getattr(alone, name)
        )


def test_an_intersection_of_two_predicted_parts_has_all_its_groups() -> None:
    found = measured(PEOPLE, "gender x race", soft=probabilities(PEOPLE))
    assert len(found.groups) == 6
    assert found.groups["group"].iloc[1] == "female x black"
    assert found.groups["labelled_rightly"].max() < 0.8  # both parts must be right
    row = score(found, "female x black", RECALL_DIFFERENCE, CORRECTED)
    assert row["ci_low"] < -LOSS < row["ci_high"]
    soft = found.scores[found.scores["method"] == SOFT_LABELS]
    assert soft["value"].notna().all()


def test_an_annotated_part_of_an_intersection_is_taken_to_be_right() -> None:
    frame = PEOPLE.assign(gender=PEOPLE["true_gender"], gender_source="annotated")
    known = HELD_OUT.drop(columns="predicted_gender")
    found = measured(frame, "gender x race", known=known, soft=probabilities(PEOPLE))
    groups = found.groups.set_index("group")
    black_women = known[(known["true_race"] == "black") & (known["true_gender"] == "female")]
    assert groups.loc["female x black", "labelled_rightly"] == pytest.approx(
        (black_women["predicted_race"] == "black").mean()
    )
    women = groups[groups.index.str.startswith("female")]
    true = (frame["true_gender"] == "female").sum()
    soft = found.scores[(found.scores["method"] == SOFT_LABELS) & found.scores["value"].notna()]
    assert women["n_corrected"].sum() == pytest.approx(true, rel=0.05)
    assert len(soft) == 6 * len(SCORES)


def test_people_whose_annotated_part_is_missing_are_left_out_of_the_intersection() -> None:
    gender = PEOPLE["true_gender"].mask(PEOPLE.index < 300)
    frame = PEOPLE.assign(gender=gender, gender_source=np.where(gender.isna(), "none", "annotated"))
    found = measured(frame, "gender x race")
    assert found.attributes["n_people"].tolist() == [2200]
    assert found.attributes["n_abstained"].tolist() == [int(frame["race"][300:].isna().sum())]


def refused() -> LabelNoise:
    counts = [[30, 20, 20, 5], [30, 20, 20, 5], [8, 4, 8, 0]]
    known = held_out_table("race", counts, RACES)
    return measured(PEOPLE, "race", known=known, soft=probabilities(PEOPLE))


def test_where_the_inversion_is_refused_the_reasons_are_told_and_the_rest_is_there() -> None:
    found = refused()
    (reason,) = found.attributes["refused"]
    assert "white 20; at least 30" in reason
    assert "hardly tells some of the groups apart" in reason
    assert found.gaps.empty
    assert found.groups["n_corrected"].isna().all()
    assert not found.groups["compared"].any()
    rows = found.scores.groupby("method").size().to_dict()
    assert rows == {AS_LABELLED: 9, SOFT_LABELS: 9, BOUNDS: 3}
    bounds = found.scores[found.scores["method"] == BOUNDS]
    assert (bounds["ci_high"] - bounds["ci_low"]).min() > 0.5  # and they say little


def test_a_true_group_without_held_out_people_is_told_too() -> None:
    known = HELD_OUT[~((HELD_OUT["true_gender"] == "male") & (HELD_OUT["true_race"] == "black"))]
    found = measured(PEOPLE, "gender x race", known=known)
    assert "male x black 0; at least 30" in found.attributes["refused"].iloc[0]
    bounds = found.scores[found.scores["method"] == BOUNDS]
    assert bounds["group"].tolist() == found.groups["group"].tolist()
    assert bounds[["ci_low", "ci_high"]].notna().all(axis=None)


def test_a_group_too_small_to_compare_has_no_corrected_scores() -> None:
    frame = PEOPLE[(PEOPLE["true_race"] != "black") | (PEOPLE.index < 40)]
    found = measured(frame, "race")
    groups = found.groups.set_index("group")
    assert groups["compared"].to_dict() == {"asian": True, "black": False, "white": True}
    row = score(found, "black", ACCURACY, CORRECTED)
    assert row[["value", "ci_low", "ci_high"]].isna().all()
    assert groups["n_corrected"].notna().all()
    assert np.isfinite(score(found, "black", ACCURACY, AS_LABELLED)["value"])
    assert found.gaps["corrected_value"].notna().any()


def test_a_group_that_nobody_was_labelled_as_is_bounded_by_nothing_and_not_compared() -> None:
    frame = PEOPLE[(PEOPLE["true_race"] != "black") & (PEOPLE["race"] != "black")]
    found = measured(frame, "race")
    assert not found.groups.set_index("group").loc["black", "compared"]
    row = score(found, "black", ACCURACY, BOUNDS)
    assert_allclose(row[["ci_low", "ci_high"]].to_numpy(dtype=float), [0, 1], atol=1e-6)
    assert np.isnan(score(found, "black", ACCURACY, AS_LABELLED)["value"])


def test_one_group_left_to_compare_has_no_gaps() -> None:
    frame = PEOPLE[PEOPLE["true_gender"] == "male"]
    found = measured(frame, "gender")
    assert found.groups["compared"].tolist() == [False, True]
    assert found.gaps.empty


def test_nobody_labelled_is_told() -> None:
    found = measured(PEOPLE.assign(race=None).head(0).assign(race_source="predicted"), "race")
    assert found.attributes.empty  # nobody has the source "predicted" either
    found = measured(PEOPLE.assign(race=None), "race", soft=probabilities(PEOPLE))
    (row,) = found.attributes.to_dict("records")
    assert row["n_abstained"] == len(PEOPLE)
    assert row["refused"] == "Nobody was labelled."
    assert found.gaps.empty
    assert set(found.scores["method"]) == {AS_LABELLED, SOFT_LABELS, BOUNDS}


def test_labels_of_whole_people_are_not_corrected_by_errors_on_single_faces() -> None:
    frame = PEOPLE.assign(person=[f"person-{number // 5}" for number in range(len(PEOPLE))])
    found = measured(frame, "race")
    assert found.attributes["refusals"].tolist() == ["people have one label for several faces"]
    assert CORRECTED not in found.scores["method"].tolist()
    assert found.groups[["n_by_error", "n_corrected"]].isna().all(axis=None)
    assert found.gaps.empty
    bounds = found.scores[found.scores["method"] == BOUNDS]
    assert (bounds["ci_low"].min(), bounds["ci_high"].max()) == (0, 1)
    alone = measured(PEOPLE.assign(person=PEOPLE["sample_id"]), "race")
    assert_frame_equal(alone.gaps, measured(PEOPLE, "race").gaps)


@pytest.mark.parametrize("column", ["race", "race_source"])
def test_a_missing_column_of_people_is_named(column: str) -> None:
    with pytest.raises(InvalidInputError, match=f"need the column '{column}'.*_source"):
        measured(PEOPLE.drop(columns=column), "race")


def test_a_label_that_the_labeller_does_not_know_is_refused() -> None:
    frame = PEOPLE.assign(race=PEOPLE["race"].replace("black", "other"))
    with pytest.raises(InvalidInputError, match=r"group 'other', expected one of asian, black"):
        measured(frame, "race")


def test_people_listed_twice_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="more than once"):
        measured(pd.concat([PEOPLE, PEOPLE.head(1)]), "race")


def soft_without(change: str) -> pd.DataFrame:
    table = probabilities(PEOPLE)
    if change == "column":
        return table.drop(columns="probability_race_black")
    if change == "person":
        return table[table["sample_id"] != "face-7"]
    if change == "sample_id":
        return table.drop(columns="sample_id")
    if change == "twice":
        return pd.concat([table, table.iloc[[3]]])
    return table.assign(probability_race_black=table["probability_race_black"] + 0.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("column", "no column 'probability_race_black'.*same run"),
        ("person", "sample_id 'face-7' has none; 1 of 2500 people"),
        ("sample_id", "lacks the column 'sample_id'"),
        ("twice", "sample_id 'face-3' more than once"),
        ("sum", "Row 0 of the probabilities.*sum to 1"),
    ],
)
def test_probabilities_that_cannot_be_used_are_refused(change: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        measured(PEOPLE, "race", soft=soft_without(change))


def test_shares_end_where_shares_end_although_estimated_counts_do_not() -> None:
    frame = people(300)
    right = frame["race"].ne("white") & frame["race"].notna()
    frame["predicted_emotion"] = frame["emotion"].where(right, "a")
    found = measured(frame, "race").scores.dropna(subset=["ci_low"])
    corrected = found[(found["metric"] == "accuracy") & (found["method"] == "corrected")]
    assert (corrected["ci_high"] == 1.0).any(), "or nothing had passed the end"
    ends = found[["value", "ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    assert np.nanmax(np.abs(ends)) <= 1.0
    assert np.nanmin(ends[found["metric"] == "accuracy"]) >= 0.0
