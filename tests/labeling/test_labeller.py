from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fer_fairness.datasets import SkopsDataset
from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling import (
    DemographicLabeller,
    assess,
    fit_labeller,
    labeller_confusion,
    selection_table,
)
from fer_fairness.labeling.labeller import check_embeddings
from fer_fairness.params.race_labeling import LabellerParameters, MlpGrid, RbfLogisticGrid
from fer_fairness.taxonomy import (
    ATTRIBUTES,
    COARSE_AGE_GROUPS,
    COARSE_RACES,
    FAIRFACE_AGE_GROUPS,
    FAIRFACE_RACES,
    FAIRFACE_TO_COARSE_RACE,
    GENDERS,
    TO_COARSE_AGE_GROUP,
)

FairFace = tuple[pd.DataFrame, np.ndarray]
Maker = Callable[..., FairFace]


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

    def test_the_table_is_as_promised(self, labeller: DemographicLabeller, fairface: Maker) -> None:
        faces, embeddings = fairface(50, seed=1)
        labels = labeller.predict(embeddings, list(faces["sample_id"]))
        groups = {"gender": GENDERS, "race": COARSE_RACES, "age_group": COARSE_AGE_GROUPS}
        assert list(labels) == [
            "sample_id",
            *(f"{name}{end}" for name in ATTRIBUTES for end in ("", "_confidence", "_abstained")),
            *(f"probability_{name}_{group}" for name in ATTRIBUTES for group in groups[name]),
        ]
        for attribute in ATTRIBUTES:
            columns = [f"probability_{attribute}_{group}" for group in groups[attribute]]
            probabilities = labels[columns]
            np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
            np.testing.assert_array_equal(
                labels[f"{attribute}_confidence"], probabilities.max(axis=1)
            )
            best = probabilities.to_numpy().argmax(axis=1)
            assert list(labels[attribute]) == [groups[attribute][column] for column in best]
            assert labels[f"{attribute}_abstained"].dtype == bool

    def test_a_coarse_probability_is_the_sum_of_the_fine_ones(
        self, fairface: Maker, quick: LabellerParameters, labeller: DemographicLabeller
    ) -> None:
        faces, embeddings = fairface(1500, seed=0)
        finest = quick.model_copy(
            update={"race_grouping": "fairface_7", "age_grouping": "fairface_9"}
        )
        ids = list(faces["sample_id"])
        fine = fit_labeller(embeddings, faces, finest, seed=0).predict(embeddings, ids)
        coarse = labeller.predict(embeddings, ids)
        for attribute, members, coarser in (
            ("race", FAIRFACE_RACES, FAIRFACE_TO_COARSE_RACE),
            ("age_group", FAIRFACE_AGE_GROUPS, TO_COARSE_AGE_GROUP),
        ):
            for group in {coarser[member] for member in members}:
                parts = [
                    f"probability_{attribute}_{member}"
                    for member in members
                    if coarser[member] == group
                ]
                np.testing.assert_allclose(
                    coarse[f"probability_{attribute}_{group}"], fine[parts].sum(axis=1)
                )

    def test_a_face_without_an_embedding_has_no_label(
        self, fairface: Maker, labeller: DemographicLabeller
    ) -> None:
        faces, embeddings = fairface(5, seed=1)
        whole = labeller.predict(embeddings, list(faces["sample_id"]))
        embeddings[2] = np.nan
        labels = labeller.predict(embeddings, list(faces["sample_id"]))
        for attribute in ATTRIBUTES:
            assert labels[attribute].isna().tolist() == [False, False, True, False, False]
            assert labels.loc[2, f"{attribute}_abstained"]
        numbers = labels.select_dtypes("float64")
        assert numbers.loc[2].isna().all()
        pd.testing.assert_frame_equal(labels.drop(index=2), whole.drop(index=2))

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

    def test_a_row_that_is_partly_nan_is_refused(self, labeller: DemographicLabeller) -> None:
        embeddings = np.zeros((3, 24))
        embeddings[1, 5] = np.nan
        with pytest.raises(InvalidInputError, match=r"1 of 3 faces .* the first in row 1"):
            labeller.predict(embeddings, ["a", "b", "c"])

    def test_more_ids_than_embeddings_are_refused(self, labeller: DemographicLabeller) -> None:
        with pytest.raises(InvalidInputError, match="for 3 faces"):
            labeller.predict(np.zeros((2, 24)), ["a", "b", "c"])


