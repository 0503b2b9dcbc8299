"""Put a trained model among the package's weights, in half the size.

    python -m benchmarks.publish_weights FILE.keras fer_plus_compact_0.keras

Weights are rounded to float16; a model that is loaded has them in float32 again. How much the
rounding changes is told on validation faces; a model whose answers it changes is refused.
"""

import argparse
import io
import zipfile
from pathlib import Path
from typing import Final

import h5py
import numpy as np
from benchmarks.common import ROOT, faces_and_images

from fer_fairness.modeling import predict_logits, prepare_backend, trained_model
from fer_fairness.tables import has_majority_emotion

FOLDER: Final = ROOT / "src/fer_fairness/weights"
WEIGHTS: Final = "model.weights.h5"
MOST_CHANGED: Final = 0.002
"""Largest share of validation faces that may get another emotion."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("name", help=f"file to write in {FOLDER.relative_to(ROOT)}")
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="data root of FER+")
    arguments = parser.parse_args()
    prepare_backend()
    unfinished = arguments.model.with_name(f"{arguments.model.stem}_float16.keras")
    unfinished.write_bytes(rounded(arguments.model))
    faces, images = faces_and_images(arguments.data, "fer_plus", "development")
    scored = faces[has_majority_emotion(faces) & (faces["split"] == "validation")]
    before, after = (
        logits(path, images, scored["image_index"].to_numpy())
        for path in (arguments.model, unfinished)
    )
    changed = (before.argmax(axis=1) != after.argmax(axis=1)).mean()
    print(f"logits change by {np.abs(before - after).max():.4f} at most, emotions of {changed:.2%}")
    if changed > MOST_CHANGED:
        raise SystemExit(f"More than {MOST_CHANGED:.2%} of the faces get another emotion.")
    written = unfinished.replace(FOLDER / arguments.name)
    print(f"{written.relative_to(ROOT)}: {written.stat().st_size / 1000:.0f} kB")


def rounded(path: Path) -> bytes:
    """The archive with its float32 arrays as float16."""
    archive = io.BytesIO()
    with (
        zipfile.ZipFile(path) as given,
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made,
    ):
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name == WEIGHTS:
                content = rounded_arrays(content)
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
    return archive.getvalue()


def rounded_arrays(content: bytes) -> bytes:
    """The HDF5 file with its float32 arrays as float16."""
    written = io.BytesIO()
    with h5py.File(io.BytesIO(content)) as given, h5py.File(written, "w") as made:
        made.attrs.update(given.attrs)

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                is_single = item.dtype == np.float32
                copied = made.create_dataset(
                    name, data=item[()].astype(np.float16) if is_single else item[()]
                )
            else:
                copied = made.require_group(name)
            copied.attrs.update(item.attrs)

        given.visititems(copy)
    return written.getvalue()


def logits(path: Path, images: np.ndarray, index: np.ndarray) -> np.ndarray:
    model = trained_model(str(path), remedy="Give a trained model.")
    return predict_logits(model, images, index, batch_size=256, description=path.name)


if __name__ == "__main__":
    main()
