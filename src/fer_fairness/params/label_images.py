"""Parameters of labelling a folder of somebody's images."""

from typing import Literal

from pydantic import Field

from fer_fairness.params.base import GivenPathText
from fer_fairness.params.data_processing import ImageFolderParameters
from fer_fairness.params.embedding import Alignment
from fer_fairness.params.inference import InferenceParameters


class LabelImagesParameters(ImageFolderParameters):
    """Which folder, and how the faces stand in its images."""

    folder: GivenPathText | None = Field(
        default=None, description="The folder; images lie at any depth."
    )
    alignment: Alignment = Field(
        default="detect",
        description="detect: one face is sought in each image; landmarks: each image is a face, of "
        "any framing; none: each is an aligned face as FairFace's.",
    )
    no_face_found: Literal["whole_image", "left_out"] = Field(
        default="whole_image",
        description="What becomes of an image in which a face is sought and none is found: it is "
        "taken whole for a crop of a face, or left without labels.",
    )
    inference: InferenceParameters = Field(
        default_factory=InferenceParameters, description="Draws behind the intervals of shares."
    )
