from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_fairness.augmentation import (
    AUGMENTED_FACES_SCHEMA,
    augment,
    distribution_before_after,
    plan_augmentation,
)
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.augmentation import AugmentationParameters, SeverityTier
from fer_fairness.tables import FACES_SCHEMA, TARGET_COLUMNS, empty_table
from fer_fairness.taxonomy import ATTRIBUTES

FacesBuilder = Callable[..., pd.DataFrame]
Images = npt.NDArray[np.uint8]

PARAMS = AugmentationParameters(target_share=1.0, minimum_cell_size=1, max_added_share=9)


@pytest.fixture
def faces(make_faces: FacesBuilder) -> pd.DataFrame:
    return make_faces(
        ["train"] * 25 + ["validation"] * 5 + ["test"] * 5,
        ["neutral"] * 20 + ["fear"] * 5 + ["fear"] * 10,
        gender=["female", "male", None, "male", "female"] * 7,
    )


def images_of(faces: pd.DataFrame) -> Images:
    shape = (len(faces), 48, 48, 1)
    return np.random.default_rng(4).integers(0, 256, shape, dtype=np.uint8)


def test_variants_are_those_of_the_plan_with_their_sources_labels(faces: pd.DataFrame) -> None:
    images = images_of(faces)
    plan = plan_augmentation(faces, PARAMS, recall=None)
    augmented = augment(faces, images, plan, PARAMS, seed=0)
    variants = AUGMENTED_FACES_SCHEMA.validate(augmented.faces)
    assert len(variants) == len(augmented.images) == plan["n_to_add"].sum() == 15
    assert augmented.images.dtype == np.uint8
    assert variants["image_index"].tolist() == list(range(15))
    sources = faces.set_index("sample_id").loc[variants["source_sample_id"]].reset_index()
    assert (sources["split"] == "train").all()
    kept = ["emotion", "split", "dataset", *TARGET_COLUMNS, *ATTRIBUTES]
    pd.testing.assert_frame_equal(variants[kept], sources[kept])


def test_variants_are_numbered_within_their_source(faces: pd.DataFrame) -> None:
    plan = plan_augmentation(faces, PARAMS, recall=None)
    variants = augment(faces, images_of(faces), plan, PARAMS, seed=0).faces
    assert set(variants["augmentation_cell"]) == {"fear"}
    assert set(variants["augmentation_strength"]) == {0.4}
    for source, group in variants.groupby("source_sample_id"):
        assert list(group["sample_id"]) == [f"{source}_aug{k}" for k in range(len(group))]


def test_without_their_own_columns_variants_are_faces(faces: pd.DataFrame) -> None:
    plan = plan_augmentation(faces, PARAMS, recall=None)
    variants = augment(faces, images_of(faces), plan, PARAMS, seed=0).faces
    FACES_SCHEMA.validate(variants[list(empty_table(FACES_SCHEMA))])


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    splits=st.lists(st.sampled_from(["train", "validation", "test"]), min_size=1, max_size=40),
    emotions=st.lists(
        st.sampled_from(["fear", "anger", "neutral", None]), min_size=40, max_size=40
    ),
    genders=st.lists(st.sampled_from(["female", "male", None]), min_size=40, max_size=40),
    copies=st.integers(0, 4),
    seed=st.integers(0, 1000),
)
def test_any_dataset_is_augmented_from_training_faces_within_the_caps(
    make_faces: FacesBuilder,
    splits: list[str],
    emotions: list[str | None],
    genders: list[str | None],
    copies: int,
    seed: int,
) -> None:
    n = len(splits)
    faces = make_faces(splits, emotions[:n], gender=genders[:n])
    params = PARAMS.model_copy(update={"by": ("emotion", "gender"), "max_copies_per_image": copies})
    plan = plan_augmentation(faces, params, recall=None)
    variants = augment(faces, images_of(faces), plan, params, seed=seed).faces
    AUGMENTED_FACES_SCHEMA.validate(variants)
    train = faces.loc[faces["split"] == "train", "sample_id"]
    assert variants["source_sample_id"].isin(train).all()
    assert variants["source_sample_id"].value_counts().max() <= copies or variants.empty
    table = distribution_before_after(faces, variants, params.by)
    assert table["n_added"].tolist() == plan["n_to_add"].tolist()


