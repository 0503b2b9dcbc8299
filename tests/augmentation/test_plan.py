from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fer_fairness.augmentation import PLAN_COLUMNS, plan_augmentation
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.tables import FACES_SCHEMA, empty_table
from fer_fairness.taxonomy import EMOTIONS

FacesBuilder = Callable[..., pd.DataFrame]

SIZES = {"neutral": 200, "happiness": 120, "surprise": 80, "sadness": 40, "anger": 15, "fear": 4}


def faces_of(make_faces: FacesBuilder, sizes: dict[str, int]) -> pd.DataFrame:
    emotions = [emotion for emotion, size in sizes.items() for _ in range(size)]
    return make_faces(["train"] * len(emotions), emotions)


def recall_table(**recalls: float) -> pd.DataFrame:
    table = pd.DataFrame({"emotion": list(recalls), "recall": list(recalls.values())})
    return table.assign(n_validation=50)


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    return faces_of(make_faces, SIZES)


def test_small_cells_are_raised_to_the_target_by_severity(faces: pd.DataFrame) -> None:
    params = AugmentationParameters(max_copies_per_image=3, max_added_share=5)
    plan = plan_augmentation(faces, params, recall=None)
    assert list(plan.columns) == ["emotion", *PLAN_COLUMNS]
    plan = plan.set_index("emotion")
    assert plan["n_to_add"].to_dict() == {
        "neutral": 0,
        "happiness": 0,
        "surprise": 20,
        "sadness": 60,
        "anger": 45,
        "fear": 0,
    }
    assert plan["severity"].tolist() == ["none", "none", "mild", "moderate", "severe", "too_few"]
    assert plan["strength"].tolist() == [0.4, 0.4, 0.4, 0.6, 0.9, 0.0]


@pytest.mark.parametrize(
    ("target_share", "recall_weight", "n_small"), [(0.55, 0.0, 55), (0.5, 1.0, 50)]
)
def test_a_cell_at_its_target_gets_nothing_by_rounding(
    make_faces: FacesBuilder, target_share: float, recall_weight: float, n_small: int
) -> None:
    # In floating point 0.55 * 100 is above 55, and the mean of three recalls of 0.1 above 0.1.
    faces = faces_of(make_faces, {"neutral": 100, "anger": n_small, "fear": n_small - 10})
    params = AugmentationParameters(
        target_share=target_share, recall_weight=recall_weight, recall_prior_faces=0
    )
    recall = recall_table(neutral=0.1, anger=0.1, fear=0.1)
    plan = plan_augmentation(faces, params, recall=recall)
    assert plan["n_to_add"].tolist() == [0, 0, 10]


def test_the_median_can_be_the_reference(faces: pd.DataFrame) -> None:
    params = AugmentationParameters(reference="median", target_share=1.0, max_added_share=5)
    plan = plan_augmentation(faces, params, recall=None).set_index("emotion")
    assert plan.loc["sadness", "n_to_add"] == 20
    assert plan.loc["surprise", "n_to_add"] == 0


def test_cells_recalled_worse_than_the_mean_get_more(faces: pd.DataFrame) -> None:
    recall = recall_table(neutral=1, happiness=0.5, sadness=0.6)
    params = AugmentationParameters(max_added_share=5, recall_weight=1.0, recall_prior_faces=0)
    weighed = plan_augmentation(faces, params, recall=recall).set_index("emotion")["n_to_add"]
    plain = plan_augmentation(faces, params, recall=None).set_index("emotion")["n_to_add"]
    assert weighed["neutral"] == plain["neutral"] == 0
    # Emotions without a validation face are expected to have the mean recall, 0.7: targets are
    # 100 * (1 + 0.2 / 0.7) = 128.6 and 100 * (1 + 0.1 / 0.7) = 114.3.
    assert weighed["happiness"] == 9
    assert weighed["sadness"] == 75
    assert weighed["anger"] == plain["anger"]


