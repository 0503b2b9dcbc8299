"""What a model is trained on, in tables that can be saved: which faces, with what beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.augmentation import AUGMENTED_FACES_SCHEMA, Augmented, with_variants
from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import GROUP, WEIGHT, TrainingSet
from fer_fairness.tables import TARGET_COLUMNS, empty_table, has_target

_DTYPES: Final = {WEIGHT: np.float32, GROUP: np.int32}
"""Of the columns that `TrainingSet` knows; others are float32."""


def no_variants(image_shape: Sequence[int]) -> Augmented:
    """Variants of faces where there are none; `image_shape` is height, width and channels."""
    images = np.empty((0, *image_shape), dtype=np.uint8)
    return Augmented(faces=empty_table(AUGMENTED_FACES_SCHEMA), images=images)


@dataclass(frozen=True)
class Composition:
    """The training set of one variant.

    Attributes:
        columns: A row for each of the training faces that take part, `sample_id` and further
            columns of numbers: `weight`, `group` (a code from 0, -1 where it is not known), and
            whatever else the method's loss or sampler reads.
        added: Variants of these faces; they have the numbers of their sources.
        plan: Why so many were added to each cell: what `plan_augmentation` gives, or no rows.
    """

    columns: pd.DataFrame
    added: Augmented
    plan: pd.DataFrame = field(default_factory=pd.DataFrame)

    def training_set(self, faces: pd.DataFrame, images: np.ndarray) -> TrainingSet:
        """The composition as the training loop takes it.

        Args:
            faces: The `faces` table that it was made from.
            images: uint8 (m, height, width, 1), the array behind its `image_index`.

        Raises:
            InvalidInputError: A face of the composition is not in the table.
        """
        rows = faces.set_index("sample_id").reindex(self.columns["sample_id"])
        if rows["image_index"].isna().any():
            missing = rows.index[rows["image_index"].isna()][0]
            raise InvalidInputError(
                f"The training set has the face {missing!r}, which is not in the table of faces: "
                "they come from different runs. Run the pipeline of the variant again."
            )
        numbers = self.columns.set_index("sample_id")
        original = TrainingSet(
            images=images,
            image_index=rows["image_index"].to_numpy(dtype=np.int64),
            targets=rows[list(TARGET_COLUMNS)].to_numpy(dtype=np.float32),
            columns=_arrays(numbers),
        )
        sources = self.added.faces["source_sample_id"]
        return with_variants(original, self.added, images, columns=_arrays(numbers.loc[sources]))


def training_faces(faces: pd.DataFrame, split: str = "train") -> pd.DataFrame:
    """The faces of a split that a model can be trained on."""
    return faces[has_target(faces) & (faces["split"] == split)]


def validation_set(faces: pd.DataFrame, images: np.ndarray) -> TrainingSet:
    """The validation faces of a development table, as they are."""
    validation = training_faces(faces, "validation")
    return TrainingSet(
        images=images,
        image_index=validation["image_index"].to_numpy(),
        targets=validation[list(TARGET_COLUMNS)].to_numpy(dtype=np.float32),
    )


def _arrays(numbers: pd.DataFrame) -> dict[str, np.ndarray]:
    return {
        str(name): numbers[name].to_numpy(dtype=_DTYPES.get(str(name), np.float32))
        for name in numbers.columns
    }
