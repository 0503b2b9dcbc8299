"""Predicted groups beside those that a dataset's own annotators recorded."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from fer_fairness.labeling.assessment import share_with_interval
from fer_fairness.labeling.labels import check_same_faces
from fer_fairness.tables import usable
from fer_fairness.taxonomy import (
    ATTRIBUTES,
    COARSE_AGE_GROUPS,
    FAIRFACE_TO_COARSE_RACE,
    RAF_DB_RACES,
    TO_COARSE_AGE_GROUP,
)

AGREEMENT_COLUMNS: Final = (
    "attribute",
    "annotated",
    "predicted",
    "annotated_as",
    "predicted_as",
    "n_faces",
    "comparable",
)
_SUMMARY_COLUMNS: Final = (
    "attribute",
    "n_faces",
    "n_comparable",
    "agreement",
    "ci_low",
    "ci_high",
    "cohen_kappa",
)

Map = Mapping[str, str]

_TO_RAF_DB_RACE: Final[Map] = {
    "white": "caucasian",
    "black": "african_american",
    "asian": "asian",
    "east_asian": "asian",
    "southeast_asian": "asian",
}
"""FairFace's fine and coarse races -> RAF-DB's; its annotators had no word for the others."""

_TO_COARSE_AGE: Final[Map] = {
    **TO_COARSE_AGE_GROUP,
    **{group: group for group in COARSE_AGE_GROUPS},
}
_TO_COARSE_RACE: Final[Map] = {**FAIRFACE_TO_COARSE_RACE, "asian": "asian"}


def one_language(attribute: str, words: set[str]) -> Map:
    """How the groups that several datasets name are brought to words that all of them have.

    Args:
        attribute: Of which groups are named.
        words: All names that any of the datasets uses.

    Returns:
        For races FairFace's four coarse ones, or RAF-DB's where some are named so, for ages the
        four groups of `COARSE_AGE_GROUPS`; the words themselves where any has no counterpart.
        Words that the other language lacks are not among the keys: such groups are not compared.
    """
    raf_db = {word: word for word in RAF_DB_RACES}
    known = {"race": _TO_COARSE_RACE, "age_group": _TO_COARSE_AGE}.get(attribute, {})
    if words <= known.keys():
        return known
    if attribute == "race" and words <= {*_TO_COARSE_RACE, *raf_db}:
        return {**_TO_RAF_DB_RACE, **raf_db}
    return {word: word for word in words}


def agreement_table(labels: pd.DataFrame, faces: pd.DataFrame) -> pd.DataFrame:
    """How predicted groups go with annotated ones, where a dataset has both.

    RAF-DB's races are compared with `white`, `black` and the Asian groups; its ages, and
    FairFace's, over the four groups that both share; FairFace's races in the grouping of the
    labels. Annotations in other words are compared where the word is also one of the labeller's.

    Args:
        labels: What `DemographicLabeller.predict` gave.
        faces: The `faces` table of the same faces in the same order; those whose
            `<attribute>_source` is `annotated` and that are not excluded count.

    Returns:
        Tidy, `attribute, annotated, predicted, annotated_as, predicted_as, n_faces, comparable`:
        a row for each pair of words that occurs. `..._as` are the words that are compared, missing
        where there is no counterpart; `predicted` is missing where the labeller gave no label.
        `comparable` says that both `..._as` are there. Without rows where nothing is annotated.

    Raises:
        InvalidInputError: If the two tables are not about the same faces in the same order.
    """
    check_same_faces(labels, faces)
    tables = [_pairs(labels, faces, attribute) for attribute in ATTRIBUTES]
    table = pd.concat(tables, ignore_index=True)
    text = dict.fromkeys(AGREEMENT_COLUMNS[:5], "str")
    return table.astype({**text, "n_faces": "int64", "comparable": bool})


def agreement_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Share of agreement by attribute.

    Args:
        table: What `agreement_table` gave.

    Returns:
        One row an annotated attribute: `attribute, n_faces` (annotated), `n_comparable`,
        `agreement` among these with its 95 % interval `ci_low, ci_high` (Wilson 1927), and
        `cohen_kappa` (Cohen 1960), the agreement beyond what the two sets of frequencies give by
        chance; 1 is perfect, 0 chance, NaN where chance alone gives full agreement. NaN too where
        nothing is comparable.
    """
    rows = [
        {"attribute": attribute, **_agreement(part)}
        for attribute, part in table.groupby("attribute", sort=False)
    ]
    return pd.DataFrame(rows, columns=list(_SUMMARY_COLUMNS))


def _pairs(labels: pd.DataFrame, faces: pd.DataFrame, attribute: str) -> pd.DataFrame:
    annotated = usable(faces) & faces[attribute].notna()
    kept = (annotated & (faces[f"{attribute}_source"] == "annotated")).to_numpy(dtype=bool)
    said = faces.loc[kept, attribute].to_numpy(dtype=object)
    given = labels[attribute].mask(labels[f"{attribute}_abstained"])[kept].to_numpy(dtype=object)
    pairs = pd.DataFrame({"annotated": said, "predicted": given})
    table = pairs.value_counts(dropna=False).rename("n_faces").reset_index()
    prefix = f"probability_{attribute}_"
    words = [name.removeprefix(prefix) for name in map(str, labels) if name.startswith(prefix)]
    from_annotated, from_predicted = _language(attribute, set(said), words)
    table["annotated_as"] = table["annotated"].map(dict(from_annotated))
    table["predicted_as"] = table["predicted"].map(dict(from_predicted))
    table["comparable"] = table["annotated_as"].notna() & table["predicted_as"].notna()
    table["attribute"] = attribute
    return table.sort_values(["annotated", "predicted"])[list(AGREEMENT_COLUMNS)]


def _language(attribute: str, said: set[str], label_words: Sequence[str]) -> tuple[Map, Map]:
    """How annotated and predicted words are brought to one language.

    By the first vocabulary that has all annotated words; else by the words that both sides use.
    """
    own = {word: word for word in label_words}
    raf_db = {word: word for word in RAF_DB_RACES}
    vocabularies: dict[str, list[tuple[Map, Map]]] = {
        "race": [(_TO_COARSE_RACE, _TO_COARSE_RACE), (raf_db, _TO_RAF_DB_RACE)],
        "age_group": [(_TO_COARSE_AGE, _TO_COARSE_AGE)],
    }
    known = [(own, own), *vocabularies.get(attribute, [])]
    return next((pair for pair in known if said <= pair[0].keys()), known[0])


def _agreement(part: pd.DataFrame) -> dict[str, object]:
    compared = part[part["comparable"]]
    people = int(compared["n_faces"].sum())
    same = compared["annotated_as"] == compared["predicted_as"]
    agreeing = int(compared.loc[same, "n_faces"].sum())
    return {
        "n_faces": int(part["n_faces"].sum()),
        "n_comparable": people,
        **share_with_interval("agreement", agreeing, people),
        "cohen_kappa": _cohen_kappa(compared, agreeing, people),
    }


def _cohen_kappa(compared: pd.DataFrame, agreeing: int, people: int) -> float:
    """(observed - expected) / (1 - expected) agreement."""
    said = compared.groupby("annotated_as")["n_faces"].sum()
    given = compared.groupby("predicted_as")["n_faces"].sum()
    # In numbers of people, so that full agreement by chance is found exactly.
    by_chance = int(said.mul(given, fill_value=0).sum())
    if by_chance == people**2:
        return float("nan")
    return (agreeing * people - by_chance) / (people**2 - by_chance)
