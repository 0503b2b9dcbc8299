from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from fer_fairness.augmentation import agreement, draw_sources, plan_augmentation
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.augmentation import AugmentationParameters

FacesBuilder = Callable[..., pd.DataFrame]

PARAMS = AugmentationParameters(target_share=1.0, minimum_cell_size=1, max_added_share=9)


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    return make_faces(
        ["train"] * 25 + ["validation"] * 5 + ["test"] * 5,
        ["neutral"] * 20 + ["fear"] * 5 + ["fear"] * 10,
    )


def share_of_clear_faces(faces: pd.DataFrame, power: float) -> float:
    params = AugmentationParameters(target_share=0.75, agreement_power=power)
    plan = plan_augmentation(faces, params, recall=None)
    drawn = draw_sources(faces, plan, params, seed=0)
    assert len(drawn) == 100
    return float((drawn["votes_fear"] == 10).mean())


@pytest.mark.parametrize(
    "doubts", [{"votes_unknown": 6.0}, {"votes_not_a_face": 6.0}, {"votes_anger": 3.0}]
)
def test_faces_that_annotators_agree_on_are_drawn_more_often(
    make_faces: FacesBuilder, doubts: dict[str, float]
) -> None:
    n = 200
    faces = make_faces(
        ["train"] * n * 3,
        ["neutral"] * 2 * n + ["fear"] * n,
        votes_fear=[0.0] * 2 * n + [10.0, 4.0] * (n // 2),
        votes_neutral=[10.0] * 2 * n + [0.0, 1.0] * (n // 2),
        **{name: [0.0] * 2 * n + [0.0, count] * (n // 2) for name, count in doubts.items()},
    )
    assert share_of_clear_faces(faces, power=0.0) == pytest.approx(0.5, abs=0.15)
    assert share_of_clear_faces(faces, power=4.0) > 0.75


def test_agreement_is_the_share_of_all_votes_for_the_emotion(make_faces: FacesBuilder) -> None:
    faces = make_faces(
        ["train"] * 5,
        ["fear", "fear", "fear", None, "fear"],
        votes_fear=[10.0, 9.0, 4.0, 3.0, 0.0],
        votes_anger=[0.0, 1.0, 0.0, 2.0, 0.0],
        votes_unknown=[0.0, 0.0, 6.0, 0.0, 0.0],
        votes_not_a_face=[np.nan, 0.0, 0.0, 1.0, 10.0],
    )
    # One outlying vote takes off a tenth; without a majority the most chosen emotion counts; where
    # nobody chose the emotion, the face is still not shut out.
    assert agreement(faces) == pytest.approx([1.0, 0.9, 0.4, 0.5, 0.05])


def test_faces_that_nobody_voted_on_are_all_alike(make_faces: FacesBuilder) -> None:
    without = make_faces(["train"] * 3, ["fear", "anger", None])
    assert agreement(without).tolist() == [1.0, 1.0, 1.0]
    zeros = {f"votes_{name}": [0.0] * 3 for name in ("fear", "anger", "unknown")}
    assert (
        agreement(make_faces(["train"] * 3, ["fear", "anger", None], **zeros)).tolist() == [1] * 3
    )
    assert agreement(without.iloc[:0]).shape == (0,)


def test_without_votes_the_power_changes_nothing(faces: pd.DataFrame) -> None:
    plan = plan_augmentation(faces, PARAMS, recall=None)
    drawn = [
        draw_sources(faces, plan, PARAMS.model_copy(update={"agreement_power": power}), seed=1)
        for power in (0.0, 5.0)
    ]
    pd.testing.assert_frame_equal(drawn[0], drawn[1])


def test_an_infinite_number_of_votes_is_refused(make_faces: FacesBuilder) -> None:
    faces = make_faces(["train"] * 2, ["fear", "fear"], votes_anger=[1.0, np.inf])
    with pytest.raises(InvalidInputError, match="face_1 has an infinite number of votes"):
        agreement(faces)


def test_repeats_are_spread_before_they_pile_up(faces: pd.DataFrame) -> None:
    plan = plan_augmentation(faces, PARAMS, recall=None)
    counts = draw_sources(faces, plan, PARAMS, seed=0)["source_sample_id"]
    assert counts.nunique() == 5
    assert counts.value_counts().max() <= PARAMS.max_copies_per_image


def test_a_plan_of_other_cells_is_refused(faces: pd.DataFrame) -> None:
    plan = plan_augmentation(faces, PARAMS, recall=None)
    by_gender = PARAMS.model_copy(update={"by": ("gender",)})
    with pytest.raises(InvalidInputError, match=r"lacks the columns \['gender'\]"):
        draw_sources(faces, plan, by_gender, seed=0)


def test_a_plan_beyond_the_cap_is_refused(faces: pd.DataFrame) -> None:
    plan = plan_augmentation(faces, PARAMS, recall=None).assign(n_to_add=[0, 26])
    with pytest.raises(InvalidInputError, match=r"26 variants .* 5 training faces may give 5"):
        draw_sources(faces, plan, PARAMS, seed=0)


def test_a_plan_for_a_cell_without_faces_is_refused(faces: pd.DataFrame) -> None:
    plan = plan_augmentation(faces, PARAMS, recall=None).replace({"emotion": {"fear": "anger"}})
    with pytest.raises(InvalidInputError, match="its 0 training faces"):
        draw_sources(faces, plan, PARAMS, seed=0)
