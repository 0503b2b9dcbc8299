"""Provenance: what made every file of a data root, and whether it still fits (decision 0015)."""

from fer_fairness.provenance.contents import Contents
from fer_fairness.provenance.freshness import Freshness, NodeState
from fer_fairness.provenance.lock import LOCK_FILE, DataRootLock
from fer_fairness.provenance.records import NodeRecord, Records
from fer_fairness.provenance.takeover import Takeover, causes, take_over
from fer_fairness.provenance.values import named_path, plain

__all__ = [
    "LOCK_FILE",
    "Contents",
    "DataRootLock",
    "Freshness",
    "NodeRecord",
    "NodeState",
    "Records",
    "Takeover",
    "causes",
    "named_path",
    "plain",
    "take_over",
]
