"""Parameters of labelling a folder of somebody's images."""

from pydantic import Field

from fer_fairness.params.data_processing import ImageFolderParameters
from fer_fairness.params.embedding import Alignment
from fer_fairness.params.inference import InferenceParameters


class LabelImagesParameters(ImageFolderParameters):
    """Which folder, and how the faces stand in its images."""

    folder: str | None = Field(default=None, description="The folder; images lie at any depth.")
    alignment: Alignment = Field(
        default="detect",
        description="detect: one face is sought in each image; landmarks: each image is a face, of "
        "any framing; none: each is an aligned face as FairFace's.",
    )
    inference: InferenceParameters = Field(
        default_factory=InferenceParameters, description="Draws behind the intervals of shares."
    )
