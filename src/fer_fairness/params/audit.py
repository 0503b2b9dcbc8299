"""Parameters of the audit: somebody's prediction file or model, and how its columns are called."""

from collections.abc import Mapping
from math import inf
from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from fer_fairness.evaluation_sets import EVALUATION_SETS, TRAINED_ON
from fer_fairness.params.base import GivenPathText, Parameters
from fer_fairness.params.inference import InferenceParameters
from fer_fairness.params.lists import AgeCuts, Legends, ListOf, parted
from fer_fairness.taxonomy import NO_CLASS

_OF_ONE_MODEL: Final = ("probabilities", "logits")


class PredictionColumns(Parameters):
    """Which column of a prediction file is what. What is not given is guessed from the names."""

    true: str | None = Field(
        default=None, description="Column of the true emotion: names or integer codes."
    )
    predicted: tuple[str, ...] | str | None = Field(
        default=None,
        description="Column of the emotion that the model predicted; of several models a column "
        "each, the reference first.",
    )
    sample_id: str | None = Field(
        default=None,
        description="Column that tells the samples apart; none: number the rows.",
    )
    person: str | None = Field(
        default=None,
        description="Column that tells people, or videos, apart where they have several faces; "
        "none: every row is a person.",
    )
    attributes: ListOf[str] | None = Field(
        default=None, min_length=1, description="Columns of the groups that are compared."
    )
    probabilities: tuple[str, ...] | str | None = Field(
        default=None,
        description="Columns of the predicted probabilities, one a class, or one column of lists.",
    )
    logits: tuple[str, ...] | str | None = Field(
        default=None,
        description="The same before the softmax, which is then computed here.",
    )
    class_names: ListOf[str] | None = Field(
        default=None,
        min_length=1,
        description="All classes of the model: the names of its integer codes in code order, and "
        "of the numbers in a column of lists. A label that is none of them is an error. Of a model "
        "file its outputs in their order, '-' for one that is no class; found out on validation "
        "faces if not given.",
    )
    several_faces: Literal["largest", "all"] = Field(
        default="largest",
        description="Which faces are audited of a picture in which a tool found several.",
    )
    groups: Legends = Field(
        default_factory=dict,
        description="By column what the codes of groups stand for: {gender: {0: female, 1: male}}.",
    )
    age_cuts: AgeCuts = Field(
        default=(20, 40, 70),
        description="First year of each age group but the youngest, for a column `age` in years; "
        "not given: the groups that FairFace and RAF-DB have in common.",
    )

    @model_validator(mode="before")
    @classmethod
    def _true_is_a_name(cls, given: object) -> object:
        # In YAML an unquoted `true:` is a key of type bool.
        if isinstance(given, Mapping):
            return {"true" if key is True else key: value for key, value in given.items()}
        return given

    @field_validator("predicted", "probabilities", "logits", mode="before")
    @classmethod
    def _columns_given_as_text(cls, given: object) -> object:
        # One name is one model's column, or one column of lists.
        return parted(given) if isinstance(given, str) and ";" in given else given

    @property
    def models(self) -> tuple[str, ...]:
        """Columns of several models; none where one alone is audited."""
        return self.predicted if isinstance(self.predicted, tuple) else ()

    @field_validator("sample_id", "person", mode="before")
    @classmethod
    def _no_column(cls, given: object) -> object:
        return "" if given == "none" else given

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        if self.probabilities is not None and self.logits is not None:
            raise ValueError("probabilities and logits are both given: give one of them")
        single = (self.true, self.sample_id, self.person)
        used = [name for name in single if name]
        predicted = self.models or (self.predicted,)
        if self.models and (len(self.models) < 2 or "" in self.models):
            raise ValueError(
                f"predicted is {list(self.models)}: expected one column, or several parted by "
                "semicolons"
            )
        used += [name for name in predicted if isinstance(name, str)]
        used += self.attributes or ()
        for scores in (self.probabilities, self.logits):
            used += (scores,) if isinstance(scores, str) else scores or ()
        _refuse_twice("columns", used)
        names = [name.strip() for name in self.class_names or ()]
        _refuse_twice("class_names", [name for name in names if name != NO_CLASS])
        return self


