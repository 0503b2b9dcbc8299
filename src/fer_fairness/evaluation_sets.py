"""The datasets whose test faces every model is scored on: all that is known of each, in one place.

Two are the project's own; a user describes further ones in the parameters (`datasets`). Pipelines,
tables and the report follow (`docs/adding_a_dataset.md`).
"""

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final, Literal

from fer_fairness.errors import InvalidInputError
from fer_fairness.taxonomy import EMOTIONS, RAF_DB_EMOTIONS

FULL_SIZE: Final = "full_size"
"""How FairFace's faces look as published: what the losses of the others are measured against."""

COLOUR_100: Final = "colour_100"
"""Colour faces of 100 pixels or more, of any framing: RAF-DB, and folders of images."""

GREY_48: Final = "grey_48"
"""Grey faces of 48 pixels: FER+."""

CONDITIONS: Final = (FULL_SIZE, COLOUR_100, GREY_48)
"""FairFace's faces are brought into each condition before they are embedded, and each has a
labeller and a confusion of its own: the errors on sharp colour faces say nothing of those on small
grey ones. `params:conditions` says what each is."""


@dataclass(frozen=True)
class EvaluationSet:
    """A dataset of faces with emotion labels.

    Attributes:
        name: Namespace of its data and parameters, and its name in tables.
        label: Its name for people.
        emotions: Those that it labels; models are scored over these.
        condition: How its faces look, one of `CONDITIONS`: their groups are predicted by the
            labeller of that condition.
        embedded_from: What an embedder is shown: the publisher's image `files`, at their own size
            and in colour, or the `pixels` of the checked array.
        annotates_demographics: Whether its publisher tells the perceived demographics of its faces.
        may_be_absent: Whether everything goes on without its files, unless it is trained on.
    """

    name: str
    label: str
    emotions: tuple[str, ...]
    condition: str
    embedded_from: Literal["files", "pixels"]
    annotates_demographics: bool = False
    may_be_absent: bool = False


class EvaluationSets(Mapping[str, EvaluationSet]):
    """The sets by name, in the order of the report: the project's own, then those described.

    Those that the parameters of a session describe are told once, before its pipelines are built.
    Processes that it starts inherit them through the environment, however they are started.
    """

    _INHERITED: Final = "FER_FAIRNESS_DESCRIBED_DATASETS"

    def __init__(self, *own: EvaluationSet) -> None:
        """Begin with the project's own, and with those of the process that started this one."""
        self._own = own
        inherited = json.loads(os.environ.get(self._INHERITED, "[]"))
        self._described = tuple(
            EvaluationSet(**{**part, "emotions": tuple(part["emotions"])}) for part in inherited
        )

    @property
    def own(self) -> tuple[EvaluationSet, ...]:
        """The project's own."""
        return self._own

    @property
    def described(self) -> tuple[EvaluationSet, ...]:
        """Those that parameters describe."""
        return self._described

    def describe(self, sets: Iterable[EvaluationSet]) -> None:
        """Put the sets that parameters describe in the place of those described before."""
        self._described = tuple(sets)
        os.environ[self._INHERITED] = json.dumps([asdict(part) for part in self._described])

    def _all(self) -> dict[str, EvaluationSet]:
        return {part.name: part for part in (*self._own, *self._described)}

    def __getitem__(self, name: str) -> EvaluationSet:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._own) + len(self._described)


EVALUATION_SETS: Final = EvaluationSets(
    EvaluationSet(
        name="fer_plus",
        label="FER+",
        emotions=EMOTIONS,
        condition=GREY_48,
        embedded_from="pixels",
        may_be_absent=True,
    ),
    EvaluationSet(
        name="raf_db",
        label="RAF-DB",
        emotions=RAF_DB_EMOTIONS,
        condition=COLOUR_100,
        embedded_from="files",
        annotates_demographics=True,
        may_be_absent=True,
    ),
)

TRAINED_ON: Final = next(iter(EVALUATION_SETS))
"""The set that the baseline is trained on, and every method that needs no groups, unless the
parameter `train_on` names another one."""


def check_demographic_dataset(value: str) -> None:
    """Refuse what is no choice of the dataset that demographic methods train on.

    Raises:
        InvalidInputError: It is neither `auto`, `train_on` nor the name of an evaluation set.
    """
    names = ("auto", "train_on", *EVALUATION_SETS)
    if value not in names:
        raise InvalidInputError(
            f"demographic_dataset is {value!r}; expected {', '.join(map(repr, names))} "
            "(conf/base/globals.yml, or --params demographic_dataset=...)."
        )


def demographic_dataset(wanted: str, present: Collection[str], trained_on: str = TRAINED_ON) -> str:
    """The evaluation set whose faces demographic augmentation and reweighing train on.

    Args:
        wanted: A name; `train_on`: that of the baseline; or `auto`: the first one there whose
            publisher annotates demographics, or else that of the baseline, with predicted ones.
        present: Names of the sets that are there.
        trained_on: The set that the baseline is trained on.
    """
    if wanted != "auto":
        return trained_on if wanted == "train_on" else wanted
    annotated = (part.name for part in EVALUATION_SETS.values() if part.annotates_demographics)
    return next((name for name in annotated if name in present), trained_on)
