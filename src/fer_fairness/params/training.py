"""Parameters of the one training loop: optimiser, rates, stopping, online augmentation.

Defaults are the fine-tuning values of the project's source document; what it does not have (cosine
schedule, averaged weights, mixup, logit adjustment, distillation) is off unless asked for.
"""

from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from fer_fairness.params.base import Parameters
from fer_fairness.params.image_changes import ImageChanges
from fer_fairness.params.lists import ListOf

Precision: TypeAlias = Literal["auto", "float32", "bfloat16"]
"""What training computes in."""


class OnlineAugmentationParameters(ImageChanges):
    """How far training images are changed, drawn anew in every epoch.

    A face's `augmentation_strength` multiplies all ranges.
    """


class DistillationParameters(Parameters):
    """What is taken over from teachers beside the labels (Hinton et al. 2015, arXiv 1503.02531).

    The loss is (1 - weight) times the cross-entropy with the labels plus weight times
    temperature squared times the divergence from the teachers' to the student's distribution,
    both softened by the temperature. Several teachers are an ensemble: their probabilities are
    averaged. Where none is named, the teacher of a fine-tuning is the model that it starts from:
    what it knew is kept ("learning without forgetting", Li and Hoiem 2016, arXiv 1606.09282).
    """

    weight: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Share of the loss that is the teachers'; 0: none is asked.",
    )
    temperature: float = Field(default=2.0, gt=0.0, description="Softens both distributions.")
    teachers: ListOf[str] = Field(
        default=(),
        description="Trained models: paths of .keras files, `published_teacher` or `published`.",
    )

    same_views: bool = Field(
        default=False,
        description="Whether teachers are asked about the faces as the student sees them, moved "
        "(Beyer et al. 2022, arXiv 2106.05237), and not once about each as it is.",
    )
    n_views: int | None = Field(
        default=None,
        ge=1,
        description="About how many moved forms of each face teachers are asked, before the first "
        "epoch and once for all seeds. With same_views epochs show these forms in turn, each with "
        "its own answer; else the mean answer to all of them teaches whatever form an epoch shows. "
        "null: with same_views they are asked in each step, else once about the face as it is.",
    )

    @property
    def is_asked_in_steps(self) -> bool:
        """Whether teachers are asked in each step, and not before the first epoch."""
        return self.same_views and self.n_views is None


