"""Truth beside audits: planted both ways, on labels that err."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.auditing.measurements import evaluation_tables
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fabrication import write_dataset
from fer_fairness.fabrication.fabricating import fabricate_one
from fer_fairness.params.fabrication import (
    FabricationParameters,
    FairFaceFabrication,
    FerPlusFabrication,
    PlantedBias,
    RafDbFabrication,
)
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.params.race_labeling import LabellerParameters
from fer_fairness.pipelines.fairness_reporting.planted import find_planted, truth_of
from fer_fairness.pipelines.scored_faces import scored_faces
from fer_fairness.taxonomy import ATTRIBUTES, FAIRFACE_TO_COARSE_RACE, RAF_DB_EMOTIONS

PARAMETERS = EvaluationParameters(
    attributes=("gender", "race"), n_bootstrap=100, n_permutations=300, n_power=100
)
ASIAN = {"race": {"east_asian": 0.5}}
NO_TRUTH: tuple[pd.DataFrame, dict[str, Any]] = (
    pd.DataFrame(columns=["sample_id", *ATTRIBUTES]),
    {},
)
N = 1200


def truth_table(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "sample_id": [f"face_{row:04d}" for row in range(N)],
            "gender": rng.choice(["female", "male"], N),
            "race": rng.choice(["white", "black", "east_asian"], N),
            "age_group": rng.choice(["20-29", "40-49"], N),
        }
    )


def scored_table(truth: pd.DataFrame, worse: np.ndarray, labels: pd.Series) -> pd.DataFrame:
    """FER+ as predicted by a model that errs on `worse` faces, with predicted races."""
    rng = np.random.default_rng(1)
    emotion = rng.choice(RAF_DB_EMOTIONS[:3], len(truth))
    right = rng.random(len(truth)) < np.where(worse, 0.6, 0.92)
    return pd.DataFrame(
        {
            "sample_id": truth["sample_id"],
            "variant": "baseline",
            "seed": 0,
            "emotion": emotion,
            "predicted_emotion": np.where(right, emotion, RAF_DB_EMOTIONS[3]),
            "gender": truth["gender"],
            "race": labels,
            "age_group": "20-39",
            **{f"{name}_source": "predicted" for name in ATTRIBUTES},
            "evaluation_set": "fer_plus",
        }
    )


def marked(scored: pd.DataFrame, truth: pd.DataFrame, planted: PlantedBias) -> pd.DataFrame:
    _, groups, gaps, _ = evaluation_tables(
        scored_faces(scored), PARAMETERS.attributes, PARAMETERS, 0
    )
    told: list[Any] = [truth, planted.model_dump(mode="json"), *NO_TRUTH]
    labeller = LabellerParameters()
    return find_planted(scored, gaps, groups, PARAMETERS, labeller, 0, *told)


def verdict_on(table: pd.DataFrame, group: str, source: str) -> str:
    rows = table[(table["group"] == group) & (table["attribute_source"] == source)]
    return str(rows["verdict"].item())


class TestFindPlanted:
    def test_a_bias_that_harms_is_found_whatever_labels_make_of_it(self) -> None:
        truth = truth_table()
        asian = (truth["race"] == "east_asian").to_numpy()
        labels = truth["race"].map(FAIRFACE_TO_COARSE_RACE)
        # Half of the damaged faces are labelled with a group that nobody was drawn in.
        labels = labels.mask(asian & (np.arange(N) % 2 == 0), "indian")
        planted = PlantedBias(image_quality_by_group=ASIAN)
        table = marked(scored_table(truth, asian, labels), truth, planted)
        assert verdict_on(table, "asian", "predicted") == "planted and found"
        assert verdict_on(table, "asian", "drawn") == "planted and found"
        assert verdict_on(table, "indian", "predicted") == "found, not planted"
        assert "indian" not in set(table.loc[table["attribute_source"] == "drawn", "group"])
        indian = table[table["group"] == "indian"].iloc[0]
        assert indian["drawn_as"] == "asian"
        assert indian["n_drawn_as"] == indian["n_labelled"]
        assert set(table["evaluation_set"]) == {"fer_plus"}
        assert set(table["variant"]) == {"baseline"}

    def test_a_bias_that_harms_nobody_is_missed_and_nothing_is_made_up(self) -> None:
        truth = truth_table()
        labels = truth["race"].map(FAIRFACE_TO_COARSE_RACE)
        planted = PlantedBias(image_quality_by_group=ASIAN)
        table = marked(scored_table(truth, np.zeros(N, dtype=bool), labels), truth, planted)
        assert verdict_on(table, "asian", "predicted") == "planted, not found"
        assert "found, not planted" not in set(table["verdict"])
        assert (table.loc[table["group"] == "asian", "minimum_detectable"] > 0).all()

    def test_labels_that_say_nothing_hide_what_true_groups_show(self) -> None:
        truth = truth_table()
        asian = (truth["race"] == "east_asian").to_numpy()
        labels = pd.Series(np.random.default_rng(4).choice(["asian", "black", "white"], N))
        planted = PlantedBias(image_quality_by_group=ASIAN)
        table = marked(scored_table(truth, asian, labels), truth, planted)
        assert verdict_on(table, "asian", "predicted") == "planted, not found"
        assert verdict_on(table, "asian", "drawn") == "planted and found"

    def test_a_bias_of_a_group_that_nobody_was_drawn_in_is_not_planted(self) -> None:
        truth = truth_table()
        planted = PlantedBias(image_quality_by_group={"race": {"indian": 0.5}})
        labels = truth["race"].map(FAIRFACE_TO_COARSE_RACE)
        table = marked(scored_table(truth, np.zeros(N, dtype=bool), labels), truth, planted)
        assert table["kind"].isna().all()

    def test_real_faces_have_no_rows(self) -> None:
        truth = truth_table()
        labels = truth["race"].map(FAIRFACE_TO_COARSE_RACE)
        scored = scored_table(truth, np.zeros(N, dtype=bool), labels)
        empty = pd.DataFrame(columns=["evaluation_set", "attribute"])
        told = [part for _ in EVALUATION_SETS for part in NO_TRUTH]
        found = find_planted(scored, empty, empty, PARAMETERS, LabellerParameters(), 0, *told)
        assert len(found) == 0


class TestTruth:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        params = FabricationParameters(
            fer_plus=FerPlusFabrication(train=4, validation=2, test=2),
            raf_db=RafDbFabrication(train=30, test=20),
            fairface=FairFaceFabrication(train=2, val=2),
            planted=PlantedBias(image_quality_by_group=ASIAN),
        )
        write_dataset(fabricate_one(params, "raf_db"), tmp_path / "raf_db")
        return tmp_path / "raf_db"

    def test_fabricated_faces_have_their_groups_and_bias(self, folder: Path) -> None:
        truth, planted = truth_of(folder)
        assert len(truth) == 50
        assert list(truth) == ["sample_id", *ATTRIBUTES]
        assert planted["image_quality_by_group"] == ASIAN

    def test_real_and_absent_data_have_none(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "real" / "fer2013.csv").write_text("emotion,pixels,Usage\n")
        for folder in (tmp_path / "real", tmp_path / "absent"):
            truth, _ = truth_of(folder)
            assert len(truth) == 0
