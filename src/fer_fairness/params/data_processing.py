"""Parameters of reading and dividing datasets: tolerated damage, FER+ votes, validation faces."""

from typing import Literal

from pydantic import Field

from fer_fairness.params.base import GivenPath, Parameters

TargetMode = Literal["majority", "probability", "multi_target"]


class SourceParameters(Parameters):
    """What every reader has in common."""

    max_damaged_share: float = Field(
        0.01,
        ge=0.0,
        le=1.0,
        description="Share of rows or images that may be damaged and left out, each by name, "
        "before the reader stops.",
    )
    n_threads: int = Field(
        4, ge=1, le=64, description="Threads that decode image files; the result does not depend."
    )


class FerPlusParameters(SourceParameters):
    """How FER2013 pixels and FER+ votes become faces."""

    target_mode: TargetMode = Field(
        "probability",
        description="Rule of the FER+ authors that turns ten votes into a training target: "
        "`majority`, `probability` (their `crossentropy` has the same target) or `multi_target`.",
    )
    min_label_agreement: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="Smallest share of rows on which FER2013 and FER+ majority labels agree. "
        "On the published files it is 0.68; a file in another row order falls to chance, "
        "which the Usage column alone cannot show. Looked at from 100 comparable rows on.",
    )


class RafDbParameters(SourceParameters):
    """How RAF-DB is read."""


class FairFaceParameters(SourceParameters):
    """How FairFace is read."""


class ImageFolderParameters(SourceParameters):
    """How a folder of somebody's images is read."""

    max_damaged_share: float = Field(
        0.1,
        ge=0.0,
        le=1.0,
        description="Share of the images that may be unreadable and left out, each by name, before "
        "the reader stops.",
    )
    annotations: GivenPath | None = Field(
        None,
        description="A CSV or Parquet file with a column `file`, the image's path below the "
        "folder, and any of `gender`, `race` and `age_group` as somebody perceived them. A "
        "relative path begins at the folder of images. None: nobody annotated them.",
    )


class SplitParameters(Parameters):
    """How a dataset's training faces are divided."""

    validation_share: float = Field(
        0.0,
        ge=0,
        lt=0.5,
        description="Share of each emotion's training faces used to validate; 0: the publisher's "
        "own splits.",
    )
