"""Wiring of the mitigation pipeline: trained mitigations, then post-processing."""

from kedro.pipeline import Node, Pipeline

from fer_fairness.pipelines import template
from fer_fairness.pipelines.mitigation.nodes import (
    apply_equalized_odds_rates,
    fit_equalized_odds_rates,
)
from fer_fairness.pipelines.variants import EVALUATION_SETS


def create_pipeline() -> Pipeline:
    """Reweighing as a variant of the template, equalized odds on the baseline's predictions."""
    post_processing = [
        node for dataset in EVALUATION_SETS for node in _equalized_odds_nodes(dataset)
    ]
    return template.create_pipeline("mitigation") + Pipeline(post_processing)


def _equalized_odds_nodes(dataset: str) -> list[Node]:
    return [
        Node(
            fit_equalized_odds_rates,
            inputs=[
                f"baseline.{dataset}_validation_predictions",
                f"{dataset}.development_labelled_faces",
                "params:equalized_odds",
            ],
            outputs=f"equalized_odds.{dataset}_rates",
            name=f"fit_equalized_odds_{dataset}",
            tags="trains",
        ),
        Node(
            apply_equalized_odds_rates,
            inputs=[
                f"baseline.{dataset}_test_predictions",
                f"{dataset}.test_labelled_faces",
                f"equalized_odds.{dataset}_rates",
                "params:equalized_odds",
                "params:training_seed",
            ],
            outputs=f"equalized_odds.{dataset}_test_predictions",
            name=f"apply_equalized_odds_{dataset}",
        ),
    ]
