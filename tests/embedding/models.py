"""Tiny face models in files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fer_fairness.files import file_sha256
from fer_fairness.params.embedding import ModelFileParameters


def model_file(path: Path, **options: Any) -> ModelFileParameters:
    """Parameters of a file as it is now."""
    return ModelFileParameters(
        **{"path": path, "sha256": file_sha256(path), "scaling": "0..255", **options}
    )


def write_onnx(
    path: Path,
    shape: Sequence[int | str],
    *,
    axes: Sequence[int] = (2, 3),
    flatten: bool = False,
    double: bool = False,
) -> Path:
    """A model whose embedding is the mean over some axes of its input."""
    import onnx
    from onnx import TensorProto, helper

    kind = TensorProto.DOUBLE if double else TensorProto.FLOAT
    nodes = [helper.make_node("ReduceMean", ["image"], ["mean"], axes=list(axes), keepdims=0)]
    nodes.append(helper.make_node("Flatten" if flatten else "Identity", ["mean"], ["embedding"]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", kind, list(shape))],
        [helper.make_tensor_value_info("embedding", kind, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path
