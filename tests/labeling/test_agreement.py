from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling import DemographicLabeller, agreement_summary, agreement_table
from fer_fairness.labeling.agreement import one_language
from fer_fairness.taxonomy import (
    ATTRIBUTES,
    COARSE_AGE_GROUPS,
    COARSE_RACES,
    FAIRFACE_RACES,
    GENDERS,
)

FairFace = tuple[pd.DataFrame, np.ndarray]
Maker = Callable[..., FairFace]


def labels_of(
    attribute: str, predicted: Sequence[str | None], groups: Sequence[str]
) -> pd.DataFrame:
    """A table of labels in which one attribute matters; None is a face that got no label."""
    n = len(predicted)
    columns: dict[str, object] = {"sample_id": [f"fairface-train-{row}" for row in range(n)]}
    for name, known in (
        ("gender", GENDERS),
        ("race", COARSE_RACES),
        ("age_group", COARSE_AGE_GROUPS),
    ):
        values = list(predicted) if name == attribute else [known[0]] * n
        columns[name] = pd.Series([value or known[0] for value in values], dtype=str)
        columns[f"{name}_abstained"] = [value is None for value in values]
        for group in groups if name == attribute else known:
            columns[f"probability_{name}_{group}"] = 0.0
    return pd.DataFrame(columns)


def annotate(fairface: Maker, attribute: str, annotated: Sequence[str | None]) -> pd.DataFrame:
    faces, _ = fairface(len(annotated), seed=0)
    for name in ATTRIBUTES:
        faces[f"{name}_source"] = "annotated" if name == attribute else "none"
    faces[attribute] = pd.Series(list(annotated), dtype=str)
    return faces


class TestRafDb:
    ANNOTATED = ("caucasian", "caucasian", "african_american", "asian", "caucasian", None)

    def test_races_are_compared_where_there_is_a_counterpart(self, fairface: Maker) -> None:
        predicted = ["white", "black", "black", "asian", "indian", "white"]
        table = agreement_table(
            labels_of("race", predicted, COARSE_RACES), annotate(fairface, "race", self.ANNOTATED)
        )
        found = {
            (row["annotated"], row["predicted"]): (row["n_faces"], row["comparable"])
            for _, row in table.iterrows()
        }
        assert found == {
            ("caucasian", "white"): (1, True),
            ("caucasian", "black"): (1, True),
            ("caucasian", "indian"): (1, False),
            ("african_american", "black"): (1, True),
            ("asian", "asian"): (1, True),
        }
        summary = agreement_summary(table).iloc[0]
        assert (summary["n_faces"], summary["n_comparable"]) == (5, 4)
        assert summary["agreement"] == 0.75
        assert summary["ci_low"] < 0.75 < summary["ci_high"]

    def test_seven_races_are_compared_as_well(self, fairface: Maker) -> None:
        predicted = ["white", "latino_hispanic", "black", "southeast_asian", "middle_eastern", None]
        table = agreement_table(
            labels_of("race", predicted, FAIRFACE_RACES),
            annotate(fairface, "race", self.ANNOTATED),
        )
        summary = agreement_summary(table).iloc[0]
        assert (summary["n_faces"], summary["n_comparable"]) == (5, 3)
        assert summary["agreement"] == 1.0

    def test_ages_are_compared_over_the_shared_cuts(self, fairface: Maker) -> None:
        table = agreement_table(
            labels_of("age_group", ["0-19", "0-19", "20-39", "70+"], COARSE_AGE_GROUPS),
            annotate(fairface, "age_group", ["0-3", "4-19", "20-39", "40-69"]),
        )
        assert table["comparable"].all()
        assert agreement_summary(table)["agreement"].item() == 0.75


class TestFairFaceItself:
    def test_kappa_is_that_of_scikit_learn(
        self, unsure_labeller: DemographicLabeller, unseen: FairFace
    ) -> None:
        faces, embeddings = unseen
        labels = unsure_labeller.predict(embeddings, list(faces["sample_id"]))
        summary = agreement_summary(agreement_table(labels, faces)).set_index("attribute")
        assert list(summary.index) == list(ATTRIBUTES)
        for attribute in ATTRIBUTES:
            given = ~labels[f"{attribute}_abstained"]
            true = unsure_labeller.true_labels(faces, attribute)[given]
            expected = cohen_kappa_score(true, labels.loc[given, attribute])
            assert summary.loc[attribute, "cohen_kappa"] == pytest.approx(expected)
            assert summary.loc[attribute, "n_comparable"] == given.sum()
            assert summary.loc[attribute, "n_faces"] == 300


