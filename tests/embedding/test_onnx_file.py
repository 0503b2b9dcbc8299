from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.embedding.models import model_file, write_onnx

from fer_fairness.embedding import ImageRows, embed_faces, fit_embedder
from fer_fairness.embedding import onnx_file as room
from fer_fairness.embedding.onnx_file import open_onnx_file
from fer_fairness.errors import InvalidInputError
from fer_fairness.params.embedding import (
    EmbedderParameters,
    EmbeddingParameters,
    ImageCondition,
)
from fer_fairness.tables import FACES_SCHEMA, empty_table


def faces(n: int = 3, side: int = 8) -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 255, (n, side, side, 3), np.uint8))


def opened(path: Path, images: list[np.ndarray], **options: Any) -> np.ndarray:
    params = model_file(path, side_px=8, average_mirrored=False, **options)
    embedder = open_onnx_file(params)
    embeddings = embedder.embed(images)
    assert embeddings.dtype == np.float32
    assert embedder.dimension == embeddings.shape[1]
    return embeddings


class TestInput:
    def test_the_mean_of_each_channel_comes_through(self, tmp_path: Path) -> None:
        path = write_onnx(tmp_path / "mean.onnx", ["n", 3, 8, 8])
        found = opened(path, faces())
        np.testing.assert_allclose(found, np.mean(faces(), axis=(1, 2)), rtol=1e-5)

    def test_scaling_order_and_layout_are_as_the_parameters_say(self, tmp_path: Path) -> None:
        path = write_onnx(tmp_path / "mean.onnx", ["n", 8, 8, 3], axes=(1, 2))
        found = opened(path, faces(), layout="channels_last", channel_order="bgr", scaling="-1..1")
        means = np.mean(faces(), axis=(1, 2))[:, ::-1]
        np.testing.assert_allclose(found, means / 127.5 - 1, atol=1e-5)
        unit = opened(path, faces(), layout="channels_last", scaling="0..1")
        np.testing.assert_allclose(unit, means[:, ::-1] / 255, rtol=1e-5)

    def test_a_model_for_one_grey_image_at_a_time(self, tmp_path: Path) -> None:
        path = write_onnx(tmp_path / "mean.onnx", [1, 1, 8, 8])
        found = opened(path, faces(), colour=False)
        assert found.shape == (3, 1)
        luma = np.mean(faces(), axis=(1, 2)) @ [0.299, 0.587, 0.114]
        np.testing.assert_allclose(found[:, 0], luma, atol=0.6)

    def test_other_sizes_are_resized(self, tmp_path: Path) -> None:
        path = write_onnx(tmp_path / "mean.onnx", ["n", 3, 8, 8])
        plain = [np.full((side, side + 3, 3), side, np.uint8) for side in (4, 30)]
        np.testing.assert_allclose(opened(path, plain), [[4] * 3, [30] * 3])

    def test_a_face_and_its_mirror_image_share_the_mean(self, tmp_path: Path) -> None:
        path = write_onnx(tmp_path / "column.onnx", ["n", 3, 8, 8], axes=(2,), flatten=True)
        embedder = open_onnx_file(model_file(path, side_px=8))
        one = embedder.embed(faces())
        other = embedder.embed([face[:, ::-1] for face in faces()])
        np.testing.assert_allclose(one, other, rtol=1e-5)


class TestRefused:
    @pytest.mark.parametrize(
        ("shape", "options", "message"),
        [
            (["n", 3, 16, 16], {}, r"\['n', 3, 16, 16\].*1, 3, 8, 8\]: correct its side_px"),
            (["n", 1, 8, 8], {}, r"\['n', 1, 8, 8\].*correct its side_px, colour"),
            (["n", 8, 8, 3], {}, r"\['n', 8, 8, 3\].*layout"),
            (["n", 3, 64], {"axes": (2,)}, r"\['n', 3, 64\]"),
            ([4, 3, 8, 8], {}, r"\[4, 3, 8, 8\]"),
            (["n", 3, 8, 8], {"axes": (3,)}, r"shape \(1, 3, 8\) for one image"),
            (["n", 3, 8, 8], {"double": True}, r"tensor\(double\).*32-bit floats"),
        ],
    )
    def test_a_model_for_other_images(
        self, shape: list[Any], options: dict[str, Any], message: str, tmp_path: Path
    ) -> None:
        path = write_onnx(tmp_path / "other.onnx", shape, **options)
        with pytest.raises(InvalidInputError, match=message):
            open_onnx_file(model_file(path, side_px=8))

    def test_an_output_that_is_not_there(self, tmp_path: Path) -> None:
        path = write_onnx(tmp_path / "mean.onnx", ["n", 3, 8, 8])
        with pytest.raises(InvalidInputError, match=r"has the outputs embedding, .*'features'"):
            open_onnx_file(model_file(path, side_px=8, layer="features"))

    def test_a_file_that_is_no_model(self, tmp_path: Path) -> None:
        path = tmp_path / "model.onnx"
        path.write_bytes(b"version https://git-lfs.github.com/spec/v1")
        with pytest.raises(InvalidInputError, match=r"model\.onnx: onnxruntime .* cannot load"):
            open_onnx_file(model_file(path, side_px=8))

    def test_another_file_than_the_one_named_is_not_opened(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write_onnx(tmp_path / "mean.onnx", ["n", 3, 8, 8])
        params = model_file(path, side_px=8)
        path.write_bytes(path.read_bytes() + b"\0")
        monkeypatch.setattr(room, "_session", lambda *_: pytest.fail("it was opened"))
        with pytest.raises(InvalidInputError, match=rf"expected {params.sha256}.*not opened"):
            open_onnx_file(params)

    def test_without_onnxruntime_the_remedy_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        params = model_file(write_onnx(tmp_path / "mean.onnx", ["n", 3, 8, 8]), side_px=8)
        monkeypatch.setattr(room, "find_spec", lambda _: None)
        with pytest.raises(InvalidInputError, match=r"pip install 'fer-fairness\[onnx\]'"):
            open_onnx_file(params)


def test_the_sizes_of_batches_and_chunks_change_no_embedding(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "mean.onnx", ["n", 3, 8, 8])
    pixels = np.random.default_rng(0).integers(0, 255, (21, 9, 9, 3), np.uint8)
    images = ImageRows(pixels, np.arange(21))
    params = EmbedderParameters(kind="onnx", file=model_file(path, side_px=8))
    handle = fit_embedder(empty_table(FACES_SCHEMA), images, params, seed=0, work_folder=tmp_path)
    results = [
        embed_faces(
            handle,
            images,
            ImageCondition(),
            EmbeddingParameters(batch_size=batch_size, chunk_size=chunk_size),
            cache_root=tmp_path / str(chunk_size),
            description="Noise",
        ).embeddings.tobytes()
        for batch_size, chunk_size in ((4, 5), (64, 512))
    ]
    assert results[0] == results[1]
