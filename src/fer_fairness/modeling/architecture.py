"""The emotion network, in the form that its parameters name."""

from typing import TYPE_CHECKING

from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.compact_network import build_compact_network
from fer_fairness.modeling.separable_network import build_separable_network
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.taxonomy import EMOTIONS

if TYPE_CHECKING:
    import keras


def build_network(
    params: ArchitectureParameters, *, seed: int, n_outputs: int = len(EMOTIONS)
) -> "keras.Model":
    """Build the emotion network, untrained.

    Args:
        params: Form, widths, slope, dropout, L2, image side.
        seed: Decides the initial weights and, until training sets its own, the dropout.
        n_outputs: Number of logits, the eight emotions unless told.

    Returns:
        A model from images `(n, side, side, 1)` with values 0 to 255 (scaled inside) to float32
        logits `(n, n_outputs)` in the order of `taxonomy.EMOTIONS`; no softmax.

    Example:
        >>> model = build_network(ArchitectureParameters(), seed=0)
        >>> model.output_shape
        (None, 8)
    """
    prepare_backend()
    if params.form == "separable":
        return build_separable_network(params, seed=seed, n_outputs=n_outputs)
    return build_compact_network(params, seed=seed, n_outputs=n_outputs)
