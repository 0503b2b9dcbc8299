"""Audits of any model from its predictions, without Kedro: from Python and on the console."""

from fer_fairness.auditing.asking import audit, audit_model, audit_models
from fer_fairness.auditing.audit import Audit
from fer_fairness.auditing.comparison import Comparison
from fer_fairness.auditing.faces import Pictures

__all__ = ["Audit", "Comparison", "Pictures", "audit", "audit_model", "audit_models"]
