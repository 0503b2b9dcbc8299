"""A name that a command asks for and that there is not: what is said of it."""

from pathlib import Path
from typing import Any

import pytest
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession

from fer_fairness.hooks import unknown_names


@pytest.fixture(autouse=True)
def _session(kedro_project: Path) -> None:
    KedroSession.create(project_path=kedro_project, env="base").load_context()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"pipelines": ["baselin"]}, "There is no pipeline baselin. Did you mean baseline?"),
        ({"pipeline": "qqq"}, "There is no pipeline qqq.\nA run without --pipelines: data_"),
        ({"node_names": ["baselin.train"]}, "is called baselin.train. Did you mean baseline.train"),
        ({"from_nodes": ["audit.write"]}, "is called audit.write. Add --pipelines audit, which"),
        ({"to_nodes": ["x"], "pipelines": ["audit"]}, "describe audit` lists its nodes."),
        ({"tags": ["skore"]}, "No tag of a run without --pipelines is called skore. Did you mean"),
        ({"tags": ["skore"]}, "There are check, compose, embed, "),
        ({"tags": ["report"], "pipelines": ["baseline"]}, "Add --pipelines fairness_reporting"),
        ({"namespaces": ["mitigation.rewighing"]}, "Did you mean mitigation.reweighing?"),
        ({"to_outputs": ["repotr"]}, "Did you mean report?"),
        ({"pipelines": ["audit", "audit_model"]}, "audit, audit_model make some of the same: run"),
        ({"tags": ["fit"], "namespaces": ["baseline"]}, "No node has all that this command asks"),
    ],
)
def test_a_name_that_there_is_not_is_told_with_the_nearest(
    asked: dict[str, Any], told: str
) -> None:
    assert told in unknown_names(asked)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"pipeline": None, "pipelines": [], "tags": (), "namespaces": []},
        {"pipelines": ["baseline", "audit"], "tags": ["train"]},
        {"namespaces": ["fairness_reporting"], "to_outputs": ["report"]},
        {"node_names": ["mitigation.reweighing.train"], "from_inputs": ["baseline.model"]},
    ],
)
def test_nothing_is_said_of_names_that_there_are(asked: dict[str, Any]) -> None:
    assert unknown_names(asked) == ""


def test_all_pipelines_are_listed_where_one_is_not_there() -> None:
    told = unknown_names({"pipelines": ["qqq"]})
    assert all(name in told for name in pipelines if name != "__default__")
