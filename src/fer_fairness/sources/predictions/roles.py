"""Finds out which column of a prediction file is what, from what is given or from the names."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from fer_fairness.params.audit import PredictionColumns
from fer_fairness.sources.foreign_tables.table import ForeignTable, listed

Kind = Literal["probabilities", "logits"]
Origin = Literal["given", "guessed"]

# Names in order of preference: a name of an earlier line wins over those of a later one, two of
# the same line are ambiguous.
TRUE_NAMES: Final = (
    (
        "y_true true true_label true_class true_emotion true_expression label_true emotion_true "
        "ground_truth groundtruth gt gt_label actual actual_label actual_emotion"
    ),
    "emotion label target class expression category target_label emotion_label y",
    "labels targets emotions",
)
PREDICTED_NAMES: Final = (
    (
        "y_pred y_hat yhat predicted prediction pred predicted_label predicted_class "
        "predicted_emotion predicted_expression prediction_label pred_label pred_class "
        "pred_emotion label_pred emotion_pred emotion_predicted"
    ),
    "preds predictions output dominant_emotion top_emotion",
)
ID_NAMES: Final = (
    "sample_id",
    "id image_id img_id face_id uid uuid",
    (
        "image img image_name img_name image_path img_path file filename file_name filepath path "
        "picture face_name_align"
    ),
)
PERSON_NAMES: Final = (
    "person subject participant identity actor speaker individual performer respondent volunteer",
    "video clip sequence track",
)
"""What people are called, before an ending of `PERSON_ENDINGS`."""

PERSON_ENDINGS: Final = ("", "id", "name", "number", "no", "nr", "code", "file")
ATTRIBUTE_NAMES: Final = (
    "gender sex dominant_gender race dominant_race race4 race7 ethnicity ethnic_group age "
    "age_years age_in_years apparent_age estimated_age "
    "age_group agegroup age_bin age_range age_bucket age_category skin_tone skintone skin_type "
    "skin_color skin_colour fitzpatrick fitzpatrick_type fitzpatrick_scale fitzpatrick_skin_type "
    "monk monk_skin_tone"
)
PREFIXES: Final[dict[Kind, tuple[str, ...]]] = {
    "probabilities": ("probability_", "prob_", "proba_", "probs_", "softmax_", "p_", "score_"),
    "logits": ("logit_", "logits_"),
}
LIST_NAMES: Final[dict[Kind, str]] = {
    "probabilities": "probabilities probability probs prob proba softmax scores",
    "logits": "logits logit",
}
_NEEDED: Final = ("true", "predicted", "attributes")
WEAK_PREFIXES: Final = ("p_", "score_")
"""Begin other columns as well, such as p_value: taken only where every class has one."""


@dataclass(frozen=True)
class ScoreColumns:
    """Columns of probabilities or logits.

    Attributes:
        kind: Which of the two.
        columns: One a class, or the one column of lists.
        is_list: Whether it is one column of lists.
        origin: Given or guessed.
        is_weak: Whether a guess may be wrong: then the columns must name every class.
    """

    kind: Kind
    columns: tuple[str, ...]
    is_list: bool
    origin: Origin
    is_weak: bool = False

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What each column's name says of its class, without the prefix.

        Columns that somebody named as logits may well be called `prob_...`, and the other way
        round.
        """
        prefixes = (*PREFIXES[self.kind], *PREFIXES["probabilities"], *PREFIXES["logits"])
        found = [
            next((prefix for prefix in prefixes if normal(column).startswith(prefix)), "")
            for column in self.columns
        ]
        return tuple(
            column.strip()[len(prefix) :]
            for column, prefix in zip(self.columns, found, strict=True)
        )


@dataclass(frozen=True)
class Roles:
    """Which column is what; `origin` says of each role how that was found."""

    true: str
    predicted: str
    sample_id: str | None
    person: str | None
    attributes: tuple[str, ...]
    scores: ScoreColumns | None
    origin: dict[str, Origin]


