"""Opens Keras models: archives, whole HDF5 files, weights alone; rebuilds what Keras 2 wrote."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign.keras_2 import Dropped, describe_dropped, rebuild
from fer_fairness.foreign.stored_weights import (
    check_finite,
    load_by_name,
    load_numbered,
    names_of,
    published_form,
    read_named_layers,
    read_numbered_layers,
    weighted_layers,
)
from fer_fairness.modeling import prepare_backend
from fer_fairness.modeling.keras_file import (
    build,
    checked_archive,
    checked_description,
    checked_hdf5,
    n_stored_values,
    reading,
)
from fer_fairness.modeling.keras_file.opening import loaded

if TYPE_CHECKING:
    import keras


def keras_model(path: Path, begins_with: bytes) -> tuple["keras.Model", tuple[str, ...]]:
    """The model of a file, and what was done to load it, in sentences.

    Args:
        path: The file.
        begins_with: Its first bytes.

    Raises:
        InvalidInputError: As `loading.load_foreign_model`.
    """
    prepare_backend()
    import h5py

    if begins_with.startswith(b"PK"):
        model, notes = _from_archive(path)
    elif h5py.is_hdf5(path):
        model, notes = _from_hdf5(path)
    else:
        raise InvalidInputError(
            f"{path} is neither a .keras archive, an HDF5, ONNX nor TFLite file; it begins with "
            f"{begins_with!r}. Save the model with model.save('model.keras'); a file "
            "that git lfs stands in for, or an interrupted download, has to be fetched again."
        )
    check_finite(model, path)
    return model, notes


def _from_archive(path: Path) -> tuple["keras.Model", tuple[str, ...]]:
    with checked_archive(path) as archive:
        what = f"Keras {archive.version} archive"
        if not archive.version.startswith("2."):
            model = loaded(archive, path)
            return model, (_loaded(what, int(model.count_params())),)
        with checked_hdf5(archive.weights, path, archive.weights.name) as file:
            n_stored = n_stored_values(file)
        model, dropped = rebuild(archive.config, path, n_stored=n_stored)
        n_parameters = load_numbered(model, archive.weights, path)
    return model, _rebuilt_notes(what, model, n_parameters, dropped)


def _from_hdf5(path: Path) -> tuple["keras.Model", tuple[str, ...]]:
    with checked_hdf5(path, path, "the file") as file:
        (version,) = names_of(file, "keras_version") or ("",)
        if "model_config" not in file.attrs:
            return _from_weights(file, path)
        described = "".join(names_of(file, "model_config"))
        config = checked_description(described, path, "its attribute model_config")
        if "model_weights" not in file:
            raise InvalidInputError(f"{path} describes a model without weights: save it again.")
        with reading(path, "its group model_weights"):
            stored = read_named_layers(file["model_weights"])
            n_stored = n_stored_values(file["model_weights"])
    what = f"Keras {version} file"
    if version.startswith("3."):
        model = build(config, path, n_stored=n_stored)
        return model, (_loaded(what, load_by_name(model, stored, path)),)
    model, dropped = rebuild(config, path, n_stored=n_stored)
    n_parameters = load_by_name(model, stored, path)
    return model, _rebuilt_notes(what, model, n_parameters, dropped)


def _from_weights(
    file: Any,  # noqa: ANN401 - h5py has no types
    path: Path,
) -> tuple["keras.Model", tuple[str, ...]]:
    is_named = bool(names_of(file, "layer_names"))
    with reading(path, "its weights"):
        stored = read_named_layers(file) if is_named else read_numbered_layers(file)
    if not stored:
        raise InvalidInputError(
            f"{path} is an HDF5 file without the weights of a Keras model; it holds "
            f"{', '.join(list(file)[:8]) or 'nothing'}. Save the model with "
            "model.save('model.keras')."
        )
    if not is_named and not path.name.endswith(".weights.h5"):
        raise InvalidInputError(
            f"{path} holds weights of Keras 3, whose file name must end in .weights.h5: rename it."
        )
    model = published_form(stored, path)
    if is_named:
        # Their names count from whatever was built before them; the order is the model's.
        names = (layer.name for layer in weighted_layers(model))
        renamed = dict(zip(names, stored.values(), strict=True))
        n_parameters = load_by_name(model, renamed, path)
    else:
        n_parameters = load_numbered(model, path, path)
    assumed = (
        "The model was taken to be the separable CNN of the published FER+ baseline, whose weights "
        "have these shapes, with images divided by 255."
    )
    return model, (_loaded("File of weights alone", n_parameters), assumed)


def _rebuilt_notes(
    what: str, model: "keras.Model", n_parameters: int, dropped: Dropped
) -> tuple[str, ...]:
    # A graph lists its input as a layer, a Sequential does not.
    n_layers = sum(type(layer).__name__ != "InputLayer" for layer in model.layers)
    notes = (_loaded(f"{what}: {n_layers} layers rebuilt", n_parameters), describe_dropped(dropped))
    return tuple(note for note in notes if note)


def _loaded(what: str, n_parameters: int) -> str:
    return f"{what}; {n_parameters:,} parameters loaded."
