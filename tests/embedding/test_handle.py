import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.embedding.models import model_file, write_onnx

from fer_fairness.embedding import (
    EmbedderHandle,
    ImageFiles,
    ImageRows,
    fit_embedder,
    fit_embedder_network,
    network_embedder,
    trained_on_fairface,
)
from fer_fairness.embedding import handle as room
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import DlibParameters, EmbedderKind, EmbedderParameters
from fer_fairness.tables import FACES_SCHEMA, empty_table

Maker = Callable[..., tuple[pd.DataFrame, np.ndarray]]

NONE = ImageRows(np.zeros((0, 2, 2, 1), np.uint8), np.arange(0))


def onnx_params(path: Path) -> EmbedderParameters:
    write_onnx(path, ["n", 3, 8, 8])
    return EmbedderParameters(kind="onnx", file=model_file(path, side_px=8))


def fit(params: EmbedderParameters, folder: Path) -> EmbedderHandle:
    return fit_embedder(empty_table(FACES_SCHEMA), NONE, params, seed=0, work_folder=folder)


class TestNamedModel:
    def test_a_handle_that_was_sent_elsewhere_opens_the_embedder(self, tmp_path: Path) -> None:
        handle = pickle.loads(pickle.dumps(fit(onnx_params(tmp_path / "m.onnx"), tmp_path)))  # noqa: S301  as Kedro's ParallelRunner does
        face = np.full((8, 8, 3), 7, np.uint8)
        embeddings = handle.open().embed([face])
        np.testing.assert_allclose(embeddings, [[7, 7, 7]])

    def test_a_missing_file_is_told_when_the_embedder_is_fitted(self, tmp_path: Path) -> None:
        params = onnx_params(tmp_path / "m.onnx")
        (tmp_path / "m.onnx").unlink()
        with pytest.raises(InvalidInputError, match=r"There is no file .*m\.onnx"):
            fit(params, tmp_path)

    def test_the_place_of_the_file_is_not_in_the_fingerprint_but_its_content_is(
        self, tmp_path: Path
    ) -> None:
        first = onnx_params(tmp_path / "a.onnx")
        moved = onnx_params(tmp_path / "b.onnx")
        assert first.file is not None
        scaled = first.file.model_copy(update={"scaling": "0..1"})
        other = first.file.model_copy(update={"sha256": "0" * 64})
        variants = [first, moved]
        variants += [first.model_copy(update={"file": file}) for file in (scaled, other)]
        prints = [room.embedder_fingerprint(params, None) for params in variants]
        assert prints[0] == prints[1]
        assert len(set(prints)) == 3


class TestDlib:
    def test_features_and_mirroring_are_in_the_fingerprint_and_training_is_not(self) -> None:
        params = EmbedderParameters(kind="dlib")
        narrow = params.model_copy(update={"dlib": DlibParameters(features="descriptor")})
        single = params.model_copy(update={"dlib": DlibParameters(average_mirrored=False)})
        trained_longer = params.model_copy(update={"epochs": 99})
        variants = (params, trained_longer, narrow, single)
        prints = [room.embedder_fingerprint(one, None) for one in variants]
        assert prints[0] == prints[1]
        assert len(set(prints)) == 3
        assert EmbedderHandle(params, None, prints[0]).open().dimension == 640
        with pytest.raises(InvalidInputError, match=r"no longer the one that was fitted"):
            EmbedderHandle(params, None, prints[2]).open()


@pytest.mark.parametrize("kind", ["dlib", "keras_cnn", "onnx", "keras_file"])
def test_only_the_cnn_has_seen_fairface(kind: EmbedderKind) -> None:
    assert trained_on_fairface(EmbedderParameters.model_construct(kind=kind)) == (
        kind == "keras_cnn"
    )


class TestCnn:
    def test_it_is_trained_on_the_images_of_the_rows(
        self, fairface: Maker, small: EmbedderParameters, tmp_path: Path
    ) -> None:
        faces, images = fairface(60)
        order = np.random.default_rng(1).permutation(60)
        shuffled = faces.assign(image_index=order)
        rows = np.empty_like(images)
        rows[order] = images
        params = small.model_copy(update={"epochs": 1})
        handle = fit_embedder(
            shuffled, ImageRows(rows, order), params, seed=0, work_folder=tmp_path
        )
        embeddings = handle.open().embed(list(np.repeat(images[:4], 3, axis=3)))
        expected = fit_embedder_network(faces, images, params, seed=0, checkpoint_folder=None)
        direct = network_embedder(expected).embed(list(np.repeat(images[:4], 3, axis=3)))
        np.testing.assert_allclose(embeddings, direct, rtol=1e-3, atol=1e-4)
        assert {path.name for path in tmp_path.iterdir()} == {"checkpoint", "embedder.keras"}

    def test_unreadable_images_do_not_train_and_are_told(
        self,
        fairface: Maker,
        small: EmbedderParameters,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        faces, images = fairface(40)
        paths = [tmp_path / f"{row}.png" for row in range(40)]
        for path, face in zip(paths, images, strict=True):
            Image.fromarray(face[:, :, 0]).save(path)
        paths[3].write_bytes(b"")
        fit_embedder(
            faces,
            ImageFiles(paths),
            small.model_copy(update={"epochs": 1}),
            seed=0,
            work_folder=tmp_path / "work",
        )
        assert "1 of 40 images cannot be read" in caplog.text
        assert "3.png: the file has no bytes" in caplog.text

    def test_a_table_of_other_faces_is_refused(
        self, fairface: Maker, small: EmbedderParameters, tmp_path: Path
    ) -> None:
        faces, _ = fairface(30)
        with pytest.raises(InvalidInputError, match=r"30 faces and there are 0 images"):
            fit_embedder(faces, NONE, small, seed=0, work_folder=tmp_path)

    def test_a_lost_or_exchanged_file_is_found_out(self, tmp_path: Path) -> None:
        file = tmp_path / "model.keras"
        params = EmbedderParameters()
        with pytest.raises(InvalidInputError, match=r"not at .*model\.keras.*again: .*embedder"):
            EmbedderHandle(params, file, "0" * 64).open()
        file.write_bytes(b"another")
        with pytest.raises(
            InvalidInputError, match=r"has changed .*Run the node race_labeling\.fit_embedder"
        ):
            EmbedderHandle(params, file, "0" * 64).open()
