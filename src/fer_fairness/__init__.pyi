from fer_fairness.auditing import Audit as Audit
from fer_fairness.auditing import audit as audit

__version__: str
