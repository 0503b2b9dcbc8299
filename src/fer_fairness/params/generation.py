"""Parameters of the generator of faces, which `augmentation.generation` trains."""

from pydantic import Field

from fer_fairness.params.base import Parameters


class GeneratorParameters(Parameters):
    """How the generator is built, trained and drawn from."""

    n_codes: int = Field(
        default=64,
        ge=1,
        description="Principal components of a face that are made anew. What is finer stays as it "
        "is in the training face: the more there are, the less stays, and the less real it looks.",
    )
    width: int = Field(default=384, ge=1, description="Units of each layer of its network.")
    n_blocks: int = Field(default=3, ge=1, description="Residual blocks of its network.")
    n_steps: int = Field(default=1000, ge=1, description="Gradient steps of its training.")
    batch_size: int = Field(default=512, ge=1, description="Faces in each of them.")
    learning_rate: float = Field(
        default=0.002, gt=0.0, description="Highest rate; it rises at first and falls to 0."
    )
    departure: float = Field(
        default=0.8,
        gt=0.0,
        le=1.0,
        description="Share of noise that these components begin with, the rest being those of a "
        "training face of its cell: the less, the more it is like that face.",
    )
    n_moves: int = Field(
        default=12, ge=1, description="Steps in which noise becomes a face; more are more exact."
    )
    guidance: float = Field(
        default=1.5,
        ge=1.0,
        description="How far faces are pushed towards their labels: 1 not at all. Above it they "
        "show their emotion more clearly and differ less.",
    )
    copy_quantile: float = Field(
        default=0.01,
        ge=0.0,
        le=1.0,
        description="A made face is a copy, and left out, if it is nearer to a training face than "
        "all but this share of real faces are; 0: if it is the same picture.",
    )
    held_apart_share: float = Field(
        default=0.1,
        gt=0.0,
        lt=0.5,
        description="Share of the training faces that the generator does not see: what it makes "
        "is compared with them.",
    )