def find_roles(table: ForeignTable, columns: PredictionColumns) -> Roles:
    """Find the columns of labels, groups, names and probabilities.

    Names are compared without regard to case, spaces, hyphens and points.

    Args:
        table: The file.
        columns: What is given; the rest is guessed.

    Returns:
        The roles. A column has one role at most.

    Raises:
        InvalidInputError: If a given column is not there, no column fits, or several fit equally.
    """
    finder = _Finder(table)
    # What is given goes before every guess.
    true = finder.given("true", columns.true)
    predicted = finder.given("predicted", columns.predicted)
    sample_id = finder.given("sample_id", columns.sample_id or None)
    person = finder.given("person", columns.person or None)
    attributes = tuple(finder.named("attributes", name) for name in columns.attributes or ())
    scores = finder.given_scores("probabilities", columns.probabilities)
    scores = scores or finder.given_scores("logits", columns.logits)
    if predicted is None:
        predicted = finder.guess_label("predicted", PREDICTED_NAMES)
    if true is None:
        true = finder.guess_label("true", TRUE_NAMES)
    if columns.person is None:
        person = finder.guess_person()
    if columns.sample_id is None:
        sample_id = finder.guess("sample_id", ID_NAMES)
    return Roles(
        true=true,
        predicted=predicted,
        sample_id=sample_id,
        person=person,
        scores=scores or finder.guess_scores(),
        attributes=attributes or finder.guess_attributes(),
        origin=finder.origin,
    )


def image_column(table: ForeignTable) -> str | None:
    """The column that names pictures, if one is called so: a file's name rather than an id."""
    plain = {normal(name): name for name in table.names}
    names = " ".join(reversed(ID_NAMES)).split()
    return next((plain[name] for name in names if name in plain), None)


def names_true(table: ForeignTable, columns: PredictionColumns) -> bool:
    """Whether a column that is nothing else is named like the true emotion."""
    others = {columns.predicted, columns.sample_id, columns.person, *(columns.attributes or ())}
    names = " ".join(TRUE_NAMES).split()
    return any(normal(name) in names for name in table.every_name if name not in others)


def is_number(text: str) -> bool:
    """Whether a text is one number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def normal(name: str) -> str:
    """A column's name as it is compared: lower case, with underscores."""
    return re.sub(r"[\s.\-]", "_", name.strip().casefold())


