"""What the project adds to Kedro: inputs are looked at, a run is recorded, its log is readable."""

from fer_fairness.hooks.errors import stop
from fer_fairness.hooks.inputs import missing_inputs, unknown_parameters
from fer_fairness.hooks.manifest import run_manifest
from fer_fairness.hooks.names import unknown_names
from fer_fairness.hooks.project import ProjectHooks
from fer_fairness.hooks.provenance import ProvenanceHooks
from fer_fairness.hooks.run_log import RunLogHooks
from fer_fairness.hooks.storage import StorageHooks
from fer_fairness.hooks.tracking import TrackingHooks

__all__ = [
    "ProjectHooks",
    "ProvenanceHooks",
    "RunLogHooks",
    "StorageHooks",
    "TrackingHooks",
    "missing_inputs",
    "run_manifest",
    "stop",
    "unknown_names",
    "unknown_parameters",
]
