"""Images a second and memory of embedding more and more faces.

    python -m benchmarks.embedding_scale                          # 1,000, 4,000, 16,000 files
    python -m benchmarks.embedding_scale --repeat                 # up to 97,698, of 1,000 files
    python -m benchmarks.embedding_scale --kind dlib --sizes 200 400

Faces are fabricated JPEG files of 224 x 224 pixels: ovals with a texture. Each size is embedded by
a process of its own, whose memory is read from /proc ten times a second (Linux only). `unique` is
what it does not share with other processes (USS); `rss` is its resident set.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from fer_fairness.embedding import ImageFiles, embed_faces, fit_embedder
from fer_fairness.files import file_sha256
from fer_fairness.params.embedding import (
    EmbedderParameters,
    EmbeddingParameters,
    ImageCondition,
    ModelFileParameters,
)
from fer_fairness.tables import FACES_SCHEMA, empty_table

SIDE_PX = 224
FACES_OF_FAIRFACE = 97_698
SAMPLED_EVERY_S = 0.1


def write_faces(folder: Path, n: int) -> None:
    generator = np.random.default_rng(0)
    texture = generator.normal(0, 12, (2 * SIDE_PX, 2 * SIDE_PX, 3))
    for number in range(n):
        picture = Image.new("RGB", (SIDE_PX, SIDE_PX), tuple(generator.integers(0, 255, 3)))
        corner = generator.integers(20, 60, 2)
        box = (*corner.tolist(), *(SIDE_PX - corner).tolist())
        ImageDraw.Draw(picture).ellipse(box, fill=tuple(generator.integers(60, 240, 3)))
        top, left = generator.integers(0, SIDE_PX, 2)
        noisy = np.asarray(picture) + texture[top : top + SIDE_PX, left : left + SIDE_PX]
        face = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
        face.save(folder / f"{number:06d}.jpg", quality=90)


def write_model(path: Path) -> EmbedderParameters:
    """A small convolutional network in an ONNX file."""
    import onnx
    from onnx import helper, numpy_helper

    generator = np.random.default_rng(0)
    nodes, weights, below, width = [], [], "image", 3
    for number, filters in enumerate((16, 32, 128)):
        kernel = generator.normal(0, 0.1, (filters, width, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, f"kernel{number}"))
        options = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
        nodes.append(
            helper.make_node("Conv", [below, f"kernel{number}"], [f"c{number}"], **options)
        )
        nodes.append(helper.make_node("Relu", [f"c{number}"], [f"r{number}"]))
        below, width = f"r{number}", filters
    nodes.append(helper.make_node("GlobalAveragePool", [below], ["mean"]))
    nodes.append(helper.make_node("Flatten", ["mean"], ["embedding"]))
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", kind, ["n", 3, 112, 112])],
        [helper.make_tensor_value_info("embedding", kind, ["n", 128])],
        weights,
    )
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    file = ModelFileParameters(
        path=path, sha256=file_sha256(path), side_px=112, scaling="-1..1", average_mirrored=False
    )
    return EmbedderParameters(kind="onnx", file=file)


def embed(folder: Path, n: int) -> None:
    """Embed n faces, the files of the folder over and over; what a measured process does."""
    params = EmbedderParameters.model_validate_json((folder / "params.json").read_text())
    files = sorted(folder.glob("faces/*.jpg"))
    images = ImageFiles([files[number % len(files)] for number in range(n)])
    handle = fit_embedder(empty_table(FACES_SCHEMA), images, params, seed=0, work_folder=folder)
    start = time.perf_counter()
    embedded = embed_faces(
        handle,
        images,
        ImageCondition(),
        EmbeddingParameters(),
        cache_root=folder / f"cache_{n}",
        description=f"{n:,} faces",
    )
    seconds = time.perf_counter() - start
    assert len(embedded.embeddings) == n
    print(json.dumps({"seconds": seconds}))


def memory_mib(pid: int) -> tuple[float, float]:
    """Unique and resident memory of a process; nothing once it has ended."""
    unique = resident = 0
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    for line in lines[1:]:
        name, size = line.split()[:2]
        unique += int(size) if name in ("Private_Clean:", "Private_Dirty:") else 0
        resident += int(size) if name == "Rss:" else 0
    return unique / 1024, resident / 1024


def measure(folder: Path, n: int) -> str:
    arguments = [str(value) for value in ("--embed", folder, n)]
    command = [sys.executable, __file__, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  ourselves
    unique = resident = 0.0
    while process.poll() is None:
        found = memory_mib(process.pid)
        unique, resident = max(unique, found[0]), max(resident, found[1])
        time.sleep(SAMPLED_EVERY_S)
    output, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"Embedding {n} faces failed: see above.")
    seconds = json.loads(output.splitlines()[-1])["seconds"]
    cells = (f"{n:,}", f"{seconds:.1f}", f"{n / seconds:.0f}", f"{unique:.0f}", f"{resident:.0f}")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--kind", choices=("onnx", "dlib"), default="onnx")
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--repeat", action="store_true", help="list 1,000 files over and over")
    parser.add_argument("--embed", nargs=2, metavar=("FOLDER", "N"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.embed:
        embed(Path(given.embed[0]), int(given.embed[1]))
        return
    whole = (1_000, 10_000, FACES_OF_FAIRFACE) if given.repeat else (1_000, 4_000, 16_000)
    sizes = tuple(given.sizes or whole)
    with tempfile.TemporaryDirectory(prefix="embedding_scale_") as name:
        folder = Path(name)
        (folder / "faces").mkdir()
        write_faces(folder / "faces", min(1_000, max(sizes)) if given.repeat else max(sizes))
        params = EmbedderParameters(kind="dlib")
        if given.kind == "onnx":
            params = write_model(folder / "small.onnx")
        (folder / "params.json").write_text(params.model_dump_json())
        print("| faces | s | faces/s | unique MiB, peak | rss MiB, peak |")
        print("|---:|---:|---:|---:|---:|")
        for n in sizes:
            print(measure(folder, n), flush=True)


if __name__ == "__main__":
    main()
