from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from fer_fairness.fairness.inference.intervals import wilson_interval
from fer_fairness.labeling import (
    DemographicLabeller,
    labeller_confusion,
    labeller_recalls,
    labeller_summary,
)
from fer_fairness.taxonomy import ATTRIBUTES, FAIRFACE_RACES, FAIRFACE_TO_COARSE_RACE

FairFace = tuple[pd.DataFrame, np.ndarray]


class TestConfusion:
    def test_as_asked_it_is_that_of_scikit_learn(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        confusion = labeller_confusion(unsure_labeller, embeddings, faces)
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
        confusion = labeller_confusion(unsure_labeller, embeddings, faces)
        table = confusion[confusion["grouping"] == "fairface_7"]
        best = unsure_labeller.probabilities(embeddings, "race").argmax(axis=1)
        expected = confusion_matrix(
            faces["race"], np.array(FAIRFACE_RACES)[best], labels=list(FAIRFACE_RACES)
        )
        np.testing.assert_array_equal(table["n_faces"].to_numpy().reshape(7, 7), expected)

    def test_both_grains_hold_the_same_true_groups(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        confusion = labeller_confusion(unsure_labeller, unseen[1], unseen[0])
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
        confusion = labeller_confusion(unsure_labeller, embeddings, faces)
        summary = labeller_summary(unsure_labeller, embeddings, faces)
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
        summary = labeller_summary(unsure_labeller, embeddings, faces)
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
        summary = labeller_summary(never, unseen[1], unseen[0])
        assert (summary["share_abstained"] == 1).all()
        assert summary["accuracy_when_labelled"].isna().all()


class TestRecalls:
    @pytest.fixture
    def recalls(self, unsure_labeller: DemographicLabeller, unseen: FairFace) -> pd.DataFrame:
        return labeller_recalls(unsure_labeller, unseen[1], unseen[0])

    def test_altogether_they_are_the_rows_of_the_confusion(
        self, recalls: pd.DataFrame, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        confusion = labeller_confusion(unsure_labeller, unseen[1], unseen[0])
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
        recalls = labeller_recalls(unsure_labeller, embeddings, faces)
        women = recalls[(recalls["attribute"] == "gender") & (recalls["group"] == "female")]
        assert (women["n_faces"] == 0).all()
        columns = ["recall", "ci_low", "most_frequent_mistake", "mistake_share"]
        assert women[columns].isna().all(axis=None)
