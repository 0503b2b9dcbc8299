"""Cell-balanced sampling: each group with each emotion is shown equally often."""

import logging
from typing import ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from fer_fairness.mitigation.cell_sampling import CellSampling
from fer_fairness.mitigation.cells import cell_codes, rows_kept
from fer_fairness.mitigation.composition import Composition, training_faces
from fer_fairness.mitigation.method import LEARNING_RATES, Given, Need
from fer_fairness.modeling import GROUP, TrainingSet
from fer_fairness.taxonomy import Attribute

logger = logging.getLogger(__name__)

_KEPT: Final = 1
"""First of the seed of what is kept, so that no other purpose shares its random numbers."""


class CellBalancedSampling(CellSampling):
    """Draws faces so that all cells are seen alike, a cell being a group with an emotion.

    `over`: a face of a cell of n_gc faces is drawn, with replacement, in proportion to
    n_gc ** -strength (RWG of the paper; RWY by emotions alone). `under`: of each cell as many faces
    as the smallest has, drawn once by the training seed, and no others (SUBG; SUBY).

    Faces without a cell, because nobody knows their group or their votes have no majority, are seen
    as often as in plain training. Where no cell is known it is plain training. Logit adjustment,
    where training asks for it, is to the emotions' shares among faces as they are drawn. The paper
    finds that models peak early under `over`: the validation score keeps the best epoch.
    """

    label: ClassVar[str] = "Cell-balanced sampling"
    source: ClassVar[str] = "Idrissi et al. 2022, arXiv 2110.14503"
    needs: ClassVar[frozenset[Need]] = frozenset({"groups"})
    neutral: ClassVar = {"strength": 0.0}
    search: ClassVar = {**LEARNING_RATES, "strength": (0.5, 1.0)}

    method: Literal["cell_balanced_sampling"] = "cell_balanced_sampling"
    attribute: Attribute = Field(default="gender", description="Attribute of the groups.")
    cells: Literal["group_and_emotion", "group", "emotion"] = Field(
        default="group_and_emotion", description="What is drawn alike."
    )
    draw: Literal["over", "under"] = Field(
        default="over",
        description="over: faces of small cells are repeated; under: large cells lose faces.",
    )

    def training_set(self, faces: pd.DataFrame, images: np.ndarray, given: Given) -> Composition:
        """The faces that are kept, with the codes of their cells."""
        plain = super().training_set(faces, images, given)
        by = {"group": [str(self.attribute)], "emotion": ["emotion"]}
        columns = by.get(self.cells, [*by["group"], *by["emotion"]])
        codes, names = cell_codes(training_faces(faces), columns)
        _tell(codes, names)
        numbers = plain.columns.assign(**{GROUP: codes})
        if self.draw == "under":
            rows = rows_kept(codes, self.strength, np.random.default_rng([_KEPT, given.seed]))
            logger.info("%d of %d faces are kept", len(rows), len(codes))
            numbers = numbers.iloc[rows].reset_index(drop=True)
        return Composition(numbers, plain.added)

    def draws(self, training: TrainingSet) -> bool:
        """Where small cells are to be repeated."""
        return self.draw == "over" and super().draws(training)


def _tell(codes: np.ndarray, names: list[str]) -> None:
    """One line: how many cells there are, and the smallest, whose few faces are seen most."""
    known = codes[codes >= 0]
    if not known.size:
        logger.info("No face has a cell: this is plain training")
        return
    sizes = np.bincount(known)
    logger.info(
        "%d cells of %d to %d faces, the smallest %s; %d of %d faces have no cell and are seen as "
        "in plain training",
        len(names),
        sizes.min(),
        sizes.max(),
        names[int(sizes.argmin())],
        len(codes) - len(known),
        len(codes),
    )
