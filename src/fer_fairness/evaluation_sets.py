"""The datasets whose test faces every model is scored on: all that is known of each, in one place.

To add one: its reader in `sources`, an entry here, its blocks under `conf/base`. Pipelines, tables
and the report follow (`docs/adding_a_dataset.md`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from fer_fairness.taxonomy import EMOTIONS, RAF_DB_EMOTIONS


@dataclass(frozen=True)
class EvaluationSet:
    """A dataset of faces with emotion labels.

    Attributes:
        name: Namespace of its data and parameters, and its name in tables.
        label: Its name for people.
        emotions: Those that it labels; models are scored over these.
        condition: How its faces look, one of the `conditions` that a labeller is fitted for: groups
            of its faces are predicted by that labeller.
        embedded_from: What an embedder is shown: the publisher's image `files`, at their own size
            and in colour, or the `pixels` of the checked array.
        may_be_absent: Whether everything goes on without its files.
    """

    name: str
    label: str
    emotions: tuple[str, ...]
    condition: str
    embedded_from: Literal["files", "pixels"]
    may_be_absent: bool = False


EVALUATION_SETS: Final[Mapping[str, EvaluationSet]] = MappingProxyType(
    {
        part.name: part
        for part in (
            EvaluationSet(
                name="fer_plus",
                label="FER+",
                emotions=EMOTIONS,
                condition="grey_48",
                embedded_from="pixels",
            ),
            EvaluationSet(
                name="raf_db",
                label="RAF-DB",
                emotions=RAF_DB_EMOTIONS,
                condition="colour_100",
                embedded_from="files",
                may_be_absent=True,
            ),
        )
    }
)
"""By name, in the order of the report."""

TRAINED_ON: Final = "fer_plus"
"""The evaluation set that the baseline is trained on, and every method that needs no groups."""
