"""The one template behind every variant: compose a training set, train, predict."""

from collections.abc import Iterator
from dataclasses import dataclass

from kedro.pipeline import Pipeline

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.mitigation import Method
from fer_fairness.pipelines.namespaces import grouped, step
from fer_fairness.pipelines.variants import nodes, tuning
from fer_fairness.pipelines.variants.structure import SCORED_OVER, Structure, Variant

_TABLES = {"validation": "development", "test": "test"}
"""The split of predictions -> the tables that its faces are in."""


def create_pipelines(structure: Structure) -> dict[str, Pipeline]:
    """The pipelines of all variants and seeds, by the names that their methods say.

    A variant that is not called as its pipeline has a box of its own in that pipeline's box.
    """
    parts: dict[str, list[Pipeline]] = {}
    for variant in structure.variants:
        for seed in structure.seeds:
            name = variant.method.pipeline
            made = variant_pipeline(variant, structure, seed)
            if structure.namespace(variant.name, seed) != name:
                made = grouped(name, [made])
            parts.setdefault(name, []).append(made)
    # At once: sums of pipelines take time with the square of their number.
    return {name: Pipeline(made) for name, made in parts.items()}


def variant_pipeline(variant: Variant, structure: Structure, seed: int) -> Pipeline:
    """The template wired for one variant and seed."""
    wired = _Wired(
        variant=variant.name,
        space=structure.namespace(variant.name, seed),
        start=structure.namespace(variant.after, seed),
        others=tuple(structure.namespace(name, seed) for name in variant.of),
        trained_on=structure.trained_on,
        seed=f"params:{structure.seed_parameter(seed)}",
        is_tuned=structure.n_trials > 1,
        is_first=seed == structure.seeds[0],
    )
    if issubclass(variant.method, Method):
        return Pipeline(list(wired.trained(variant.method)))
    return Pipeline([part for dataset in EVALUATION_SETS for part in wired.post_processed(dataset)])


