"""An embedder that is ready to be opened: what is kept on disk and handed from node to node."""

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.embedding.descriptor_network import open_dlib
from fer_fairness.embedding.dlib_files import DESCRIPTOR_FILE, FILE_SHA256, verified_file
from fer_fairness.embedding.embedder_network import network_embedder
from fer_fairness.embedding.embedder_training import fit_embedder_network
from fer_fairness.embedding.face_images import FaceImages, pixel_array
from fer_fairness.embedding.model_file import open_keras_file
from fer_fairness.embedding.onnx_file import open_onnx_file
from fer_fairness.embedding.protocol import FaceEmbedder
from fer_fairness.errors import InvalidInputError
from fer_fairness.files import file_sha256, replacing
from fer_fairness.modeling.keras_file import open_archive
from fer_fairness.params.embedding import EmbedderParameters, ModelFileParameters

logger = logging.getLogger(__name__)

_FIRST_TOLD: Final = 5


@dataclass(frozen=True)
class EmbedderHandle:
    """An embedder that is ready to be opened.

    Attributes:
        params: Which embedder, and its settings.
        model_file: The `.keras` file of the kind keras_cnn; None for the others.
        fingerprint: SHA-256 of everything that decides an embedding.
    """

    params: EmbedderParameters
    model_file: Path | None
    fingerprint: str

    def open(self) -> FaceEmbedder:
        """Load the embedder.

        Raises:
            InvalidInputError: If a file or library is missing, or is not what it was when the
                handle was made.
        """
        found = embedder_fingerprint(self.params, self.model_file)
        if found != self.fingerprint:
            raise InvalidInputError(
                f"The embedder {self.params.kind} is no longer the one that was fitted: its file "
                f"{self.model_file or ''} or its library has changed (fingerprint "
                f"{found[:12]}, expected {self.fingerprint[:12]}). Run the node "
                "race_labeling.fit_embedder again."
            )
        if self.params.kind == "dlib":
            return open_dlib(self.params.dlib)
        if self.params.kind == "keras_file":
            return open_keras_file(_named_file(self.params))
        if self.params.kind == "onnx":
            return open_onnx_file(_named_file(self.params))
        return _open_cnn(self.model_file)


def fit_embedder(
    faces: pd.DataFrame,
    images: FaceImages,
    params: EmbedderParameters,
    *,
    seed: int,
    work_folder: Path,
) -> EmbedderHandle:
    """Make an embedder ready: train the compact CNN, or check that everything is there.

    Args:
        faces: For keras_cnn, a `faces` table with FairFace's groups; the others ignore it.
        images: `images[i]` is the image of row i of the table, whatever its `image_index`.
        params: Which embedder, and its settings.
        seed: Decides the training, as for `fit_embedder_network`.
        work_folder: Where the training keeps its state, to be taken up by the next call, and where
            the trained `.keras` file is put.

    Returns:
        The embedder, not yet opened.

    Raises:
        InvalidInputError: If a library, a file or its SHA-256 is not as it should be, the table has
            not one row an image, or its faces cannot be trained on.
        TrainingError: If training diverges.
    """
    if not trained_on_fairface(params):
        handle = EmbedderHandle(params, None, embedder_fingerprint(params, None))
        # Everything that could be wrong with the files is said now, not hours later.
        embedder = handle.open()
        logger.info("Embedder %s gives %d numbers a face", embedder.name, embedder.dimension)
        return handle
    if len(faces) != len(images):
        raise InvalidInputError(
            f"The table has {len(faces)} faces and there are {len(images)} images; expected one "
            "image for each row. They belong to different runs: make both again."
        )
    model_file = _train(faces, images, params, seed=seed, work_folder=work_folder)
    return EmbedderHandle(params, model_file, embedder_fingerprint(params, model_file))


def trained_on_fairface(params: EmbedderParameters) -> bool:
    """Whether the embedder has learnt from FairFace's labels, except those of `held_out_mask`."""
    return params.kind == "keras_cnn"


def embedder_fingerprint(params: EmbedderParameters, model_file: Path | None) -> str:
    """SHA-256 of everything that decides an embedding.

    That is the kind, the settings that an embedding depends on, and the content of all files; not
    where the files lie, nor how the compact CNN was trained.

    Raises:
        InvalidInputError: If a file or library is missing, or a file is another.
    """
    parts: dict[str, object] = {"kind": params.kind}
    if params.kind == "dlib":
        verified_file(DESCRIPTOR_FILE)
        parts |= {"settings": params.dlib.model_dump(mode="json")}
        parts["file"] = FILE_SHA256[DESCRIPTOR_FILE]
    elif params.kind == "keras_cnn":
        parts["file"] = file_sha256(_existing(model_file))
    else:
        # The file's SHA-256 is among the settings; opening it verifies that it is the file's.
        parts["settings"] = _named_file(params).model_dump(mode="json", exclude={"path"})
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _train(
    faces: pd.DataFrame,
    images: FaceImages,
    params: EmbedderParameters,
    *,
    seed: int,
    work_folder: Path,
) -> Path:
    pixel_file = work_folder / "pixels.npy"
    pixels, problems = pixel_array(
        images, side_px=params.side_px, colour=params.colour, out_path=pixel_file
    )
    if problems:
        told = "; ".join(
            f"{images.name(row)}: {problems[row]}" for row in list(problems)[:_FIRST_TOLD]
        )
        logger.warning(
            "%d of %d images cannot be read and do not train the embedder: %s%s",
            *(len(problems), len(images), told, "; ..." if len(problems) > _FIRST_TOLD else ""),
        )
    model = fit_embedder_network(
        faces.assign(image_index=np.arange(len(faces))),
        pixels,
        params,
        seed=seed,
        checkpoint_folder=work_folder / "checkpoint",
        unreadable=problems,
    )
    model_file = work_folder / "embedder.keras"
    with replacing(model_file) as path:
        model.save(path)
    del pixels
    pixel_file.unlink()
    return model_file


def _open_cnn(model_file: Path | None) -> FaceEmbedder:
    return network_embedder(open_archive(_existing(model_file)))


def _existing(model_file: Path | None) -> Path:
    if model_file is None or not model_file.is_file():
        raise InvalidInputError(
            f"The trained face embedder is not at {model_file}. Run the node that makes it "
            "again: `kedro run --nodes race_labeling.fit_embedder`."
        )
    return model_file


def _named_file(params: EmbedderParameters) -> ModelFileParameters:
    if params.file is None:  # the parameters' own check lets none such pass
        raise InvalidInputError(f"The embedder {params.kind} needs embedder.file.")
    return params.file
