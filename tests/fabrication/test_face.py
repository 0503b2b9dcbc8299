from itertools import pairwise

import numpy as np
import pytest

from fer_fairness.fabrication.face import (
    COLOURING,
    HAIR_STYLES,
    Person,
    hair_texture,
    sample_face,
    skin_reflectance,
)
from fer_fairness.params.fabrication import GROUPS
from fer_fairness.taxonomy import FAIRFACE_RACES


def _reflectances(race: str, n: int = 2000) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.array([skin_reflectance(race, rng) for _ in range(n)])


def test_neighbouring_groups_overlap_widely_in_skin_reflectance() -> None:
    by_median = sorted(FAIRFACE_RACES, key=lambda race: COLOURING[race].skin_reflectance)

    for darker, lighter in pairwise(by_median):
        share_crossed = (_reflectances(darker) > COLOURING[lighter].skin_reflectance).mean()
        assert share_crossed > 0.01, (darker, lighter)


def test_skin_reflectance_carries_race() -> None:
    assert np.median(_reflectances("white")) == pytest.approx(0.60, rel=0.03)
    assert np.median(_reflectances("black")) == pytest.approx(0.15, rel=0.03)


@pytest.mark.parametrize("race", FAIRFACE_RACES)
def test_every_group_has_every_hair_texture_and_style(race: str) -> None:
    rng = np.random.default_rng(2)

    assert {hair_texture(race, rng) for _ in range(300)} == {0, 1, 2}
    faces = [sample_face(Person("female", race, "20-29"), rng) for _ in range(100)]
    assert {face.hair_style for face in faces} == set(HAIR_STYLES)


def test_race_leaves_the_geometry_of_a_face_alone() -> None:
    def geometry(race: str) -> tuple[float, ...]:
        face = sample_face(Person("male", race, "30-39"), np.random.default_rng(3))
        return (
            face.width, face.jaw, face.eye_distance, face.eye_size, face.eye_height,
            face.nose_length, face.nose_width, face.mouth_width, face.lip_fullness,
        )  # fmt: skip

    assert {geometry(race) for race in FAIRFACE_RACES} == {geometry("white")}


def test_hair_length_overlaps_between_genders() -> None:
    rng = np.random.default_rng(4)
    length = {
        gender: [sample_face(Person(gender, "white", "20-29"), rng).hair_length for _ in range(300)]
        for gender in GROUPS["gender"]
    }

    assert np.mean(length["female"]) > np.mean(length["male"]) + 0.2
    assert max(length["male"]) > 0.6
    assert min(length["female"]) < 0.2


def test_children_have_no_grey_hair_and_no_wrinkles() -> None:
    rng = np.random.default_rng(5)
    children = [sample_face(Person("male", "black", "3-9"), rng) for _ in range(100)]
    elders = [sample_face(Person("male", "black", "70+"), rng) for _ in range(100)]

    assert max(child.wrinkles for child in children) < 0.1
    assert max(child.hair[1] for child in children) < 100
    assert np.median([elder.hair[1] for elder in elders]) > 150
    assert min(elder.wrinkles for elder in elders) > 0.4
