"""Just train twice: faces that the starting model gets wrong are shown more often."""

import logging
from typing import ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from fer_fairness.mitigation.cells import class_shares_drawn
from fer_fairness.mitigation.composition import Composition
from fer_fairness.mitigation.method import LEARNING_RATES, Given, Method, Need
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.params.training import TrainingParameters

logger = logging.getLogger(__name__)

_TIMES: Final = "times_shown"
"""The column of how often a face is among the faces of a round."""


class JustTrainTwice(Method):
    """Trains on all faces and `repeats` more copies of those whose emotion was predicted wrongly.

    The errors are the starting model's on training faces: those of stage one of the paper. Stage
    two continues the training of that model, as every method here does, where the paper trains a
    new one from the beginning (as `fine_tuning.start: from_scratch` does). So a model that has
    learned its training faces by heart has few errors, and these are wrong labels for the most
    part; the paper stops stage one early or regularises it strongly, which here are settings of the
    baseline.

    The authors try 20, 50 and 100 repeats, for few errors; where a fifth of the faces are errors,
    10 repeats make them seven of ten faces shown. Faces whose votes have no majority are not
    predicted, and no errors. An epoch has as many gradient steps as without copies. Logit
    adjustment, where training asks for it, is to the emotions' shares among faces as they are
    shown.
    """

    label: ClassVar[str] = "JTT (just train twice)"
    source: ClassVar[str] = "Liu et al. 2021, arXiv 2107.09044"
    needs: ClassVar[frozenset[Need]] = frozenset({"training_predictions"})
    neutral: ClassVar = {"repeats": 0}
    search: ClassVar = {**LEARNING_RATES, "repeats": (3, 10, 20, 50)}

    method: Literal["jtt"] = "jtt"
    repeats: int = Field(
        default=10, ge=0, description="How many more times an error is shown than another face."
    )

    def training_set(self, faces: pd.DataFrame, images: np.ndarray, given: Given) -> Composition:
        """Every training face, with how often it is shown."""
        plain = super().training_set(faces, images, given)
        told = given.predictions
        told = told[told["sample_id"].isin(plain.columns["sample_id"])]
        errors = told.loc[told["predicted_emotion"] != told["emotion"], "sample_id"]
        wrong = plain.columns["sample_id"].isin(errors)
        logger.info(
            "The starting model gets %d of %d training faces wrong: these are shown %d times as "
            "often as others%s",
            wrong.sum(),
            len(told),
            1 + self.repeats,
            "" if wrong.any() else "; there are none, so that this is plain training",
        )
        return Composition(plain.columns.assign(**{_TIMES: 1 + self.repeats * wrong}), plain.added)

    def order(self, training: TrainingSet, generator: np.random.Generator) -> np.ndarray:
        """All faces and the copies, shuffled."""
        times = training.column(_TIMES).astype(np.int64)
        return generator.permutation(np.repeat(np.arange(len(training)), times))

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss, which knows how often each emotion is shown."""
        times = training.column(_TIMES).astype(np.float64)
        if (times == 1).all():
            return super().objective(training, params)
        return Objective(params, class_shares_drawn(training, times))
