"""Parameters of the emotion model: architecture, freezing and regularisation."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from fer_fairness.params.base import Parameters
from fer_fairness.params.lists import ListOf

BLOCKS: Final[Mapping[str, tuple[tuple[int, ...], ...]]] = MappingProxyType(
    {
        "compact": ((32, 32, 32), (64, 64), (156, 156, 156, 156)),
        "separable": ((48, 48, 48), (96, 96, 96), (192, 192), (384,)),
    }
)
"""Filters of each form's convolutions, block by block, unless others are given."""


class ArchitectureParameters(Parameters):
    """The emotion network: its form, widths by block, activation, regularisation, image side.

    `separable` is the published FER+ network (https://github.com/vicksam/fer-model), `compact` one
    of no more parameters that trains several times faster on a CPU; see `modeling.architecture`.
    """

    weights: str = Field(
        default="random",
        description=(
            "`random`, `published` or `published_teacher` (this project's models of FER+, small "
            "and large) or the path of a .keras file; a model that is loaded has its own "
            "architecture, and of what is below only "
            "image_side_px applies: it must take such images."
        ),
    )
    form: Literal["compact", "separable"] = "compact"
    blocks: tuple[tuple[int, ...], ...] = Field(
        default=BLOCKS["compact"],
        min_length=1,
        description="Filters of the 3x3 convolutions of each block; by default those of the form.",
    )
    stem_width: int = Field(
        default=16,
        ge=0,
        description="Of the compact form: filters of a 3x3 convolution at full resolution before "
        "the blocks, whose first convolution has stride 2; 0: none.",
    )
    n_dense_blocks: int = Field(
        default=2,
        ge=0,
        description="Of the compact form: blocks of dense convolutions, later ones are separable.",
    )
    activation: Literal["leaky_relu", "silu"] = Field(
        default="silu",
        description="Of the compact form; silu (x times its sigmoid, Elfwing et al. 2018, arXiv "
        "1702.03118) learns more in an epoch and takes longer.",
    )
    leaky_relu_slope: float = Field(
        default=0.02, ge=0.0, lt=1.0, description="Slope of leaky_relu below zero."
    )
    spatial_dropout: float = Field(
        default=0.10, ge=0.0, lt=1.0, description="Share of channels dropped at each block's end."
    )
    l2: float = Field(
        default=1e-4,
        ge=0.0,
        description=(
            "L2 penalty on every convolution kernel, really applied. The published 0.01 never "
            "reached a kernel; when it does, training is slow and unstable."
        ),
    )
    batch_normalisation_momentum: float = Field(
        default=0.99,
        gt=0.0,
        lt=1.0,
        description="Share of the running statistics kept at each step; lower for short runs.",
    )
    image_side_px: int = Field(default=48, ge=1, description="Side of the square grey images.")

    @model_validator(mode="before")
    @classmethod
    def _with_the_blocks_of_its_form(cls, values: object) -> object:
        if not isinstance(values, Mapping) or "blocks" in values:
            return values
        # An unknown form is refused by its own check, whatever the blocks.
        form = str(values.get("form", "compact"))
        return {**values, "blocks": BLOCKS.get(form, BLOCKS["compact"])}

    @model_validator(mode="after")
    def _has_room_for_its_blocks(self) -> Self:
        for number, widths in enumerate(self.blocks, start=1):
            if not widths or min(widths) < 1:
                raise ValueError(
                    f"block {number} is {list(widths)}: give at least one width, each 1 or more."
                )
        if self.image_side_px >> len(self.blocks) < 1:
            raise ValueError(
                f"{len(self.blocks)} blocks halve images of {self.image_side_px} px to nothing: "
                f"use fewer blocks or images of at least {2 ** len(self.blocks)} px."
            )
        return self


class FreezingParameters(Parameters):
    """Which layers of a trained model fine-tuning may change."""

    enabled: bool = Field(default=True, description="False leaves every layer trainable.")
    n_trainable_layers: int = Field(
        default=6, ge=0, description="The last so many layers of the types below stay trainable."
    )
    layer_types: ListOf[
        Literal["SeparableConv2D", "Conv2D", "DepthwiseConv2D", "BatchNormalization"]
    ] = Field(
        default=("SeparableConv2D", "Conv2D", "DepthwiseConv2D", "BatchNormalization"),
        min_length=1,
        description="Class names of the layers that are counted and frozen.",
    )
    every_batch_normalisation: bool = Field(
        default=False,
        description=(
            "True also freezes the batch normalisations among the trainable layers, with their "
            "running statistics; those of frozen layers are always frozen with them."
        ),
    )


class RegularisationParameters(Parameters):
    """Dropout and L2 that a loaded model is given before it is fine-tuned."""

    spatial_dropout: float = Field(
        default=0.20, ge=0.0, lt=1.0, description="New rate of every dropout layer."
    )
    l2: float = Field(
        default=0.0125, ge=0.0, description="New L2 penalty on every convolution kernel."
    )
