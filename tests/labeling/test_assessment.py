from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.inference.intervals import wilson_interval
from fer_fairness.labeling import (
    DemographicLabeller,
    assess,
    labeller_confusion,
    labeller_recalls,
    labeller_reliability,
    labeller_summary,
)
from fer_fairness.labeling.assessment import expected_calibration_error, reliability_bins
from fer_fairness.taxonomy import ATTRIBUTES, FAIRFACE_RACES, FAIRFACE_TO_COARSE_RACE

FairFace = tuple[pd.DataFrame, np.ndarray]


class TestAssess:
    def test_each_attribute_comes_as_asked_and_as_fine_as_can_be(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        found = [
            (scores.attribute, scores.grouping.name, scores.asked)
            for scores in assess(unsure_labeller, unseen[1], unseen[0])
        ]
        assert found == [
            ("gender", "gender", True),
            ("race", "coarse_4", True),
            ("race", "fairface_7", False),
            ("age_group", "coarse_4", True),
            ("age_group", "fairface_9", False),
        ]

    def test_faces_without_labels_cannot_measure(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        faces["gender"] = pd.Series([None] * len(faces), dtype=str)
        with pytest.raises(InvalidInputError, match="None of 300 faces carries a label of gender"):
            assess(unsure_labeller, embeddings, faces)

    def test_another_datasets_words_are_refused(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        faces.loc[5, "race"] = "caucasian"
        with pytest.raises(InvalidInputError, match="fairface-test-5 has race 'caucasian'"):
            assess(unsure_labeller, embeddings, faces)


class TestConfusion:
    def test_as_asked_it_is_that_of_scikit_learn(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        confusion = labeller_confusion(assess(unsure_labeller, embeddings, faces))
        labels = unsure_labeller.predict(embeddings, list(faces["sample_id"]))
        for attribute in ATTRIBUTES:
            table = confusion[(confusion["attribute"] == attribute) & confusion["asked"]]
            groups = list(unsure_labeller.asked[attribute].groups)
            counts = table.pivot_table(index="true", columns="predicted", values="n_faces")
            expected = confusion_matrix(
                unsure_labeller.true_labels(faces, attribute), labels[attribute], labels=groups
            )
            np.testing.assert_array_equal(counts.loc[groups, groups], expected)

    def test_the_finer_one_is_that_of_the_finer_probabilities(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        confusion = labeller_confusion(assess(unsure_labeller, embeddings, faces))
        table = confusion[confusion["grouping"] == "fairface_7"]
        best = unsure_labeller.probabilities(embeddings, "race").argmax(axis=1)
        expected = confusion_matrix(
            faces["race"], np.array(FAIRFACE_RACES)[best], labels=list(FAIRFACE_RACES)
        )
        np.testing.assert_array_equal(table["n_faces"].to_numpy().reshape(7, 7), expected)

    def test_both_grains_hold_the_same_true_groups(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        confusion = labeller_confusion(assess(unsure_labeller, unseen[1], unseen[0]))
        fine = confusion[confusion["grouping"] == "fairface_7"]
        coarse = confusion[(confusion["attribute"] == "race") & confusion["asked"]]
        summed = fine.groupby(fine["true"].map(dict(FAIRFACE_TO_COARSE_RACE)))["n_faces"].sum()
        assert summed.to_dict() == coarse.groupby("true")["n_faces"].sum().to_dict()


class TestSummary:
    def test_it_agrees_with_the_confusion(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        faces.loc[:99, "excluded_reason"] = "duplicate"
        embeddings[100:110] = np.nan
        confusion = labeller_confusion(assess(unsure_labeller, embeddings, faces))
        summary = labeller_summary(assess(unsure_labeller, embeddings, faces))
        for _, row in summary.iterrows():
            table = confusion[
                (confusion["attribute"] == row["attribute"])
                & (confusion["grouping"] == row["grouping"])
            ]
            right = table.loc[table["true"] == table["predicted"], "n_faces"].sum()
            assert table["n_faces"].sum() == row["n_faces"] == 190
            assert row["n_without_embedding"] == 10
            assert row["accuracy"] == pytest.approx(right / 190)
            largest = table.groupby("true")["n_faces"].sum().max()
            assert row["majority_share"] == pytest.approx(largest / 190)
            interval = wilson_interval(int(right), 190, 0.95)
            assert (row["ci_low"], row["ci_high"]) == (interval.low, interval.high)

    def test_balanced_accuracy_and_abstention_are_those_of_the_labels(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        summary = labeller_summary(assess(unsure_labeller, embeddings, faces))
        asked = summary[summary["asked"]].set_index("attribute")
        labels = unsure_labeller.predict(embeddings, list(faces["sample_id"]))
        for attribute in ATTRIBUTES:
            true = unsure_labeller.true_labels(faces, attribute)
            balanced = balanced_accuracy_score(true, labels[attribute])
            assert asked.loc[attribute, "balanced_accuracy"] == pytest.approx(balanced)
            given = ~labels[f"{attribute}_abstained"]
            assert asked.loc[attribute, "share_abstained"] == pytest.approx(1 - given.mean())
            among = (labels[attribute] == true)[given].mean()
            assert asked.loc[attribute, "accuracy_when_labelled"] == pytest.approx(among)
        assert (asked["accuracy_when_labelled"] >= asked["accuracy"]).all()

    def test_where_nobody_is_labelled_there_is_no_accuracy_of_labels(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        never = replace(unsure_labeller, min_confidence=dict.fromkeys(ATTRIBUTES, 1.0))
        summary = labeller_summary(assess(never, unseen[1], unseen[0]))
        assert (summary["share_abstained"] == 1).all()
        assert summary["accuracy_when_labelled"].isna().all()


class TestRecalls:
    @pytest.fixture
    def recalls(self, unsure_labeller: DemographicLabeller, unseen: FairFace) -> pd.DataFrame:
        return labeller_recalls(assess(unsure_labeller, unseen[1], unseen[0]))

    def test_altogether_they_are_the_rows_of_the_confusion(
        self, recalls: pd.DataFrame, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        confusion = labeller_confusion(assess(unsure_labeller, unseen[1], unseen[0]))
        overall = recalls[recalls["stratum_attribute"].isna()]
        assert len(overall) == 2 + 4 + 7 + 4 + 9
        for _, row in overall.iterrows():
            counts = confusion[
                (confusion["attribute"] == row["attribute"])
                & (confusion["grouping"] == row["grouping"])
                & (confusion["true"] == row["group"])
            ].set_index("predicted")["n_faces"]
            assert row["n_faces"] == counts.sum()
            assert row["n_right"] == counts[row["group"]]
            mistakes = counts.drop(row["group"])
            assert mistakes[row["most_frequent_mistake"]] == mistakes.max()
            assert row["mistake_share"] == pytest.approx(mistakes.max() / counts.sum())
            interval = wilson_interval(row["n_right"], row["n_faces"], 0.95)
            assert (row["ci_low"], row["ci_high"]) == (interval.low, interval.high)

    def test_strata_of_an_attribute_share_out_the_faces(self, recalls: pd.DataFrame) -> None:
        key = ["attribute", "grouping", "group"]
        overall = recalls[recalls["stratum_attribute"].isna()].set_index(key)["n_right"]
        for attribute in ATTRIBUTES:
            within = recalls[recalls["stratum_attribute"] == attribute]
            summed = within.groupby(key)["n_right"].sum()
            assert len(summed) > 0
            assert (summed == overall.loc[summed.index]).all()

    def test_a_cell_is_what_counting_says(
        self, recalls: pd.DataFrame, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        labels = unsure_labeller.predict(embeddings, list(faces["sample_id"]))
        ages = unsure_labeller.true_labels(faces, "age_group")
        meant = (faces["gender"] == "female") & (ages == "20-39")
        row = recalls[
            (recalls["attribute"] == "gender")
            & (recalls["group"] == "female")
            & (recalls["stratum"] == "20-39")
        ].iloc[0]
        assert row["n_faces"] == meant.sum()
        assert row["recall"] == pytest.approx((labels["gender"][meant] == "female").mean())

    def test_a_group_without_faces_keeps_its_row(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        faces["gender"] = "male"
        recalls = labeller_recalls(assess(unsure_labeller, embeddings, faces))
        women = recalls[(recalls["attribute"] == "gender") & (recalls["group"] == "female")]
        assert (women["n_faces"] == 0).all()
        columns = ["recall", "ci_low", "most_frequent_mistake", "mistake_share"]
        assert women[columns].isna().all(axis=None)


class TestExpectedCalibrationError:
    def test_a_hand_worked_case(self) -> None:
        # Bins 13/15 (.9, .9, one right) and 7/15 (.5, right): (2 |.9 - .5| + |.5 - 1|) / 3.
        error = expected_calibration_error(np.array([0.9, 0.9, 0.5]), np.array([True, False, True]))
        assert error == pytest.approx((2 * 0.4 + 0.5) / 3)

    def test_calibrated_draws_are_near_nought(self) -> None:
        generator = np.random.default_rng(0)
        confidence = generator.uniform(0.3, 1.0, size=200_000)
        right = generator.random(200_000) < confidence
        assert expected_calibration_error(confidence, right) < 0.01

    def test_sure_and_wrong_is_one(self) -> None:
        assert expected_calibration_error(np.ones(5), np.zeros(5, dtype=bool)) == 1.0


@settings(deadline=None)
@given(confidence=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_everybody_is_in_the_bin_of_their_confidence(confidence: list[float]) -> None:
    people, right, summed = reliability_bins(
        np.array(confidence), np.ones(len(confidence), dtype=bool)
    )
    assert people.sum() == right.sum() == len(confidence)
    used = people > 0
    means = summed[used] / people[used]
    number = np.flatnonzero(used)
    assert (means >= number / 15 - 1e-9).all()
    assert (means <= (number + 1) / 15 + 1e-9).all()


def test_the_table_holds_the_faces_and_the_errors_of_the_summary(
    unsure_labeller: DemographicLabeller, unseen: FairFace
) -> None:
    faces, embeddings = unseen
    table = labeller_reliability(assess(unsure_labeller, embeddings, faces))
    summary = labeller_summary(assess(unsure_labeller, embeddings, faces))
    for _, row in summary.iterrows():
        bins = table[
            (table["attribute"] == row["attribute"]) & (table["grouping"] == row["grouping"])
        ]
        assert bins["n_faces"].sum() == 300
        assert (bins["asked"] == row["asked"]).all()
        distance = (bins["mean_confidence"] - bins["accuracy"]).abs()
        error = np.average(distance, weights=bins["n_faces"])
        assert row["expected_calibration_error"] == pytest.approx(error)
    assert (table["n_faces"] > 0).all()
    assert table["mean_confidence"].between(table["confidence_low"], table["confidence_high"]).all()
    assert (table["ci_low"] <= table["accuracy"]).all()
    assert (table["accuracy"] <= table["ci_high"]).all()
