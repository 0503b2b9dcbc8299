from collections.abc import Callable

import pandas as pd
import pytest

from fer_fairness.augmentation import critical_cells, describe_critical, plan_augmentation
from fer_fairness.params.augmentation import AugmentationParameters

FacesBuilder = Callable[..., pd.DataFrame]

SIZES = {"neutral": 200, "happiness": 150, "sadness": 90, "anger": 15, "fear": 4}


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    emotions = [emotion for emotion, size in SIZES.items() for _ in range(size)]
    return make_faces(
        ["train"] * (len(emotions) + 3) + ["validation"],
        [*emotions, None, None, None, "contempt"],
        **{
            f"target_{name}": [float(found == name) for found in emotions] + [0.5] * 3 + [0.0]
            for name in ("neutral", "happiness")
        },
    )


def recall_of(**recalls: float) -> pd.DataFrame:
    table = pd.DataFrame({"emotion": list(recalls), "recall": list(recalls.values())})
    return table.assign(n_validation=1000)


def plan_of(faces: pd.DataFrame, shortfall: float) -> pd.DataFrame:
    recall = recall_of(neutral=0.9, happiness=0.9, sadness=0.5, anger=0.9, fear=0.9, contempt=0.9)
    params = AugmentationParameters(critical_recall_shortfall=shortfall, recall_prior_faces=0)
    return plan_augmentation(faces, params, recall=recall)


def test_severe_small_empty_and_badly_recalled_cells_are_critical(faces: pd.DataFrame) -> None:
    plan = plan_of(faces, 0.3).set_index("emotion")
    assert plan["severity"].to_dict() == {
        "neutral": "none",
        "happiness": "none",
        "sadness": "mild",
        "anger": "severe",
        "fear": "too_few",
        "contempt": "empty",
        "unknown": "unknown",
    }
    assert set(plan.index[plan["is_critical"]]) == {"sadness", "anger", "fear", "contempt"}
    assert str(plan.loc["sadness", "reason"]).endswith("recall 0.50 far below the mean 0.80")
    assert "recall" not in str(plan.loc["anger", "reason"])


def test_how_far_below_is_a_parameter(faces: pd.DataFrame) -> None:
    # 0.5 lies 37.5 % below the mean of 0.8.
    flagged = [
        plan_of(faces, shortfall).set_index("emotion").loc["sadness", "is_critical"]
        for shortfall in (0.37, 0.38)
    ]
    assert flagged == [True, False]


def test_the_table_lists_critical_cells_smallest_first(faces: pd.DataFrame) -> None:
    table = critical_cells(plan_of(faces, 0.3), ["emotion"])
    assert table["cell"].tolist() == ["contempt", "fear", "anger", "sadness"]
    assert table["n_original"].tolist() == [0, 4, 15, 90]
    assert table["reason"].str.len().gt(0).all()


def test_cells_of_attributes_are_named_as_people_read_them(make_faces: FacesBuilder) -> None:
    faces = make_faces(["train"] * 31, ["fear"] * 30 + ["anger"], gender=["male"] * 31)
    params = AugmentationParameters(by=("emotion", "gender"))
    plan = plan_augmentation(faces, params, recall=None)
    assert critical_cells(plan, params.by)["cell"].tolist() == ["anger, male"]


def test_the_line_for_the_log_counts_kinds_and_names_the_smallest(faces: pd.DataFrame) -> None:
    assert describe_critical(plan_of(faces, 0.3), ["emotion"]) == (
        "4 of the 6 cells of emotion are critical: 1 severe, 1 too few, 1 empty, 1 recalled badly. "
        "The smallest, with their training faces: contempt (0); fear (4); anger (15); sadness (90)."
    )


def test_a_plan_without_critical_cells_says_so(make_faces: FacesBuilder) -> None:
    faces = make_faces(["train"] * 40, ["fear"] * 20 + ["anger"] * 20)
    plan = plan_augmentation(faces, AugmentationParameters(), recall=None)
    assert critical_cells(plan, ["emotion"]).empty
    assert describe_critical(plan, ["emotion"]) == "None of the 2 cells of emotion is critical."
