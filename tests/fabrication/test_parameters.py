import pytest
from pydantic import ValidationError

from fer_fairness.params.fabrication import (
    FabricationParameters,
    FairFaceFabrication,
    FerPlusFabrication,
    PlantedBias,
    RafDbFabrication,
)


def test_nothing_is_planted_by_default() -> None:
    planted = FabricationParameters().planted

    assert planted == PlantedBias(
        group_shares={}, emotion_by_group={}, label_noise_by_group={}, image_quality_by_group={}
    )
    assert planted.label_noise_splits == ("train",)


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        ({"group_shares": {"race": {"white": 0.5, "black": 0.4}}}, r"race: shares sum to 0\.9"),
        ({"group_shares": {"race": {"asian": 1.0}}}, "unknown asian; expected some of white"),
        ({"group_shares": {"race": {"indian": 1.0}}}, "RAF-DB is drawn from white, black"),
        ({"group_shares": {"gender": {"male": -0.5, "female": 1.5}}}, "negative share of male"),
        ({"emotion_by_group": {"race": {"black": {"angry": 2.0}}}}, "unknown angry"),
        ({"emotion_by_group": {"race": {"black": {"anger": 0.0}}}}, "must be above 0"),
        ({"label_noise_by_group": {"race": {"black": 1.5}}}, r"black is 1\.5; expected 0 to 1"),
        ({"label_noise_by_group": {"height": {"tall": 0.5}}}, "unknown height"),
        ({"image_quality_by_group": {"gender": {"male": -0.1}}}, r"male is -0\.1"),
        ({"label_noise_splits": ["training"]}, "label_noise_splits"),
        ({"label_noise": {}}, "Extra inputs are not permitted"),
    ],
)
def test_impossible_bias_is_refused(planted: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PlantedBias.model_validate(planted)


def test_shares_of_fairface_are_distributions_of_known_groups() -> None:
    with pytest.raises(ValidationError, match=r"fairface\.group_shares\.race: unknown asian"):
        FairFaceFabrication(group_shares={"race": {"asian": 1.0}})
    with pytest.raises(ValidationError, match=r"fairface\.group_shares\.race: shares sum to 0\.5"):
        FairFaceFabrication(group_shares={"race": {"indian": 0.5}})


def test_class_shares_are_distributions_over_the_emotions_of_the_dataset() -> None:
    with pytest.raises(ValidationError, match=r"raf_db\.class_shares: unknown contempt"):
        RafDbFabrication(class_shares={"neutral": 0.5, "contempt": 0.5})
    with pytest.raises(ValidationError, match=r"fer_plus\.class_shares: shares sum to 0\.5"):
        FerPlusFabrication(class_shares={"neutral": 0.5})
    with pytest.raises(ValidationError, match="greater than 0"):
        FerPlusFabrication(train=0)


def test_tilting_an_emotion_that_is_never_drawn_is_refused() -> None:
    with pytest.raises(ValidationError, match="tilts fear, whose class share is zero"):
        FabricationParameters(
            fer_plus=FerPlusFabrication(class_shares={"neutral": 0.5, "anger": 0.5}),
            planted=PlantedBias(emotion_by_group={"gender": {"male": {"fear": 2.0}}}),
        )