@dataclass(frozen=True)
class _Wired:
    """Where one variant of one seed reads and writes.

    Attributes:
        variant: Name of the block of parameters.
        space: Namespace of its nodes and data.
        trained_on: The evaluation set that it is trained on, unless it needs groups.
        start: Namespace of the variant that it starts from, of the same seed.
        others: Namespaces of further variants whose predictions it looks at, of the same seed.
        seed: The parameter that holds the training seed.
        is_tuned: Whether its parameters are chosen among several trials.
        is_first: Whether the seed is the first, which they are chosen with.
    """

    variant: str
    space: str
    start: str
    trained_on: str
    seed: str
    others: tuple[str, ...] = ()
    is_tuned: bool = False
    is_first: bool = True

    @property
    def block(self) -> str:
        """The parameters of the variant's method."""
        return f"params:{self.variant}"

    def settled(self, method: type[Method]) -> str:
        """The parameters that it is trained with: those of its block, or those that were chosen."""
        is_tuned = self.is_tuned and not method.starts_anew
        return f"{self.variant}.block" if is_tuned else self.block

    def own(self, *names: str) -> list[str]:
        """Data of the variant."""
        return [f"{self.space}.{name}" for name in names]

    def trained(self, method: type[Method]) -> Iterator[Pipeline]:
        """A variant with a model of its own."""
        dataset = "demographic" if "groups" in method.needs else self.trained_on
        development = [f"{dataset}.development_faces", f"{dataset}.development_images"]
        if self.is_first and self.settled(method) != self.block:
            yield self._tuning(method, development)
        yield self._composition(method, development)
        yield step(
            nodes.train_model,
            inputs=[
                *(self.settled(method), "params:fine_tuning", *development),
                *self.own("training_columns", "augmented_faces", "augmented_images"),
                *(self.seed, "params:checkpoint_root"),
                *([] if method.starts_anew else [f"{self.start}.model"]),
            ],
            outputs=self.own("model", "history", "training_record"),
            name=f"{self.space}.train",
            tags=["train", "trains"],
        )
        if "training_predictions" in method.needs:
            yield self._prediction_on_training_faces(development)
        if not method.starts_anew:
            yield self._description(method, development)
        for name in EVALUATION_SETS:
            for split in _TABLES:
                yield self._prediction(name, split)

    def _told(self, method: type[Method]) -> list[str]:
        """Predictions of the starting model that a method may look at."""
        if method.starts_anew:
            return []
        told = [f"{self.start}.{name}_validation_predictions" for name in EVALUATION_SETS]
        looks = "training_predictions" in method.needs
        return told + (self.own("start_predictions") if looks else [])

    def _tuning(self, method: type[Method], development: list[str]) -> Pipeline:
        # The demographic dataset is labelled from the start.
        has_groups = "groups" in method.needs
        labelled = development[0] if has_groups else f"{self.trained_on}.development_labelled_faces"
        return step(
            tuning.tune,
            inputs=[
                *(self.block, "params:budget", "params:fine_tuning", "params:prediction"),
                *(*development, labelled),
                *(self.seed, "params:checkpoint_root", f"{self.start}.model"),
                *(f"params:{SCORED_OVER}", *self._told(method)),
            ],
            outputs=self.own("block", "trials"),
            name=f"{self.space}.tune",
            tags=["train", "trains"],
        )

    def _composition(self, method: type[Method], development: list[str]) -> Pipeline:
        needs_model = "starting_model" in method.needs
        return step(
            nodes.compose_with_model if needs_model else nodes.compose_training_set,
            inputs=[
                self.settled(method),
                *([f"{self.start}.model"] if needs_model else []),
                *(*development, self.seed, *self._told(method)),
            ],
            outputs=self.own(
                "training_columns", "augmentation_plan", "augmented_faces", "augmented_images"
            ),
            name=f"{self.space}.compose_training_set",
            tags=["compose", "trains"],
        )

    def _description(self, method: type[Method], development: list[str]) -> Pipeline:
        return step(
            nodes.describe_training_set,
            inputs=[
                *(self.settled(method), "params:fine_tuning", *development),
                *self.own("augmentation_plan", "augmented_faces", "augmented_images"),
                self.seed,
            ],
            outputs=self.own("distribution", "example_sheet"),
            name=f"{self.space}.describe_training_set",
            tags="compose",
        )

    def _prediction(self, dataset: str, split: str) -> Pipeline:
        faces = f"{dataset}.{_TABLES[split]}"
        return step(
            nodes.predict,
            inputs=[
                *self.own("model"),
                *(f"{faces}_faces", f"{faces}_images"),
                *("params:prediction", self.block, self.seed),
                f"params:{SCORED_OVER}.{dataset}",
            ],
            outputs=f"{self.space}.{dataset}_{split}_predictions",
            name=f"{self.space}.predict_{dataset}_{split}",
            tags="predict",
        )

    def _prediction_on_training_faces(self, development: list[str]) -> Pipeline:
        return step(
            nodes.predict_training,
            inputs=[
                *(f"{self.start}.model", *development),
                *("params:prediction", self.block, self.seed),
                f"params:{SCORED_OVER}",
            ],
            outputs=f"{self.space}.start_predictions",
            name=f"{self.space}.predict_training_faces",
            tags=["predict", "trains"],
        )

    def post_processed(self, dataset: str) -> Iterator[Pipeline]:
        """Predictions of the variant that it comes after on one evaluation set, changed."""
        validation = [
            f"{self.start}.{dataset}_validation_predictions",
            f"{dataset}.development_labelled_faces",
        ]
        others = [f"{name}.{dataset}_validation_predictions" for name in self.others]
        block = f"{self.variant}.{dataset}_block" if self.is_tuned else self.block
        if self.is_tuned and self.is_first:
            yield step(
                tuning.tune_post_method,
                inputs=[self.block, "params:budget", *validation, self.seed, *others],
                outputs=self.own(f"{dataset}_block", f"{dataset}_trials"),
                name=f"{self.space}.tune_{dataset}",
                tags=["fit", "trains"],
            )
        yield step(
            nodes.fit_post_method,
            inputs=[block, *validation, *others],
            outputs=f"{self.space}.{dataset}_rules",
            name=f"{self.space}.fit_{dataset}",
            tags=["fit", "trains"],
        )
        yield step(
            nodes.apply_post_method,
            inputs=[
                block,
                f"{self.start}.{dataset}_test_predictions",
                f"{dataset}.test_labelled_faces",
                f"{self.space}.{dataset}_rules",
                self.seed,
                *(f"{name}.{dataset}_test_predictions" for name in self.others),
            ],
            outputs=f"{self.space}.{dataset}_test_predictions",
            name=f"{self.space}.apply_{dataset}",
            tags="predict",
        )
