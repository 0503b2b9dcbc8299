"""Audits of any model from its predictions, without Kedro: from Python and on the console."""

from fer_fairness.auditing.asking import audit
from fer_fairness.auditing.audit import Audit

__all__ = ["Audit", "audit"]
