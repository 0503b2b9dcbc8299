"""Which variants and training seeds a configuration asks for: what the shape of pipelines follows.

A variant is a block of parameters that names a method (`method: reweighing`); a method may have
several. `docs/adding_a_method.md` walks through adding one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fer_fairness.evaluation_sets import EVALUATION_SETS, TRAINED_ON, EvaluationSet
from fer_fairness.mitigation import (
    Method,
    PostMethod,
)
from fer_fairness.pipelines.variants.controls import Controls
from fer_fairness.pipelines.variants.crossing import Crossing

BASELINE: Final = "baseline"
"""The variant that all others start from, unless they say after which other one they come."""

CONTROL: Final = "continued_training"
"""The method that all others are held against."""

DEMOGRAPHIC_CONTROL: Final = "continued_training_with_groups"
"""The method that those which need groups are held against, where they see other faces."""

TRAINING_SEED: Final = "training_seed"
"""The parameter that every node takes whose result depends on the training seed."""

SCORED_OVER: Final = "scored_over"
"""The block of parameters with the emotions that each evaluation set is scored over."""

FURTHER_SEEDS: Final = "training_seed_of"
"""The block of parameters with the number of each further seed, as `seed_<number>`."""

_OWN_SETS: Final = Crossing(tuple(part.name for part in EVALUATION_SETS.own))


@dataclass(frozen=True)
class Variant:
    """One variant: the name of its block, which is the namespace of its nodes and data.

    Attributes:
        name: `reweighing_by_race`.
        method: The class that its block names.
        after: The variant that it starts from, whose model is trained further or whose predictions
            are changed; the baseline starts from none.
        of: Further variants whose predictions it looks at, where it changes predictions.
    """

    name: str
    method: type[Method] | type[PostMethod]
    after: str = BASELINE
    of: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The variants that have to be there before."""
        return (self.after, *self.of)

    @property
    def method_name(self) -> str:
        """What its block names: `reweighing`."""
        return str(self.method.model_fields["method"].default)

    @property
    def needs_groups(self) -> bool:
        """Whether it is trained on the dataset with demographics."""
        return "groups" in getattr(self.method, "needs", ())

    @property
    def is_trained(self) -> bool:
        """Whether it has a model of its own; otherwise it changes another variant's predictions."""
        return issubclass(self.method, Method)


def called_first(variants: Iterable[Variant], method: str) -> str | None:
    """Of a method's variants the one that is called as it, else the first by name."""
    names = [variant.name for variant in variants if variant.method_name == method]
    return min(names, key=lambda name: (name != method, name), default=None)


@dataclass(frozen=True)
class Structure:
    """What pipelines are built for.

    Attributes:
        variants: The baseline first, then those that train, then those that change predictions,
            by name.
        seeds: The training seeds. The first has the plain names (`baseline.model`), each further
            one has namespaces of its own (`baseline_seed_1.model`).
        n_trials: Settings that each variant but the baseline tries with the first seed.
        described: The datasets that blocks under `datasets` describe.
        trained_on: The evaluation set that the baseline is trained on.
        crossing: What cross-dataset validation trains on and scores.
    """

    variants: tuple[Variant, ...]
    seeds: tuple[int, ...] = (0,)
    n_trials: int = 1
    described: tuple[EvaluationSet, ...] = ()
    trained_on: str = TRAINED_ON
    crossing: Crossing = _OWN_SETS

    @property
    def names(self) -> tuple[str, ...]:
        """Of all variants, in the order of the report."""
        return tuple(variant.name for variant in self.variants)

    @property
    def control(self) -> str:
        """The variant of plain continued training; the baseline where there is none.

        Of several the one that is called as its method is, else the first by name.
        """
        return called_first(self.variants, CONTROL) or BASELINE

    @property
    def demographic_control(self) -> str | None:
        """The same on the faces that methods which need groups are trained on, if there is one."""
        return called_first(self.variants, DEMOGRAPHIC_CONTROL)

    def made_with(self, variant: Variant) -> set[str]:
        """The variants that a variant builds on, and those that it is held against."""
        if variant.name == BASELINE:
            return set()
        builds_on = [each for each in self.variants if each.name in variant.needed]
        names = {self.control, *variant.needed}.union(*map(self.made_with, builds_on))
        if variant.needs_groups and self.demographic_control:
            names.add(self.demographic_control)
        return names

    def controls(self, chosen: str) -> Controls:
        """What each variant is held against.

        Args:
            chosen: The parameter `demographic_dataset`.
        """
        own = {each.name for each in self.variants if each.needs_groups}
        there = tuple(each.name for each in self.variants if {each.name, *each.needed} & own)
        return Controls(self.control, self.demographic_control, there, self.trained_on, chosen)

    @property
    def trained(self) -> tuple[Variant, ...]:
        """The variants with a model of their own."""
        return tuple(variant for variant in self.variants if variant.is_trained)

    @property
    def post_processed(self) -> tuple[Variant, ...]:
        """The variants that change predictions of others."""
        return tuple(variant for variant in self.variants if not variant.is_trained)

    @property
    def abstaining(self) -> tuple[Variant, ...]:
        """The variants that leave faces unanswered."""
        return tuple(v for v in self.post_processed if getattr(v.method, "abstains", False))

    def of_every_seed(self, dataset: str) -> list[str]:
        """What a dataset of a variant is called for each seed, in the order of the seeds."""
        variant, _, name = dataset.partition(".")
        return [f"{self.namespace(variant, seed)}.{name}" for seed in self.seeds]

    def namespace(self, variant: str, seed: int) -> str:
        """`baseline` for the first seed, `baseline_seed_1` for a further seed 1."""
        return variant if seed == self.seeds[0] else f"{variant}_seed_{seed}"

    def seed_parameter(self, seed: int) -> str:
        """The parameter that holds the number of a seed."""
        return TRAINING_SEED if seed == self.seeds[0] else f"{FURTHER_SEEDS}.seed_{seed}"
