"""Wiring of the plan_audit pipeline."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.pipelines.plan_audit import nodes


def create_pipeline() -> Pipeline:
    """From what is asked to a plan, its tables and a figure."""
    steps = [
        Node(
            nodes.plan_audit,
            inputs=["params:plan_audit", "params:seed"],
            outputs=["plan", "groups", "power"],
            name="plan",
            tags="score",
        ),
        Node(
            nodes.draw_power,
            inputs=["plan", "power"],
            outputs="power_figure",
            name="draw_power",
            tags="report",
        ),
    ]
    return Pipeline(steps, namespace="plan_audit", parameters={"params:plan_audit", "params:seed"})
