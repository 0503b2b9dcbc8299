"""What the benchmarks share: the people they draw, clocks, data of runs, and runs that are kept."""

import argparse
import json
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from fer_fairness.fairness import compare_over_seeds
from fer_fairness.files import replacing
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.taxonomy import EMOTIONS

ROOT: Final = Path(__file__).parent.parent

CLASSES: Final = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
CLASS_SIZES: Final = np.array([329, 74, 160, 1185, 478, 162, 680])
"""The test faces of RAF-DB, 3,068."""
RECALLS: Final = np.array([0.845, 0.608, 0.375, 0.916, 0.780, 0.710, 0.772])
"""Of a published model on them."""

INFERENCE: Final = InferenceParameters(n_bootstrap=1000)


def seconds(call: Callable[[], object], repeats: int = 1, *, warm_up: int = 0) -> list[float]:
    """Time of each call, after some that are not timed."""
    for _ in range(warm_up):
        call()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return times


def faces_and_images(data: Path, dataset: str, part: str) -> tuple[pd.DataFrame, np.ndarray]:
    """A part of a dataset, `development` (training and validation faces) or `test`."""
    folder = data / "03_primary" / dataset
    if not (folder / f"{part}_faces.parquet").is_file():
        raise SystemExit(
            f"{folder} has no {part} faces: run `kedro run --pipelines data_processing` first."
        )
    images = np.load(folder / f"{part}_images.npy", mmap_mode="r")
    return pd.read_parquet(folder / f"{part}_faces.parquet"), images


def of_seed(folder: Path, seed: int, *, first: int = 0) -> Path:
    """Where a variant's files of a seed lie: `folder` for the first, or one named for the seed."""
    return folder if seed == first else folder.with_name(f"{folder.name}_seed_{seed}")


def ablation_arguments(
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


def run_file(arguments: argparse.Namespace, name: str, seed: int) -> Path:
    """Where the predictions of a run are kept; beside them a JSON file says what was used."""
    out: Path = arguments.out
    return out / f"{name}_seed_{seed}_{arguments.epochs}_epochs.parquet"


def is_kept(run: Path, used: object) -> bool:
    """Whether a run's predictions are there, made with the same `used` (JSON-able)."""
    if not run.is_file():
        return False
    if json.loads(run.with_suffix(".json").read_text())["used"] != json.loads(json.dumps(used)):
        raise SystemExit(
            f"{run} was made with other parameters or from another model: take it away, or use "
            "another --out."
        )
    return True


def keep(run: Path, predictions: pd.DataFrame, record: Mapping[str, object]) -> None:
    """Keep a run; `record` has what `is_kept` compares under `used`."""
    run.with_suffix(".json").write_text(json.dumps(record))
    with replacing(run) as path:
        predictions.to_parquet(path)


def kept_predictions(arguments: argparse.Namespace, name: str) -> dict[int, pd.DataFrame]:
    """Predictions of the kept runs of a variation, by seed."""
    paths = {seed: run_file(arguments, name, seed) for seed in arguments.seeds}
    return {seed: pd.read_parquet(path) for seed, path in paths.items() if path.is_file()}


def differences(
    before: Mapping[int, pd.DataFrame], after: Mapping[int, pd.DataFrame]
) -> dict[str, float]:
    """`<metric>_difference`, `_ci_low` and `_ci_high` of the second over the first, over seeds."""
    table = compare_over_seeds(
        before, after, attributes=[], emotions=EMOTIONS, params=INFERENCE, seed=0
    ).set_index("metric")
    table = table[["difference", "uncorrected_ci_low", "uncorrected_ci_high"]]
    table.columns = ["difference", "ci_low", "ci_high"]
    return {
        f"{metric}_{column}": table.loc[metric, column]
        for metric in table.index
        for column in table.columns
    }


def show(table: pd.DataFrame, path: Path) -> None:
    """Print a table of an ablation and write it to a CSV file."""
    print(table.to_string(index=False, float_format=lambda value: f"{value:.4f}"))
    table.to_csv(path, index=False)
