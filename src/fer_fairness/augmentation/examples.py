"""A sheet of examples: what the variants look like beside the faces that they come from."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.augmentation.copies import Augmented, Images
from fer_fairness.modeling.image_changes import change_images
from fer_fairness.params.training import OnlineAugmentationParameters

_ROWS = 10
_VARIANTS = 5
_IMAGE_INCHES, _ROW_INCHES = 1.4, 1.7


def example_sheet(
    faces: pd.DataFrame,
    images: Images,
    augmented: Augmented,
    *,
    online: OnlineAugmentationParameters,
    seed: int,
) -> Figure:
    """Draw, for the cells with most additions, one face and its variants.

    Args:
        faces: The original `faces` table.
        images: uint8 (m, height, width, 1), its images.
        augmented: What `augment` gave for them.
        online: Online augmentation of the training; on the fly, examples are made by it.
        seed: Seed of the choice of faces, and of examples on the fly.

    Returns:
        A figure of up to ten rows, one a cell: the original on the left, up to five variants
        beside it. The face shown is one of those with most variants. Written variants are shown
        as they are; on the fly, as they may look in five epochs. Without variants, the figure
        says so.
    """
    n_added = augmented.faces["augmentation_cell"].value_counts(sort=False)
    n_added = n_added.sort_values(ascending=False, kind="stable").head(_ROWS)
    if n_added.empty:
        figure = Figure(figsize=(6, 1.2))
        figure.text(0.5, 0.5, "The plan adds no variants.", ha="center", va="center")
        return figure
    rng = np.random.default_rng(seed)
    originals = pd.Series(faces["image_index"].to_numpy(), index=faces["sample_id"])
    rows: list[tuple[str, Images, Images]] = []
    for cell, count in n_added.items():
        variants = _variants_of_one_face(augmented.faces, str(cell), rng)
        first = variants.iloc[0]
        original = images[int(originals[first["source_sample_id"]])]
        if first["augmentation_mode"] == "written":
            shown = augmented.images[variants["image_index"].to_numpy()]
            how = f"strength {first['augmentation_strength']:.2g}"
        else:
            repeated = np.repeat(original[None], _VARIANTS, axis=0)
            strength = float(first["augmentation_strength"])
            strengths = np.full(_VARIANTS, strength, dtype=np.float32)
            generator = np.random.default_rng(seed + len(rows))
            shown = change_images(generator, repeated, strengths, online)
            how = f"online ranges times {strength:.2g}, anew in every epoch"
        title = f"{cell}: {count} variants, {how}. Left: {first['source_sample_id']}"
        rows.append((title, original, shown))
    return _drawn(rows)


def _variants_of_one_face(
    variants: pd.DataFrame, cell: str, rng: np.random.Generator
) -> pd.DataFrame:
    counts = variants.loc[variants["augmentation_cell"] == cell, "source_sample_id"].value_counts()
    varied_most = sorted(counts.index[counts == counts.max()])
    chosen = varied_most[int(rng.integers(len(varied_most)))]
    of_chosen: pd.DataFrame = variants[variants["source_sample_id"] == chosen]
    return of_chosen.head(_VARIANTS)


def _drawn(rows: list[tuple[str, Images, Images]]) -> Figure:
    """One row a cell: its title, the original, and its variants."""
    figure = Figure(figsize=(_IMAGE_INCHES * (1 + _VARIANTS), _ROW_INCHES * len(rows)))
    parts = figure.subfigures(len(rows), squeeze=False)[:, 0]
    for part, (title, original, variants) in zip(parts, rows, strict=True):
        part.suptitle(title, x=0.02, ha="left", fontsize=9)
        places = part.subplots(1, 1 + _VARIANTS)
        part.subplots_adjust(left=0.02, right=0.98, bottom=0.02, top=0.8, wspace=0.08)
        for axes in places:
            axes.set_axis_off()
        for axes, image in zip(places, [original, *variants], strict=False):
            axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    return figure
