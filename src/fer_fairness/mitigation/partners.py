"""What methods share that mix each face with another one of its batch, chosen by group."""

import logging
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from fer_fairness.mitigation.cells import cell_codes
from fer_fairness.mitigation.composition import Composition, training_faces
from fer_fairness.mitigation.method import Given, Method, Need
from fer_fairness.modeling import GROUP
from fer_fairness.params.training import TrainingParameters
from fer_fairness.taxonomy import Attribute

logger = logging.getLogger(__name__)


class PartnerMethod(Method):
    """Continued training on faces that are mixed with partners; those of unknown group are not."""

    needs: ClassVar[frozenset[Need]] = frozenset({"groups"})

    attribute: Attribute = Field(default="gender", description="Attribute of the groups.")

    def training_set(self, faces: pd.DataFrame, images: np.ndarray, given: Given) -> Composition:
        """Every training face, with the code of its group."""
        plain = super().training_set(faces, images, given)
        codes, names = cell_codes(training_faces(faces), [self.attribute])
        logger.info(
            "Faces of %d groups are mixed; %d of %d faces have no group and stay as they are",
            len(names),
            (codes < 0).sum(),
            len(codes),
        )
        return Composition(plain.columns.assign(**{GROUP: codes}), plain.added)

    def mixes(self, params: TrainingParameters) -> bool:  # noqa: ARG002  asked by the loop
        """Whether images, or maps on their way, are mixed: what frozen layers make of them too."""
        return True


def of_another_group(groups: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Which faces of a batch are of two known groups, `(n, n)`; `groups` are codes, -1 unknown."""
    is_known = groups >= 0
    return np.asarray((groups[:, None] != groups) & is_known[:, None] & is_known)


def drawn_partners(
    suits: npt.NDArray[np.bool_], generator: np.random.Generator
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """A partner for each face of a batch, all that suit being drawn alike.

    Args:
        suits: `(n, n)`: row i for the partners of face i.
        generator: Draws.

    Returns:
        Rows of the partners, `(n,)`, and which faces have one.
    """
    partner = np.where(suits, generator.random(suits.shape), -1.0).argmax(axis=1)
    return partner.astype(np.int32), np.asarray(suits.any(axis=1))
