"""Parameters of the face embedders, of the images they see, and of a run over many faces."""

from typing import Literal, Self

from pydantic import Field, model_validator

from fer_fairness.params.base import GivenPath, Parameters
from fer_fairness.params.lists import ListOf
from fer_fairness.params.training import OnlineAugmentationParameters, TrainingParameters

EmbedderKind = Literal["keras_cnn", "dlib", "keras_file", "onnx"]
Alignment = Literal["none", "landmarks", "detect"]
Scaling = Literal["0..255", "0..1", "-1..1"]


class ImageCondition(Parameters):
    """How the faces of one dataset look, so that those of another can be made to look alike.

    FairFace's faces, put into the condition of FER+ (48 pixels, grey) before they are embedded,
    give a labeller that is fitted and measured on faces like those that it labels.
    """

    side_px: int | None = Field(
        default=None,
        gt=0,
        description="Images are first made so many pixels wide and high; none: left as they are.",
    )
    colour: bool = Field(default=True, description="False: images are first made grey.")
    alignment: Alignment = Field(
        default="none",
        description="none: the image is a face aligned already, with a quarter of its size around "
        "it, as FairFace publishes them; landmarks: five landmarks are sought in the middle of the "
        "image, and the face is turned and scaled by them; detect: a face is sought first, and an "
        "image without one has no embedding.",
    )


class EmbeddingParameters(Parameters):
    """How a set of faces is embedded: none of these numbers changes an embedding."""

    batch_size: int = Field(default=64, gt=0, description="Faces handed to the embedder at once.")
    chunk_size: int = Field(
        default=512,
        gt=0,
        description="Faces whose embeddings are written to disk at once: a kill costs them at "
        "most.",
    )
    max_problem_share: float = Field(
        default=0.05,
        ge=0.0,
        le=1.0,
        description="Largest share of faces that may remain without an embedding (unreadable "
        "files, no face found); more stop the run. One face always may.",
    )


class DlibParameters(Parameters):
    """What is taken from dlib's network."""

    features: Literal["wide", "descriptor"] = Field(
        default="wide",
        description="wide: the features of its last three stages (640 values), which tell groups "
        "of people apart best; descriptor: dlib's own face descriptor (128 values), made to tell "
        "persons apart.",
    )
    average_mirrored: bool = Field(
        default=True,
        description="Whether the mirrored face is embedded too and the mean taken, at twice the "
        "time.",
    )


class ModelFileParameters(Parameters):
    """A face model that a user names, and the images that it was trained on."""

    path: GivenPath = Field(description="The .keras, .h5 or .onnx file.")
    sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the file, 64 lower-case hexadecimal digits, as sha256sum prints "
        "it; another file is refused.",
    )
    side_px: int = Field(gt=0, description="Height and width of the model's input.")
    scaling: Scaling = Field(description="Values of black and white in the model's input.")
    colour: bool = Field(default=True, description="Three channels; false: one, grey.")
    channel_order: Literal["rgb", "bgr"] = Field(
        default="rgb", description="Order of the colours in the model's input."
    )
    layout: Literal["channels_first", "channels_last"] = Field(
        default="channels_first",
        description="Axes of an ONNX model's input; a Keras model has its channels last.",
    )
    layer: str | None = Field(
        default=None,
        description="Keras: the layer whose output is the embedding; none: what enters the last "
        "layer. ONNX: the name of an output; none: the only one.",
    )
    average_mirrored: bool = Field(
        default=True,
        description="Whether the mirrored face is embedded too and the mean taken, at twice the "
        "time.",
    )


class EmbedderParameters(Parameters):
    """What turns a face into a vector.

    One flat block, because Kedro merges the blocks of two environments softly: the fields up to
    `degraded_share` belong to `keras_cnn`, `dlib` to `dlib`, `file` to `keras_file` and `onnx`.
    """

    kind: EmbedderKind = Field(
        default="keras_cnn",
        description="keras_cnn: the compact CNN, trained here on FairFace; dlib: its face "
        "network; keras_file and onnx: the model that `file` names.",
    )
    side_px: int = Field(default=48, ge=16, description="Height and width of the CNN's input.")
    colour: bool = Field(default=False, description="Whether the CNN's input has three channels.")
    widths: ListOf[int] = Field(
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
        description="Highest rate of AdamW: after a first epoch at half of it, before the cosine "
        "decay.",
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
    degraded_share: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Share of the training faces that are made grey, and shrunk to 48 pixels and "
        "back, as FER+'s are. A CNN for grey faces of 48 pixels sees no others anyway.",
    )
    dlib: DlibParameters = Field(default=DlibParameters(), description="For the kind dlib.")
    file: ModelFileParameters | None = Field(
        default=None, description="For the kinds keras_file and onnx, which need it."
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.kind in ("keras_file", "onnx") and self.file is None:
            raise ValueError(
                f"kind {self.kind} needs `file`: the model's path, sha256, side_px and scaling"
            )
        if 2 * self.max_shift_px > self.side_px:
            raise ValueError(
                f"max_shift_px {self.max_shift_px} is above half of side_px {self.side_px}: it "
                "would push faces out of their images"
            )
        return self

    @property
    def training(self) -> TrainingParameters:
        """How the one training loop trains the CNN; faces are mirrored by chance too."""
        return TrainingParameters(
            batch_size=self.batch_size,
            max_epochs=self.epochs,
            optimizer="adamw",
            weight_decay=self.weight_decay,
            schedule="cosine",
            initial_learning_rate=self.learning_rate / 2,
            target_learning_rate=self.learning_rate,
            warmup_epochs=1,
            min_learning_rate=self.learning_rate / 1000,
            early_stopping_patience=self.patience,
            gradient_clip_norm=None,
            online_augmentation=OnlineAugmentationParameters(
                flip=True,
                shift_share=self.max_shift_px / self.side_px,
                degraded_share=self.degraded_share,
            ),
        )
