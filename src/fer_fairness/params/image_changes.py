"""How far an image may be changed: names, units and limits that both augmentations share."""

from typing import Annotated, TypeAlias

from pydantic import Field

RotationDegrees: TypeAlias = Annotated[
    float, Field(ge=0.0, le=180.0, description="Largest turn, either way.")
]
ShiftShare: TypeAlias = Annotated[
    float, Field(ge=0.0, le=0.5, description="Shift as a share of the side, each direction.")
]
ScaleShare: TypeAlias = Annotated[
    float, Field(ge=0.0, le=0.9, description="The face is scaled by 1 plus or minus this.")
]
Brightness: TypeAlias = Annotated[
    float,
    Field(
        ge=0.0,
        le=1.0,
        description=(
            "Offset as a share of the grey range of 255. Much above 0.1 turns parts of many faces "
            "all black or all white."
        ),
    ),
]
Contrast: TypeAlias = Annotated[
    float, Field(ge=0.0, lt=1.0, description="Contrast is multiplied by 1 plus or minus this.")
]
ErasedShare: TypeAlias = Annotated[
    float,
    Field(
        ge=0.0,
        le=0.9,
        description=(
            "Largest share of the area that one erased box covers. A box of 0.15 may hide a whole "
            "mouth, and with it what the label is about."
        ),
    ),
]
ErasedProbability: TypeAlias = Annotated[
    float, Field(ge=0.0, le=1.0, description="Share of the images that have a box erased.")
]
