"""SAM: the model is moved by the gradient where its loss is largest nearby."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from fer_fairness.mitigation.method import LEARNING_RATES, Method
from fer_fairness.modeling import Objective, TrainingSet
from fer_fairness.modeling.objective import Tensor
from fer_fairness.params.training import TrainingParameters


class SharpnessAwareMinimisation(Method):
    """Each step takes the gradient at w + e, where e = radius g / |g| and g is the gradient at w.

    |g| is over all weights together, g of the same batch. `adaptive`: e = radius w^2 g / |w g|, by
    weight (Kwon et al. 2021, arXiv 2102.11600; the radius of 2 there is far too large for this
    project's network, whose loss it takes from .21 to .91). The step itself, with
    its clipping and weight decay, is the optimiser's of plain training and starts from w; faces are
    scored at w.

    Dropout is drawn anew for the second gradient, and the running statistics of batch normalisation
    see the batch twice. The loss that an epoch records is that at w + e. It asks for no groups:
    flat minima are thought to serve rare cells too.
    """

    label: ClassVar[str] = "SAM (sharpness-aware minimisation)"
    source: ClassVar[str] = "Foret et al. 2021, arXiv 2010.01412"
    neutral: ClassVar = {"radius": 0.0}
    passes: ClassVar[float] = 2.0
    search: ClassVar = {**LEARNING_RATES, "radius": (0.01, 0.05, 0.1)}

    method: Literal["sam"] = "sam"
    radius: float = Field(
        default=0.05, ge=0.0, description="How far the gradient is looked for; 0: plain training."
    )
    adaptive: bool = Field(default=False, description="Whether large weights are moved further.")

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The plain loss, whose gradient is taken twice in a step."""
        if self.radius == 0:
            return super().objective(training, params)
        return SharpnessAwareObjective(params, training.class_shares(), settings=self)


class SharpnessAwareObjective(Objective):
    """The plain loss with the optimiser of `sharpness_aware`."""

    n_gradients = 2

    def __init__(
        self,
        params: TrainingParameters,
        class_shares: Any,  # noqa: ANN401  as `Objective`
        *,
        settings: SharpnessAwareMinimisation,
    ) -> None:
        """Take the settings of the loss."""
        super().__init__(params, class_shares)
        self._settings = settings

    def optimizer_class(self, plain: Any) -> Any:  # noqa: ANN401  classes of Keras, without types
        """The class whose every second call is a step."""
        return sharpness_aware(plain, self._settings.radius, adaptive=self._settings.adaptive)


def sharpness_aware(plain: Any, radius: float, *, adaptive: bool = False) -> Any:  # noqa: ANN401
    """An optimiser that ascends when it is given gradients first, and then steps from below.

    Args:
        plain: The class of Keras optimiser that steps.
        radius: How far it ascends.
        adaptive: Whether by the weights' sizes.

    Returns:
        A class made with the arguments of `plain`. Between two calls the weights are at the top.
    """
    from keras import ops

    class SharpnessAware(plain):  # type: ignore[misc]  # Keras has no types
        """Its own state, the weights below and whether it has ascended, is checkpointed as well."""

        def build(self, variables: Sequence[Any]) -> None:
            if self.built:
                return
            super().build(variables)
            self.step_state = self.variables
            self.is_up = self.add_variable(shape=(), initializer="zeros", name="is_up")
            self.below = self.add_optimizer_variables(variables, "below")

        def apply(
            self, grads: Sequence[Tensor], trainable_variables: Sequence[Any] | None = None
        ) -> None:
            weights = list(trainable_variables or self._trainable_variables)
            self.build(weights)
            goes_up = self.is_up < 0.5
            state = [*self.step_state, *weights]
            before = [ops.copy(variable) for variable in state]
            ascents = _ascents(weights, grads, radius, adaptive=adaptive)
            for weight, low in zip(weights, self.below, strict=True):
                low.assign(ops.where(goes_up, _value(weight), _value(low)))
                weight.assign(low)
            # On its way up it steps too and takes that back: a branch would carry all state.
            super().apply(grads, weights)
            for variable, old in zip(state, before, strict=True):
                variable.assign(ops.where(goes_up, old, _value(variable)))
            for weight, ascent in zip(weights, ascents, strict=True):
                weight.assign(ops.where(goes_up, weight + ascent, _value(weight)))
            self.is_up.assign(1 - self.is_up)

    return SharpnessAware


def _value(variable: Any) -> Tensor:  # noqa: ANN401  a variable of Keras
    """What it holds now: `ops.where` takes no variables under JAX."""
    from keras import ops

    return ops.convert_to_tensor(variable)


def _ascents(
    weights: Sequence[Any], grads: Sequence[Tensor], radius: float, *, adaptive: bool
) -> list[Tensor]:
    """How far up each weight goes; 0 where it has no gradient."""
    from keras import ops

    sizes = [ops.abs(weight) if adaptive else 1.0 for weight in weights]
    scaled = [
        ops.zeros_like(weight) if grad is None else size * grad
        for weight, grad, size in zip(weights, grads, sizes, strict=True)
    ]
    norm = ops.sqrt(sum(ops.sum(ops.square(one)) for one in scaled))
    factor = radius / ops.maximum(norm, 1e-12)
    return [factor * size * one for size, one in zip(sizes, scaled, strict=True)]
