"""Parameters of the fabricated faces: how many, of whom, and which bias is planted in them."""

from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from fer_fairness.params.base import Parameters
from fer_fairness.params.lists import ListOf
from fer_fairness.taxonomy import (
    EMOTIONS,
    FAIRFACE_AGE_GROUPS,
    FAIRFACE_RACES,
    GENDERS,
    RAF_DB_EMOTIONS,
)

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "gender": GENDERS,
    "race": FAIRFACE_RACES,
    "age_group": FAIRFACE_AGE_GROUPS,
}
"""The groups a fabricated person can belong to: FairFace's, in every dataset."""

RAF_DB_DRAWN_RACES: Final = ("white", "black", "east_asian")
"""The groups that stand for RAF-DB's Caucasian, African-American and Asian."""

SHARE_TOLERANCE: Final = 1e-6

ByGroup = dict[str, dict[str, float]]
"""attribute -> group -> number."""

Split = Literal["train", "validation", "test"]

EmotionFactors = dict[str, dict[str, dict[str, float]]]
"""attribute -> group -> emotion -> factor on the odds weight of the emotion."""


def _check_names(found: Mapping[str, object], known: tuple[str, ...], what: str) -> None:
    unknown = sorted(set(found) - set(known))
    if unknown:
        msg = f"{what}: unknown {', '.join(unknown)}; expected some of {', '.join(known)}"
        raise ValueError(msg)


def _check_groups(by_attribute: Mapping[str, Mapping[str, object]], what: str) -> None:
    _check_names(by_attribute, tuple(GROUPS), what)
    for attribute, by_group in by_attribute.items():
        _check_names(by_group, GROUPS[attribute], f"{what}.{attribute}")


def _check_group_shares(value: ByGroup, what: str) -> None:
    _check_groups(value, what)
    for attribute, shares in value.items():
        _check_shares(shares, f"{what}.{attribute}")


def _check_shares(shares: Mapping[str, float], what: str) -> None:
    negative = [name for name, share in shares.items() if share < 0]
    if negative:
        raise ValueError(f"{what}: negative share of {', '.join(negative)}")
    total = sum(shares.values())
    if abs(total - 1.0) > SHARE_TOLERANCE:
        raise ValueError(f"{what}: shares sum to {total:.6g}; make them sum to 1")


class PlantedBias(Parameters):
    """What is wrong with the fabricated emotion datasets, on purpose and by how much.

    Everything is empty by default, and then nothing is planted. Where a person belongs to several
    named groups, noise and quality loss combine as independent chances, 1 - (1 - a)(1 - b), and
    emotion factors multiply. FairFace is never touched: the labeller learns from clean faces.
    """

    group_shares: ByGroup = Field(
        default_factory=dict,
        description="attribute -> group -> share of people; groups not named are absent, "
        "attributes not named keep the default shares",
    )
    emotion_by_group: EmotionFactors = Field(
        default_factory=dict,
        description="attribute -> group -> emotion -> factor on the odds weight of the emotion "
        "in that group, before renormalising; 1 changes nothing",
    )
    emotion_splits: ListOf[Split] = Field(
        default=("train", "validation", "test"),
        description="the splits that these factors touch; only train: what a model learns of who "
        "shows what does not hold of test faces (a shortcut)",
    )
    label_noise_by_group: ByGroup = Field(
        default_factory=dict,
        description="attribute -> group -> share of faces that carry a wrong emotion label",
    )
    label_noise_splits: ListOf[Split] = Field(
        default=("train",),
        description="the splits that the label noise touches; the others keep true labels",
    )
    image_quality_by_group: ByGroup = Field(
        default_factory=dict,
        description="attribute -> group -> strength, 0 to 1, of added blur, noise and loss of "
        "contrast, in all splits",
    )

    @field_validator("group_shares")
    @classmethod
    def _shares_are_distributions(cls, value: ByGroup) -> ByGroup:
        _check_group_shares(value, "group_shares")
        races = value.get("race")
        if races is not None and not any(races.get(race, 0.0) > 0 for race in RAF_DB_DRAWN_RACES):
            names = ", ".join(RAF_DB_DRAWN_RACES)
            raise ValueError(f"group_shares.race: RAF-DB is drawn from {names}; give one a share")
        return value

    @field_validator("emotion_by_group")
    @classmethod
    def _factors_are_positive(cls, value: EmotionFactors) -> EmotionFactors:
        _check_groups(value, "emotion_by_group")
        for attribute, by_group in value.items():
            for group, factors in by_group.items():
                where = f"emotion_by_group.{attribute}.{group}"
                _check_names(factors, EMOTIONS, where)
                wrong = [name for name, factor in factors.items() if factor <= 0]
                if wrong:
                    raise ValueError(f"{where}: factor of {', '.join(wrong)} must be above 0")
        return value

    @field_validator("label_noise_by_group", "image_quality_by_group")
    @classmethod
    def _rates_and_strengths_lie_between_0_and_1(
        cls, value: ByGroup, info: ValidationInfo
    ) -> ByGroup:
        _check_groups(value, str(info.field_name))
        for attribute, by_group in value.items():
            for group, number in by_group.items():
                if not 0.0 <= number <= 1.0:
                    where = f"{info.field_name}.{attribute}.{group}"
                    raise ValueError(f"{where} is {number}; expected 0 to 1")
        return value