def test_the_seed_decides(faces: pd.DataFrame) -> None:
    images = images_of(faces)
    plan = plan_augmentation(faces, PARAMS, recall=None)
    first, again, other = (augment(faces, images, plan, PARAMS, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.faces, again.faces)
    assert (first.images == again.images).all()
    assert (first.images != other.images).any()


def test_on_the_fly_the_same_faces_are_repeated_and_no_image_is_made(faces: pd.DataFrame) -> None:
    images = images_of(faces)
    plan = plan_augmentation(faces, PARAMS, recall=None)
    written = augment(faces, images, plan, PARAMS, seed=3)
    params = PARAMS.model_copy(update={"mode": "on_the_fly", "on_the_fly_base": 0.5})
    repeated = augment(faces, images, plan, params, seed=3)
    assert repeated.images.shape == (0, 48, 48, 1)
    variants = AUGMENTED_FACES_SCHEMA.validate(repeated.faces)
    assert set(variants["augmentation_mode"]) == {"on_the_fly"}
    assert set(variants["augmentation_strength"]) == {0.4 + 0.5}
    sources = faces.set_index("sample_id").loc[variants["source_sample_id"]]
    assert variants["image_index"].tolist() == sources["image_index"].tolist()
    assert variants["image_index"].duplicated().any(), "a face may be repeated"
    how = ["image_index", "augmentation_strength", "augmentation_mode"]
    pd.testing.assert_frame_equal(variants.drop(columns=how), written.faces.drop(columns=how))


def test_a_variant_does_not_change_with_the_rest_of_the_plan(faces: pd.DataFrame) -> None:
    images = images_of(faces)
    plan = plan_augmentation(faces, PARAMS, recall=None)
    more = plan.assign(n_to_add=plan["n_to_add"] + 4)
    few, many = (augment(faces, images, asked, PARAMS, seed=3) for asked in (plan, more))
    shared = set(few.faces["sample_id"]) & set(many.faces["sample_id"])
    assert shared
    for name in shared:
        one, other = (
            made.images[made.faces.loc[made.faces["sample_id"] == name, "image_index"]]
            for made in (few, many)
        )
        assert (one == other).all()


def test_strength_zero_gives_copies(faces: pd.DataFrame) -> None:
    none = {"strength": 0.0}
    params = PARAMS.model_copy(
        update={
            "mild": SeverityTier(below=0.5, **none),
            "moderate": SeverityTier(below=0.3, **none),
            "severe": SeverityTier(below=0.1, **none),
        }
    )
    images = images_of(faces)
    plan = plan_augmentation(faces, params, recall=None)
    augmented = augment(faces, images, plan, params, seed=0)
    position = faces.set_index("sample_id")["image_index"]
    expected = images[position.loc[augmented.faces["source_sample_id"]].to_numpy()]
    assert (augmented.images == expected).all()


@pytest.mark.parametrize("table", ["no faces", "nothing planned"])
def test_an_empty_plan_gives_no_variants(faces: pd.DataFrame, table: str) -> None:
    faces = empty_table(FACES_SCHEMA) if table == "no faces" else faces
    plan = plan_augmentation(faces, PARAMS, recall=None).assign(n_to_add=0)
    augmented = augment(faces, images_of(faces), plan, PARAMS, seed=0)
    AUGMENTED_FACES_SCHEMA.validate(augmented.faces)
    assert len(augmented.faces) == 0
    assert augmented.images.shape == (0, 48, 48, 1)


def test_images_of_another_table_are_refused(faces: pd.DataFrame) -> None:
    plan = plan_augmentation(faces, PARAMS, recall=None)
    with pytest.raises(InvalidInputError, match="outside the 3 images"):
        augment(faces, images_of(faces)[:3], plan, PARAMS, seed=0)
