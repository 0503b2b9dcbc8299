"""A sheet of examples: what the variants look like beside the faces that they come from."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_fairness.augmentation.augment import Augmented, Images

_ROWS = 6
_VARIANTS = 6


def example_sheet(
    faces: pd.DataFrame, images: Images, augmented: Augmented, *, seed: int
) -> Figure:
    """Draw, for the cells with most additions, one face and its variants.

    Args:
        faces: The original `faces` table.
        images: uint8 (m, height, width, 1), its images.
        augmented: What `augment` gave for them.
        seed: Seed of the choice of faces.

    Returns:
        A figure of up to six rows, one a cell: the original on the left, variants beside it. The
        face shown is one of those with most variants. Without variants, the figure says so.
    """
    n_added = augmented.faces["augmentation_cell"].value_counts(sort=False)
    n_added = n_added.sort_values(ascending=False, kind="stable").head(_ROWS)
    if n_added.empty:
        figure = Figure(figsize=(6, 1.2))
        figure.text(0.5, 0.5, "The plan adds no variants.", ha="center", va="center")
        return figure
    rng = np.random.default_rng(seed)
    variants_of = {
        cell: _variants_of_one_face(augmented.faces, cell, rng) for cell in n_added.index
    }
    n_columns = 1 + max(len(variants) for variants in variants_of.values())
    figure = Figure(figsize=(max(1.25 * n_columns, 5), 1.6 * len(n_added)), layout="constrained")
    axes = figure.subplots(len(n_added), n_columns, squeeze=False)
    originals = pd.Series(faces["image_index"].to_numpy(), index=faces["sample_id"])
    for row, (cell, variants) in zip(axes, variants_of.items(), strict=True):
        for place in row:
            place.set_axis_off()
        source = variants.iloc[0]
        _show(row[0], images[int(originals[source["source_sample_id"]])])
        for place, index in zip(row[1:], variants["image_index"], strict=False):
            _show(place, augmented.images[index])
        strength = source["augmentation_strength"]
        title = row[0].set_title(
            f"{cell}: {n_added[cell]} variants, strength {strength:.2g}", fontsize=8, loc="left"
        )
        # It runs over the whole row; the layout must not widen the first column for it.
        title.set_in_layout(False)
    return figure


def _variants_of_one_face(
    variants: pd.DataFrame, cell: str, rng: np.random.Generator
) -> pd.DataFrame:
    counts = variants.loc[variants["augmentation_cell"] == cell, "source_sample_id"].value_counts()
    varied_most = sorted(counts.index[counts == counts.max()])
    chosen = varied_most[int(rng.integers(len(varied_most)))]
    of_chosen: pd.DataFrame = variants[variants["source_sample_id"] == chosen]
    return of_chosen.head(_VARIANTS)


def _show(axes: Axes, image: Images) -> None:
    axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
