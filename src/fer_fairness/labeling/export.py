"""Labels as one NumPy array, for those who do not read Parquet."""

from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.labeling.checks import check_same_faces

TEXT_FIELDS: Final = ("sample_id", "emotion", "race", "gender", "age_group")


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
    columns["emotion"] = faces["emotion"]
    columns["sample_id"] = faces["sample_id"]
    texts = {name: columns[name].fillna("").to_numpy(dtype=str) for name in TEXT_FIELDS}
    layout = [(name, _text_dtype(texts[name])) for name in TEXT_FIELDS]
    layout.insert(TEXT_FIELDS.index("race") + 1, ("race_confidence", "float32"))
    array = np.empty(len(faces), dtype=layout)
    for name, values in texts.items():
        array[name] = values
    array["race_confidence"] = labels["race_confidence"].to_numpy()
    return array


def _text_dtype(values: np.ndarray) -> str:
    # A width of 0 is possible for no rows, and cannot be read back everywhere.
    return f"U{max(1, values.dtype.itemsize // 4)}"
