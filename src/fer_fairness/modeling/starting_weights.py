"""Models that a training starts from instead of random weights."""

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling.architecture import build_network
from fer_fairness.modeling.backend import prepare_backend
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.taxonomy import EMOTIONS

if TYPE_CHECKING:
    import keras

PUBLISHED_FILE: Final = "fer_plus_compact.keras"
"""The weights that this project trained on FER+, in `fer_fairness/weights`, with a model card."""


def starting_model(params: ArchitectureParameters, *, seed: int) -> "keras.Model":
    """Build the network that `params` describe, or load the model that they name.

    Args:
        params: `weights` decides: `random` builds the network, `published` loads the project's own
            model of FER+, anything else is the path of a `.keras` file. A loaded model brings its
            own architecture; the other parameters are then not used.
        seed: Decides random initial weights.

    Returns:
        An uncompiled model from images 0 to 255 to eight logits.

    Raises:
        InvalidInputError: If the file is not there, is no `.keras` file that Keras reads in safe
            mode, or holds a model with other outputs or inputs.
    """
    if params.weights == "random":
        return build_network(params, seed=seed)
    if params.weights == "published":
        published = resources.files("fer_fairness") / "weights" / PUBLISHED_FILE
        with resources.as_file(published) as path:
            return _loaded(path)
    return _loaded(Path(params.weights))


def _loaded(path: Path) -> "keras.Model":
    if path.suffix != ".keras" or not path.is_file():
        raise InvalidInputError(
            f"architecture.weights names {path}: there is no such .keras file. Give a path to one, "
            "`published` or `random`."
        )
    prepare_backend()
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds for a file it cannot read
        raise InvalidInputError(
            f"{path} cannot be read as a Keras model in safe mode: {error}"
        ) from error
    if model.output_shape != (None, len(EMOTIONS)) or len(model.input_shape) != 4:
        raise InvalidInputError(
            f"{path} holds a model from {model.input_shape} to {model.output_shape}: expected one "
            f"from images (None, height, width, 1) to {len(EMOTIONS)} logits, one for each of "
            f"{', '.join(EMOTIONS)}."
        )
    return model
