"""Parameters of datasets that a user describes: one block each, under `datasets`, no code."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Field, RootModel, field_validator, model_validator

from fer_fairness.params.base import GivenPath, Parameters
from fer_fairness.params.data_processing import SourceParameters
from fer_fairness.params.lists import AgeCuts, Legend, ListOf
from fer_fairness.taxonomy import EMOTION_ALIASES, EMOTIONS, Attribute

Codes: TypeAlias = Literal[
    "fer2013",
    "fer_plus",
    "raf_db",
    "raf_db_from_0",
    "affectnet",
    "ck_plus",
    "ck_plus_csv",
    "two_letters",
]
Preset: TypeAlias = Literal[
    "fer2013_folders",
    "raf_db_folders",
    "affectnet",
    "expw",
    "ck_plus_folders",
    "ck_plus_csv",
    "jaffe",
    "sfew",
    "afew",
]

LEAVE_OUT: Final = "leave_out"
"""What a label stands for whose faces are to be left out."""

_WITHOUT_CONTEMPT: Final = EMOTIONS[:-1]
_OF_PRESETS: Final[Mapping[str, tuple[str, ...]]] = {
    "affectnet": EMOTIONS,
    "ck_plus_folders": EMOTIONS[1:],
    "ck_plus_csv": EMOTIONS,
}
_OF_VALENCE_AND_AROUSAL: Final = ("neutral", "happiness", "sadness")
_SMALL_AND_GREY: Final = ("fer2013_folders", "ck_plus_folders", "ck_plus_csv", "expw")


class DatasetParameters(SourceParameters):
    """What every described dataset has in common."""

    name: str = Field("", description="The key of the block, which is written there already.")
    path: GivenPath | None = Field(
        None, description="The dataset's folder; not given: the folder of its name in data/01_raw."
    )
    title: str | None = Field(None, description="Its name for people; not given: its own name.")
    emotions: ListOf[str] | None = Field(
        None,
        min_length=2,
        description="The emotions that it labels, over which models are scored there; `all`: all "
        "eight. Not given: all but contempt, or those of a layout that is known.",
    )
    labels: dict[str, str] = Field(
        default_factory=dict,
        description="What its own labels stand for, where neither a usual name nor `codes` says "
        f"it: an emotion, or `{LEAVE_OUT}`.",
    )
    codes: Codes | None = Field(
        None, description="The order of its emotions, where they are numbers or two letters."
    )
    condition: Literal["colour_100", "grey_48"] | None = Field(
        None,
        description="How its faces look, by which the labeller of their groups is chosen; not "
        "given: that of the layout, else colour_100.",
    )
    test_share: float = Field(
        0.2, gt=0, lt=1, description="Share of people, or faces, to test on, where none are named."
    )
    validation_share: float = Field(
        0.1,
        gt=0,
        lt=0.5,
        description="Share of the people, or faces, to train on that validate, where none are "
        "named.",
    )

    @field_validator("emotions", mode="before")
    @classmethod
    def _all_is_all(cls, given: object) -> object:
        return EMOTIONS if given == "all" else given

    @field_validator("emotions")
    @classmethod
    def _emotions_in_order(cls, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if given is None:
            return None
        named = {_emotion(name) for name in given}
        return tuple(emotion for emotion in EMOTIONS if emotion in named)

    @field_validator("labels", mode="before")
    @classmethod
    def _labels_are_texts(cls, given: object) -> object:
        # In YAML a code is a number, and an unquoted `no` a truth value.
        return {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else given

    @field_validator("labels")
    @classmethod
    def _labels_stand_for_emotions(cls, given: dict[str, str]) -> dict[str, str]:
        return {k: v if v == LEAVE_OUT else _emotion(v) for k, v in given.items()}

    @property
    def layout(self) -> str:
        """The kind, by which its reader is chosen."""
        return str(getattr(self, "kind"))  # noqa: B009  the kinds alone have it

    @property
    def scored_emotions(self) -> tuple[str, ...]:
        """The emotions that models are scored over, in canonical order."""
        return self.emotions or _OF_PRESETS.get(self.layout, _WITHOUT_CONTEMPT)

    @property
    def looks(self) -> Literal["colour_100", "grey_48"]:
        """The condition of its faces."""
        small = self.layout in _SMALL_AND_GREY
        return self.condition or ("grey_48" if small else "colour_100")

    @property
    def embedded_from(self) -> Literal["files", "pixels"]:
        """What an embedder is shown: files of one face each, or the array of checked faces."""
        return "pixels" if self.layout in _SMALL_AND_GREY else "files"

    @property
    def annotates_demographics(self) -> bool:
        """Whether somebody told the groups of its faces."""
        return False


class FoldersParameters(DatasetParameters):
    """One folder an emotion, with or without folders of splits above."""

    kind: Literal["folders"]
    person: str | None = Field(
        None,
        description="Regular expression with one group, which is who a face belongs to, searched "
        "in its path below the folder: 'S(\\d+)_'.",
    )

    @field_validator("person")
    @classmethod
    def _one_group(cls, given: str | None) -> str | None:
        if given is not None:
            try:
                n_groups = re.compile(given).groups
            except re.error as error:
                raise ValueError(f"is no regular expression: {error}") from error
            if n_groups != 1:
                raise ValueError(f"has {n_groups} groups in brackets, expected one")
        return given


class TableColumns(Parameters):
    """Which column of a table is what."""

    file: str = Field("file", description="The image's path, below the folder or absolute.")
    emotion: str | None = Field(
        None, description="The emotion; not given: `emotion`, unless other columns tell it."
    )
    valence: str | None = Field(None, description="Valence, -1 to 1, where no emotion is told.")
    arousal: str | None = Field(None, description="Arousal, -1 to 1.")
    votes: dict[str, str] = Field(
        default_factory=dict,
        description="Column of the number of annotators who chose it, by emotion.",
    )
    split: str | None = Field(None, description="Train, validation or test in any usual spelling.")
    person: str | None = Field(None, description="Whose face it is.")
    gender: str | None = Field(None, description="Perceived gender.")
    race: str | None = Field(None, description="Perceived race.")
    age: str | None = Field(None, description="Perceived age: years, or a group such as 20-29.")

    @field_validator("votes")
    @classmethod
    def _votes_are_of_emotions(cls, given: dict[str, str]) -> dict[str, str]:
        return {_emotion(name): column for name, column in given.items()}

    @model_validator(mode="after")
    def _one_way_to_tell(self) -> Self:
        if (self.valence is None) != (self.arousal is None):
            raise ValueError("valence and arousal are told by two columns: give both or neither")
        told = {"emotion": self.emotion, "valence": self.valence, "votes": self.votes}
        given = [name for name, column in told.items() if column]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are given: give one of them")
        named = [column for column in self.used.values() if column]
        twice = sorted({column for column in named if named.count(column) > 1})
        if twice:
            raise ValueError(f"{twice[0]!r} is given for two things: give different columns")
        return self

    @property
    def used(self) -> dict[str, str]:
        """Every column that is read, by what it is; of votes by the emotion."""
        single = self.model_dump(exclude={"votes"}, exclude_none=True)
        if not (self.votes or self.valence or self.emotion):
            single["emotion"] = "emotion"
        return {**single, **{f"votes of {name}": column for name, column in self.votes.items()}}

    @property
    def attributes(self) -> dict[Attribute, str]:
        """The columns of groups, by attribute."""
        columns: dict[Attribute, str | None] = {
            "gender": self.gender,
            "race": self.race,
            "age_group": self.age,
        }
        return {name: column for name, column in columns.items() if column is not None}


class TableParameters(DatasetParameters):
    """A table of image files."""

    kind: Literal["table"]
    table: Path = Field(
        description="The table, CSV, TSV or Parquet; a relative path begins at the folder."
    )
    columns: TableColumns = Field(default_factory=TableColumns)
    groups: dict[Attribute, Legend] = Field(
        default_factory=dict,
        description="What the codes of an attribute stand for: {gender: {'0': female, '1': male}}.",
    )
    age_cuts: AgeCuts = Field(
        (20, 40, 70),
        description="First year of each age group but the youngest, where ages are years.",
    )

    @property
    def scored_emotions(self) -> tuple[str, ...]:
        """As elsewhere; valence and arousal tell fewer apart."""
        if self.emotions is None and self.columns.valence is not None:
            return _OF_VALENCE_AND_AROUSAL
        return super().scored_emotions

    @property
    def annotates_demographics(self) -> bool:
        """Whether the table has columns of groups."""
        return bool(self.columns.attributes)


class PresetParameters(DatasetParameters):
    """A dataset in a layout that is known: names, codes and splits are its publisher's."""

    kind: Preset


class DatasetBlock(
    RootModel[
        Annotated[
            FoldersParameters | TableParameters | PresetParameters, Field(discriminator="kind")
        ]
    ]
):
    """A block under `datasets`: checked by the model of its kind."""


def _emotion(name: str) -> str:
    plain = name.strip().lower()
    known = EMOTION_ALIASES.get(plain, plain)
    if known not in EMOTIONS:
        raise ValueError(f"names {name!r}; the emotions are {', '.join(EMOTIONS)}")
    return known
