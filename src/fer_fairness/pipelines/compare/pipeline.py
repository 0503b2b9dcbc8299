"""Wiring of the compare pipeline."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.pipelines.compare import nodes


def create_pipeline() -> Pipeline:
    """From the paths of two reports to a page of what changed between them."""
    compare = Node(
        nodes.compare_reports,
        inputs=["params:compare", "params:seed", "run_manifest"],
        outputs=["report", "table", "figures", "results"],
        name="compare_reports",
        tags="report",
    )
    return Pipeline([compare], namespace="compare", parameters={"params:compare", "params:seed"})
