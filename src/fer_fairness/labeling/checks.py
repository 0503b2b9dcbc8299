"""What must hold before embeddings are used, and before predicted labels are believed."""

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.taxonomy import ATTRIBUTES

MIN_FACES_TO_JUDGE = 20


def check_embeddings(
    embeddings: np.ndarray, n_faces: int, dimension: int | None = None
) -> np.ndarray:
    """The embeddings, if they are what goes with so many faces.

    Args:
        embeddings: To check, expected float `(n_faces, dimension)`.
        n_faces: Rows of the table they belong to.
        dimension: Length of an embedding; None where any will do.

    Raises:
        InvalidInputError: If the shape is another, or a value is not finite.
    """
    if embeddings.ndim != 2 or len(embeddings) != n_faces:
        raise InvalidInputError(
            f"Embeddings have shape {embeddings.shape} for {n_faces} faces; expected ({n_faces}, "
            "dimension). The array and the table belong to different runs: make both again."
        )
    if dimension is not None and embeddings.shape[1] != dimension:
        raise InvalidInputError(
            f"Embeddings have {embeddings.shape[1]} values a face, but the labeller was fitted on "
            f"{dimension}. Use the embedder it was fitted with, or fit it again."
        )
    wrong = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if len(wrong):
        raise InvalidInputError(
            f"The embeddings of {len(wrong)} of {n_faces} faces hold NaN or infinity, the first in "
            f"row {wrong[0]}. Train the embedder again with a lower learning rate."
        )
    return embeddings


def refuse_constant_labels(labels: pd.DataFrame) -> None:
    """Stop where every face of a set got the same label: no difference between groups could follow.

    Published projects went on from such labels without notice. Sets of fewer than 20 faces are let
    through: there, one group may well be all.

    Args:
        labels: What `DemographicLabeller.predict` gave for one set of faces.

    Raises:
        InvalidInputError: If an attribute has one value over the whole set.
    """
    if len(labels) < MIN_FACES_TO_JUDGE:
        return
    for attribute in ATTRIBUTES:
        if labels[attribute].nunique(dropna=False) == 1:
            raise InvalidInputError(
                f"All {len(labels)} faces were labelled {attribute} = "
                f"{labels[attribute].iloc[0]!r}. Either the set really holds one group, and then "
                f"{attribute} cannot be audited on it; or the images are blank or unlike those of "
                "FairFace (crop, scale, grey values); or the embedder learnt nothing. Look at a "
                "few images and at labeller_summary."
            )
