"""Parameters of the face embedder and of the demographic labeller that are learnt from FairFace."""

from typing import Literal

from pydantic import Field

from fer_fairness.params.base import Parameters

RaceGrouping = Literal["fairface_7", "coarse_4"]
AgeGrouping = Literal["fairface_9", "coarse_4"]


class EmbedderParameters(Parameters):
    """The compact CNN that turns a face into a vector, and how it is trained."""

    widths: tuple[int, ...] = Field(
        default=(32, 48, 96),
        min_length=1,
        description="Filters of the 3x3 convolutions before the last; the first has stride 2, "
        "pooling halves the side after each of the others.",
    )
    dimension: int = Field(
        default=128, gt=0, description="Filters of the last convolution: length of the embedding."
    )
    dropout: float = Field(
        default=0.3, ge=0.0, lt=1.0, description="Share of the embedding dropped while training."
    )
    epochs: int = Field(default=15, gt=0, description="Passes over the faces, at most.")
    batch_size: int = Field(default=64, gt=0, description="Faces in a gradient step.")
    learning_rate: float = Field(
        default=2e-3,
        gt=0,
        description="Highest rate of AdamW: after one epoch of warm-up, before "
        "the cosine decay to zero.",
    )
    weight_decay: float = Field(default=1e-3, ge=0, description="Decoupled decay of AdamW.")
    max_shift_px: int = Field(
        default=4, ge=0, description="Training faces are shifted by up to so many pixels."
    )
    held_out_share: float = Field(
        default=0.15,
        gt=0.0,
        lt=0.9,
        description="Share of the training faces kept aside: they stop the training early and "
        "calibrate the labeller.",
    )
    patience: int = Field(
        default=5, gt=0, description="Epochs without a lower held-out loss before training ends."
    )


class LabellerParameters(Parameters):
    """Which groups are told apart, and how the classifiers are fitted."""

    race_grouping: RaceGrouping = Field(
        default="coarse_4",
        description="FairFace's seven groups, or the four of its authors' coarse reading.",
    )
    age_grouping: AgeGrouping = Field(
        default="coarse_4",
        description="FairFace's nine groups, or the four that FairFace and RAF-DB share.",
    )
    inverse_regularisation: tuple[float, ...] = Field(
        default=(0.01, 0.1, 1.0),
        min_length=1,
        description="Values of logistic regression's C to choose from, by the log loss on the "
        "calibration faces.",
    )
    calibration_share: float = Field(
        default=0.2,
        gt=0.0,
        lt=0.9,
        description="Share of the faces that calibrate the labeller where none are held out.",
    )
    min_faces_per_class: int = Field(
        default=5,
        ge=2,
        description="Fewest faces of each group that the classifier may be fitted on.",
    )