class AuditParameters(Parameters):
    """What is audited: a file of predictions, or a Keras model and the dataset to run it on."""

    predictions: GivenPathText | None = Field(
        default=None, description="Path of a prediction file: CSV (also .gz) or Parquet."
    )
    model: GivenPathText | None = Field(
        default=None, description="Path of a model in its place: Keras, ONNX or TFLite."
    )
    labels: ListOf[GivenPathText] | None = Field(
        default=None,
        min_length=1,
        description="Files of true emotions or groups that the prediction file lacks, one row a "
        "picture: joined to it by the pictures' names.",
    )
    held_out_labels: GivenPathText | None = Field(
        default=None,
        description="Where a labeller predicted the groups of the prediction file: path of a CSV "
        "or Parquet file of people whose group is known, with columns true_<attribute> and "
        "predicted_<attribute>. Scores of these attributes are then corrected for its errors.",
    )
    predicted_attributes: ListOf[str] | None = Field(
        default=None,
        min_length=1,
        description="Attributes whose groups a labeller predicted; not given: those of "
        "held_out_labels.",
    )
    dataset: str = Field(
        default=TRAINED_ON, description="Evaluation set whose test faces a model is run on."
    )
    output: str | None = Field(
        default=None, description="Which output of a model with several, by its name."
    )
    input_scale: Literal["0-1", "0-255", "-1-1", "imagenet"] | None = Field(
        default=None,
        description="What a model takes pixel values 0 to 255 as; found out if not given.",
    )
    input_layout: Literal["NCHW", "NHWC"] | None = Field(
        default=None,
        description="Whether an ONNX or TFLite file takes the channels first (NCHW) or last, where "
        "its declared input leaves that open and trying does not tell.",
    )
    input_channels: Literal[1, 3] | None = Field(
        default=None, description="How many channels it takes, the same."
    )
    input_side_px: int | None = Field(
        default=None,
        ge=8,
        description="Side of the square images that a model of any size was trained with; not "
        "given: that of the dataset's images.",
    )
    input_colours: Literal["RGB", "BGR"] = Field(
        default="RGB",
        description="Whether red or blue comes first of three channels, where faces are read from "
        "files in colour.",
    )
    input_mean: ListOf[float] | None = Field(
        default=None,
        description="Mean that is taken off these values, one number or one a channel, where the "
        "model was trained with one of its own.",
    )
    input_standard_deviation: ListOf[float] | None = Field(
        default=None, description="What they are then divided by, as many numbers."
    )
    isolation: Literal["subprocess", "none"] = Field(
        default="subprocess",
        description="Where a model file is opened and run: in a process of its own within the two "
        "limits below, or in the run's own process.",
    )
    memory_limit_gb: float = Field(
        default=4.0,
        gt=0,
        description="Memory that this process may take beyond its libraries (Linux only).",
    )
    time_limit_minutes: float = Field(
        default=60.0, gt=0, description="Minutes after which this process is stopped."
    )
    name: str | None = Field(
        default=None, description="What the report calls the model; the file's name if not given."
    )
    columns: PredictionColumns = Field(
        default_factory=PredictionColumns, description="Which column of the file is what."
    )
    intersections: ListOf[str] | None = Field(
        default=None,
        description='Intersections to compare, such as "gender x race"; not given: all pairs of '
        "attributes; an empty list: none.",
    )
    max_groups: int = Field(
        default=50,
        ge=2,
        description="Pairs of attributes with more groups than this are not formed by themselves.",
    )

    n_scan_permutations: int = Field(
        default=999, ge=99, description="Shuffles behind the p-value of the worst subgroup."
    )
    aif360_max_people: int = Field(
        default=50_000,
        ge=0,
        description="With more people AIF360's own metrics are left out: it takes a row a person "
        "for each pair of groups and emotion.",
    )
    inference: InferenceParameters = Field(
        default_factory=InferenceParameters, description="Draws, significance, smallest group."
    )

    @field_validator("dataset")
    @classmethod
    def _dataset_is_known(cls, given: str) -> str:
        if given not in EVALUATION_SETS:
            raise ValueError(f"is {given!r}; expected one of {', '.join(EVALUATION_SETS)}")
        return given

    @field_validator("name", mode="before")
    @classmethod
    def _name_is_text(cls, given: object) -> object:
        return str(given) if isinstance(given, (int, float)) else given

    @model_validator(mode="after")
    def _one_thing_is_audited(self) -> Self:
        if self.predictions is not None and self.model is not None:
            raise ValueError("predictions and model are both given: audit one of them at a time")
        of_one = {"name": self.name, **{one: getattr(self.columns, one) for one in _OF_ONE_MODEL}}
        given = [name for name, value in of_one.items() if value is not None]
        if self.columns.models and given:
            raise ValueError(
                f"{given[0]} is of one model, but columns.predicted names "
                f"{len(self.columns.models)}: leave it out, or audit each model by itself"
            )
        if self.held_out_labels is not None and self.predictions is None:
            raise ValueError(
                "held_out_labels is given without predictions: of a model that is run here the "
                "errors of the labeller are known already"
            )
        self._check_standardisation()
        for intersection in self.intersections or ():
            parts = [part.strip() for part in intersection.split(" x ")]
            if len(parts) < 2 or "" in parts or len(set(parts)) < len(parts):
                raise ValueError(
                    f"intersections holds {intersection!r}: expected different attributes joined "
                    'as in "gender x race"'
                )
        _refuse_twice("intersections", self.intersections or ())
        return self

    def _check_standardisation(self) -> None:
        mean, deviation = self.input_mean, self.input_standard_deviation
        if mean is None and deviation is None:
            return
        if mean is None or deviation is None or len(mean) != len(deviation):
            raise ValueError(
                f"input_mean is {mean} and input_standard_deviation {deviation}: give both, as many"
            )
        if len(mean) not in (1, 3) or not all(0 < number < inf for number in deviation):
            raise ValueError(
                f"input_standard_deviation is {list(deviation)}: expected 1 or 3 numbers above 0"
            )
        if self.input_scale == "imagenet":
            raise ValueError(
                "input_scale=imagenet standardises by itself: leave out input_mean and "
                "input_standard_deviation, or name another input_scale"
            )


def _refuse_twice(what: str, names: "tuple[str, ...] | list[str]") -> None:
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise ValueError(f"{what} names {', '.join(map(repr, twice))} twice")
