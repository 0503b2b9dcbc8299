from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_fairness.datasets import SkopsDataset
from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling import (
    DemographicLabeller,
    fit_labeller,
    labeller_confusion,
    labeller_summary,
)
from fer_fairness.params.race_labeling import LabellerParameters
from fer_fairness.taxonomy import COARSE_AGE_GROUPS, COARSE_RACES, GENDERS

FairFace = tuple[pd.DataFrame, np.ndarray]
Maker = Callable[..., FairFace]

QUICK = LabellerParameters(inverse_regularisation=(0.1,))
FINEST = LabellerParameters(
    race_grouping="fairface_7", age_grouping="fairface_9", inverse_regularisation=(0.1,)
)


@pytest.fixture
def labeller(fairface: Maker) -> DemographicLabeller:
    faces, embeddings = fairface(1500, seed=0)
    return fit_labeller(embeddings, faces, QUICK, seed=0)


class TestPredict:
    def test_separable_groups_are_recognised(
        self, fairface: Maker, labeller: DemographicLabeller
    ) -> None:
        faces, embeddings = fairface(600, seed=1, split="test")
        labels = labeller.predict(embeddings, list(faces["sample_id"]))
        assert (labels["gender"] == faces["gender"]).mean() > 0.95
        for attribute in ("race", "age_group"):
            true = labeller.true_labels(faces, attribute)
            assert (labels[attribute] == true).mean() > 0.85

    def test_the_table_is_as_promised(self, fairface: Maker, labeller: DemographicLabeller) -> None:
        faces, embeddings = fairface(50, seed=1)
        labels = labeller.predict(embeddings, list(faces["sample_id"]))
        assert list(labels)[:7] == [
            "sample_id",
            "gender",
            "gender_confidence",
            "race",
            "race_confidence",
            "age_group",
            "age_group_confidence",
        ]
        for attribute, groups in (
            ("gender", GENDERS),
            ("race", COARSE_RACES),
            ("age_group", COARSE_AGE_GROUPS),
        ):
            probabilities = labels[[f"probability_{attribute}_{group}" for group in groups]]
            np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
            np.testing.assert_array_equal(
                labels[f"{attribute}_confidence"], probabilities.max(axis=1)
            )
            assert set(labels[attribute]) <= set(groups)

    def test_no_faces_give_an_empty_table_with_all_columns(
        self, fairface: Maker, labeller: DemographicLabeller
    ) -> None:
        faces, embeddings = fairface(3, seed=1)
        some = labeller.predict(embeddings, list(faces["sample_id"]))
        none = labeller.predict(embeddings[:0], [])
        assert len(none) == 0
        pd.testing.assert_series_equal(none.dtypes, some.dtypes)

    def test_another_dimension_is_refused(self, labeller: DemographicLabeller) -> None:
        with pytest.raises(InvalidInputError, match=r"8 values a face, but .* fitted on 24"):
            labeller.predict(np.zeros((2, 8)), ["a", "b"])

    def test_not_a_number_is_refused(self, labeller: DemographicLabeller) -> None:
        embeddings = np.zeros((3, 24))
        embeddings[1, 5] = np.nan
        with pytest.raises(InvalidInputError, match=r"1 of 3 faces .* the first in row 1"):
            labeller.predict(embeddings, ["a", "b", "c"])

    def test_more_ids_than_embeddings_are_refused(self, labeller: DemographicLabeller) -> None:
        with pytest.raises(InvalidInputError, match="for 3 faces"):
            labeller.predict(np.zeros((2, 24)), ["a", "b", "c"])


