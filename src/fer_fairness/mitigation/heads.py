"""The model's last layer, and layers learned beside it that start alike on every back end."""

from typing import TYPE_CHECKING

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.inspection import dense_output_layer
from fer_fairness.modeling.layers import dense_layer
from fer_fairness.modeling.objective import Tensor

if TYPE_CHECKING:
    import keras

__all__ = ["dense_head", "dense_layer", "group_loss"]


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
