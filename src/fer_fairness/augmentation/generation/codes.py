"""Faces as a few hundred numbers that can be changed: principal components."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_MOST_FACES: Final = 5000
"""More faces change the components little, and take longer."""

_ROWS_AT_ONCE: Final = 4096
_LEAST: Final = 1e-6


@dataclass(frozen=True)
class FaceCodes:
    """A linear code of images.

    A code's standard deviation is the square root of that of its component, so that a generator
    neither sees the coarse ones alone nor all of the fine ones alike.

    Attributes:
        shape: Of an image: height, width, channels.
        mean: `(d,)`, d being the number of pixels.
        components: `(n_codes, d)`, of length 1 and at right angles.
        scale: `(n_codes,)`: what codes are multiplied by to be coordinates along the components.
    """

    shape: tuple[int, ...]
    mean: Floats
    components: Floats
    scale: Floats

    def encode(self, images: Images) -> Floats:
        """Codes of images `(n, *shape)`, `(n, n_codes)`."""
        codes = np.empty((len(images), len(self.scale)), np.float32)
        for start in range(0, len(images), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            codes[rows] = (_pixels(images[rows]) - self.mean) @ self.components.T / self.scale
        return codes

    def with_codes(self, images: Images, codes: Floats, others: Floats) -> Images:
        """Images with other codes; what codes do not hold of them stays.

        Args:
            images: `(n, *shape)`.
            codes: Of these, `(n, n_codes)`.
            others: What they are to be, `(n, n_codes)`.

        Returns:
            Rounded to grey values of 0 to 255.
        """
        pixels = _pixels(images) + (others - codes) * self.scale @ self.components
        return np.clip(np.rint(pixels), 0, 255).astype(np.uint8).reshape(-1, *self.shape)


def fit_codes(images: Images, n_codes: int, generator: np.random.Generator) -> FaceCodes:
    """Find the components of images and their mirror images.

    Args:
        images: `(n, height, width, channels)`.
        n_codes: How many components; fewer where the images have fewer.
        generator: Draws the images that are looked at, and what the search starts from.
    """
    from sklearn.utils.extmath import randomized_svd

    chosen = generator.permutation(len(images))[:_MOST_FACES]
    seen = images[chosen]
    both = np.concatenate([_pixels(seen), _pixels(seen[:, :, ::-1])])
    mean = both.mean(axis=0)
    seed = int(generator.integers(2**31))
    n_found = min(n_codes, *both.shape)
    _, sizes, components = randomized_svd(both - mean, n_found, random_state=seed)
    spread = sizes / np.sqrt(len(both) - 1)
    # Images that are all alike vary in no direction; one is kept, so that there is a code.
    n_kept = max(1, int((spread > _LEAST * max(float(spread[0]), 1.0)).sum()))
    # Coordinates have the deviation `spread`, codes that of its root, with a mean square of 1.
    roots = np.sqrt(np.maximum(spread[:n_kept], _LEAST))
    return FaceCodes(
        shape=images.shape[1:],
        mean=mean,
        components=components[:n_kept].astype(np.float32),
        scale=(roots * np.sqrt(np.mean(roots**2))).astype(np.float32),
    )


def _pixels(images: Images) -> Floats:
    return images.reshape(len(images), -1).astype(np.float32)