class TestOtherWords:
    def test_known_words_are_compared_and_others_counted(self, fairface: Maker) -> None:
        table = agreement_table(
            labels_of("race", ["white", "indian", "asian"], COARSE_RACES),
            annotate(fairface, "race", ["white", "South Asian", "indian"]),
        )
        summary = agreement_summary(table).iloc[0]
        assert (summary["n_faces"], summary["n_comparable"]) == (3, 2)
        assert summary["agreement"] == 0.5

    def test_coarse_words_meet_fine_labels(self, fairface: Maker) -> None:
        table = agreement_table(
            labels_of("race", ["east_asian", "middle_eastern", "black"], FAIRFACE_RACES),
            annotate(fairface, "race", ["asian", "white", "indian"]),
        )
        assert table["comparable"].all()
        assert agreement_summary(table)["agreement"].item() == pytest.approx(2 / 3)


def test_a_face_without_a_label_is_counted_and_not_compared(fairface: Maker) -> None:
    table = agreement_table(
        labels_of("gender", ["male", None, None], GENDERS),
        annotate(fairface, "gender", ["male", "male", "female"]),
    )
    assert table["n_faces"].sum() == 3
    assert table.loc[table["predicted"].isna(), "comparable"].tolist() == [False, False]


def test_agreement_by_chance_alone_has_no_kappa(fairface: Maker) -> None:
    table = agreement_table(
        labels_of("gender", ["male", "male"], GENDERS),
        annotate(fairface, "gender", ["male", "male"]),
    )
    summary = agreement_summary(table).iloc[0]
    assert summary["agreement"] == 1.0
    assert np.isnan(summary["cohen_kappa"])


def test_nothing_comparable_has_no_agreement(fairface: Maker) -> None:
    table = agreement_table(
        labels_of("race", ["indian"], COARSE_RACES), annotate(fairface, "race", ["caucasian"])
    )
    summary = agreement_summary(table).iloc[0]
    assert (summary["n_faces"], summary["n_comparable"]) == (1, 0)
    assert summary[["agreement", "ci_low", "cohen_kappa"]].isna().all()


def test_predicted_and_excluded_attributes_do_not_count(fairface: Maker) -> None:
    faces = annotate(fairface, "gender", ["male", "male"])
    faces.loc[0, "excluded_reason"] = "duplicate"
    labels = labels_of("gender", ["male", "male"], GENDERS)
    assert agreement_table(labels, faces)["n_faces"].tolist() == [1]
    faces["gender_source"] = "predicted"
    empty = agreement_table(labels, faces)
    assert len(empty) == 0
    assert list(agreement_summary(empty)) == [
        "attribute",
        "n_faces",
        "n_comparable",
        "agreement",
        "ci_low",
        "ci_high",
        "cohen_kappa",
    ]
    assert len(agreement_summary(empty)) == 0


def test_other_faces_are_refused(fairface: Maker) -> None:
    faces = annotate(fairface, "gender", ["male", "female"])
    with pytest.raises(InvalidInputError, match="not the same faces"):
        agreement_table(labels_of("gender", ["male", "female"], GENDERS), faces.iloc[::-1])


@pytest.mark.parametrize(
    ("attribute", "words", "told"),
    [
        ("race", {"white", "latino_hispanic", "asian"}, {"latino_hispanic": "white"}),
        ("race", {"white", "caucasian", "asian"}, {"white": "caucasian", "asian": "asian"}),
        ("age_group", {"0-2", "4-19", "20-39"}, {"0-2": "0-19", "4-19": "0-19", "20-39": "20-39"}),
        ("race", {"blue", "white"}, {"blue": "blue", "white": "white"}),
        ("gender", {"female", "male"}, {"female": "female", "male": "male"}),
    ],
)
def test_groups_of_several_datasets_are_brought_to_one_language(
    attribute: str, words: set[str], told: dict[str, str]
) -> None:
    language = one_language(attribute, words)
    assert {word: language[word] for word in told} == told


def test_who_has_no_counterpart_in_raf_db_is_not_compared() -> None:
    assert "indian" not in one_language("race", {"indian", "white", "african_american"})
