"""What all tests share: quiet back ends, the project's root, a configured Kedro project."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

# A crowded machine is slow, not wrong; the same examples every time keep CI repeatable.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

PROJECT_ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder that holds pyproject.toml and conf."""
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def kedro_project(project_root: Path) -> Path:
    """The project, known to Kedro: its settings, pipelines and configuration can be read."""
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(project_root)
    return project_root