def test_low_recall_of_few_validation_faces_raises_a_target_less(faces: pd.DataFrame) -> None:
    params = AugmentationParameters(max_added_share=5, recall_weight=1.0)
    added = [
        plan_augmentation(
            faces, params, recall=recall_table(neutral=0.9, sadness=0.2).assign(n_validation=n)
        ).set_index("emotion")["n_to_add"]["sadness"]
        for n in (1, 10, 100)
    ]
    plain = plan_augmentation(faces, params, recall=None).set_index("emotion")["n_to_add"]
    assert plain["sadness"] < added[0] < added[1] < added[2]


def test_an_emotion_that_only_validation_faces_show_is_listed_as_empty(
    make_faces: FacesBuilder,
) -> None:
    faces = make_faces(["train"] * 30 + ["validation"] * 2, ["neutral"] * 30 + ["contempt"] * 2)
    recall = recall_table(contempt=0.0).assign(n_validation=2)
    plan = plan_augmentation(faces, AugmentationParameters(), recall=recall).set_index("emotion")
    row = plan.loc["contempt"]
    assert row["severity"] == "empty"
    assert row["n_original"] == row["n_to_add"] == 0
    assert row["is_critical"]
    assert row["reason"].startswith("no training face to vary")


@pytest.mark.parametrize("minimum", [1, 10])
def test_a_class_of_one_image_is_capped_or_left_alone(
    make_faces: FacesBuilder, minimum: int
) -> None:
    faces = make_faces(["train"] * 41, ["neutral"] * 40 + ["fear"])
    params = AugmentationParameters(minimum_cell_size=minimum, max_copies_per_image=3)
    row = plan_augmentation(faces, params, recall=None).set_index("emotion").loc["fear"]
    assert row["is_critical"]
    if minimum == 1:
        assert (row["severity"], row["n_to_add"]) == ("severe", 3)
        assert row["reason"] == "19 wanted, limited to 3 a face"
    else:
        assert (row["severity"], row["n_to_add"]) == ("too_few", 0)
        assert row["reason"] == "fewer than 10 training faces to vary"


def test_every_cell_has_a_reason(faces: pd.DataFrame) -> None:
    params = AugmentationParameters(max_copies_per_image=3, max_added_share=0.1)
    plan = plan_augmentation(faces, params, recall=None).set_index("emotion")
    assert plan["reason"].to_dict() == {
        "neutral": "large enough",
        "happiness": "large enough",
        "surprise": "20 wanted, limited to 0.1 of all training faces together",
        "sadness": "60 wanted, limited to 0.1 of all training faces together",
        "anger": "85 wanted, limited to 3 a face and 0.1 of all training faces together",
        "fear": "fewer than 10 training faces to vary",
    }
    free = plan_augmentation(faces, AugmentationParameters(max_added_share=9), recall=None)
    assert free.set_index("emotion")["reason"]["surprise"] == "raised to its target"


def test_emotions_without_measured_recall_are_planned_by_size(faces: pd.DataFrame) -> None:
    params = AugmentationParameters(recall_weight=1.0)
    unmeasured = recall_table(neutral=float("nan"), fear=float("nan")).assign(n_validation=0)
    plan = plan_augmentation(faces, params, recall=unmeasured)
    plain = plan_augmentation(faces, params, recall=None)
    pd.testing.assert_frame_equal(plan, plain)


def test_validation_and_test_faces_do_not_enter(
    faces: pd.DataFrame, make_faces: FacesBuilder
) -> None:
    params = AugmentationParameters()
    held_out = make_faces(["validation"] * 300 + ["test"] * 500, ["anger"] * 300 + ["fear"] * 500)
    held_out["sample_id"] = "held_out_" + held_out["sample_id"]
    held_out["image_index"] += len(faces)
    everything = pd.concat([faces, held_out], ignore_index=True)
    pd.testing.assert_frame_equal(
        plan_augmentation(everything, params, recall=None),
        plan_augmentation(faces, params, recall=None),
    )


