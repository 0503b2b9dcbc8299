"""Parameters of planning an audit: who will be audited, and what it shall be able to find."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from fer_fairness.params.base import Parameters

RACES_OF_RAF_DB: Final[Mapping[str, float]] = MappingProxyType(
    {"caucasian": 77.0, "african_american": 8.0, "asian": 15.0}
)
"""Percent of RAF-DB's faces by perceived race (Li and Deng 2019, IEEE Transactions on Image
Processing 28)."""

EMOTIONS_OF_RAF_DB: Final[Mapping[str, float]] = MappingProxyType(
    {
        "neutral": 680.0,
        "happiness": 1185.0,
        "surprise": 329.0,
        "sadness": 478.0,
        "anger": 162.0,
        "disgust": 160.0,
        "fear": 74.0,
    }
)
"""RAF-DB's 3,068 test faces by emotion (the same source)."""

PUBLISHED_RECALLS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "neutral": 0.772,
        "happiness": 0.916,
        "surprise": 0.845,
        "sadness": 0.780,
        "anger": 0.710,
        "disgust": 0.375,
        "fear": 0.608,
    }
)
"""Recalls of a published model on these faces, 80.9 % accuracy; the other benchmarks use them."""


def named(given: object) -> object:
    """Numbers by name, of a mapping or of a text such as "female=52; male=48".

    Returns:
        A dict of such a text; anything else unchanged.

    Raises:
        ValueError: A part of the text has no equals sign, or a name comes twice.
    """
    if not isinstance(given, str):
        return given
    found: dict[str, str] = {}
    for part in (part for part in given.split(";") if part.strip()):
        name, equals, number = (text.strip() for text in part.rpartition("="))
        if not equals or not name or name in found:
            raise ValueError(
                f"holds {part.strip()!r}: expected each name once with its number, as in "
                '"female=52; male=48"'
            )
        found[name] = number
    return found


Weight = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Recall = Annotated[float, Field(gt=0.0, le=1.0)]


