import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.counts import group_counts
from fer_fairness.fairness.metrics.calibration import calibration_counts
from fer_fairness.fairness.testing.people import JudgedFaces, judged_faces

CLASSES = ("a", "b", "c")


@pytest.fixture
def frame() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    race = pd.Series(generator.choice(["x", "y", "z"], 200), dtype=object)
    return pd.DataFrame(
        {
            "emotion": generator.choice(CLASSES, 200),
            "predicted_emotion": generator.choice(CLASSES, 200),
            "race": race.where(generator.random(200) < 0.9, None),
            "age": generator.choice([3, 20], 200),
            "confidence": generator.uniform(0.4, 1.0, 200),
            "person": np.repeat([f"person {place}" for place in range(50)], 4),
        }
    )


def judged(frame: pd.DataFrame, *, bins: bool = True, people: bool = False) -> JudgedFaces:
    return judged_faces(
        frame,
        {name: frame[name] for name in ("race", "age")},
        emotions=CLASSES,
        confidence=frame["confidence"].to_numpy() if bins else None,
        people=frame["person"] if people else None,
    )


@pytest.mark.parametrize("attribute", ["race", "age"])
def test_counts_are_those_of_the_tables_of_counts(frame: pd.DataFrame, attribute: str) -> None:
    answers = frame["emotion"], frame["predicted_emotion"]
    faces = judged(frame)
    counted, expected = (
        faces.counts(attribute),
        group_counts(*answers, frame[attribute], classes=CLASSES),
    )
    assert_array_equal(counted.counts, expected.counts)
    assert counted.groups == expected.groups
    assert counted.n_missing == expected.n_missing == int(frame[attribute].isna().sum())
    binned = faces.calibration(attribute)
    wanted = calibration_counts(
        *answers, frame["confidence"].to_numpy(), frame[attribute], classes=CLASSES
    )
    assert_array_equal(binned.counts, wanted.counts)
    assert_allclose(binned.bin_confidence, wanted.bin_confidence)


def test_people_are_counted_once_however_many_faces_they_have(frame: pd.DataFrame) -> None:
    gender = frame["person"].map(lambda name: "f" if int(name.split()[1]) % 5 else "m")
    faces = judged_faces(
        frame, {"gender": gender}, emotions=CLASSES, confidence=None, people=frame["person"]
    )
    assert faces.several_faces
    assert_array_equal(faces.people_by_group("gender"), [40, 10])
    assert_array_equal(faces.counts("gender").sizes, [160, 40])


def test_without_people_every_face_is_a_person(frame: pd.DataFrame) -> None:
    faces = judged(frame)
    assert not faces.several_faces
    for attribute in ("race", "age"):
        assert_array_equal(faces.people_by_group(attribute), faces.counts(attribute).sizes)
    assert not judged(frame.iloc[::4], people=True).several_faces


def test_faces_without_a_group_are_of_no_group(frame: pd.DataFrame) -> None:
    nobody = judged_faces(
        frame, {"none": pd.Series([None] * 200)}, emotions=CLASSES, confidence=None
    )
    assert nobody.counts("none").counts.shape == (0, 3, 3)
    assert nobody.counts("none").n_missing == 200
    assert nobody.people_by_group("none").size == 0


def test_without_probabilities_there_are_no_bins(frame: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="no probabilities"):
        _ = judged(frame, bins=False).binned_answers


@pytest.mark.parametrize("column", ["emotion", "predicted_emotion"])
def test_an_unknown_class_is_refused(frame: pd.DataFrame, column: str) -> None:
    frame.loc[7, column] = "boredom"
    with pytest.raises(InvalidInputError, match=r"Row 7 .*'boredom'"):
        judged(frame)