class TestAbstention:
    @settings(deadline=None, max_examples=30)
    @given(thresholds=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted))
    def test_who_asks_for_more_confidence_gets_fewer_labels(
        self, unsure_labeller: DemographicLabeller, thresholds: list[float]
    ) -> None:
        embeddings = np.random.default_rng(0).normal(size=(60, 24))
        ids = [str(row) for row in range(60)]
        lower, higher = (
            replace(unsure_labeller, min_confidence=dict.fromkeys(ATTRIBUTES, low)).predict(
                embeddings, ids
            )
            for low in thresholds
        )
        for attribute in ATTRIBUTES:
            before, after = lower[f"{attribute}_abstained"], higher[f"{attribute}_abstained"]
            assert (after | ~before).all()
            assert list(before) == list(lower[f"{attribute}_confidence"] < thresholds[0])
            assert list(lower[attribute]) == list(higher[attribute])

    def test_the_parameters_decide(
        self, fairface: Maker, quick: LabellerParameters, labeller: DemographicLabeller
    ) -> None:
        assert labeller.min_confidence == {"gender": 0.5, "race": 0.5, "age_group": 0.5}
        faces, embeddings = fairface(400, seed=0)
        strict = LabellerParameters.model_validate(
            {**quick.model_dump(), "min_confidence": {"race": 0.99}}
        )
        fitted = fit_labeller(embeddings, faces, strict, seed=0)
        labels = fitted.predict(embeddings, list(faces["sample_id"]))
        assert 0.05 < labels["race_abstained"].mean() < 1
        assert not labels["gender_abstained"].any()


@pytest.mark.parametrize("calibration", ["temperature", "isotonic"])
@pytest.mark.parametrize(
    "classifier", ["logistic_regression", "linear_discriminant", "rbf_logistic", "mlp"]
)
def test_a_saved_labeller_predicts_the_same(
    fairface: Maker, tmp_path: Path, classifier: str, calibration: str
) -> None:
    params = LabellerParameters.model_validate(
        {
            "classifiers": [classifier],
            "calibration": calibration,
            "n_folds": 2,
            "mlp": MlpGrid(hidden_units=4, n_epochs=2, n_networks=2, weight_penalty=(1.0,)),
            "rbf_logistic": RbfLogisticGrid(n_landmarks=20),
        }
    )
    faces, embeddings = fairface(300, seed=0)
    labeller = fit_labeller(embeddings, faces, params, seed=0)
    dataset = SkopsDataset(filepath=str(tmp_path / "labeller.skops"))
    dataset.save(labeller)
    loaded = dataset.load()
    ids = list(faces["sample_id"])
    pd.testing.assert_frame_equal(
        loaded.predict(embeddings, ids), labeller.predict(embeddings, ids)
    )
    pd.testing.assert_frame_equal(
        labeller_confusion(assess(loaded, embeddings, faces)),
        labeller_confusion(assess(labeller, embeddings, faces)),
    )
    pd.testing.assert_frame_equal(selection_table(loaded), selection_table(labeller))


class TestCheckEmbeddings:
    def test_rows_of_nan_are_faces_without_an_embedding(self) -> None:
        embeddings = np.zeros((3, 4), dtype=np.float32)
        embeddings[1] = np.nan
        assert check_embeddings(embeddings, 3).tolist() == [True, False, True]

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_a_row_with_one_bad_value_is_named(self, value: float) -> None:
        embeddings = np.zeros((3, 4))
        embeddings[1, 2] = value
        with pytest.raises(InvalidInputError, match=r"1 of 3 faces .* first in row 1"):
            check_embeddings(embeddings, 3)

    def test_a_row_of_infinity_is_not_a_missing_one(self) -> None:
        with pytest.raises(InvalidInputError, match="hold infinity"):
            check_embeddings(np.full((1, 4), np.inf), 1)

    def test_other_kinds_of_array_are_refused(self) -> None:
        with pytest.raises(InvalidInputError, match="are uint8, expected float32"):
            check_embeddings(np.zeros((2, 4), dtype=np.uint8), 2)
        with pytest.raises(InvalidInputError, match=r"shape \(2, 4, 1\) for 2 faces"):
            check_embeddings(np.zeros((2, 4, 1)), 2)
