"""Wiring of the fairness_reporting pipeline."""

from collections.abc import Iterator, Sequence

from kedro.pipeline import Pipeline

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.pipelines.fairness_reporting import lineage, nodes, over_seeds
from fer_fairness.pipelines.measurements import EVALUATION_TABLES, LABEL_NOISE_TABLES
from fer_fairness.pipelines.namespaces import grouped, step
from fer_fairness.pipelines.seeds import ONE_SEED, dataset_of_every_seed
from fer_fairness.pipelines.variants import BASELINE, TRAINED_VARIANTS, all_variant_names
from fer_fairness.reporting.columns import COLUMNS
from fer_fairness.sources import READERS

_SETTINGS = ["params:evaluation", "params:seed"]
_SCORES_OVER_SEEDS, _COMPARISONS_OVER_SEEDS = "scores_over_seeds", "comparisons_over_seeds"
_OF_AUDITS = ("scan",)
"""Tables of the report that there are only of an audit."""

# Names of the variants: of all, and of those that are compared with the baseline.
_ALL = all_variant_names()
_COMPARED = tuple(name for name in _ALL if name != BASELINE.name)


def create_pipeline(seeds: Sequence[int] = ONE_SEED) -> Pipeline:
    """From predictions of all variants to tables, figures, report, results and model card.

    Args:
        seeds: The training seeds. Of each variant the model of the first is looked at in full; from
            two seeds on, there are tables over all of them.
    """
    parts = [
        *(_scored(name) for variant in _ALL for name in _scored_of_seeds(variant, seeds)),
        *(part for variant in _ALL for part in _measured(variant)),
        *(_compared(variant) for variant in _COMPARED),
    ]
    if len(seeds) > 1:
        parts += [part for variant in _ALL for part in _over_seeds(variant, seeds)]
    tables = _tables(several_seeds=len(seeds) > 1)
    parts += [_collected(table, of_variants) for table, of_variants in tables.items()]
    not_made = {_SCORES_OVER_SEEDS, _COMPARISONS_OVER_SEEDS, *_OF_AUDITS} - tables.keys()
    shown = [table for table in COLUMNS if table not in not_made]
    return grouped("fairness_reporting", [*parts, _lineage(seeds), _report(shown), _figures()])


def _scored_of_seeds(variant: str, seeds: Sequence[int]) -> list[str]:
    return dataset_of_every_seed(f"{variant}.scored", seeds)


def _scored(scored: str) -> Pipeline:
    """The scored faces of one variant and training seed."""
    variant = scored.removesuffix(".scored")
    return step(
        nodes.score,
        inputs=[
            name
            for dataset in EVALUATION_SETS
            for name in (f"{variant}.{dataset}_test_predictions", f"{dataset}.test_labelled_faces")
        ],
        outputs=scored,
        name=f"{variant}.score",
        tags="score",
    )


def _measured(variant: str) -> Iterator[Pipeline]:
    """All that is measured of one variant by itself."""
    measured_on = [f"{variant}.scored", *_SETTINGS]
    yield step(
        nodes.evaluate_variant,
        inputs=measured_on,
        outputs=[f"{variant}.table_{table}" for table in EVALUATION_TABLES],
        name=f"{variant}.evaluate",
        tags="score",
    )
    yield step(
        nodes.aif360_metrics,
        inputs=measured_on,
        outputs=f"{variant}.table_aif360",
        name=f"{variant}.aif360_metrics",
        tags="score",
    )
    labels_and_held_out = [
        name
        for dataset, part in EVALUATION_SETS.items()
        for name in (f"{dataset}.test_demographics", f"{part.condition}.held_out_labels")
    ]
    yield step(
        nodes.correct_label_errors,
        inputs=[*measured_on, *labels_and_held_out],
        outputs=[f"{variant}.table_{table}" for table in LABEL_NOISE_TABLES],
        name=f"{variant}.correct_label_errors",
        tags="score",
    )


def _compared(variant: str) -> Pipeline:
    return step(
        nodes.compare_with_baseline,
        inputs=[f"{BASELINE.name}.scored", f"{variant}.scored", *_SETTINGS],
        outputs=f"{variant}.table_comparisons",
        name=f"{variant}.compare",
        tags="score",
    )


def _over_seeds(variant: str, seeds: Sequence[int]) -> Iterator[Pipeline]:
    """One variant by itself, and compared with the baseline."""
    settings, scored = [*_SETTINGS, "params:seeds"], _scored_of_seeds(variant, seeds)
    yield step(
        over_seeds.score_over_seeds,
        inputs=[*settings, *scored],
        outputs=f"{variant}.table_{_SCORES_OVER_SEEDS}",
        name=f"{variant}.score_over_seeds",
        tags="score",
    )
    if variant != BASELINE.name:
        yield step(
            over_seeds.compare_with_baseline_over_seeds,
            inputs=[*settings, *_scored_of_seeds(BASELINE.name, seeds), *scored],
            outputs=f"{variant}.table_{_COMPARISONS_OVER_SEEDS}",
            name=f"{variant}.compare_over_seeds",
            tags="score",
        )


def _tables(*, several_seeds: bool) -> dict[str, dict[str, str]]:
    """The tables that are put together from those of variants, by the variants' names."""
    tables = dict.fromkeys((*EVALUATION_TABLES, "aif360", *LABEL_NOISE_TABLES), _ALL)
    tables["comparisons"] = _COMPARED
    if several_seeds:
        tables |= {_SCORES_OVER_SEEDS: _ALL, _COMPARISONS_OVER_SEEDS: _COMPARED}
    trained = [variant.name for variant in TRAINED_VARIANTS]
    augmenting = [variant.name for variant in TRAINED_VARIANTS if variant.augments]
    return {
        **{table: {v: f"{v}.table_{table}" for v in names} for table, names in tables.items()},
        "histories": {variant: f"{variant}.history" for variant in trained},
        "distributions": {variant: f"{variant}.distribution" for variant in augmenting},
    }


def _collected(table: str, of_variants: dict[str, str]) -> Pipeline:
    return step(
        nodes.collect_distributions if table == "distributions" else nodes.collect,
        inputs=of_variants,
        outputs=f"tables.{table}",
        name=f"collect_{table}",
        tags="report",
    )


def _lineage(seeds: Sequence[int]) -> Pipeline:
    return step(
        lineage.trace_lineage,
        inputs=["params:seeds", "run_manifest", *lineage.lineage_inputs(seeds)],
        outputs=["tables.models", "lineage"],
        name="trace_lineage",
        tags="report",
    )


def _report(tables: Sequence[str]) -> Pipeline:
    return step(
        nodes.write_report,
        inputs={
            **{table: f"tables.{table}" for table in tables},
            **{dataset: f"{dataset}.data_quality" for dataset in READERS},
            "manifest": "run_manifest",
            "lineage": "lineage",
            "parameters": "parameters",
        },
        outputs=["report", "results", "model_card"],
        name="write_report",
        tags="report",
    )


def _figures() -> Pipeline:
    return step(
        nodes.draw_figures,
        inputs={table: f"tables.{table}" for table in ("overall", "gaps", "confusion")},
        outputs=["confusion_figure", "gaps_figure", "fairness_accuracy_figure"],
        name="draw_figures",
        tags="report",
    )