class TrainingParameters(Parameters):
    """The one training loop: optimiser, learning rates, stopping, online augmentation."""

    batch_size: int = Field(default=64, ge=1, description="Images in a gradient step.")
    max_epochs: int = Field(
        default=100,
        ge=0,
        description="Epochs, at most; 0 takes the starting model as it is. Each ends with a "
        "validation, after steps_per_epoch gradient steps.",
    )
    steps_per_epoch: int | None = Field(
        default=None,
        ge=1,
        description=(
            "Gradient steps between two validations, so that max_epochs times this is the budget, "
            "however many faces there are; null: as many as show each face once that was there "
            "before a method added others."
        ),
    )
    optimizer: Literal["adam", "adamw"] = "adam"
    weight_decay: float = Field(
        default=0.0, ge=0.0, description="Decoupled weight decay of adamw; kernels only."
    )
    precision: Precision = Field(
        default="auto",
        description="What feature maps are computed in while training; weights and predictions are "
        "float32 always. auto: bfloat16 under TensorFlow on a CPU that has it, half the time.",
    )
    keep_activations: bool = Field(
        default=True,
        description="Where the first layers are frozen and images do not change, what these layers "
        "make of each face is computed once and kept in memory.",
    )
    schedule: Literal["plateau", "cosine"] = Field(
        default="plateau",
        description=(
            "After the warm-up: reduced when the validation loss stops falling, or along a half "
            "cosine from the target towards the lowest rate, which it would reach after max_epochs."
        ),
    )
    initial_learning_rate: float = Field(default=1e-5, gt=0.0, description="Rate of epoch 1.")
    target_learning_rate: float = Field(
        default=3e-5, gt=0.0, description="Rate of the first epoch after the warm-up."
    )
    warmup_epochs: int = Field(
        default=8,
        ge=0,
        description=(
            "Epochs over which the rate rises linearly to the target; under the cosine schedule at "
            "most half of max_epochs, so that short runs have both."
        ),
    )
    min_learning_rate: float = Field(default=1e-6, gt=0.0, description="Rates never fall below.")
    learning_rate_scale: float = Field(
        default=1.0,
        gt=0.0,
        description="Factor of these three rates: what trials vary, whatever the rates are.",
    )
    learning_rate_patience: int = Field(
        default=15, ge=1, description="Epochs without a lower validation loss before a reduction."
    )
    learning_rate_factor: float = Field(
        default=0.5, gt=0.0, lt=1.0, description="A reduction multiplies the rate by this."
    )
    early_stopping_patience: int = Field(
        default=30, ge=1, description="Epochs without a better validation score before the end."
    )
    selected_by: Literal["validation_loss", "validation_accuracy", "validation_mean_recall"] = (
        Field(
            default="validation_loss",
            description="The validation score by which the epoch to keep is chosen.",
        )
    )
    gradient_clip_norm: float | None = Field(
        default=1.0, gt=0.0, description="Largest norm of the whole gradient; null: no clipping."
    )
    label_smoothing: float = Field(
        default=0.0,
        ge=0.0,
        lt=1.0,
        description="Share of each target spread over all emotions that training faces show.",
    )
    mixup_alpha: float = Field(
        default=0.0,
        ge=0.0,
        description=(
            "Each training image is mixed with another, as are their targets, in a proportion from "
            "Beta(alpha, alpha) (Zhang et al. 2018, arXiv 1710.09412); 0: not mixed."
        ),
    )
    logit_adjustment: float = Field(
        default=0.0,
        ge=0.0,
        description=(
            "Times the logarithm of the emotions' shares is added to the logits in the loss, so "
            "that rare emotions are predicted more (tau of Menon et al. 2021, arXiv 2007.07314)."
        ),
    )
    average_momentum: float | None = Field(
        default=None,
        gt=0.0,
        lt=1.0,
        description=(
            "Weights are averaged exponentially over the steps, keeping this share of the average "
            "at each; the average is validated and kept. null: no averaging."
        ),
    )
    temperature_scaling: bool = Field(
        default=False,
        description=(
            "Whether the logits of the trained model are divided by the temperature under which "
            "its probabilities fit the validation faces best (Guo et al. 2017, arXiv 1706.04599). "
            "Nothing else is predicted; targets of several annotators make a model unsure."
        ),
    )
    online_augmentation: OnlineAugmentationParameters = OnlineAugmentationParameters()
    weaker_epochs: int = Field(
        default=0,
        ge=0,
        description="Last epochs, at most half of max_epochs, in which images are changed less, so "
        "that training ends on faces like those that will be scored.",
    )
    weaker_strength: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="What all ranges of online_augmentation are multiplied by in weaker_epochs.",
    )
    distillation: DistillationParameters = DistillationParameters()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.initial_learning_rate > self.target_learning_rate:
            raise ValueError(
                f"initial_learning_rate {self.initial_learning_rate} is above "
                f"target_learning_rate {self.target_learning_rate}: the warm-up only rises."
            )
        if self.min_learning_rate > self.target_learning_rate:
            raise ValueError(
                f"min_learning_rate {self.min_learning_rate} is above "
                f"target_learning_rate {self.target_learning_rate}."
            )
        if self.weight_decay > 0 and self.optimizer != "adamw":
            raise ValueError(
                f"weight_decay {self.weight_decay} needs optimizer adamw, found {self.optimizer}."
            )
        distillation = self.distillation
        if self.weaker_epochs and distillation.same_views and distillation.n_views is not None:
            raise ValueError(
                f"weaker_epochs is {self.weaker_epochs}, but with same_views and n_views epochs "
                "show forms of the faces that are not weaker later on: set weaker_epochs to 0, or "
                "same_views to false."
            )
        return self
