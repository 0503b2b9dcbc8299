"""LDAM with deferred reweighting: rare emotions are given a wider margin, and later more weight."""

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from fer_fairness.mitigation.heads import dense_head
from fer_fairness.mitigation.method import LEARNING_RATES, Method
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.batches import steps_an_epoch
from fer_fairness.modeling.objective import Seen, Tensor
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras


class LdamDrw(Method):
    """Minimises w_y times the cross-entropy of the logits s (cos_c - [c = y] D_y).

    cos_c is the cosine between features and emotion c's weights: the head of the model is made anew
    without bias, with features scaled to the length s and weights of unit length, which starts in
    the directions of the head before. So the model itself gives s cos_c as its logits, when it
    is validated, saved and asked; margins are in the loss alone. It needs a model whose last layer
    is a dense one. D_y = max_margin (n_y / min_c n_c) ** -1/4, and w_y in proportion to
    (1 - b) / (1 - b ** n_y) from `reweighted_from` of `max_epochs` on, 1 before.

    n_c sums the annotators' votes (with weights of faces, if there are any), at least 1; an emotion
    without any has no margin. Of a face with several votes the loss is the mean over them. Weights
    have the mean 1 over training faces; the authors divide by their sum in each batch, which is
    nearly the same in the mean. Logit adjustment, where training asks for it, is added to the
    logits with their margins. Weights of emotions are kept at unit length by scaling them after
    each step, where the authors scale within the layer. With `training.average_momentum` the
    averages of these are somewhat shorter. A training that is stopped early may end before weights
    begin.
    """

    label: ClassVar[str] = "LDAM-DRW"
    source: ClassVar[str] = "Cao et al. 2019, arXiv 1906.07413"
    neutral: ClassVar = {"scale": None, "max_margin": 0.0, "beta": 0.0}
    search: ClassVar = {**LEARNING_RATES, "max_margin": (0.3, 0.5, 1.0), "beta": (0.99, 0.9999)}

    method: Literal["ldam_drw"] = "ldam_drw"
    max_margin: float = Field(default=0.5, ge=0.0, description="Margin of the rarest emotion.")
    scale: float | None = Field(
        default=30.0,
        gt=0.0,
        description="s, length of the features. null: the model keeps its head, whose logits have "
        "no bound; margins are then in units of logits, and the paper's argument does not hold.",
    )
    beta: float = Field(
        default=0.9999, ge=0.0, lt=1.0, description="b of the weights; 0: emotions weigh alike."
    )
    reweighted_from: float = Field(
        default=0.8, ge=0.0, le=1.0, description="Share of max_epochs after which weights begin."
    )

    def start(
        self, model: "keras.Model | None", fine_tuning: FineTuningParameters, *, seed: int
    ) -> "keras.Model":
        """The starting model with a normalised head.

        Raises:
            InvalidInputError: As `with_normalised_head`.
        """
        prepared = super().start(model, fine_tuning, seed=seed)
        return prepared if self.scale is None else with_normalised_head(prepared, self.scale)

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The cross-entropy with margins and, from some step on, weights."""
        if self.max_margin == 0 and self.beta == 0:
            return super().objective(training, params)
        shares = training.class_shares()
        counts = shares * len(training)
        return LdamObjective(
            params,
            shares,
            margins=(self.scale or 1.0) * margins(counts, self.max_margin),
            class_weights=class_weights(counts, self.beta),
            first_weighted_step=round(
                self.reweighted_from * params.max_epochs * steps_an_epoch(training, params)
            ),
        )


def margins(counts: np.ndarray, largest: float) -> np.ndarray:
    """Margin of each class, `(k,)`: `largest` for the rarest one, 0 for one without faces.

    Args:
        counts: Faces of each class, `(k,)`; need not be whole numbers.
        largest: Margin of the rarest.
    """
    present = counts > 0
    found = np.where(present, np.maximum(counts, 1.0) ** -0.25, 0.0)
    return np.asarray(largest * found / found.max())


def class_weights(counts: np.ndarray, beta: float) -> np.ndarray:
    """Weight of each class, `(k,)`, by its effective number of faces; their mean over faces is 1.

    Cui et al. 2019, arXiv 1901.05555. Args as for `margins`; a class without faces counts as if it
    had one.
    """
    weights = (1 - beta) / (1 - beta ** np.maximum(counts, 1.0))
    return np.asarray(weights * counts.sum() / (weights @ counts))


def with_normalised_head(model: "keras.Model", scale: float) -> "keras.Model":
    """The same layers up to a new head, which gives `scale` times the cosines of its weights.

    Args:
        model: Its last layer is a dense one without activation.
        scale: Length that features are brought to.

    Returns:
        A model of Keras's own layers, sharing all but the head with `model`.

    Raises:
        InvalidInputError: Naming another last layer, or one within a nested model.
    """
    import keras

    remedy = "LDAM needs its features. Start from a compact network, or leave the method out."
    head = dense_head(model, remedy)
    features = keras.layers.UnitNormalization(name="unit_features")(head.input)
    features = keras.layers.Rescaling(scale, name="scaled_features")(features)
    made = keras.layers.Dense(
        head.units, use_bias=False, kernel_constraint=keras.constraints.UnitNorm(0), name=head.name
    )
    logits = made(features)
    kernel = head.kernel.numpy()
    lengths = np.linalg.norm(kernel, axis=0, keepdims=True)
    made.set_weights([kernel / np.maximum(lengths, np.finfo(np.float32).tiny)])
    made.trainable = head.trainable
    return keras.Model(model.input, logits, name=model.name)


class LdamObjective(Objective):
    """The loss of `LdamDrw`.

    Attributes:
        step: How many gradient steps were taken, a variable without shape.
    """

    step: Tensor

    def __init__(
        self,
        params: TrainingParameters,
        class_shares: np.ndarray,
        *,
        margins: np.ndarray,
        class_weights: np.ndarray,
        first_weighted_step: int,
    ) -> None:
        """Take the settings of the loss.

        Args:
            params: As `Objective`.
            class_shares: As `Objective`.
            margins: What is taken off the logit of the true class, `(k,)`.
            class_weights: Of the classes, `(k,)`.
            first_weighted_step: The step, counted from 0, from which on they weigh.
        """
        super().__init__(params, class_shares)
        self._margins = margins.astype(np.float32)
        self._class_weights = class_weights.astype(np.float32)
        self._first_weighted_step = first_weighted_step

    def build(self, graph: "keras.Model", *, n_features: int, seed: int) -> None:  # noqa: ARG002
        """Make the count of the steps."""
        self.step = graph.add_weight(shape=(), initializer="zeros", trainable=False, name="step")

    def loss(self, seen: Seen) -> Tensor:
        """The loss of a batch; counts it as a step."""
        found = super().loss(seen)
        self.step.assign(self.step + 1)
        return found

    def label_losses(self, targets: Tensor, logits: Tensor) -> Tensor:
        """Of each face, `(n,)`."""
        from keras import ops

        # Logits as they are where class c is the true one: rows of c, `(n, k, k)`.
        reduced = ops.expand_dims(logits, 1) - ops.convert_to_tensor(np.diag(self._margins))
        log_shares = logits - self._margins - ops.logsumexp(reduced, axis=2)
        is_weighted = ops.cast(self.step >= self._first_weighted_step, "float32")
        weights = 1 + is_weighted * (self._class_weights - 1)
        return -ops.sum(targets * weights * log_shares, axis=1)
