"""What is recorded of each trained model: what it is, where it started, what it was trained with.

Parameters of a later run, which writes the report, may be others; the record stays with the model.
"""

from collections.abc import Mapping
from typing import Any, Final

from fer_fairness.modeling.fingerprints import weights_fingerprint
from fer_fairness.modeling.inspection import n_trainable_weights
from fer_fairness.modeling.precision import precision_here
from fer_fairness.params.base import Parameters
from fer_fairness.params.training import Precision
from fer_fairness.reporting.passed_on import passed_on_mapping

TRAINING_RECORD: Final = "training_record"
"""The dataset of a variant that holds its record."""

Record = dict[str, Any]
"""JSON-able: variant, seed, network, n_weights, n_trainable_weights, start_fingerprint,
fingerprint, precision, parameters."""


def training_record(
    model: Any,  # noqa: ANN401  a keras.Model; naming it here would import Keras
    *,
    variant: str,
    seed: int,
    start_fingerprint: str | None,
    precision: Precision,
    parameters: Mapping[str, Parameters],
) -> Record:
    """The record of a model that has been trained.

    Args:
        model: As it was trained, with its frozen layers.
        variant: Name of the variant.
        seed: Training seed.
        start_fingerprint: Of the weights that it was given to start from, of which the method may
            draw some anew; None where all were random.
        precision: That it was trained with.
        parameters: All blocks that decided what was trained, by their names.

    Returns:
        Name of the network; `n_weights`, how many numbers it has, and `n_trainable_weights`, how
        many of them training could change; SHA-256 of the weights that it started from and of those
        after; the precision, with what `auto` was on this machine; the parameters, defaults
        included.
    """
    return {
        "variant": variant,
        "seed": seed,
        "network": str(model.name),
        "n_weights": int(model.count_params()),
        "n_trainable_weights": n_trainable_weights(model),
        "start_fingerprint": start_fingerprint,
        "fingerprint": weights_fingerprint(model),
        "precision": precision_here(precision),
        "parameters": passed_on_mapping(
            {name: block.model_dump(mode="json") for name, block in parameters.items()}
        ),
    }
