"""Matplotlib figures as image files."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from kedro.io.core import DatasetError
from kedro_datasets._typing import ImagePreview

from fer_fairness.datasets.local_file import LocalFileDataset

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class FigureDataset(LocalFileDataset["Figure"]):
    """A `matplotlib.figure.Figure` saved as an image; an output only.

    `kedro_datasets.matplotlib.MatplotlibDataset` imports `pyplot` and closes every figure of the
    process on each save, those of a notebook too; this one touches the given figure only.

    Example of a catalog entry:
        ```yaml
        gaps_figure:
          type: fer_fairness.datasets.FigureDataset
          filepath: data/08_reporting/gaps.png
        ```
    """

    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"dpi": 150, "bbox_inches": "tight"}

    def preview(self) -> ImagePreview:
        """The image in base64, for kedro-viz."""
        picture = Path(self._get_load_path()).read_bytes()
        return ImagePreview(base64.b64encode(picture).decode("ascii"))

    def _read(self, path: Path) -> NoReturn:
        raise DatasetError(
            f"{path} is a picture, which cannot become a figure again. Open the file itself, or "
            "load the table that it was drawn from."
        )

    def _write(self, data: "Figure", path: Path) -> None:
        from fer_fairness.reporting.figures.style import any_letters

        with any_letters():
            data.savefig(path, **self._save_args)
