from fer_fairness.auditing import Audit as Audit
from fer_fairness.auditing import Comparison as Comparison
from fer_fairness.auditing import Pictures as Pictures
from fer_fairness.auditing import audit as audit
from fer_fairness.auditing import audit_model as audit_model
from fer_fairness.auditing import audit_models as audit_models

__version__: str
