"""What every method of training offers; its defaults are plain continued training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from fer_fairness.errors import InvalidInputError
from fer_fairness.mitigation.composition import (
    Composition,
    no_variants,
    training_faces,
    validation_set,
)
from fer_fairness.modeling import Procedure, TrainingSet, freeze_layers, set_regularisation
from fer_fairness.params.base import Parameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

Need = Literal["groups", "training_predictions", "starting_model"]

LEARNING_RATES: Final[Mapping[str, Sequence[Any]]] = {
    "fine_tuning.training.learning_rate_scale": (1.0, 0.3, 3.0)
}
"""What every method that trains may try, so that continued training has its trials too: factors,
since values would be high for one network and low for another, and for three trials all of them."""


@dataclass(frozen=True)
class Given:
    """What a method may look at beside the faces that it trains on.

    Attributes:
        predictions: The starting model's predictions: on the validation faces of every evaluation
            set, and on the training faces where the method needs `training_predictions`; a
            `predictions` table. Without rows where training starts from no model.
        seed: The training seed.
        model: The starting model, a `keras.Model`, where the method needs `starting_model`.
    """

    predictions: pd.DataFrame
    seed: int
    model: Any = None


class Method(Parameters, Procedure):
    """One way of training: its parameters and its behaviour together.

    A subclass in a module of its own under `mitigation/methods` is found by itself. It says its
    name in `method: Literal["its_name"] = "its_name"`, adds its parameters as fields, and overrides
    those of `training_set`, `order`, `mix` and `objective` in which it differs from continued
    training. A block of parameters that names the method is a variant of the report.

    Attributes:
        label: Name for people.
        source: The paper.
        needs: `groups`: it is trained on the dataset with demographics that `demographic_dataset`
            chooses; `training_predictions`: the starting model is asked about the training faces;
            `starting_model`: it is given itself where the training set is composed.
        pipeline: The registered pipeline that trains it.
        starts_anew: Whether it starts from no trained model.
        needs_trained: Whether it starts from one even where the others train from scratch.
        neutral: Settings under which it is continued training, step by step.
        takes_mixtures: Whether mixup may mix its faces: not where the loss reads a column of its
            own, whose numbers stay those of the first face of a mixture.
        passes: Forward-backward passes in a gradient step, the cost that the budget counts.
        search: Values of its parameters that are worth trying, by name, nested ones with dots: what
            a budget with several trials draws from.
    """

    label: ClassVar[str]
    source: ClassVar[str]
    needs: ClassVar[frozenset[Need]] = frozenset()
    pipeline: ClassVar[str] = "mitigation"
    starts_anew: ClassVar[bool] = False
    needs_trained: ClassVar[bool] = False
    neutral: ClassVar[Mapping[str, Any]] = {}
    takes_mixtures: ClassVar[bool] = True
    passes: ClassVar[float] = 1.0
    search: ClassVar[Mapping[str, Sequence[Any]]] = LEARNING_RATES

    method: str
    name: str = Field(default="", description="Of the variant: follows from that of its block.")
    fine_tuning: Mapping[str, Any] = Field(
        default={},
        description="What differs from the block fine_tuning, nested as there.",
    )

    def training_set(
        self,
        faces: pd.DataFrame,
        images: np.ndarray,
        given: Given,  # noqa: ARG002  for methods that look at it
    ) -> Composition:
        """Which faces are trained on, with which numbers beside them.

        Args:
            faces: Development faces: training and validation faces, never test faces.
            images: uint8 (m, height, width, 1), the array behind their `image_index`.
            given: Predictions of the starting model, and the seed.
        """
        chosen = training_faces(faces)[["sample_id"]].reset_index(drop=True)
        return Composition(chosen, no_variants(images.shape[1:]))

    def validation_set(self, faces: pd.DataFrame, images: np.ndarray) -> TrainingSet:
        """The validation faces, with columns beside them that `Objective.after_epoch` looks at."""
        return validation_set(faces, images)

    def start(
        self, model: "keras.Model | None", fine_tuning: FineTuningParameters, *, seed: int
    ) -> "keras.Model":
        """The model that training begins with: the starting model, regularised and frozen.

        From scratch it is a network of the same form with random weights, all of them trainable.
        """
        parameters = fine_tuning.with_changes(self.fine_tuning)
        anew = self.starts_from_random(fine_tuning)
        prepared = set_regularisation(model, parameters.regularisation, seed=seed, anew=anew)
        if not anew:
            freeze_layers(prepared, parameters.freezing)
        return prepared

    def starts_from_random(self, fine_tuning: FineTuningParameters) -> bool:
        """Whether the weights that training begins with have learned nothing."""
        start = fine_tuning.with_changes(self.fine_tuning).start
        return start == "from_scratch" and not self.needs_trained

    def training_parameters(self, fine_tuning: FineTuningParameters) -> TrainingParameters:
        """How it is trained: in fewer steps where one costs more and passes are counted.

        Raises:
            InvalidInputError: One costs more, and an epoch has no number of steps to take less of;
                or training asks for mixup, of which the method takes none.
        """
        parameters = fine_tuning.with_changes(self.fine_tuning)
        training, n_steps = parameters.training, parameters.training.steps_per_epoch
        if training.mixup_alpha > 0 and not self.takes_mixtures:
            raise InvalidInputError(
                f"fine_tuning.training.mixup_alpha is {training.mixup_alpha:g}, and {self.label} "
                "looks at numbers or the group of each face, which a mixture of two does not have: "
                "set it to 0 for this method (in its block, fine_tuning: {training: {mixup_alpha: "
                "0}}), or use lisa, which mixes by group."
            )
        if parameters.counted == "steps" or self.passes == 1:
            return training
        if n_steps is None:
            raise InvalidInputError(
                f"A step of {self.label} takes {self.passes:g} passes, and passes are "
                "counted, but fine_tuning.training.steps_per_epoch is null, so that it cannot take "
                "fewer steps: give their number, or fine_tuning.counted: steps."
            )
        n_affordable = max(1, round(n_steps / self.passes))
        return training.model_copy(update={"steps_per_epoch": n_affordable})

    def recorded(self, fine_tuning: FineTuningParameters) -> dict[str, Parameters]:
        """All parameters that decided what was trained, by the names of their blocks."""
        return {"method": self, "fine_tuning": fine_tuning.with_changes(self.fine_tuning)}

    def fingerprint(self) -> str:
        """The class and its settings; what differs in the fine-tuning is told by itself."""
        return f"{type(self).__qualname__} {self.model_dump_json(exclude={'name', 'fine_tuning'})}"
