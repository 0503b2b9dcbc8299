"""Wiring of the two audits: they differ in where the predictions come from."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.auditing import measuring
from fer_fairness.auditing.measurements import EVALUATION_TABLES, LABEL_NOISE_TABLES
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.pipelines.audit import model_file, nodes
from fer_fairness.pipelines.namespaces import DOES_WITHOUT_RAW, step

_PEOPLE = ["people", "reading", "held_out_labels", "demographics"]
_PARAMETERS = {"params:audit", "params:seed"}


def create_pipeline() -> Pipeline:
    """From somebody's prediction file to a report."""
    read = step(
        nodes.read_prediction_file,
        inputs="params:audit",
        outputs=[f"audit.{name}" for name in _PEOPLE],
        name="audit.read_prediction_file",
        tags="read",
    )
    return read + _audit()


def create_model_pipeline() -> Pipeline:
    """From somebody's model and the test faces of a dataset to a report."""
    folders = [f"{name}.raw" for name in model_file.image_folders()]
    find = step(
        model_file.find_preparation,
        inputs=[
            "params:audit",
            *(
                f"{dataset}.development_{what}"
                for dataset in EVALUATION_SETS
                for what in ("images", "faces")
            ),
            *folders,
        ],
        outputs="audit.preparation",
        name="audit.find_preparation",
        tags=["fit", "trains", DOES_WITHOUT_RAW],
    )
    of_datasets = [
        name
        for dataset, part in EVALUATION_SETS.items()
        for name in (
            f"{dataset}.test_images",
            f"{dataset}.test_labelled_faces",
            f"{dataset}.data_quality",
            f"{dataset}.test_demographics",
            f"{part.condition}.held_out_labels",
        )
    ]
    predict = step(
        nodes.score_foreign_model,
        inputs=["params:audit", "params:seed", "audit.preparation", *of_datasets, *folders],
        outputs=[f"audit.{name}" for name in _PEOPLE],
        name="audit.score_foreign_model",
        tags=["predict", DOES_WITHOUT_RAW],
    )
    return find + predict + _audit()


def _audit() -> Pipeline:
    measured_on = ["people", "reading", "params:audit", "params:seed"]
    tables = [*EVALUATION_TABLES, "comparisons", "scan", "aif360", *LABEL_NOISE_TABLES]
    measure = [
        Node(
            measuring.evaluate_people,
            inputs=measured_on,
            outputs=[f"table_{table}" for table in EVALUATION_TABLES],
            name="evaluate",
        ),
        Node(
            measuring.compare_models,
            inputs=measured_on,
            outputs="table_comparisons",
            name="compare_models",
        ),
        Node(
            measuring.scan_subgroups,
            inputs=measured_on,
            outputs="table_scan",
            name="scan_subgroups",
        ),
        Node(
            measuring.one_vs_rest,
            inputs=measured_on,
            outputs="table_aif360",
            name="aif360_metrics",
        ),
        Node(
            measuring.correct_label_errors,
            inputs=[*measured_on, "held_out_labels", "demographics"],
            outputs=[f"table_{table}" for table in LABEL_NOISE_TABLES],
            name="correct_label_errors",
        ),
    ]
    write = Node(
        nodes.write_audit,
        inputs={
            **{table: f"table_{table}" for table in tables},
            "reading": "reading",
            "manifest": "run_manifest",
            "parameters": "params:audit",
            "seed": "params:seed",
        },
        outputs=["report", "table", "figures", "paper", "results"],
        name="write",
        tags="report",
    )
    steps = Pipeline(measure, tags="score") + Pipeline([write])
    return Pipeline(steps, namespace="audit", parameters=_PARAMETERS)
