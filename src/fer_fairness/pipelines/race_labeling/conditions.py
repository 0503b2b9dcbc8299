"""How the faces of each dataset look, and which labeller is therefore right for them.

FairFace's faces are brought into each condition before they are embedded, and each condition has a
labeller and a confusion of its own: the errors on sharp colour faces say nothing of those on small
grey ones.
"""

from types import MappingProxyType
from typing import Final

FULL_SIZE: Final = "full_size"
"""FairFace as it is published: what the losses of the others are measured against."""

COLOUR_100: Final = "colour_100"
"""Colour faces of 100 pixels or more, of any framing: RAF-DB, and folders of images."""

GREY_48: Final = "grey_48"
"""Grey faces of 48 pixels: FER+."""

CONDITIONS: Final = (FULL_SIZE, COLOUR_100, GREY_48)

CONDITION_OF_DATASET: Final = MappingProxyType({"fer_plus": GREY_48, "raf_db": COLOUR_100})
"""Dataset of emotions -> the condition whose labeller labels it."""
