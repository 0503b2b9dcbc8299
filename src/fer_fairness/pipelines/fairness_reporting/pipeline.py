"""Wiring of the fairness_reporting pipeline."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.pipelines.fairness_reporting import lineage, nodes, over_seeds
from fer_fairness.pipelines.label_errors import LABEL_NOISE_TABLES
from fer_fairness.pipelines.race_labeling import CONDITION_OF_DATASET
from fer_fairness.pipelines.variants import BASELINE, Structure

_EVALUATION_TABLES = ("overall", "groups", "gaps", "confusion")
_TABLES = (*_EVALUATION_TABLES, "aif360", *LABEL_NOISE_TABLES)
_SEED_TABLES = ("scores_over_seeds", "comparisons_over_seeds")
_LABELLER_TABLES = ("confusion", "summary", "recalls", "reliability", "selection")


def create_pipeline(structure: Structure) -> Pipeline:
    """From predictions of all variants to tables, figures, report, results and model card.

    Args:
        structure: The variants and training seeds. Of each variant the model of the first seed is
            looked at in full; from two seeds on, there are tables over all of them.
    """
    several = len(structure.seeds) > 1
    scored = (_score_variant(variant) for variant in structure.names)
    report = _lineage(structure) + _report(_SEED_TABLES if several else ())
    whole = sum(scored, _collection(structure) + report)
    return whole + _over_seeds(structure) if several else whole


def _score_variant(variant: str) -> Pipeline:
    scored_inputs = [
        name
        for dataset in EVALUATION_SETS
        for name in (f"{variant}.{dataset}_test_predictions", f"{dataset}.test_labelled_faces")
    ]
    settings = ["params:evaluation", "params:seed"]
    labelled_inputs = [
        name
        for dataset in EVALUATION_SETS
        for name in (
            f"{variant}.{dataset}_test_predictions",
            f"{dataset}.test_labelled_faces",
            f"{dataset}.test_demographics",
            f"{CONDITION_OF_DATASET[dataset]}.held_out_labels",
        )
    ]
    steps = [
        Node(
            nodes.evaluate_variant,
            inputs=[*scored_inputs, *settings],
            outputs=[f"{variant}.{table}" for table in _EVALUATION_TABLES],
            name=f"evaluate_{variant}",
        ),
        Node(
            nodes.aif360_metrics,
            inputs=[*scored_inputs, *settings],
            outputs=f"{variant}.aif360",
            name=f"aif360_metrics_{variant}",
        ),
        Node(
            nodes.correct_label_errors,
            inputs=[*labelled_inputs, *settings],
            outputs=[f"{variant}.{table}" for table in LABEL_NOISE_TABLES],
            name=f"correct_label_errors_{variant}",
        ),
    ]
    if variant != "baseline":
        paired_inputs = [
            name
            for dataset in EVALUATION_SETS
            for name in (
                f"baseline.{dataset}_test_predictions",
                f"{variant}.{dataset}_test_predictions",
                f"{dataset}.test_labelled_faces",
            )
        ]
        steps.append(
            Node(
                nodes.compare_with_baseline,
                inputs=[*paired_inputs, *settings],
                outputs=f"{variant}.comparison",
                name=f"compare_{variant}_with_baseline",
            )
        )
    return Pipeline(steps)


def _collection(structure: Structure) -> Pipeline:
    names = structure.names
    trained = tuple(variant.name for variant in structure.trained)
    collected = [
        *((table, table, names) for table in _TABLES),
        ("comparisons", "comparison", names[1:]),
        ("histories", "history", trained),
    ]
    steps = [
        Node(
            nodes.collect,
            inputs={name: f"{name}.{source}" for name in members},
            outputs=f"all_{table}",
            name=f"collect_{table}",
        )
        for table, source, members in collected
    ]
    steps.append(
        Node(
            nodes.collect_distributions,
            inputs={name: f"{name}.distribution" for name in trained if name != BASELINE},
            outputs="all_distributions",
            name="collect_distributions",
        )
    )
    return Pipeline(steps)


def _over_seeds(structure: Structure) -> Pipeline:
    settings = [
        *(f"{dataset}.test_labelled_faces" for dataset in EVALUATION_SETS),
        *("params:evaluation", "params:seed", "params:seeds"),
    ]
    predictions = {
        variant: [
            name
            for dataset in EVALUATION_SETS
            for name in structure.of_every_seed(f"{variant}.{dataset}_test_predictions")
        ]
        for variant in structure.names
    }
    scores = [
        Node(
            over_seeds.score_over_seeds,
            inputs=[*settings, *names],
            outputs=f"{variant}.scores_over_seeds",
            name=f"score_{variant}_over_seeds",
        )
        for variant, names in predictions.items()
    ]
    comparisons = [
        Node(
            over_seeds.compare_with_baseline_over_seeds,
            inputs=[*settings, *predictions["baseline"], *names],
            outputs=f"{variant}.comparisons_over_seeds",
            name=f"compare_{variant}_with_baseline_over_seeds",
        )
        for variant, names in predictions.items()
        if variant != "baseline"
    ]
    collected = [
        Node(
            nodes.collect,
            inputs={name: f"{name}.{table}" for name in names},
            outputs=f"all_{table}",
            name=f"collect_{table}",
        )
        for table, names in zip(_SEED_TABLES, (structure.names, structure.names[1:]), strict=True)
    ]
    return Pipeline([*scores, *comparisons, *collected])


def _lineage(structure: Structure) -> Pipeline:
    return Pipeline(
        [
            Node(
                lineage.trace_lineage,
                inputs=["parameters", "run_manifest", *lineage.lineage_inputs(structure)],
                outputs=["all_models", "lineage"],
                name="trace_lineage",
            )
        ]
    )


def _report(seed_tables: tuple[str, ...]) -> Pipeline:
    return Pipeline(
        [
            Node(
                nodes.assemble,
                inputs={
                    "overall": "all_overall",
                    "groups": "all_groups",
                    "gaps": "all_gaps",
                    "comparisons": "all_comparisons",
                    "aif360": "all_aif360",
                    "confusion": "all_confusion",
                    "distributions": "all_distributions",
                    "histories": "all_histories",
                    **{table: f"all_{table}" for table in LABEL_NOISE_TABLES},
                    **{f"labeller_{table}": f"labeller_{table}" for table in _LABELLER_TABLES},
                    **{table: f"all_{table}" for table in seed_tables},
                    "agreement": "agreement",
                    "agreement_counts": "agreement_counts",
                    "fer_plus_quality": "fer_plus.data_quality",
                    "raf_db_quality": "raf_db.data_quality",
                    "fairface_quality": "fairface.data_quality",
                    "models": "all_models",
                    "lineage": "lineage",
                    "manifest": "run_manifest",
                    "parameters": "parameters",
                },
                outputs="report_inputs",
                name="assemble_report_inputs",
            ),
            Node(
                nodes.write_report,
                inputs="report_inputs",
                outputs=["report", "results", "model_card"],
                name="write_report",
            ),
            Node(
                nodes.draw_figures,
                inputs="report_inputs",
                outputs=["confusion_figure", "gaps_figure", "fairness_accuracy_figure"],
                name="draw_figures",
            ),
        ]
    )
