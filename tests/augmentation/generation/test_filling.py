from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.augmentation import AUGMENTED_FACES_SCHEMA, plan_augmentation
from fer_fairness.augmentation.generation import filling, made_faces
from fer_fairness.augmentation.generation.generator import FaceGenerator, train_generator
from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import build_network
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.params.generation import GeneratorParameters
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.tables import TARGET_COLUMNS

FacesBuilder = Callable[..., pd.DataFrame]

ASKED = AugmentationParameters(
    by=("emotion", "gender"),
    max_copies_per_image=1,
    minimum_cell_size=1,
    target_share=1.0,
    max_added_share=9,
)
GENERATOR = GeneratorParameters(
    n_codes=6, width=16, n_blocks=1, n_steps=5, n_moves=3, held_apart_share=0.25, copy_quantile=0
)


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    """40 training faces; of fear there are ten, of which one is a man's and four nobody's."""
    made = make_faces(
        ["train"] * 40 + ["validation"] * 4 + ["test"] * 4,
        ["neutral"] * 30 + ["fear"] * 10 + ["anger"] * 8,
        gender=["male", "female", None] * 10 + ["female"] * 5 + ["male"] + [None] * 12,
    )
    made.loc[0, ["target_neutral", "target_fear"]] = 0.75, 0.25
    return made


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (48, 16, 16, 1)).astype(np.uint8)


@pytest.fixture(scope="module")
def model() -> Any:
    architecture = ArchitectureParameters(blocks=((4,), (6,)), n_dense_blocks=1, image_side_px=16)
    return build_network(architecture, seed=0)


def filled(faces: pd.DataFrame, images: np.ndarray, model: Any, **changes: Any) -> Any:
    plan = plan_augmentation(faces, ASKED, recall=None)
    params = ASKED, GENERATOR.model_copy(update=changes)
    return made_faces(faces, images, plan, params, model, seed=0)


def test_cells_are_filled_with_faces_that_have_their_sources_labels_and_no_more_than_they_have(
    faces: pd.DataFrame, images: np.ndarray, model: Any
) -> None:
    made, plan, facts = filled(faces, images, model)
    table = AUGMENTED_FACES_SCHEMA.validate(made.faces)
    assert table["augmentation_cell"].value_counts().to_dict() == {
        "fear, female": 5,
        "fear, male": 1,
    }
    assert made.images.shape == (6, 16, 16, 1)
    assert table["image_index"].tolist() == list(range(6))
    sources = faces.set_index("sample_id").loc[table["source_sample_id"]].reset_index()
    assert (sources["split"] == "train").all()
    kept = ["emotion", "gender", *TARGET_COLUMNS]
    pd.testing.assert_frame_equal(table[kept], sources[kept])
    assert (facts.n_made, facts.n_copies) == (6, 0)
    told = plan.set_index(["emotion", "gender"])["reason"]
    assert "0 left out as copies, the emotion of" in told["fear", "female"]
    assert told["neutral", "male"] == "large enough"
    assert (made.images != images[sources["image_index"]]).any(axis=(1, 2, 3)).all()


def test_the_same_seed_fills_alike(faces: pd.DataFrame, images: np.ndarray, model: Any) -> None:
    first, second = (filled(faces, images, model)[0] for _ in range(2))
    pd.testing.assert_frame_equal(first.faces, second.faces)
    assert (first.images == second.images).all()


def test_a_generator_that_copies_is_found_and_its_copies_are_left_out(
    faces: pd.DataFrame, images: np.ndarray, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FaceGenerator, "vary", lambda _, given, __, **___: given[:, :, ::-1])
    made, plan, facts = filled(faces, images, model)
    assert made.faces.empty
    assert (facts.n_made, facts.n_copies) == (6, 6)
    assert facts.copying_z < -3
    assert "6 faces made, 6 left out as copies" in str(facts)
    assert "5 left out as copies" in " ".join(plan["reason"])


def test_the_generator_sees_training_faces_alone_and_not_those_held_apart(
    faces: pd.DataFrame, images: np.ndarray, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def spied(given: np.ndarray, *arguments: Any, **others: Any) -> FaceGenerator:
        seen.append(given)
        return train_generator(given, *arguments, **others)

    monkeypatch.setattr(f"{filling.__name__}.train_generator", spied)
    filled(faces, images, model)
    rows = [int(np.flatnonzero((images == one).all(axis=(1, 2, 3)))[0]) for one in seen[0]]
    assert len(rows) == len(set(rows)) == 30
    assert max(rows) < 40


def test_conditions_are_votes_and_attributes_with_a_code_for_unknown(faces: pd.DataFrame) -> None:
    told = filling.face_conditions(faces.iloc[:3], ["emotion", "gender"])
    assert told[:, :8] == pytest.approx(faces[list(TARGET_COLUMNS)].to_numpy()[:3])
    # female, male, unknown
    assert told[:, 8:].tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert filling.face_conditions(faces, ["emotion"]).shape == (48, 8)


def test_where_nothing_is_asked_for_no_generator_is_trained(
    faces: pd.DataFrame, images: np.ndarray
) -> None:
    plan = plan_augmentation(faces, ASKED, recall=None).assign(n_to_add=0)
    made, told, facts = made_faces(faces, images, plan, (ASKED, GENERATOR), None, seed=0)
    assert made.faces.empty
    assert made.images.shape == (0, 16, 16, 1)
    assert told is plan
    assert facts is None


def test_a_single_training_face_is_refused(
    make_faces: FacesBuilder, images: np.ndarray, model: Any
) -> None:
    one = make_faces(["train", "validation"], ["fear", "anger"], gender=["male", "male"])
    plan = plan_augmentation(one, ASKED, recall=None)
    plan.loc[plan["n_original"] == 1, "n_to_add"] = 1
    with pytest.raises(InvalidInputError, match=r"There are 1 training faces.*needs two"):
        made_faces(one, images, plan, (ASKED, GENERATOR), model, seed=0)
