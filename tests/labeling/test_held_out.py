import numpy as np
import pandas as pd
import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling import DemographicLabeller, held_out_labels
from fer_fairness.labeling.held_out import scored
from fer_fairness.taxonomy import ATTRIBUTES, COARSE_RACES

FairFace = tuple[pd.DataFrame, np.ndarray]


class TestHeldOutLabels:
    def test_it_is_what_predict_says_beside_the_truth(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        table = held_out_labels(unsure_labeller, embeddings, faces)
        labels = unsure_labeller.predict(embeddings, list(faces["sample_id"]))
        assert list(table["sample_id"]) == list(faces["sample_id"])
        for attribute in ATTRIBUTES:
            true = unsure_labeller.true_labels(faces, attribute)
            assert list(table[f"true_{attribute}"]) == list(true)
            given = ~labels[f"{attribute}_abstained"]
            assert list(table[f"predicted_{attribute}"].notna()) == list(given)
            assert list(table.loc[given, f"predicted_{attribute}"]) == list(
                labels.loc[given, attribute]
            )
        assert labels["race_abstained"].any()
        for column in (
            "race_confidence",
            *(f"probability_race_{group}" for group in COARSE_RACES),
        ):
            np.testing.assert_allclose(table[column], labels[column])

    def test_excluded_and_unannotated_faces_are_left_out(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        faces.loc[0, "excluded_reason"] = "duplicate"
        faces.loc[1, list(ATTRIBUTES)] = None
        faces.loc[2, "race"] = None
        embeddings[3] = np.nan
        table = held_out_labels(unsure_labeller, embeddings, faces)
        assert list(table["sample_id"]) == list(faces["sample_id"])[2:]
        assert np.flatnonzero(table["true_race"].isna()).tolist() == [0]
        assert not table["true_gender"].isna().any()
        assert table["predicted_race"].isna()[1]
        assert np.flatnonzero(table["race_confidence"].isna()).tolist() == [1]


class TestScored:
    def test_each_attribute_comes_as_asked_and_as_fine_as_can_be(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        found = [
            (scores.attribute, scores.grouping.name, scores.asked)
            for scores in scored(unsure_labeller, unseen[1], unseen[0])
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
            list(scored(unsure_labeller, embeddings, faces))

    def test_another_datasets_words_are_refused(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        faces.loc[5, "race"] = "caucasian"
        with pytest.raises(InvalidInputError, match="fairface-test-5 has race 'caucasian'"):
            list(scored(unsure_labeller, embeddings, faces))
