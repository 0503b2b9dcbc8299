import logging
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling import (
    DemographicLabeller,
    assess,
    fit_labeller,
    held_out_labels,
    labeller_summary,
    selection_table,
)
from fer_fairness.labeling.probability_calibration import TemperatureCalibration
from fer_fairness.params.race_labeling import (
    LabellerParameters,
    LogisticRegressionGrid,
    MlpGrid,
    RaceGrouping,
    RbfLogisticGrid,
)
from fer_fairness.taxonomy import ATTRIBUTES

FairFace = tuple[pd.DataFrame, np.ndarray]
Maker = Callable[..., FairFace]


class TestChoice:
    def test_a_curved_border_is_left_to_a_curved_classifier(self, fairface: Maker) -> None:
        faces, embeddings = fairface(600, seed=0)
        # Women inside a shell, men outside: no hyperplane tells them apart.
        radius = np.where(faces["gender"] == "female", 1.0, 3.0)[:, None]
        directions = np.random.default_rng(0).normal(size=(600, 4))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        embeddings = np.hstack([embeddings[:, 2:], radius * directions])
        params = LabellerParameters(
            classifiers=("linear_discriminant", "rbf_logistic"),
            rbf_logistic=RbfLogisticGrid(n_landmarks=60, width=(1.0,)),
            n_folds=3,
        )
        table = selection_table(fit_labeller(embeddings, faces, params, seed=0))
        gender = table[table["attribute"] == "gender"].set_index("classifier")
        assert gender["chosen"].to_dict() == {"linear_discriminant": False, "rbf_logistic": True}
        accuracy = gender["accuracy"].to_dict()
        assert accuracy["rbf_logistic"] > 0.7
        assert accuracy["linear_discriminant"] < 0.6

    def test_noise_is_met_with_the_strongest_regularisation(self, fairface: Maker) -> None:
        faces, _ = fairface(400, seed=0)
        noise = np.random.default_rng(0).normal(size=(400, 50))
        params = LabellerParameters(
            classifiers=("logistic_regression",),
            logistic_regression=LogisticRegressionGrid(inverse_regularisation=(100.0, 1e-4)),
            n_folds=3,
        )
        labeller = fit_labeller(noise, faces, params, seed=0)
        for classifier in labeller.classifiers.values():
            assert classifier.candidate.settings == {"inverse_regularisation": 1e-4}
            assert classifier.fitted.estimators[0][-1].C == 1e-4

    def test_every_trial_is_in_the_table_and_the_lowest_loss_is_chosen(
        self, fairface: Maker
    ) -> None:
        faces, embeddings = fairface(500, seed=0, spread=0.6)
        params = LabellerParameters(
            classifiers=("logistic_regression", "linear_discriminant"), n_folds=3
        )
        labeller = fit_labeller(embeddings, faces, params, seed=0)
        table = selection_table(labeller)
        assert list(table) == [
            "attribute",
            "classifier",
            "settings",
            "log_loss",
            "accuracy",
            "chosen",
        ]
        n_tried = len(params.logistic_regression.inverse_regularisation) + 1
        assert len(table) == n_tried * len(ATTRIBUTES)
        for attribute, tried in table.groupby("attribute"):
            assert tried["chosen"].sum() == 1
            chosen = tried[tried["chosen"]]
            assert chosen["log_loss"].item() == tried["log_loss"].min()
            assert (
                chosen["classifier"].item() == labeller.classifiers[str(attribute)].candidate.name
            )

    def test_accuracy_in_the_table_is_that_of_unseen_faces(self, fairface: Maker) -> None:
        # More dimensions than faces: whoever is asked about faces it was fitted on is always right.
        faces, _ = fairface(300, seed=0)
        noise = np.random.default_rng(0).normal(size=(300, 400))
        params = LabellerParameters(
            classifiers=("logistic_regression",),
            logistic_regression=LogisticRegressionGrid(inverse_regularisation=(1.0,)),
            n_folds=3,
        )
        table = selection_table(fit_labeller(noise, faces, params, seed=0)).set_index("attribute")
        assert table.loc["gender", "accuracy"] == pytest.approx(0.5, abs=0.12)


