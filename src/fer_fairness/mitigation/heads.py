"""The model's last layer, and layers learned beside it that start alike on every back end."""

from typing import TYPE_CHECKING

import numpy as np

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.inspection import dense_output_layer
from fer_fairness.modeling.objective import Tensor

if TYPE_CHECKING:
    import keras


def dense_head(model: "keras.Model", remedy: str) -> "keras.layers.Dense":
    """The last layer of `model`, whose inputs are its features: a dense one without activation.

    Args:
        model: Any model.
        remedy: What to do where it has another: the end of the message.

    Raises:
        InvalidInputError: Naming another last layer, or one within a nested model.
    """
    head = dense_output_layer(model, remedy)
    if head not in model.layers:
        raise InvalidInputError(
            f"The last layer {head.name!r} of model {model.name!r} is within a model nested in it, "
            f"expected one of the outer model: {remedy}"
        )
    return head


def dense_layer(
    n_inputs: int, n_outputs: int, generator: np.random.Generator, *, activation: str | None = None
) -> "keras.layers.Dense":
    """A dense layer that has been built; Glorot's uniform weights, biases 0.

    Drawn by NumPy, since each back end of Keras draws in its own way.
    """
    from keras import layers

    layer = layers.Dense(n_outputs, activation=activation)
    layer.build((None, n_inputs))
    limit = np.sqrt(6 / (n_inputs + n_outputs))
    kernel = generator.uniform(-limit, limit, (n_inputs, n_outputs))
    layer.set_weights([kernel.astype(np.float32), np.zeros(n_outputs, np.float32)])
    return layer


def group_loss(members: Tensor, said: Tensor, weight: Tensor | None) -> Tensor:
    """Mean over a batch of the cross-entropy of groups, a scalar.

    A face of unknown group adds 0 to the sum and one to the number of faces.

    Args:
        members: `(n, groups)`, as `GroupObjective.memberships` gives them.
        said: Logits of the groups, `(n, groups)`.
        weight: Of the faces, `(n,)`, or None.
    """
    from keras import ops

    losses = -ops.sum(members * ops.log_softmax(said), axis=1)
    return ops.mean(losses if weight is None else losses * weight)
