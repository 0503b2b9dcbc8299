"""Fabricated datasets in their publishers' own layouts: all or nothing, never over real data."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Final

import pandas as pd

from fer_fairness.errors import InvalidInputError
from fer_fairness.fabrication.layouts import LAYOUTS, FabricatedDataset
from fer_fairness.params.fabrication import FabricationParameters, PlantedBias
from fer_fairness.taxonomy import ATTRIBUTES

MARKER: Final = "truth.json"
TRUTH: Final = "truth.parquet"
MADE_BY: Final = "fer_fairness.fabrication"

_UNFINISHED: Final = ".unfinished"


def is_fabricated(folder: Path) -> bool:
    """Whether a folder carries the mark of `write_dataset`."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("made_by") == MADE_BY


def drawn_with(folder: Path) -> FabricationParameters:
    """What a fabricated dataset was drawn with, as its mark says.

    Raises:
        InvalidInputError: The mark is not there, or says something else.
    """
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        return FabricationParameters.model_validate(marker["parameters"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_truth(folder / MARKER, error) from error


def read_truth(folder: Path) -> tuple[pd.DataFrame, PlantedBias]:
    """The truth beside a fabricated dataset, and what is planted in it.

    Args:
        folder: As `write_dataset` left it; any other dataset has no truth.

    Returns:
        Of each face `sample_id` and the groups that it was drawn with, as `FabricatedDataset.truth`
        has them; and the bias. Of data that were not fabricated no faces, and no bias.

    Raises:
        InvalidInputError: The data are fabricated, and their truth cannot be read.
    """
    columns = ["sample_id", *ATTRIBUTES]
    if not is_fabricated(folder):
        return pd.DataFrame(columns=columns, dtype="str"), PlantedBias()
    planted = drawn_with(folder).planted
    try:
        return pd.read_parquet(folder / TRUTH, columns=columns), planted
    except (OSError, ValueError) as error:
        raise _no_truth(folder / TRUTH, error) from error


def _no_truth(file: Path, error: Exception) -> InvalidInputError:
    return InvalidInputError(
        f"{file} does not say how these faces were drawn: {error}. Draw them again: kedro run "
        "--env sample --pipelines fabrication."
    )


def write_dataset(dataset: FabricatedDataset, folder: Path) -> None:
    """Write a dataset in its publisher's layout, with truth.parquet and truth.json beside it.

    The files are written to a new folder next to `folder` and renamed into place at the end, so a
    run that is cut short leaves what was there before; the copy that a killed one leaves is removed
    by the next that writes the same folder.

    Args:
        dataset: What `fabricate` gives.
        folder: Where to; must be absent, empty, or fabricated earlier.

    Raises:
        InvalidInputError: Where `folder` holds anything that was not fabricated.
    """
    folder = Path(folder)
    _refuse_other_data(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder)
    staged = Path(
        tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=_UNFINISHED, dir=folder.parent)
    )
    try:
        staged.chmod(0o755)
        LAYOUTS[dataset.layout].write(dataset, staged)
        dataset.truth.to_parquet(staged / TRUTH, index=False)
        truth = {
            "made_by": MADE_BY,
            "layout": dataset.layout,
            "n_faces": len(dataset.truth),
            "parameters": dataset.parameters.model_dump(mode="json"),
        }
        text = json.dumps(truth, indent=2, sort_keys=True) + "\n"
        (staged / MARKER).write_text(text, encoding="utf-8")
        _swap(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _remove_leftovers(folder: Path) -> None:
    """Remove what a run that was killed while it wrote the same folder left beside it."""
    for path in folder.parent.iterdir():
        if path.name.startswith(f".{folder.name}.") and path.name.endswith(_UNFINISHED):
            shutil.rmtree(path, ignore_errors=True)


def _refuse_other_data(folder: Path) -> None:
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise InvalidInputError(
            f"{folder} is not a plain folder; fabricated data is not written over it. "
            "Name another folder or move it away."
        )
    if any(folder.iterdir()) and not is_fabricated(folder):
        raise InvalidInputError(
            f"{folder} holds data that was not fabricated (its {MARKER} is missing or not ours); "
            "it is left untouched. Name another folder or move that data away."
        )


def _swap(staged: Path, folder: Path) -> None:
    """Move the finished folder into place; the old one goes only after that succeeded."""
    if not folder.exists():
        staged.rename(folder)
        return
    retired = staged.with_name(f"{staged.name}.old{_UNFINISHED}")
    folder.rename(retired)
    try:
        staged.rename(folder)
    except OSError:
        retired.rename(folder)
        raise
    shutil.rmtree(retired)
