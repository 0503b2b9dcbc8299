"""Wiring of the fairness_reporting pipeline."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import pandas as pd
from kedro.pipeline import Pipeline

from fer_fairness.auditing.measurements import ANSWER_TABLES, EVALUATION_TABLES, LABEL_NOISE_TABLES
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fairness.comparisons.bench import FEWEST
from fer_fairness.pipelines.fairness_reporting import comparisons, lineage, nodes, planted
from fer_fairness.pipelines.fairness_reporting.comparisons import BENCH_TABLES
from fer_fairness.pipelines.namespaces import grouped, step
from fer_fairness.pipelines.variants.controls import CONTROLS
from fer_fairness.pipelines.variants.structure import BASELINE, Structure
from fer_fairness.reporting import REPORT_TABLES
from fer_fairness.sources import READERS

_SETTINGS = ["params:evaluation", "params:seed"]
_CONTROLS = f"params:{CONTROLS}"
_COMPARISONS = "comparisons"
_WITH_OFFSETS = "changes_with_offsets"
_OVER_SEEDS = ("scores_over_seeds", "comparisons_over_seeds")
_COLLECTED_BY: Final[Mapping[str, Callable[..., pd.DataFrame]]] = {
    "distributions": nodes.collect_distributions,
    "trials": nodes.collect_trials,
}
_OF_AUDITS = ("scan",)
"""Tables of the report that there are only of an audit."""


def create_pipeline(structure: Structure) -> Pipeline:
    """From predictions of all variants to tables, figures, report, results and model card.

    Args:
        structure: The variants and training seeds. Of each variant the model of the first seed is
            looked at in full; from two seeds on, there are tables over all of them.
    """
    variants = structure.names
    scored = [name for variant in variants for name in _scored_of_seeds(variant, structure)]
    of_variants = _tables(structure)
    parts = [
        *(_scored(name) for name in scored),
        *(part for variant in variants for part in _measured(variant)),
        *(_answers(variant.name) for variant in structure.abstaining),
        *_compared(structure),
        *_compared_with_offsets(structure),
        *(_collected(table, names) for table, names in of_variants.items()),
        *_planted(),
    ]
    made = {*of_variants, *(_made_of_all(structure))}
    not_made = {
        _COMPARISONS,
        *_OVER_SEEDS,
        *BENCH_TABLES,
        _WITH_OFFSETS,
        *_OF_AUDITS,
        *ANSWER_TABLES,
        "trials",
    } - made
    shown = [table for table in REPORT_TABLES if table not in not_made]
    return grouped("fairness_reporting", [*parts, _lineage(structure), _report(shown), _figures()])


def _made_of_all(structure: Structure) -> tuple[str, ...]:
    """The tables that one node makes of all variants, since they are corrected together."""
    compared = (_COMPARISONS,) if len(structure.names) > 1 else ()
    over_seeds = _OVER_SEEDS if len(structure.seeds) > 1 else ()
    with_offsets = (_WITH_OFFSETS,) if len(structure.trained) >= FEWEST else ()
    bench_tables = BENCH_TABLES if compared or over_seeds else ()
    return (*compared, *over_seeds, *bench_tables, *with_offsets)


def _scored_of_seeds(variant: str, structure: Structure) -> list[str]:
    return structure.of_every_seed(f"{variant}.scored")


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


def _answers(variant: str) -> Pipeline:
    """What a variant that abstains leaves unanswered."""
    return step(
        nodes.measure_answers,
        inputs=[f"{variant}.scored", "params:evaluation"],
        outputs=[f"{variant}.table_{table}" for table in ANSWER_TABLES],
        name=f"{variant}.measure_answers",
        tags="score",
    )


def _compared(structure: Structure) -> Iterator[Pipeline]:
    """All variants against the baseline: those of the first seed, and over seeds.

    Which method helps is told by all seeds that there are.
    """
    in_order = [BASELINE, *(name for name in structure.names if name != BASELINE)]
    made, one_seed = _made_of_all(structure), len(structure.seeds) == 1
    bench_tables = [f"tables.{table}" for table in BENCH_TABLES]
    if _COMPARISONS in made:
        of_first = [f"{variant}.scored" for variant in in_order]
        controls = [_CONTROLS] if one_seed else []
        compare = comparisons.compare_one_seed if one_seed else comparisons.compare_with_baseline
        table = f"tables.{_COMPARISONS}"
        yield step(
            compare,
            inputs=[*_SETTINGS, *controls, *of_first],
            outputs=[table, *bench_tables] if one_seed else table,
            name="tables.compare_with_baseline",
            tags="score",
        )
    if set(_OVER_SEEDS) <= set(made):
        scored = [name for variant in in_order for name in _scored_of_seeds(variant, structure)]
        yield step(
            comparisons.compare_over_seeds,
            inputs=[*_SETTINGS, "params:seeds", _CONTROLS, *scored],
            outputs=[*(f"tables.{table}" for table in _OVER_SEEDS), *bench_tables],
            name="tables.compare_over_seeds",
            tags="score",
        )


def _compared_with_offsets(structure: Structure) -> Iterator[Pipeline]:
    """Those that were trained once more, after what their validation predictions ask for."""
    if _WITH_OFFSETS not in _made_of_all(structure):
        return
    trained = [variant.name for variant in structure.trained]
    in_order = [BASELINE, *(name for name in trained if name != BASELINE)]
    yield step(
        comparisons.compare_with_offsets,
        inputs=[
            *_SETTINGS,
            "params:seeds",
            _CONTROLS,
            *(
                table
                for variant in in_order
                for scored in _scored_of_seeds(variant, structure)
                for table in (scored, *_validation_of(scored.removesuffix(".scored")))
            ),
        ],
        outputs=f"tables.{_WITH_OFFSETS}",
        name="tables.compare_with_offsets",
        tags="score",
    )


def _validation_of(variant: str) -> Iterator[str]:
    return (f"{variant}.{dataset}_validation_predictions" for dataset in EVALUATION_SETS)


def _tables(structure: Structure) -> dict[str, dict[str, str]]:
    """The tables that are put together from those of variants, by the variants' names."""
    variants = structure.names
    tables = dict.fromkeys((*EVALUATION_TABLES, "aif360", *LABEL_NOISE_TABLES), variants)
    if structure.abstaining:
        abstaining = tuple(variant.name for variant in structure.abstaining)
        tables |= dict.fromkeys(ANSWER_TABLES, abstaining)
    trained = [variant.name for variant in structure.trained]
    tuned = [v.name for v in structure.trained if v.name != BASELINE]
    on_predictions = [v.name for v in structure.post_processed]
    trials = {f"{v}.trials" for v in tuned} | {
        f"{v}.{dataset}_trials" for v in on_predictions for dataset in EVALUATION_SETS
    }
    return {
        **({"trials": {name: name for name in sorted(trials)}} if structure.n_trials > 1 else {}),
        **{table: {v: f"{v}.table_{table}" for v in names} for table, names in tables.items()},
        "histories": {variant: f"{variant}.history" for variant in trained},
        "distributions": {v: f"{v}.distribution" for v in trained if v != BASELINE},
    }