def test_unknown_and_empty_cells_are_listed_and_not_augmented(make_faces: FacesBuilder) -> None:
    faces = make_faces(
        ["train"] * 70,
        ["fear"] * 40 + ["anger"] * 30,
        gender=["male"] * 20 + ["female"] * 20 + ["male"] * 12 + [None] * 18,
    )
    params = AugmentationParameters(by=("emotion", "gender"), target_share=1.0)
    plan = plan_augmentation(faces, params, recall=None)
    by_severity = plan.set_index("severity")["n_to_add"]
    assert by_severity["unknown"] == 0
    assert by_severity["empty"] == 0
    assert plan["n_original"].sum() == 70
    assert plan["n_to_add"].tolist() == [0, 8, 0, 0, 0]


@settings(deadline=None, max_examples=25)
@given(
    sizes=st.lists(st.integers(0, 60), min_size=8, max_size=8),
    copies=st.integers(0, 6),
    share=st.floats(0, 2),
    target=st.floats(0.01, 1),
    minimum=st.integers(1, 30),
    recalls=st.lists(st.floats(0, 1), min_size=8, max_size=8),
    weight=st.floats(0, 3),
)
def test_caps_hold_for_every_plan(
    make_faces: FacesBuilder,
    sizes: list[int],
    copies: int,
    share: float,
    target: float,
    minimum: int,
    recalls: list[float],
    weight: float,
) -> None:
    faces = faces_of(make_faces, dict(zip(EMOTIONS, sizes, strict=True)))
    params = AugmentationParameters(
        max_copies_per_image=copies,
        max_added_share=share,
        target_share=target,
        minimum_cell_size=minimum,
        recall_weight=weight,
    )
    recall = recall_table(**dict(zip(EMOTIONS, recalls, strict=True)))
    recall = recall[[sizes[EMOTIONS.index(emotion)] > 0 for emotion in recall["emotion"]]]
    plan = plan_augmentation(faces, params, recall=recall)
    n_to_add = plan["n_to_add"]
    assert (n_to_add >= 0).all()
    assert (n_to_add <= copies * plan["n_original"]).all()
    assert n_to_add.sum() <= share * len(faces)
    assert (n_to_add[plan["n_original"] < minimum] == 0).all()
    assert plan["strength"].between(0, 1).all()
    assert plan["n_original"].sum() == len(faces)


def test_a_budget_that_binds_is_spent_in_proportion(faces: pd.DataFrame) -> None:
    free = plan_augmentation(faces, AugmentationParameters(max_added_share=9), recall=None)
    bound = plan_augmentation(faces, AugmentationParameters(max_added_share=0.1), recall=None)
    budget = int(0.1 * len(faces))
    assert bound["n_to_add"].sum() == budget
    proportional = free["n_to_add"] * budget / free["n_to_add"].sum()
    assert (np.abs(bound["n_to_add"] - proportional) < 1).all()


def test_no_faces_give_an_empty_plan() -> None:
    plan = plan_augmentation(empty_table(FACES_SCHEMA), AugmentationParameters(), recall=None)
    assert len(plan) == 0
    assert "n_to_add" in plan.columns


def test_recall_of_cells_that_nobody_is_in_is_refused(faces: pd.DataFrame) -> None:
    with pytest.raises(InvalidInputError, match="'contempt', which no training or validation face"):
        plan_augmentation(faces, AugmentationParameters(), recall=recall_table(contempt=0.5))


@pytest.mark.parametrize(
    "values",
    [
        {"by": []},
        {"by": ["emotion", "emotion"]},
        {"by": ["split"]},
        {"target_share": 0},
        {"max_copies_per_image": -1},
        {"mild": {"below": 0.2, "strength": 0.3}},
        {"severe": {"below": 0.1, "strength": 0.1}},
        {"severe": {"below": 0.1, "strength": 1.1}},
        {"copies": 3},
        {"mode": "in_memory"},
        {"recall_prior_faces": -1},
        {"critical_recall_shortfall": 1.5},
        {"on_the_fly_base": -0.1},
    ],
)
def test_bad_parameters_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AugmentationParameters.model_validate(values)
