"""tau-normalisation: the last layer's weights of all emotions are brought to like length."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.last_layer import class_kernel, last_layer
from fer_fairness.mitigation.method import Method
from fer_fairness.params.base import Parameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras


class TauNorm(Method):
    """Multiplies the last layer's weights W_c of emotion c by (m / |W_c|) ** tau; trains nothing.

    m is the geometric mean of the lengths |W_c|, so that logits keep their scale. In the paper's
    networks weights of frequent classes are longer, and these are then predicted too often. Where
    weights of rare emotions are longer, as in this project's published model (contempt 5.1, neutral
    2.4), it takes from the rare ones. The biases are multiplied by 1 - tau: with `tau` 1 there are
    none, as in the paper, with 0 the model is what it was. The paper chooses tau on validation
    faces, as trials do here (`budget.trials`). An emotion whose weights are all 0 keeps them.
    """

    label: ClassVar[str] = "Normalised last layer (tau-norm)"
    source: ClassVar[str] = "Kang et al. 2020, arXiv 1910.09217"
    neutral: ClassVar[Mapping[str, Any]] = {"tau": 0.0, "trains_on": True}
    search: ClassVar = {"tau": (0.25, 0.5, 0.75, 1.0)}
    needs_trained: ClassVar[bool] = True

    method: Literal["tau_norm"] = "tau_norm"
    tau: float = Field(
        default=0.5, ge=0.0, le=1.0, description="How far lengths are made alike; 1: wholly."
    )
    trains_on: bool = Field(
        default=False, description="Whether training goes on from there as fine_tuning says."
    )

    def start(
        self, model: "keras.Model | None", fine_tuning: FineTuningParameters, *, seed: int
    ) -> "keras.Model":
        """The starting model with a normalised last layer.

        Raises:
            InvalidInputError: Its last layer has no weights by class.
        """
        prepared = super().start(model, fine_tuning, seed=seed)
        kernel = class_kernel(prepared)
        kernel.assign(normalised(np.asarray(kernel), self.tau))
        for weights in last_layer(prepared).weights:
            if len(weights.shape) == 1:
                weights.assign(np.asarray(weights) * np.float32(1 - self.tau))
        return prepared

    def training_parameters(self, fine_tuning: FineTuningParameters) -> TrainingParameters:
        """Those of the fine-tuning; without epochs, unless it trains on."""
        parameters = super().training_parameters(fine_tuning)
        return parameters if self.trains_on else parameters.model_copy(update={"max_epochs": 0})

    def recorded(self, fine_tuning: FineTuningParameters) -> dict[str, Parameters]:
        """The parameters, with the epochs that there were."""
        changed = fine_tuning.with_changes(self.fine_tuning)
        trained = changed.model_copy(update={"training": self.training_parameters(fine_tuning)})
        return {"method": self, "fine_tuning": trained}


def normalised(kernel: np.ndarray, tau: float) -> np.ndarray:
    """Weights whose length in each class is made alike.

    Args:
        kernel: Its last axis are the classes.
        tau: 0 leaves lengths as they are, 1 makes them all their geometric mean.
    """
    lengths = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]).astype(np.float64), axis=0)
    there = lengths > 0
    if not there.any():
        return kernel
    mean = np.exp(np.log(lengths[there]).mean())
    factors = np.where(there, (mean / np.where(there, lengths, 1.0)) ** tau, 1.0)
    return np.asarray(kernel * factors.astype(kernel.dtype))