class TestCalibration:
    def test_confidence_is_honest_where_the_embedder_overfitted(
        self, fairface: Maker, quick: LabellerParameters
    ) -> None:
        overfitted, sharp = fairface(1500, seed=0, spread=0.15)
        honest, blurred = fairface(1500, seed=1, spread=0.8)
        faces = pd.concat([overfitted, honest], ignore_index=True)
        labeller = fit_labeller(
            np.concatenate([sharp, blurred]),
            faces,
            quick,
            seed=0,
            held_out=np.arange(3000) >= 1500,
        )
        test_faces, test_embeddings = fairface(3000, seed=2, spread=0.8, split="test")
        summary = labeller_summary(assess(labeller, test_embeddings, test_faces))
        assert (summary["accuracy"] < 0.9).all()
        assert (summary["expected_calibration_error"] < 0.05).all()

        unaware = fit_labeller(sharp, overfitted, quick, seed=0)
        surprised = labeller_summary(assess(unaware, test_embeddings, test_faces))
        assert (surprised["expected_calibration_error"] > 0.08).all()

    @pytest.mark.parametrize("calibration", ["temperature", "isotonic"])
    def test_an_overconfident_classifier_is_calibrated(
        self, fairface: Maker, calibration: str
    ) -> None:
        # A hundred dimensions of noise and hardly any penalty; ten folds, so that classifiers
        # are calibrated on nearly as many faces as the last one is fitted on.
        generator = np.random.default_rng(3)
        faces, embeddings = fairface(3000, seed=0, spread=0.8)
        embeddings = np.hstack([embeddings, generator.normal(size=(3000, 100))])
        params = LabellerParameters.model_validate(
            {
                "classifiers": ["logistic_regression"],
                "logistic_regression": {"inverse_regularisation": [100.0]},
                "calibration": calibration,
                "n_folds": 10,
            }
        )
        labeller = fit_labeller(embeddings, faces, params, seed=0)
        test_faces, unseen = fairface(6000, seed=2, spread=0.8, split="test")
        unseen = np.hstack([unseen, generator.normal(size=(6000, 100))])
        before = labeller_summary(assess(_uncalibrated(labeller), unseen, test_faces))
        after = labeller_summary(assess(labeller, unseen, test_faces))
        assert (before["expected_calibration_error"] > 0.06).sum() == 4
        assert (after["expected_calibration_error"] < 0.03).all()


class TestWhoTakesPart:
    def test_the_seed_decides(self, fairface: Maker, quick: LabellerParameters) -> None:
        faces, embeddings = fairface(400, seed=0)
        ids = list(faces["sample_id"])
        one, same, other = (
            fit_labeller(embeddings, faces, quick, seed=seed).predict(embeddings, ids)
            for seed in (1, 1, 2)
        )
        pd.testing.assert_frame_equal(one, same)
        assert not one.equals(other)

    def test_test_faces_and_excluded_faces_teach_nothing(
        self, fairface: Maker, quick: LabellerParameters
    ) -> None:
        faces, embeddings = fairface(400, seed=0)
        wrong, wrong_embeddings = fairface(400, seed=1)
        wrong["gender"] = "female"
        wrong.loc[:199, "split"] = "test"
        wrong.loc[200:, "excluded_reason"] = "duplicate"
        together = fit_labeller(
            np.concatenate([embeddings, wrong_embeddings]),
            pd.concat([faces, wrong], ignore_index=True),
            quick,
            seed=0,
        )
        _assert_same(fit_labeller(embeddings, faces, quick, seed=0), together, embeddings)

    def test_faces_without_an_embedding_teach_nothing_and_are_counted(
        self, fairface: Maker, quick: LabellerParameters, caplog: pytest.LogCaptureFixture
    ) -> None:
        faces, embeddings = fairface(400, seed=0)
        lost, nothing = fairface(30, seed=1)
        lost.loc[:9, "split"] = "test"
        with caplog.at_level(logging.WARNING):
            together = fit_labeller(
                np.concatenate([embeddings, np.full_like(nothing, np.nan)]),
                pd.concat([faces, lost], ignore_index=True),
                quick,
                seed=0,
            )
        assert together.n_without_embedding == 20
        assert "20 of 420 faces have no embedding" in caplog.text
        _assert_same(fit_labeller(embeddings, faces, quick, seed=0), together, embeddings)

    def test_a_missing_label_leaves_the_face_to_the_other_attributes(
        self, fairface: Maker, quick: LabellerParameters
    ) -> None:
        faces, embeddings = fairface(600, seed=0)
        labeller = fit_labeller(embeddings, faces, quick, seed=0)
        faces.loc[faces.index % 2 == 0, "race"] = None
        half = fit_labeller(embeddings, faces, quick, seed=0)
        ids = list(faces["sample_id"])
        one, other = labeller.predict(embeddings, ids), half.predict(embeddings, ids)
        pd.testing.assert_series_equal(one["gender_confidence"], other["gender_confidence"])
        assert not one["race_confidence"].equals(other["race_confidence"])

    def test_held_out_faces_are_not_fitted_on(
        self, fairface: Maker, quick: LabellerParameters
    ) -> None:
        faces, embeddings = fairface(600, seed=0)
        held_out = np.arange(600) % 3 == 0
        labeller = fit_labeller(embeddings, faces, quick, seed=0, held_out=held_out)
        moved = np.where(held_out[:, None], embeddings + 100.0, embeddings)
        other = fit_labeller(moved, faces, quick, seed=0, held_out=held_out)
        for attribute in ATTRIBUTES:
            np.testing.assert_array_equal(
                labeller.classifiers[attribute].fitted.logits(embeddings),
                other.classifiers[attribute].fitted.logits(embeddings),
            )


