"""The settings of an audit as they are given from Python and on the console."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypedDict

from fer_fairness.errors import did_you_mean
from fer_fairness.fairness.group_names import INTERSECTION, single_attributes
from fer_fairness.params.audit import AuditParameters

_INFERENCE: Final = ("n_bootstrap", "n_permutations", "significance", "minimum_group_size")
_COLUMNS: Final = (
    "sample_id",
    "person",
    "probabilities",
    "logits",
    "class_names",
    "several_faces",
    "groups",
    "age_cuts",
)
_OF_AUDIT: Final = (
    "labels",
    "held_out_labels",
    "predicted_attributes",
    "max_groups",
    "n_scan_permutations",
    "name",
)


class Options(TypedDict, total=False):
    """What else can be said of an audit; what is not given has the default of `AuditParameters`.

    Attributes:
        attributes: Columns of groups, and intersections of them such as "gender x race", which
            bring the columns that they are made of. Not given: all columns that are named like
            groups, and their pairs.
        probabilities: Columns of the predicted probabilities, whose names end in the class; a
            mapping from class to column; or one column of lists. With them calibration is measured.
        logits: The same before the softmax; no mapping.
        class_names: All classes of the model, where codes or columns have no names.
        sample_id: Column that tells the rows apart; "none" numbers them.
        person: Column that tells people, or videos, apart where they have several faces: people are
            then shuffled and resampled whole. "none": every row is a person.
        labels: Files of true emotions or groups that the predictions lack, one row a picture:
            joined by the pictures' names.
        several_faces: Of a picture in which a tool found several faces, "largest" (the default) or
            "all" are audited.
        groups: By column what the codes of groups stand for: {"gender": {0: "female", 1: "male"}}.
        age_cuts: First year of each age group but the youngest, for ages in years.
        held_out_labels: File of people whose group is known, where a labeller predicted groups.
        predicted_attributes: Which attributes these are; not given: those of `held_out_labels`.
        name: What the model is called.
        n_bootstrap: Resampled tables behind the intervals.
        n_permutations: Shuffles of the group labels behind each p-value.
        n_scan_permutations: Shuffles behind the p-value of the worst-served subgroup.
        significance: A difference is found where the corrected p-value is at most this.
        minimum_group_size: Groups with fewer people are named in `left_out` and not compared.
        max_groups: Pairs with more groups are not formed by themselves.
        primary: Up to five outcomes named before looking, such as "accuracy_gap by race".
        aif360: Whether the report also has AIF360's own metrics; needs the extra of that name.
    """

    attributes: str | Sequence[str] | None
    probabilities: Mapping[str, str] | Sequence[str] | str | None
    logits: Sequence[str] | str | None
    class_names: Sequence[str] | None
    sample_id: str | None
    person: str | None
    labels: str | Path | Sequence[str | Path] | None
    several_faces: Literal["largest", "all"]
    groups: str | Mapping[str, Mapping[int | str, str]]
    age_cuts: Sequence[int]
    held_out_labels: str | Path | None
    predicted_attributes: str | Sequence[str] | None
    name: str | None
    n_bootstrap: int
    n_permutations: int
    n_scan_permutations: int
    significance: float
    minimum_group_size: int
    max_groups: int
    primary: str | Sequence[str]
    aif360: bool


def parameters_of(
    given_in: str, y_true: str | None, y_pred: str | None, options: Options
) -> AuditParameters:
    """The settings as those of the Kedro pipeline `audit`.

    Args:
        given_in: Path of the file of predictions, or what else holds them.
        y_true: Column of the true emotion; None: guessed from the names.
        y_pred: Column of the predicted emotion; None: guessed from the names.
        options: The others.

    Raises:
        ValidationError: One of them cannot be; see `wording.in_words_of`.
        TypeError: There is no option of a name.
    """
    _refuse_unknown(options)
    told: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    columns: dict[str, Any] = {name: told[name] for name in _COLUMNS if name in told}
    audit: dict[str, Any] = {"predictions": given_in}
    audit |= {name: told[name] for name in _OF_AUDIT if name in told}
    if "labels" in audit:
        named = audit["labels"]
        audit["labels"] = [*map(str, [named] if isinstance(named, str | Path) else named)]
    if "held_out_labels" in audit:
        audit["held_out_labels"] = str(audit["held_out_labels"])
    if "attributes" in told:
        named = [_joined(str(name)) for name in _listed(told["attributes"])]
        columns["attributes"] = single_attributes(named)
        audit["intersections"] = [name for name in named if INTERSECTION in name]
    inference: dict[str, Any] = {name: told[name] for name in _INFERENCE if name in told}
    if "primary" in told:
        inference["primary"] = [_joined(name) for name in _listed(told["primary"])]
    if not told.get("aif360"):
        audit["aif360_max_people"] = 0
    columns |= {"true": y_true, "predicted": y_pred}
    return AuditParameters.model_validate({**audit, "columns": columns, "inference": inference})


def _refuse_unknown(options: Options) -> None:
    known = [*Options.__annotations__]
    unknown = next((name for name in options if name not in known), None)
    if unknown is not None:
        raise TypeError(
            f"There is no option {unknown!r} of an audit.{did_you_mean(unknown, known)} There are: "
            f"y_true, y_pred, seed, {', '.join(known)}."
        )


def _listed(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _joined(name: str) -> str:
    """A name with the report's sign of intersections as it is written here."""
    return name.replace(" \N{MULTIPLICATION SIGN} ", INTERSECTION)
