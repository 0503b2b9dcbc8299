"""Kedro's settings of this project."""

import warnings

from fer_fairness.configuration import ProjectConfigLoader
from fer_fairness.hooks import (
    ProjectHooks,
    ProvenanceHooks,
    RunLogHooks,
    StorageHooks,
    TrackingHooks,
)

# `kedro run --pipeline X` is a form that this project promises to keep, beside `--pipelines X`.
warnings.filterwarnings("ignore", message="Option '--pipeline' is deprecated")

# Kedro warns of every dotted name that a node reads from another namespace, even where its own
# `Pipeline(inputs=...)` put it there, and nothing that crosses from `fer_plus` to `baseline` can be
# free of it. Only what Kedro's mapping makes is passed over: a dot written into a node is told.
warnings.filterwarnings(
    "ignore", message="One or more dataset names contain", module=r"kedro\.pipeline\.node$"
)

_PROVENANCE = ProvenanceHooks()
HOOKS = (
    ProjectHooks(),
    StorageHooks(),
    _PROVENANCE,
    RunLogHooks(lambda: _PROVENANCE.n_running),
    TrackingHooks(),
)
# TrackingHooks calls them where tracking is asked for.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

CONFIG_LOADER_CLASS = ProjectConfigLoader

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # Without this, an environment that changes one nested parameter would lose its neighbours.
    "merge_strategy": {"parameters": "soft"},
}
