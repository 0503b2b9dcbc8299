"""Kedro's settings of this project."""

import warnings

from fer_fairness.configuration import ProjectConfigLoader
from fer_fairness.hooks import ProjectHooks

# `kedro run --pipeline X` is a form that this project promises to keep, beside `--pipelines X`.
warnings.filterwarnings("ignore", message="Option '--pipeline' is deprecated")

# Kedro warns once of dotted names on nodes outside that namespace, also where `inputs=` maps them:
# here a dot always is a namespace (`fer_plus.test_faces`, `baseline.model`).
warnings.filterwarnings("ignore", message="One or more dataset names contain")

HOOKS = (ProjectHooks(),)

CONFIG_LOADER_CLASS = ProjectConfigLoader

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # Without this, an environment that changes one nested parameter would lose its neighbours.
    "merge_strategy": {"parameters": "soft"},
}
