"""A model file opened and run in this process."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fer_fairness.foreign.foreign_scoring import ModelOutputs, Scoring, model_outputs
from fer_fairness.foreign.loading import ForeignModel, load_foreign_model
from fer_fairness.foreign.other_networks import InputForm
from fer_fairness.foreign.picture_files import PictureFiles, Pictures


@dataclass(frozen=True)
class ModelRequest:
    """A model file and how it is to be run.

    Attributes:
        path: The file.
        name: What the progress bar calls the model.
        output: Name of the output layer with the emotions, where the model has several outputs.
        class_names: Names of its outputs, see `resolve_class_names`; None: not known.
        form: What is known of the images, where the file does not say it.
        scoring: Scale of inputs and batch size.
    """

    path: Path
    name: str
    output: str | None = None
    class_names: tuple[str, ...] | None = None
    form: InputForm = field(default_factory=InputForm)
    scoring: Scoring = field(default_factory=Scoring)


def run_model_file(
    request: ModelRequest, images: Pictures, image_index: np.ndarray
) -> ModelOutputs:
    """Load a model file and run it over faces, see `load_foreign_model` and `model_outputs`.

    Args:
        request: The file and how it is run.
        images: uint8, shape `(m, height, width, 1 or 3)`; may be memory-mapped, or `PictureFiles`,
            which are read as the model takes them.
        image_index: Integers, shape `(n,)`: the rows of `images` to score, in this order.

    Raises:
        InvalidInputError: If the file is refused or the model cannot be run on these images.
    """
    return run_model(load(request), request, images, image_index)


def load(request: ModelRequest) -> ForeignModel:
    """Load the model of a request, see `load_foreign_model`."""
    return load_foreign_model(
        request.path,
        output=request.output,
        class_names=request.class_names,
        form=request.form,
    )


def run_model(
    foreign: ForeignModel, request: ModelRequest, images: Pictures, image_index: np.ndarray
) -> ModelOutputs:
    """Run the loaded model of a request, see `run_model_file`."""
    if isinstance(images, PictureFiles):
        colours = request.form.colours
        images = PictureFiles(images.paths, foreign.input_shape, colours)
        foreign = replace(foreign, notes=(*foreign.notes, images.told()))
    return model_outputs(
        foreign,
        images,
        image_index,
        name=request.name,
        scoring=request.scoring,
    )
