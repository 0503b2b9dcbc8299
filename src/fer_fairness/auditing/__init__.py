"""Audits of any model from its predictions, without Kedro: from Python and on the console."""

from fer_fairness.auditing.asking import audit, audit_models
from fer_fairness.auditing.audit import Audit
from fer_fairness.auditing.comparison import Comparison

__all__ = ["Audit", "Comparison", "audit", "audit_models"]
