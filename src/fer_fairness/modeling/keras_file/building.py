"""A model built from its description, with its size known before memory is taken."""

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.keras_file.allowed import MODELS
from fer_fairness.modeling.keras_file.damage import first_line
from fer_fairness.modeling.keras_file.description import Config
from fer_fairness.modeling.keras_file.limits import LAYER_VALUES, UNSTORED_VALUES

if TYPE_CHECKING:
    import keras


def build(config: Config, path: Path, *, n_stored: int) -> "keras.Model":
    """Build the model of a checked description, with new weights.

    Variables are declared first and filled once their sizes are known: a description of a few
    kilobytes may ask for any amount of memory.

    Args:
        config: The description, as `checked_description` gives it; Keras changes it.
        path: The file it is from, for messages.
        n_stored: Numbers that are stored beside it: the model can have hardly more.

    Returns:
        An uncompiled model.

    Raises:
        InvalidInputError: Keras refuses the description, or the model is larger than its weights
            or gives absurdly much for an image.
    """
    import keras
    from keras.src.backend.common import global_state
    from keras.src.saving.serialization_lib import ObjectSharingScope

    scope = keras.StatelessScope(initialize_variables=False)
    try:
        with scope, ObjectSharingScope():
            model = keras.saving.deserialize_keras_object(_named(config), safe_mode=True)
            _check_kind(model, path)
            _check_size(model, path, n_stored)
            scope.initialize_variables = True
    except InvalidInputError:
        raise
    except Exception as error:  # Keras raises many kinds for a description it cannot follow
        raise InvalidInputError(
            f"{path}: Keras {keras.__version__} cannot rebuild this model: {first_line(error)} "
            "Load it with the Keras it was made with and save it again from there."
        ) from error
    finally:
        # What was declared and is not to be: the next scope would fill it.
        global_state.set_global_attribute("uninitialized_variables", [])
    return model


def layer_values(model: "keras.Model") -> int:
    """Numbers that the largest layer gives for one image; an open size counts as 1."""
    shapes = (tensor.shape[1:] for tensor in _tensors(model))
    return max((prod(size or 1 for size in shape) for shape in shapes), default=1)


def _named(config: Config) -> Config:
    """The description with the module that files of Keras 2, and all HDF5 files, leave out."""
    if config.get("module") is not None or config["class_name"] not in MODELS:
        return config
    kind = "Sequential" if config["class_name"] == "Sequential" else "Model"
    return config | {"module": "keras", "class_name": kind, "registered_name": None}


def _check_kind(model: object, path: Path) -> None:
    import keras

    if not isinstance(model, keras.Model):
        raise InvalidInputError(
            f"{path} describes a {type(model).__name__}, expected a model. Save it again with "
            "model.save('model.keras')."
        )


def _check_size(model: "keras.Model", path: Path, n_stored: int) -> None:
    n_values = sum(prod(variable.shape) for variable in model.variables)
    if n_values > n_stored + UNSTORED_VALUES:
        raise InvalidInputError(
            f"{path} describes a model of {n_values:,} numbers and stores {n_stored:,}: "
            "description and weights do not belong together. Save the whole model again."
        )
    largest = layer_values(model)
    if largest > LAYER_VALUES:
        raise InvalidInputError(
            f"{path} describes a model with a layer of {largest:,} values an image, at most "
            f"{LAYER_VALUES:,} are run here. Give a model of smaller images or layers."
        )


def _tensors(model: Any) -> Iterator[Any]:  # noqa: ANN401 - also a layer that holds others
    for operation in getattr(model, "operations", None) or getattr(model, "layers", None) or ():
        # A layer that is called twice has no single `output`.
        for node in getattr(operation, "_inbound_nodes", ()):
            yield from node.output_tensors
        yield from _tensors(operation)
