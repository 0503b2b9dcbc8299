"""Wiring of the two audits: they differ in where the predictions come from."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.pipelines.audit import nodes
from fer_fairness.pipelines.label_errors import LABEL_NOISE_TABLES
from fer_fairness.pipelines.race_labeling import CONDITION_OF_DATASET

_PEOPLE = ["audit.people", "audit.reading", "audit.held_out_labels", "audit.demographics"]


def create_pipeline() -> Pipeline:
    """From somebody's prediction file to a report."""
    read = Node(
        nodes.read_prediction_file,
        inputs="params:audit",
        outputs=_PEOPLE,
        name="read_prediction_file",
    )
    return Pipeline([read]) + _audit()


def create_model_pipeline() -> Pipeline:
    """From somebody's Keras model and the test faces of a dataset to a report."""
    faces = [
        name
        for dataset in EVALUATION_SETS
        for name in (
            f"{dataset}.test_images",
            f"{dataset}.test_labelled_faces",
            f"{dataset}.data_quality",
            f"{dataset}.test_demographics",
            f"{CONDITION_OF_DATASET[dataset]}.held_out_labels",
        )
    ]
    score = Node(
        nodes.score_foreign_model,
        inputs=[*faces, "params:audit", "params:seed"],
        outputs=_PEOPLE,
        name="score_foreign_model",
    )
    return Pipeline([score]) + _audit()


def _audit() -> Pipeline:
    measured_on = ["audit.people", "audit.reading", "params:audit", "params:seed"]
    tables = ["audit.overall", "audit.groups", "audit.gaps", "audit.confusion"]
    return Pipeline(
        [
            Node(nodes.evaluate_people, inputs=measured_on, outputs=tables, name="evaluate_people"),
            Node(
                nodes.scan_subgroups,
                inputs=measured_on,
                outputs="audit.scan",
                name="scan_subgroups",
            ),
            Node(
                nodes.one_vs_rest,
                inputs=measured_on,
                outputs="audit.aif360",
                name="aif360_metrics_of_audit",
            ),
            Node(
                nodes.correct_label_errors_of_audit,
                inputs=[
                    "audit.people",
                    "audit.held_out_labels",
                    "audit.demographics",
                    "audit.reading",
                    "params:audit",
                    "params:seed",
                ],
                outputs=[f"audit.{table}" for table in LABEL_NOISE_TABLES],
                name="correct_label_errors_of_audit",
            ),
            Node(
                nodes.write_audit,
                inputs={
                    **{name.removeprefix("audit."): name for name in tables},
                    "scan": "audit.scan",
                    "aif360": "audit.aif360",
                    **{table: f"audit.{table}" for table in LABEL_NOISE_TABLES},
                    "reading": "audit.reading",
                    "manifest": "audit.run_manifest",
                    "parameters": "params:audit",
                    "seed": "params:seed",
                },
                outputs=["audit.report", "audit.results", "audit.table"],
                name="write_audit",
            ),
        ]
    )
