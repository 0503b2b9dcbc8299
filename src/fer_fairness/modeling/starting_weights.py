"""Models that a training starts from instead of random weights."""

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.architecture import build_network
from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.modeling.foreign import last_activation
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.taxonomy import EMOTIONS

if TYPE_CHECKING:
    import keras

PUBLISHED_FILE: Final = "fer_plus_compact.keras"
"""The weights that this project trained on FER+, in `fer_fairness/weights`, with a model card."""

_OUTPUTS: Final = (None, len(EMOTIONS))


def starting_model(params: ArchitectureParameters, *, seed: int) -> "keras.Model":
    """Build the network that `params` describe, or load the model that they name.

    Args:
        params: `weights` decides: `random` builds the network, `published` loads the project's own
            model of FER+, anything else is the path of a `.keras` file. A loaded model brings its
            own architecture; the other parameters are then not used.
        seed: Decides random initial weights.

    Returns:
        An uncompiled model from images 0 to 255 to eight logits, all of its layers trainable.

    Raises:
        InvalidInputError: If the file is not there, is no `.keras` file that Keras reads in safe
            mode, or holds a model with other inputs or outputs, probabilities among them.
    """
    if params.weights == "random":
        return build_network(params, seed=seed)
    return trained_model(
        params.weights,
        remedy="Let architecture.weights name a .keras file that a run of this project wrote, or "
        "give `published` or `random`.",
    )


def trained_model(weights: str, *, remedy: str) -> "keras.Model":
    """Load a model from images 0 to 255 to eight logits, all of its layers trainable.

    Args:
        weights: `published`, or the path of a `.keras` file.
        remedy: What the user should do if the file is not such a model.

    Raises:
        InvalidInputError: As `starting_model`.
    """
    if weights != "published":
        return _loaded(Path(weights), remedy=remedy)
    published = resources.files("fer_fairness") / "weights" / PUBLISHED_FILE
    with resources.as_file(published) as path:
        return _loaded(path, remedy="Install fer-fairness again: the file is part of it.")


def _loaded(path: Path, *, remedy: str) -> "keras.Model":
    if path.suffix != ".keras" or not path.is_file():
        raise InvalidInputError(f"{path}: there is no such .keras file. {remedy}")
    prepare_backend()
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds for a file it cannot read
        raise InvalidInputError(
            f"{path} cannot be read as a Keras model in safe mode: {error} {remedy}"
        ) from error
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
    for layer in model.layers:
        layer.trainable = True
    return model
