from dataclasses import astuple

import numpy as np
import pytest

from fer_fairness.fabrication.expressions import PROTOTYPES, express
from fer_fairness.fabrication.face import Person, sample_face
from fer_fairness.fabrication.features import mouth_curves
from fer_fairness.taxonomy import EMOTIONS


def test_every_emotion_has_a_way_to_look_and_no_two_are_equal() -> None:
    assert set(PROTOTYPES) == set(EMOTIONS)
    ways = [astuple(way) for ways in PROTOTYPES.values() for way in ways]
    assert len(set(ways)) == len(ways)


@pytest.mark.parametrize("emotion", [name for name in EMOTIONS if name != "neutral"])
def test_intensity_varies_and_never_reaches_neutral(emotion: str) -> None:
    rng = np.random.default_rng(0)
    strongest = max(
        range(16), key=lambda field: abs(np.mean([astuple(w)[field] for w in PROTOTYPES[emotion]]))
    )
    shown = [astuple(express(emotion, rng))[strongest] for _ in range(300)]

    assert np.abs(np.mean(shown)) > 3 * np.abs(
        np.mean([astuple(express("neutral", rng))[strongest] for _ in range(300)])
    )
    assert np.std(shown) > 0.03


def test_corners_of_the_mouth_rise_fall_and_part_with_the_expression() -> None:
    face = sample_face(Person("female", "indian", "30-39"), np.random.default_rng(1))
    corners = {
        name: mouth_curves(face, PROTOTYPES[name][0]).corners[:, 1]
        for name in ("neutral", "happiness", "sadness", "contempt")
    }

    assert (corners["happiness"] < corners["neutral"]).all()
    assert (corners["sadness"] > corners["neutral"]).all()
    assert corners["contempt"][1] < corners["contempt"][0] - 0.1


def test_an_unknown_emotion_is_an_error() -> None:
    with pytest.raises(KeyError):
        express("joy", np.random.default_rng(0))
