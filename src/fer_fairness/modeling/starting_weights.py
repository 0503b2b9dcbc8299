"""Models that a training starts from instead of random weights."""

import logging
import zipfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.architecture import build_network
from fer_fairness.modeling.inspection import (
    fields_not_met,
    last_activation,
    leaf_layers,
    unfreeze,
)
from fer_fairness.modeling.keras_file import open_archive
from fer_fairness.modeling.regularisation import DROPOUT_TYPES, KERNEL_REGULARISERS
from fer_fairness.params.modeling import ArchitectureParameters, FreezingParameters
from fer_fairness.taxonomy import EMOTIONS

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

PUBLISHED: Final[Mapping[str, str]] = MappingProxyType(
    {"published": "fer_plus_compact.keras", "published_teacher": "fer_plus_teacher.keras"}
)
"""Models that this project trained on FER+, by what parameters call them, and their files in
`fer_fairness/weights`, with model cards. The teacher is larger: the other one learned from it."""

_OUTPUTS: Final = (None, len(EMOTIONS))


def starting_model(params: ArchitectureParameters, *, seed: int) -> "keras.Model":
    """Build the network that `params` describe, or load the model that they name.

    A warning says which of the other parameters a loaded model does not follow, and what a
    fine-tuning that starts from it could not do.

    Args:
        params: `weights` decides: `random` builds the network, `published` loads the project's own
            model of FER+, `published_teacher` its larger one, anything else is the path of a
            `.keras` file. A loaded model brings its own architecture; of the other parameters only
            `image_side_px` is then used.
        seed: Decides random initial weights.

    Returns:
        An uncompiled model from images 0 to 255 to eight logits, all of its layers trainable.

    Raises:
        InvalidInputError: If the file is not there, is no `.keras` file that Keras reads in safe
            mode, or holds a model with other inputs or outputs, probabilities among them.
    """
    if params.weights == "random":
        return build_network(params, seed=seed)
    side = params.image_side_px
    remedy = (
        f"Let architecture.weights name a .keras file of a model from grey images of {side}x{side}"
        "x1 with values 0 to 255 to eight logits in the order of fer_fairness.taxonomy.EMOTIONS, "
        "one of your own or of a run of this project, or give `published` or `random`."
    )
    model = trained_model(params.weights, remedy=remedy)
    expected, found = (side, side, 1), model.input_shape[1:]
    if any(size not in (None, wanted) for size, wanted in zip(found, expected, strict=True)):
        raise InvalidInputError(
            f"The model of architecture.weights {params.weights} takes images of shape {found}, "
            f"expected {expected}. {remedy}"
        )
    _warn_of_parameters(model, params)
    _warn_of_fine_tuning(model, params.weights)
    return model


def trained_model(weights: str, *, remedy: str) -> "keras.Model":
    """Load a model from images 0 to 255 to eight logits, all of its layers trainable.

    Args:
        weights: A name of `PUBLISHED`, or the path of a `.keras` file.
        remedy: What the user should do if the file is not such a model.

    Raises:
        InvalidInputError: As `starting_model`.
    """
    if weights not in PUBLISHED:
        return _loaded(Path(weights), remedy=remedy)
    published = resources.files("fer_fairness") / "weights" / PUBLISHED[weights]
    with resources.as_file(published) as path:
        return _loaded(path, remedy="Install fer-fairness again: the file is part of it.")


def _loaded(path: Path, *, remedy: str) -> "keras.Model":
    _check_file(path, remedy=remedy)
    try:
        model = open_archive(path)
    except InvalidInputError as error:
        raise InvalidInputError(f"{error} {remedy}") from error
    shapes = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if not isinstance(shapes[0], tuple) or len(shapes[0]) != 4 or shapes[1] != _OUTPUTS:
        raise InvalidInputError(
            f"{path} holds a model from {shapes[0]} to {shapes[1]}: expected one from images "
            f"(None, height, width, 1) to {_OUTPUTS}, a logit for each of {', '.join(EMOTIONS)}. "
            f"{remedy}"
        )
    if last_activation(model) in ("softmax", "sigmoid"):
        raise InvalidInputError(
            f"{path} ends in a {last_activation(model)}: the loop trains logits. Take the "
            f"activation off the last layer. {remedy}"
        )
    # A fine-tuned model is saved with its frozen layers; here it begins a training of its own.
    unfreeze(model)
    return model


def _check_file(path: Path, *, remedy: str) -> None:
    if not path.is_file():
        raise InvalidInputError(f"{path}: there is no such file. {remedy}")
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise InvalidInputError(
            f"{path} is there, but is no Keras archive: `model.save` of Keras 3 writes one, with a "
            f"name that ends in .keras. {remedy}"
        )


def _warn_of_parameters(model: "keras.Model", params: ArchitectureParameters) -> None:
    unused = fields_not_met(model, params)
    if unused:
        logger.warning(
            "architecture.weights is %s, and that model has its own architecture: what is set for "
            "architecture.%s differs from it and is not used.",
            params.weights,
            ", architecture.".join(unused),
        )


def _warn_of_fine_tuning(model: "keras.Model", weights: str) -> None:
    """Say before a baseline is trained what fine-tuning could not do to it afterwards."""
    kinds = {type(layer).__name__ for layer in leaf_layers(model)}
    needed = {
        "freezing": FreezingParameters().layer_types,
        "regularisation.spatial_dropout": DROPOUT_TYPES,
        "regularisation.l2": KERNEL_REGULARISERS,
    }
    idle = [name for name, types in needed.items() if not kinds & set(types)]
    if idle:
        logger.warning(
            "The model of architecture.weights %s has layers of the types %s: in a fine-tuning "
            "that starts from it, %s would do nothing.",
            weights,
            ", ".join(sorted(kinds)),
            " and ".join(idle),
        )
