"""Every model variant of the project: what it trains on, where it starts, what it does.

To add a variant: one line here, one parameters block of the same name under `conf/base`.
`docs/adding_a_variant.md` walks through it.
"""

from dataclasses import dataclass
from typing import Final, Literal

from fer_fairness.errors import InvalidInputError


@dataclass(frozen=True)
class Variant:
    """How one variant is wired; its numbers are in the parameters block of its name.

    Attributes:
        name: Namespace of its nodes, data and parameters.
        pipeline: The registered pipeline it belongs to.
        trains_on: `fer_plus`, or `demographic`: the dataset chosen by `demographic_dataset`,
            with demographics.
        starts_from: The variant whose model is fine-tuned, None for a model built anew.
        augments: Whether copies are added to the training faces after a plan.
        reweighs: Whether faces are weighted by group and emotion (AIF360 Reweighing).
    """

    name: str
    pipeline: str
    trains_on: Literal["fer_plus", "demographic"] = "fer_plus"
    starts_from: str | None = "baseline"
    augments: bool = False
    reweighs: bool = False

    def __post_init__(self) -> None:
        if self.augments and self.starts_from is None:
            raise InvalidInputError(
                f"Variant {self.name!r} augments and starts from no model: the plan needs one's "
                "validation predictions. Name a variant in starts_from."
            )


BASELINE: Final = Variant("baseline", pipeline="baseline", starts_from=None)

TRAINED_VARIANTS: Final = (
    BASELINE,
    Variant("emotion_augmentation", pipeline="emotion_augmentation", augments=True),
    Variant(
        "demographic_augmentation",
        pipeline="demographic_augmentation",
        trains_on="demographic",
        augments=True,
    ),
    Variant("continued_training", pipeline="mitigation"),
    Variant("reweighing", pipeline="mitigation", trains_on="demographic", reweighs=True),
)

POST_PROCESSED_VARIANTS: Final = ("equalized_odds",)
"""Variants that change the baseline's predictions and train nothing."""

EVALUATION_SETS: Final = ("fer_plus", "raf_db")
"""Every variant is scored on the test faces of both; RAF-DB may be absent."""


def all_variant_names() -> tuple[str, ...]:
    """Names of all variants, in the order of the report."""
    return (*(variant.name for variant in TRAINED_VARIANTS), *POST_PROCESSED_VARIANTS)