class TestFitLabeller:
    def test_the_finest_groupings_are_fairfaces_own(self, fairface: Maker) -> None:
        faces, embeddings = fairface(1500, seed=0)
        labeller = fit_labeller(embeddings, faces, FINEST, seed=0)
        assert len(labeller.classifiers["race"].groups) == 7
        assert len(labeller.classifiers["age_group"].groups) == 9

    def test_the_seed_decides(self, fairface: Maker) -> None:
        faces, embeddings = fairface(400, seed=0)
        ids = list(faces["sample_id"])
        one, same, other = (
            fit_labeller(embeddings, faces, QUICK, seed=seed).predict(embeddings, ids)
            for seed in (1, 1, 2)
        )
        pd.testing.assert_frame_equal(one, same)
        assert not one.equals(other)

    def test_confidence_is_honest_where_the_embedder_overfitted(self, fairface: Maker) -> None:
        overfitted, sharp = fairface(1500, seed=0, spread=0.15)
        honest, blurred = fairface(1500, seed=1, spread=0.8)
        faces = pd.concat([overfitted, honest], ignore_index=True)
        held_out = np.arange(3000) >= 1500
        labeller = fit_labeller(
            np.concatenate([sharp, blurred]),
            faces,
            QUICK,
            seed=0,
            held_out=held_out,
        )
        test_faces, test_embeddings = fairface(3000, seed=2, spread=0.8, split="test")
        summary = labeller_summary(labeller, test_embeddings, test_faces)
        assert (summary["accuracy"] < 0.9).all()
        assert (summary["expected_calibration_error"] < 0.05).all()

        unaware = fit_labeller(sharp, overfitted, QUICK, seed=0)
        surprised = labeller_summary(unaware, test_embeddings, test_faces)
        assert (surprised["expected_calibration_error"] > 0.08).all()

    def test_test_faces_and_excluded_faces_teach_nothing(self, fairface: Maker) -> None:
        faces, embeddings = fairface(400, seed=0)
        wrong, wrong_embeddings = fairface(400, seed=1)
        wrong["gender"] = "female"
        wrong.loc[:199, "split"] = "test"
        wrong.loc[200:, "excluded_reason"] = "duplicate"
        held_out = np.arange(800) % 5 == 0
        alone = fit_labeller(embeddings, faces, QUICK, seed=0, held_out=held_out[:400])
        together = fit_labeller(
            np.concatenate([embeddings, wrong_embeddings]),
            pd.concat([faces, wrong], ignore_index=True),
            QUICK,
            seed=0,
            held_out=held_out,
        )
        ids = list(faces["sample_id"])
        pd.testing.assert_frame_equal(
            alone.predict(embeddings, ids), together.predict(embeddings, ids)
        )

    def test_a_missing_label_leaves_the_face_to_the_other_attributes(self, fairface: Maker) -> None:
        faces, embeddings = fairface(600, seed=0)
        faces.loc[faces.index % 2 == 0, "race"] = None
        labeller = fit_labeller(embeddings, faces, QUICK, seed=0)
        summary = labeller_summary(labeller, embeddings, faces).set_index("attribute")
        assert summary.loc["race", "n_faces"] == 300
        assert summary.loc["gender", "n_faces"] == 600

    def test_a_rare_group_is_named_with_its_count(self, fairface: Maker) -> None:
        faces, embeddings = fairface(400, seed=0)
        rare = faces.index[faces["race"] == "indian"]
        faces.loc[rare[3:], "race"] = "white"
        with pytest.raises(InvalidInputError, match=r"learn race from: indian [0-3]; at least 5"):
            fit_labeller(embeddings, faces, QUICK, seed=0)

    def test_an_unknown_label_is_named(self, fairface: Maker) -> None:
        faces, embeddings = fairface(100, seed=0)
        faces.loc[7, "age_group"] = "03-Sep"
        with pytest.raises(InvalidInputError, match=r"fairface-train-7 has age_group '03-Sep'"):
            fit_labeller(embeddings, faces, QUICK, seed=0)

    def test_no_held_out_face_is_an_error(self, fairface: Maker) -> None:
        faces, embeddings = fairface(400, seed=0)
        with pytest.raises(InvalidInputError, match="cannot be calibrated"):
            fit_labeller(embeddings, faces, QUICK, seed=0, held_out=np.zeros(400, dtype=bool))

    def test_a_mask_of_another_table_is_refused(self, fairface: Maker) -> None:
        faces, embeddings = fairface(100, seed=0)
        with pytest.raises(InvalidInputError, match=r"held_out is bool of shape \(99,\)"):
            fit_labeller(embeddings, faces, QUICK, seed=0, held_out=np.ones(99, dtype=bool))


class TestSaved:
    def test_a_saved_labeller_predicts_the_same(
        self, fairface: Maker, labeller: DemographicLabeller, tmp_path: Path
    ) -> None:
        faces, embeddings = fairface(100, seed=1, split="test")
        dataset = SkopsDataset(filepath=str(tmp_path / "labeller.skops"))
        dataset.save(labeller)
        loaded = dataset.load()
        ids = list(faces["sample_id"])
        pd.testing.assert_frame_equal(
            loaded.predict(embeddings, ids), labeller.predict(embeddings, ids)
        )
        pd.testing.assert_frame_equal(
            labeller_confusion(loaded, embeddings, faces),
            labeller_confusion(labeller, embeddings, faces),
        )