class PlanParameters(Parameters):
    """Who will be audited, and either the gap to be found or the faces that there are."""

    gap: float | None = Field(
        default=None,
        gt=0.0,
        lt=1.0,
        description="Loss of recall of the harmed group that is to be found: 0.05 is 5 points. "
        "Either this or n_faces.",
    )
    n_faces: int | None = Field(
        default=None, ge=2, le=10**9, description="Faces that there are, of all groups."
    )
    groups: Annotated[dict[str, Weight], BeforeValidator(named)] = Field(
        default_factory=lambda: dict(RACES_OF_RAF_DB),
        min_length=2,
        description="Groups of the attribute by name, with their shares, percents or counts. On "
        'the command line "female=52; male=48". By default RAF-DB\'s by perceived race.',
    )
    harmed: str | None = Field(
        default=None, description="Group whose recall is lower; by default the smallest."
    )
    emotion: str | None = Field(
        default=None,
        description="The one emotion in which it is lower; by default it is in all of them, as far "
        "as they have recall to lose.",
    )
    emotions: Annotated[dict[str, Weight], BeforeValidator(named)] = Field(
        default_factory=lambda: dict(EMOTIONS_OF_RAF_DB),
        min_length=2,
        description="Emotions by name, with their shares, percents or counts, alike in all groups. "
        "By default those of RAF-DB's test faces.",
    )
    recalls: Annotated[dict[str, Recall], BeforeValidator(named)] = Field(
        default_factory=lambda: dict(PUBLISHED_RECALLS),
        description="Recall of each emotion in all other groups. By default those of a published "
        "model on RAF-DB's test faces.",
    )
    n_attributes: int = Field(
        default=1,
        ge=1,
        le=50,
        description="Attributes that the audit compares, this one among them.",
    )
    n_intersections: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="Intersections of attributes that it compares besides.",
    )
    faces_per_person: float = Field(
        default=1.0, ge=1.0, description="Faces (frames) that there are of each person on average."
    )
    faces_per_person_cv: float = Field(
        default=0.0,
        ge=0.0,
        allow_inf_nan=False,
        description="How unequal people's numbers of faces are: their standard deviation (divided "
        "by n) over their mean. 0 where everybody has as many.",
    )
    intraclass_correlation: float | None = Field(
        default=None,
        ge=0.0,
        le=1.0,
        description="How alike the faces of one person are in being recognised: 0 not more than "
        "those of strangers, 1 all or none. Needed where people have several faces.",
    )
    significance: float = Field(
        default=0.05, gt=0.0, lt=0.5, description="Share of audits with any false finding, at most."
    )
    power: float = Field(
        default=0.8,
        ge=0.5,
        le=0.99,
        description="Share of audits that find the gap.",
    )
    minimum_group_size: int = Field(
        default=10, ge=1, description="Groups with fewer people are not compared by the audit."
    )
    n_draws: int = Field(
        default=2000,
        ge=200,
        description="Audits drawn for each number of faces, and twice as many without any "
        "difference, or more where the level is small. With 2,000 the result is right to about 2 "
        "of 100.",
    )

    @property
    def harmed_group(self) -> str:
        """The group whose recall is lower."""
        return self.harmed or min(self.groups, key=lambda name: self.groups[name])

    @property
    def largest_gap(self) -> float:
        """All the recall that there is to lose."""
        if self.emotion is not None:
            return self.recalls[self.emotion]
        return max(self.recalls[name] for name in self.emotions)

    @property
    def design_effect(self) -> float:
        """Faces that tell as much as one independent face (Kish 1965, "Survey Sampling").

        1 + (m - 1) x intraclass correlation, m being the number of faces of the person of a face,
        on average over faces and not over people: sum(m^2) / sum(m), which is mean x (1 + cv^2)
        (Eldridge, Ashby and Kerry 2006, International Journal of Epidemiology 35).
        """
        of_a_face = self.faces_per_person * (1.0 + self.faces_per_person_cv**2)
        return 1.0 + (of_a_face - 1.0) * (self.intraclass_correlation or 0.0)

    @property
    def is_upper_bound(self) -> bool:
        """Whether fewer faces, or a smaller gap, may do than the plan says.

        The design effect is that of all faces of a person. In one emotion a person has fewer, so
        that they tell more, but how much more depends on how people's emotions are mixed.
        """
        return self.emotion is not None and self.design_effect > 1.0

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        if self.gap is not None and self.n_faces is not None:
            raise ValueError("gap and n_faces are both given: give one, the other is found")
        _refuse_unknown("harmed", self.harmed, self.groups)
        _refuse_unknown("emotion", self.emotion, self.emotions)
        missing = sorted(set(self.emotions) - set(self.recalls))
        if missing:
            raise ValueError(f"recalls has none for {', '.join(missing)}")
        unknown = sorted(set(self.recalls) - set(self.emotions))
        if unknown and dict(self.recalls) != dict(PUBLISHED_RECALLS):
            raise ValueError(f"recalls names {', '.join(unknown)}, which emotions does not")
        if self.gap is not None and self.gap >= self.largest_gap:
            raise ValueError(
                f"gap is {self.gap:g}, but there is a recall of {self.largest_gap:g} to lose: give "
                "a smaller one"
            )
        if self.faces_per_person > 1 and self.intraclass_correlation is None:
            raise ValueError(
                "intraclass_correlation is not given, though people have several faces: take it "
                "from earlier data, or 1, which counts each person once at most"
            )
        if self.faces_per_person == 1 and self.faces_per_person_cv > 0:
            raise ValueError(
                f"faces_per_person_cv is {self.faces_per_person_cv:g}, though faces_per_person is "
                "1: people of one face on average have one each. Give the mean number too"
            )
        return self


def _refuse_unknown(what: str, name: str | None, known: Mapping[str, float]) -> None:
    if name is not None and name not in known:
        raise ValueError(f"{what} is {name!r}; expected one of {', '.join(known)}")
