"""A sheet of examples: what the variants look like beside the faces that they come from."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.augmentation.variants import Augmented, Images
from fer_fairness.modeling.image_changes import change_images
from fer_fairness.params.training import OnlineAugmentationParameters

_ROWS = 10
_VARIANTS = 5
_IMAGE_INCHES, _TITLE_INCHES, _GAP_INCHES = 1.2, 0.3, 0.1


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
    """One row a cell, in places of fixed size: a layout engine would give way to long titles."""
    step = _IMAGE_INCHES + _GAP_INCHES
    # The original stands apart by one more gap.
    width = step * (1 + _VARIANTS) + 2 * _GAP_INCHES
    row_height = _TITLE_INCHES + step
    height = row_height * len(rows) + _GAP_INCHES
    figure = Figure(figsize=(width, height))
    for number, (title, original, variants) in enumerate(rows):
        top = height - number * row_height
        figure.text(
            _GAP_INCHES / width, (top - 0.2) / height, title, fontsize=9, va="center", wrap=False
        )
        for place, image in enumerate([original, *variants]):
            left = _GAP_INCHES + place * step + (_GAP_INCHES if place else 0)
            axes = figure.add_axes(
                (
                    left / width,
                    (top - _TITLE_INCHES - _IMAGE_INCHES) / height,
                    _IMAGE_INCHES / width,
                    _IMAGE_INCHES / height,
                )
            )
            axes.set_axis_off()
            axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    return figure