class FerPlusFabrication(Parameters):
    """Size and make-up of the fabricated FER+."""

    train: int = Field(default=2400, gt=0, description="rows with Usage Training")
    validation: int = Field(default=600, gt=0, description="rows with Usage PublicTest")
    test: int = Field(default=1200, gt=0, description="rows with Usage PrivateTest")
    class_shares: dict[str, float] = Field(
        default={
            "neutral": 0.28,
            "happiness": 0.23,
            "surprise": 0.13,
            "sadness": 0.12,
            "anger": 0.10,
            "disgust": 0.04,
            "fear": 0.06,
            "contempt": 0.04,
        },
        description="share of each emotion; those of FER+, with the rare ones less rare",
    )
    ambiguous_share: float = Field(
        default=0.05, ge=0, le=1, description="share of faces whose votes have no majority"
    )
    not_a_face_share: float = Field(
        default=0.005, ge=0, lt=1, description="share of rows without a face: no name, NF = 10"
    )

    @field_validator("class_shares")
    @classmethod
    def _is_distribution(cls, value: dict[str, float]) -> dict[str, float]:
        _check_names(value, EMOTIONS, "fer_plus.class_shares")
        _check_shares(value, "fer_plus.class_shares")
        return value


class RafDbFabrication(Parameters):
    """Size and make-up of the fabricated RAF-DB."""

    train: int = Field(default=1600, gt=0, description="faces of the train split")
    test: int = Field(default=800, gt=0, description="faces of the test split")
    class_shares: dict[str, float] = Field(
        default={
            "neutral": 0.21,
            "happiness": 0.33,
            "surprise": 0.12,
            "sadness": 0.15,
            "anger": 0.07,
            "disgust": 0.07,
            "fear": 0.05,
        },
        description="share of each emotion; near those of RAF-DB, which has no contempt",
    )
    unsure_gender_share: float = Field(
        default=0.06, ge=0, lt=1, description="share of faces with gender code 2, unsure"
    )

    @field_validator("class_shares")
    @classmethod
    def _is_distribution(cls, value: dict[str, float]) -> dict[str, float]:
        _check_names(value, RAF_DB_EMOTIONS, "raf_db.class_shares")
        _check_shares(value, "raf_db.class_shares")
        return value


class FairFaceFabrication(Parameters):
    """Size and make-up of the fabricated FairFace, which the labeller learns from.

    Its races are balanced, as FairFace set out to be, where no shares are given.
    """

    train: int = Field(default=2000, gt=0, description="faces of the train split")
    val: int = Field(default=500, gt=0, description="faces of the val split")
    group_shares: ByGroup = Field(
        default_factory=dict,
        description="attribute -> group -> share of people; groups not named are absent, and the "
        "labeller does not know them; attributes not named keep the default shares",
    )

    @field_validator("group_shares")
    @classmethod
    def _shares_are_distributions(cls, value: ByGroup) -> ByGroup:
        _check_group_shares(value, "fairface.group_shares")
        return value


class FabricationParameters(Parameters):
    """All that decides the fabricated datasets: equal parameters give equal files."""

    seed: int = Field(default=0, ge=0, description="seed of every draw")
    fer_plus: FerPlusFabrication = Field(default_factory=FerPlusFabrication)
    raf_db: RafDbFabrication = Field(default_factory=RafDbFabrication)
    fairface: FairFaceFabrication = Field(default_factory=FairFaceFabrication)
    planted: PlantedBias = Field(default_factory=PlantedBias)

    @model_validator(mode="after")
    def _tilts_leave_some_emotion(self) -> Self:
        planted_emotions = {
            emotion
            for by_group in self.planted.emotion_by_group.values()
            for factors in by_group.values()
            for emotion in factors
        }
        drawn = {name for name, share in self.fer_plus.class_shares.items() if share > 0}
        useless = sorted(planted_emotions - drawn)
        if useless:
            names = ", ".join(useless)
            raise ValueError(f"planted.emotion_by_group tilts {names}, whose class share is zero")
        return self
