"""How many faces an audit needs to find a gap, or which gap it finds with the faces there are."""

from fer_fairness.pipelines.plan_audit.pipeline import create_pipeline

__all__ = ["create_pipeline"]