class TestGroupsThatNobodyHas:
    """A group without a face to learn from is none that faces are ever given."""

    @pytest.mark.parametrize("race", ["coarse_4", "fairface_7"])
    def test_they_are_no_labels_and_have_no_probability(
        self,
        fairface: Maker,
        quick: LabellerParameters,
        race: RaceGrouping,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        faces, embeddings = _without_indian_and_latino(fairface)
        params = quick.model_copy(update={"race_grouping": race})
        with caplog.at_level(logging.INFO):
            labeller = fit_labeller(embeddings, faces, params, seed=0)
        assert "No face is latino_hispanic or indian" in caplog.text
        others, of_others = fairface(300, seed=1)
        labels = labeller.predict(of_others, list(others["sample_id"]))
        known = set(labeller.asked["race"].groups)
        assert known & {"indian", "latino_hispanic"} == set()
        assert set(labels["race"]) == known
        probabilities = labels[[f"probability_race_{group}" for group in known]]
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
        assert not labels.columns.str.contains("indian").any()
        assert len(labeller.asked["age_group"].groups) == 4

    def test_the_labeller_is_measured_over_the_others(
        self, fairface: Maker, quick: LabellerParameters
    ) -> None:
        faces, embeddings = _without_indian_and_latino(fairface)
        labeller = fit_labeller(embeddings, faces, quick, seed=0)
        unseen, of_unseen = _without_indian_and_latino(fairface, seed=2)
        summary = labeller_summary(assess(labeller, of_unseen, unseen))
        assert (summary["accuracy"] > 0.9).all()
        held_out = held_out_labels(labeller, of_unseen, unseen)
        assert set(held_out["true_race"]) == {"white", "black", "asian"}

    def test_one_grain_is_measured_where_no_groups_are_brought_together(
        self, fairface: Maker, quick: LabellerParameters
    ) -> None:
        faces, embeddings = fairface(900, seed=0)
        kept = faces["race"].isin(["white", "black", "east_asian"]).to_numpy()
        faces, embeddings = faces[kept].reset_index(drop=True), embeddings[kept]
        labeller = fit_labeller(embeddings, faces, quick, seed=0)
        assessed = assess(labeller, embeddings, faces)
        assert [part.grouping.name for part in assessed if part.attribute == "race"] == ["coarse_4"]

    def test_a_held_out_face_of_one_is_named(
        self, fairface: Maker, quick: LabellerParameters
    ) -> None:
        faces, embeddings = _without_indian_and_latino(fairface)
        labeller = fit_labeller(embeddings, faces, quick, seed=0)
        unseen, of_unseen = fairface(100, seed=1)
        with pytest.raises(InvalidInputError, match="these have faces to learn from: white, black"):
            assess(labeller, of_unseen, unseen)


class TestCores:
    def test_several_do_the_same_as_one_and_leave_no_setting_behind(
        self, fairface: Maker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Networks stop after one epoch, of which scikit-learn warns."""
        faces, embeddings = fairface(300, seed=0)
        params = LabellerParameters(
            classifiers=("logistic_regression", "mlp"),
            mlp=MlpGrid(weight_penalty=(0.1, 1.0), hidden_units=4, n_epochs=1, n_networks=2),
        )

        def fitted(n_cores: str) -> DemographicLabeller:
            monkeypatch.setenv("OMP_NUM_THREADS", n_cores)
            return fit_labeller(embeddings, faces, params, seed=0)

        filters, libraries = list(warnings.filters), threadpool_info()
        one, several = fitted("1"), fitted("8")
        assert one.trials == several.trials
        _assert_same(one, several, embeddings)
        assert (list(warnings.filters), threadpool_info()) == (filters, libraries)


def _without_indian_and_latino(fairface: Maker, seed: int = 0) -> FairFace:
    faces, embeddings = fairface(900, seed=seed)
    kept = ~faces["race"].isin(["indian", "latino_hispanic"]).to_numpy()
    return faces[kept].reset_index(drop=True), embeddings[kept]


class TestBadInput:
    def test_a_rare_group_is_named_with_its_count(
        self, fairface: Maker, quick: LabellerParameters
    ) -> None:
        faces, embeddings = fairface(400, seed=0)
        rare = faces.index[faces["race"] == "indian"]
        faces.loc[rare[3:], "race"] = "white"
        with pytest.raises(InvalidInputError, match=r"learn race from: indian 3; at least 5"):
            fit_labeller(embeddings, faces, quick, seed=0)

    @pytest.mark.parametrize(("labels", "named"), [("male", "male"), (None, "no group")])
    def test_an_attribute_needs_two_groups(
        self, fairface: Maker, quick: LabellerParameters, labels: str | None, named: str
    ) -> None:
        faces, embeddings = fairface(400, seed=0)
        faces["gender"] = pd.Series([labels] * len(faces), dtype=str)
        with pytest.raises(InvalidInputError, match=f"learn gender from are of {named}; at least"):
            fit_labeller(embeddings, faces, quick, seed=0)

    def test_a_group_needs_a_face_in_every_fold(self, fairface: Maker) -> None:
        faces, embeddings = fairface(400, seed=0)
        rare = faces.index[faces["race"] == "black"]
        faces.loc[rare[6:], "race"] = "white"
        params = LabellerParameters(classifiers=("linear_discriminant",), n_folds=8)
        with pytest.raises(InvalidInputError, match=r"black 6; at least 8 .* labeller.n_folds"):
            fit_labeller(embeddings, faces, params, seed=0)

    def test_faces_without_an_embedding_do_not_fill_a_group(
        self, fairface: Maker, quick: LabellerParameters
    ) -> None:
        faces, embeddings = fairface(400, seed=0)
        embeddings[faces.index[faces["race"] == "indian"][4:]] = np.nan
        with pytest.raises(InvalidInputError, match=r"race from: indian 4"):
            fit_labeller(embeddings, faces, quick, seed=0)

    def test_an_unknown_label_is_named(self, fairface: Maker, quick: LabellerParameters) -> None:
        faces, embeddings = fairface(100, seed=0)
        faces.loc[7, "age_group"] = "03-Sep"
        with pytest.raises(InvalidInputError, match=r"fairface-train-7 has age_group '03-Sep'"):
            fit_labeller(embeddings, faces, quick, seed=0)

    def test_no_held_out_face_is_an_error(self, fairface: Maker, quick: LabellerParameters) -> None:
        faces, embeddings = fairface(400, seed=0)
        with pytest.raises(InvalidInputError, match="cannot be calibrated"):
            fit_labeller(embeddings, faces, quick, seed=0, held_out=np.zeros(400, dtype=bool))

    def test_a_mask_of_another_table_is_refused(
        self, fairface: Maker, quick: LabellerParameters
    ) -> None:
        faces, embeddings = fairface(100, seed=0)
        with pytest.raises(InvalidInputError, match=r"held_out is bool of shape \(99,\)"):
            fit_labeller(embeddings, faces, quick, seed=0, held_out=np.ones(99, dtype=bool))


def _assert_same(
    one: DemographicLabeller, other: DemographicLabeller, embeddings: np.ndarray
) -> None:
    ids = [str(row) for row in range(len(embeddings))]
    pd.testing.assert_frame_equal(one.predict(embeddings, ids), other.predict(embeddings, ids))


def _uncalibrated(labeller: DemographicLabeller) -> DemographicLabeller:
    as_it_was = {
        attribute: replace(classifier, calibration=TemperatureCalibration(1.0))
        for attribute, classifier in labeller.classifiers.items()
    }
    return replace(labeller, classifiers=as_it_was)