class _Finder:
    """Columns that have no role yet, by name with the form that is compared."""

    def __init__(self, table: ForeignTable) -> None:
        self.table = table
        self.free = {column: normal(column) for column in table.every_name}
        self.origin: dict[str, Origin] = {}

    def candidates(self, role: str) -> dict[str, str]:
        """Columns for a guess; one of no kind that can be read only where a label is wanted."""
        unread = self.table.unread
        return {
            column: plain
            for column, plain in self.free.items()
            if column not in unread or unread[column].is_damaged or role in _NEEDED
        }

    def take(self, role: str, column: str, origin: Origin) -> str:
        self.table.values(column)  # refused if it cannot be read
        if column not in self.free:
            self.table.refuse(
                f"audit.columns.{role} names {column!r}, which has another meaning already. Give "
                "each column one meaning."
            )
        del self.free[column]
        self.origin[role] = origin
        return column

    def given(self, role: str, name: tuple[str, ...] | str | None) -> str | None:
        if isinstance(name, tuple):
            self.table.refuse(
                f"audit.columns.{role} names {len(name)} columns, {listed(name)}, where one model "
                "is read. Name one."
            )
        return None if name is None else self.named(role, name)

    def named(self, role: str, name: str) -> str:
        names = self.table.every_name
        exact = [column for column in names if column == name.strip()]
        found = exact or [column for column in names if normal(column) == normal(name)]
        if len(found) != 1:
            close = difflib.get_close_matches(name, names, n=1)
            self.table.refuse(
                f"audit.columns.{role} names {name!r}, which is no column. The columns are "
                f"{listed(names)}." + (f" Is {close[0]!r} meant?" if close else "")
            )
        return self.take(role, found[0], "given")

    def given_scores(self, kind: Kind, given: tuple[str, ...] | str | None) -> ScoreColumns | None:
        if not given:
            return None
        names = (given,) if isinstance(given, str) else given
        columns = tuple(self.named(kind, name) for name in names)
        return ScoreColumns(kind, columns, isinstance(given, str), "given")

    def guess(self, role: str, ranks: Sequence[str]) -> str | None:
        for rank in ranks:
            candidates = self.candidates(role)
            found = [column for column, plain in candidates.items() if plain in rank.split()]
            if len(found) > 1:
                self.table.refuse(
                    f"the columns {listed(found)} could each be the {role!r} one. Say which with "
                    f"audit.columns.{role}."
                )
            if found:
                return self.take(role, found[0], "guessed")
        return None

    def guess_person(self) -> str | None:
        """The column of people; of several that tell the same people apart the first."""
        for rank in PERSON_NAMES:
            names = {name + ending for name in rank.split() for ending in PERSON_ENDINGS}
            free = self.candidates("person").items()
            found = [c for c, plain in free if plain.replace("_", "") in names]
            different = [c for c in found if not self._one_to_one(found[0], c)]
            if different:
                self.table.refuse(
                    f"the columns {listed([found[0], *different])} could each tell people apart. "
                    "Say which with audit.columns.person, or none if every row is a person."
                )
            if found:
                return self.take("person", found[0], "guessed")
        return None

    def _one_to_one(self, first: str, second: str) -> bool:
        texts = pd.DataFrame({name: self.table.one_line(name) for name in {first, second}})
        n_pairs = len(texts.drop_duplicates())
        return all(texts[name].nunique() == n_pairs for name in texts)

    def guess_label(self, role: str, ranks: Sequence[str]) -> str:
        found = self.guess(role, ranks)
        if found is None:
            self.table.refuse(
                f"no column is named like one of {role} labels ({', '.join(ranks[0].split()[:4])} "
                f"...). The columns are {listed(self.table.names)}. Name it with "
                f"audit.columns.{role}; the first line of the file must name the columns."
            )
        return found

    def guess_attributes(self) -> tuple[str, ...]:
        known = ATTRIBUTE_NAMES.split()
        free = self.candidates("attributes").items()
        found = [c for c, plain in free if plain.removeprefix("perceived_") in known]
        if not found:
            self.table.refuse(
                "no column is named like a group of people (gender, race, age_group, skin_tone "
                f"...). The columns are {listed(self.table.names)}. Name those to compare with "
                "audit.columns.attributes."
            )
        return tuple(self.take("attributes", column, "guessed") for column in found)

    def guess_scores(self) -> ScoreColumns | None:
        guesses = self._score_guesses("probabilities")
        logits = self._score_guesses("logits")
        if guesses and logits:
            self.table.notes.append("The file holds logits as well: the probabilities were used.")
        guesses = guesses or logits
        if not guesses:
            return None
        found = guesses[0]
        if len(guesses) > 1:
            self.table.refuse(
                f"{' and '.join(listed(option.columns) for option in guesses)} could each be the "
                f"{found.kind}. Say which with audit.columns.{found.kind}."
            )
        for column in found.columns:
            self.take(found.kind, column, "guessed")
        return found

    def _score_guesses(self, kind: Kind) -> list[ScoreColumns]:
        found: list[ScoreColumns] = []
        free = self.candidates(kind)
        for prefix in PREFIXES[kind]:
            columns = tuple(name for name, plain in free.items() if plain.startswith(prefix))
            if len(columns) > 1:
                is_weak = prefix in WEAK_PREFIXES
                found.append(
                    ScoreColumns(kind, columns, is_list=False, origin="guessed", is_weak=is_weak)
                )
        strong = [option for option in found if not option.is_weak]
        lists = [
            ScoreColumns(kind, (column,), is_list=True, origin="guessed")
            for column, plain in free.items()
            if plain in LIST_NAMES[kind].split() and self._holds_lists(column)
        ]
        return strong + lists or found

    def _holds_lists(self, column: str) -> bool:
        if self.table.is_text(column):
            return not is_number(self.table.cell(column, 0))
        return self.table.is_list(column)
