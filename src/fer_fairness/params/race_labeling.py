"""Parameters of what is learnt from FairFace: the demographic labeller."""

from typing import Literal

from pydantic import Field, PositiveFloat, field_validator

from fer_fairness.params.base import Parameters
from fer_fairness.params.lists import ListOf

RaceGrouping = Literal["fairface_7", "coarse_4"]
AgeGrouping = Literal["fairface_9", "coarse_4"]
ClassifierName = Literal["logistic_regression", "linear_discriminant", "rbf_logistic", "mlp"]
CalibrationName = Literal["temperature", "isotonic"]


class LogisticRegressionGrid(Parameters):
    """Settings of `logistic_regression` that are tried."""

    inverse_regularisation: ListOf[PositiveFloat] = Field(
        default=(0.003, 0.03, 0.3), min_length=1, description="Values of C."
    )


class RbfLogisticGrid(Parameters):
    """Settings of `rbf_logistic` that are tried.

    Logistic regression on Gaussian similarities to some of the faces: a kernel machine whose time
    grows with the number of faces, where an exact one would need its square.
    """

    n_landmarks: int = Field(
        default=400, gt=0, description="Faces, drawn by the seed, to which all are compared."
    )
    width: ListOf[PositiveFloat] = Field(
        default=(0.3,),
        min_length=1,
        description="Values of gamma in exp(-gamma |x - y|^2), times the embedding's dimension.",
    )
    inverse_regularisation: ListOf[PositiveFloat] = Field(
        default=(10.0,), min_length=1, description="Values of C."
    )


class MlpGrid(Parameters):
    """Settings of `mlp` that are tried: networks of one hidden layer, averaged."""

    hidden_units: int = Field(default=256, gt=0, description="Units of the hidden layer.")
    weight_penalty: ListOf[PositiveFloat] = Field(
        default=(3.0, 10.0), min_length=1, description="Values of scikit-learn's alpha."
    )
    n_epochs: int = Field(default=20, gt=0, description="Passes over the faces, at most.")
    n_networks: int = Field(
        default=3, gt=0, description="Networks that differ by their seed, whose mean is taken."
    )


class MinConfidence(Parameters):
    """How probable the most probable group must be for a face to be given it."""

    gender: float = Field(default=0.5, ge=0.0, le=1.0, description="Lowest for gender.")
    race: float = Field(default=0.5, ge=0.0, le=1.0, description="Lowest for race.")
    age_group: float = Field(default=0.5, ge=0.0, le=1.0, description="Lowest for age.")


class LabellerParameters(Parameters):
    """Which groups are told apart, and how the classifiers are chosen, fitted and calibrated.

    Classifiers are fitted at FairFace's own grain, seven races and nine ages; a coarser grouping
    sums their probabilities.
    """

    race_grouping: RaceGrouping = Field(
        default="coarse_4",
        description="FairFace's seven groups, or the four of its authors' coarse reading.",
    )
    age_grouping: AgeGrouping = Field(
        default="coarse_4",
        description="FairFace's nine groups, or the four that FairFace and RAF-DB share.",
    )
    classifiers: ListOf[ClassifierName] = Field(
        default=("logistic_regression", "linear_discriminant", "mlp"),
        min_length=1,
        description="Kinds of classifier of which the one with the lowest log loss on faces it "
        "was not fitted on is kept, for each attribute.",
    )
    logistic_regression: LogisticRegressionGrid = Field(
        default_factory=LogisticRegressionGrid, description="What is tried of that kind."
    )
    rbf_logistic: RbfLogisticGrid = Field(
        default_factory=RbfLogisticGrid, description="What is tried of that kind."
    )
    mlp: MlpGrid = Field(default_factory=MlpGrid, description="What is tried of that kind.")
    n_folds: int = Field(
        default=5,
        ge=2,
        description="Folds of the cross-validation, where the embedder has not learnt from the "
        "faces.",
    )
    calibration: CalibrationName = Field(
        default="temperature",
        description="How probabilities are made to match frequencies: one number for all groups "
        "(temperature), or a rising step function for each (isotonic; needs more faces).",
    )
    min_confidence: MinConfidence = Field(
        default_factory=MinConfidence,
        description="A face whose most probable group is less probable than this gets no label.",
    )
    min_faces_per_class: int = Field(
        default=5,
        ge=2,
        description="Fewest faces of each of FairFace's groups that a classifier may be fitted "
        "on; a cross-validation also needs one a fold.",
    )

    @field_validator("classifiers")
    @classmethod
    def _no_classifier_twice(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError(f"a classifier is named twice: {', '.join(names)}. Name each once.")
        return names
