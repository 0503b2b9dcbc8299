"""What the ablations share: their arguments, the data they read, and runs that are kept."""

import argparse
import json
from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

ROOT: Final = Path(__file__).parent.parent


def argument_parser(
    description: str | None, variations: Collection[str], *, epochs: int
) -> argparse.ArgumentParser:
    """The arguments of both ablations; a name that is no variation is refused."""

    def named(text: str) -> list[str]:
        names = text.split(",")
        if unknown := sorted(set(names) - set(variations)):
            raise argparse.ArgumentTypeError(
                f"unknown variations {unknown}; there are {list(variations)}"
            )
        return names

    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="data root of FER+")
    parser.add_argument("--out", type=Path, required=True, help="where runs are kept")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--only", type=named, default=list(variations), help="names, by comma")
    parser.add_argument("--table", action="store_true", help="only the table of what is there")
    return parser


def development(data: Path, dataset: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Training and validation faces of a dataset; the test faces lie elsewhere."""
    folder = data / "03_primary" / dataset
    if not (folder / "development_faces.parquet").is_file():
        raise SystemExit(
            f"{folder} has no faces: run `kedro run --pipelines data_processing` first."
        )
    images = np.load(folder / "development_images.npy", mmap_mode="r")
    return pd.read_parquet(folder / "development_faces.parquet"), images


def is_kept(run: Path, used: object) -> bool:
    """Whether a run's predictions are there, made with the same `used`.

    Args:
        run: The Parquet file of its predictions; beside it a JSON file says what was used.
        used: Parameters and hashes, JSON-able.
    """
    if not run.is_file():
        return False
    if json.loads(run.with_suffix(".json").read_text())["used"] != json.loads(json.dumps(used)):
        raise SystemExit(
            f"{run} was made with other parameters or from another model: take it away, or use "
            "another --out."
        )
    return True
