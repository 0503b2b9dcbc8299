"""Labels of a set of faces: beside the truth, as one array, and when they are not believed."""

from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.labeling.labeller import DemographicLabeller, check_embeddings
from fer_fairness.tables import usable
from fer_fairness.taxonomy import ATTRIBUTES

MIN_FACES_TO_JUDGE: Final = 20
TEXT_FIELDS: Final = ("sample_id", "emotion", "race", "gender", "age_group")


def held_out_labels(
    labeller: DemographicLabeller, embeddings: np.ndarray, faces: pd.DataFrame
) -> pd.DataFrame:
    """True and predicted groups of each annotated face: what corrections of label noise need.

    Args:
        labeller: A fitted labeller.
        embeddings: float `(n, d)` of faces it has not seen, in the order of `faces`; NaN
            throughout where a face has none.
        faces: Their `faces` table with FairFace's groups; excluded faces and faces without any
            label are left out.

    Returns:
        One row a face: `sample_id`; for each attribute, in the asked grouping,
        `true_<attribute>` (missing where not annotated), `predicted_<attribute>` (missing where
        the labeller abstained or there is no embedding), `<attribute>_confidence` and
        `probability_<attribute>_<group>` (NaN where there is no embedding).

    Raises:
        InvalidInputError: If shapes do not agree, or a label is none of FairFace's.
    """
    check_embeddings(embeddings, len(faces), labeller.dimension)
    kept = (usable(faces) & faces[list(ATTRIBUTES)].notna().any(axis=1)).to_numpy(dtype=bool)
    faces = faces[kept].reset_index(drop=True)
    labels = labeller.predict(embeddings[kept], faces["sample_id"].tolist())
    columns: dict[str, object] = {"sample_id": faces["sample_id"]}
    for attribute in ATTRIBUTES:
        columns[f"true_{attribute}"] = labeller.true_labels(faces, attribute)
        columns[f"predicted_{attribute}"] = labels[attribute].mask(labels[f"{attribute}_abstained"])
        columns[f"{attribute}_confidence"] = labels[f"{attribute}_confidence"]
        for group in labeller.asked[attribute].groups:
            probability = f"probability_{attribute}_{group}"
            columns[probability] = labels[probability]
    return pd.DataFrame(columns)


def refuse_constant_labels(labels: pd.DataFrame) -> None:
    """Stop where every face of a set got the same label: no difference between groups could follow.

    Published projects went on from such labels without notice. Faces without an embedding do not
    count, faces with too little confidence do. Fewer than 20 faces are let through: there, one
    group may well be all.

    Args:
        labels: What `DemographicLabeller.predict` gave for one set of faces.

    Raises:
        InvalidInputError: If an attribute has one value over the whole set, or none has any.
    """
    for attribute in ATTRIBUTES:
        given = labels[attribute].dropna()
        if len(labels) >= MIN_FACES_TO_JUDGE and len(given) == 0:
            raise InvalidInputError(
                f"None of {len(labels)} faces has an embedding, so none has a label of {attribute}."
                " See the embedder's list of problems; for images that are not cropped faces, "
                "choose another alignment."
            )
        if len(given) >= MIN_FACES_TO_JUDGE and given.nunique() == 1:
            raise InvalidInputError(
                f"All {len(given)} faces were labelled {attribute} = "
                f"{given.iloc[0]!r}. Either the set really holds one group, and then "
                f"{attribute} cannot be audited on it; or the images are blank or unlike those of "
                "FairFace (crop, scale, grey values); or the embedder learnt nothing. Look at a "
                "few images and at labeller_summary."
            )


def check_same_faces(labels: pd.DataFrame, faces: pd.DataFrame) -> None:
    """Stop where labels and faces are not about the same faces in the same order.

    Raises:
        InvalidInputError: If their `sample_id` differ.
    """
    if list(labels["sample_id"]) != list(faces["sample_id"]):
        raise InvalidInputError(
            f"The {len(labels)} labels and the {len(faces)} faces are not the same faces in the "
            "same order (sample_id). Both must come from the same run of race_labeling."
        )


def label_array(labels: pd.DataFrame, faces: pd.DataFrame) -> np.ndarray:
    """Emotion and predicted demographics of every face as a structured array.

    Args:
        labels: What `DemographicLabeller.predict` gave for the faces.
        faces: Their `faces` table, the same faces in the same order.

    Returns:
        `(n,)` with the fields `sample_id, emotion, race, race_confidence, gender, age_group`;
        text is fixed-width unicode, empty where there is none or where the labeller abstained, so
        that `numpy.save` needs no pickle; the confidence is float32, NaN without an embedding.

    Raises:
        InvalidInputError: If the two tables are not about the same faces in the same order.
    """
    check_same_faces(labels, faces)
    columns = {name: labels[name].mask(labels[f"{name}_abstained"]) for name in TEXT_FIELDS[2:]}
    columns |= {name: faces[name] for name in TEXT_FIELDS[:2]}
    texts = {name: columns[name].fillna("").to_numpy(dtype=str) for name in TEXT_FIELDS}
    # A width of 0 is possible for no rows, and cannot be read back everywhere.
    layout = [(name, f"U{max(1, texts[name].dtype.itemsize // 4)}") for name in TEXT_FIELDS]
    layout.insert(TEXT_FIELDS.index("race") + 1, ("race_confidence", "float32"))
    array = np.empty(len(faces), dtype=layout)
    for name, values in texts.items():
        array[name] = values
    array["race_confidence"] = labels["race_confidence"].to_numpy()
    return array


def one_group_a_person(
    persons: pd.Series, groups: pd.Series, confidence: pd.Series
) -> pd.DataFrame:
    """Predicted groups of faces, made one for all faces of a person: people are compared whole.

    That of the person's faces whose confidences sum to most, with their mean confidence; of equal
    sums the first by name. Faces without a person keep what they have.

    Args:
        persons: Whose face each is; missing where that is not known.
        groups: The predicted group of each face; missing where there is none.
        confidence: Its confidence.

    Returns:
        `group` and `confidence`, one row a face, in the order and index of `persons`.
    """
    given = pd.DataFrame(
        {
            "person": persons,
            "group": pd.Series(groups.to_numpy(), index=persons.index, dtype="str"),
            "confidence": pd.Series(confidence.to_numpy(), index=persons.index, dtype="float64"),
        }
    )
    weighed = given.dropna().groupby(["person", "group"], sort=True)["confidence"]
    found = weighed.agg(["sum", "mean"]).reset_index()
    found = found.sort_values("sum", ascending=False, kind="stable").drop_duplicates("person")
    of_person = found.set_index("person")
    known = persons.isin(of_person.index)
    for name, told in (("group", "group"), ("confidence", "mean")):
        given[name] = given[name].mask(known, persons.map(of_person[told]))
    return given[["group", "confidence"]]
