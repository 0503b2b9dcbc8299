import pytest

from fer_fairness.errors import InvalidInputError
from fer_fairness.fabrication.planted import Kind, planted_attributes, planted_biases, told
from fer_fairness.params.fabrication import PlantedBias

EVERYTHING = PlantedBias(
    group_shares={"race": {"white": 0.9, "black": 0.1}},
    image_quality_by_group={"race": {"black": 0.4}},
    label_noise_by_group={"gender": {"male": 0.25}},
    emotion_by_group={"age_group": {"70+": {"anger": 0.5, "fear": 1.0}}},
)


def test_each_bias_is_told_with_its_strength() -> None:
    found = [
        (bias.attribute, bias.group, bias.kind, bias.strength)
        for bias in planted_biases(EVERYTHING)
    ]
    assert found == [
        ("race", "black", Kind.QUALITY, "strength 0.4 of 1"),
        ("gender", "male", Kind.LABEL_NOISE, "25 % wrong in train"),
        ("age_group", "70+", Kind.EMOTIONS, "anger \N{MULTIPLICATION SIGN} 0.5"),
        ("race", "black", Kind.FEW, "10 % of all faces"),
    ]
    assert told(EVERYTHING) == (
        "image quality: black (strength 0.4 of 1); label noise: male (25 % wrong in train); "
        "emotion shares: 70+ (anger \N{MULTIPLICATION SIGN} 0.5); "
        "few faces: black (10 % of all faces)"
    )


def test_emotion_shares_of_some_splits_alone_are_told_with_them() -> None:
    factors = {"race": {"black": {"anger": 8.0, "sadness": 0.5}}}
    shortcut = PlantedBias(emotion_by_group=factors, emotion_splits=["train", "validation"])
    [bias] = planted_biases(shortcut)
    assert bias.strength == (
        "anger \N{MULTIPLICATION SIGN} 8, sadness \N{MULTIPLICATION SIGN} 0.5 "
        "in train and validation"
    )


@pytest.mark.parametrize(
    "planted",
    [
        {},
        {"image_quality_by_group": {"race": {"black": 0.0}}},
        {"emotion_by_group": {"race": {"black": {"anger": 1.0}}}},
        {"label_noise_by_group": {"race": {"black": 0.5}}, "label_noise_splits": []},
        {"emotion_by_group": {"race": {"black": {"anger": 2.0}}}, "emotion_splits": []},
        {"group_shares": {"race": {"white": 0.7, "black": 0.3}}},
    ],
)
def test_what_changes_nothing_is_no_bias(planted: dict[str, object]) -> None:
    assert planted_biases(PlantedBias.model_validate(planted)) == []
    assert told(PlantedBias.model_validate(planted)) == ""


def test_attributes_are_those_of_biases_or_else_of_shares() -> None:
    assert planted_attributes(EVERYTHING) == ("gender", "race", "age_group")
    shares = {"race": {"white": 0.9, "black": 0.1}}
    assert planted_attributes(PlantedBias(group_shares=shares)) == ("race",)
    noise = PlantedBias(group_shares=shares, label_noise_by_group={"gender": {"male": 0.2}})
    assert planted_attributes(noise) == ("gender",)


def test_a_bias_without_an_attribute_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="names no attribute"):
        planted_attributes(PlantedBias())