def _collected(table: str, of_variants: dict[str, str]) -> Pipeline:
    return step(
        _COLLECTED_BY.get(table, nodes.collect),
        inputs=of_variants,
        outputs=f"tables.{table}",
        name=f"tables.collect_{table}",
        tags="report",
    )


def _planted() -> Iterator[Pipeline]:
    """The truth about fabricated faces beside what the audit of the baseline says."""
    for dataset in EVALUATION_SETS:
        yield step(
            planted.truth_of,
            inputs=f"{dataset}.raw",
            outputs=[f"{dataset}.truth", f"{dataset}.planted_bias"],
            name=f"planted.read_truth_of_{dataset}",
            tags="report",
        )
    tables = [f"{BASELINE}.{name}" for name in ("scored", "table_gaps", "table_groups")]
    truths = [
        f"{dataset}.{what}" for dataset in EVALUATION_SETS for what in ("truth", "planted_bias")
    ]
    yield step(
        planted.find_planted,
        inputs=[*tables, "params:evaluation", "params:labeller", "params:seed", *truths],
        outputs="tables.planted",
        name="planted.find",
        tags="report",
    )


def _lineage(structure: Structure) -> Pipeline:
    return step(
        lineage.trace_lineage,
        inputs=["parameters", *lineage.lineage_inputs(structure)],
        outputs=["tables.models", "trained_with"],
        name="trace_lineage",
        tags="report",
    )


def _report(tables: Sequence[str]) -> Pipeline:
    return step(
        nodes.write_report,
        inputs={
            **{table: f"tables.{table}" for table in tables},
            **{dataset: f"{dataset}.data_quality" for dataset in {**READERS, **EVALUATION_SETS}},
            "manifest": "run_manifest",
            "trained_with": "trained_with",
            "parameters": "parameters",
        },
        outputs=[
            "report",
            "model_card",
            "model_card_page",
            "model_card_figure",
            "figures",
            "paper",
            "results",
        ],
        name="write_report",
        tags="report",
    )


def _figures() -> Pipeline:
    return step(
        nodes.draw_figures,
        inputs={table: f"tables.{table}" for table in ("overall", "gaps", "confusion")},
        outputs=[
            *("confusion_figure", "gaps_figure", "fairness_accuracy_figure"),
            "fairness_accuracy_plot",
        ],
        name="draw_figures",
        tags="report",
    )
