"""How nodes are put into Kedro's namespaces, and data keep the names that the catalog has.

A dataset bears the name of what it is of (`fer_plus.test_faces`, `baseline.scored`); a node lies in
a box that Kedro-Viz folds up (`fairness_reporting.baseline`) and reads data of many.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from kedro.pipeline import Node, Pipeline

Names: TypeAlias = str | list[str] | dict[str, str]
"""Names of data and parameters, as `kedro.pipeline.Node` takes them."""

DOES_WITHOUT_RAW: Final = "does_without_raw"
"""Tag of a node that has something else where a raw folder is no longer there."""


def step(
    function: Callable[..., object],
    *,
    inputs: Names,
    outputs: Names,
    name: str,
    tags: str | list[str],
) -> Pipeline:
    """One node, with the full names of itself, its data and parameters.

    Kedro wants dots in names to be made by its namespaces alone, so the node itself is given names
    without, and the pipeline around it maps them to the full ones.

    Args:
        function: What the node does.
        inputs: As of `kedro.pipeline.Node`, and so are `outputs` and `tags`.
        outputs: The same of what it writes.
        name: Its namespace, if it has one, and its own.
        tags: Its stage, `trains` where it trains, selects or fits, and `DOES_WITHOUT_RAW`.
    """
    namespace, _, own = name.rpartition(".")
    node = Node(function, inputs=_undotted(inputs), outputs=_undotted(outputs), name=own, tags=tags)
    return Pipeline(
        [node],
        namespace=namespace or None,
        inputs={_local(full): full for full in _listed(inputs) if not _is_parameter(full)},
        outputs={_local(full): full for full in _listed(outputs)},
        parameters={full for full in _listed(inputs) if full.startswith("params:")},
    )


def grouped(namespace: str, parts: Iterable[Node | Pipeline]) -> Pipeline:
    """Nodes in one box; the names of their data stay."""
    return Pipeline(list(parts), namespace=namespace, prefix_datasets_with_namespace=False)


def _undotted(names: Names) -> Names:
    if isinstance(names, str):
        return _local(names)
    if isinstance(names, list):
        return [_local(name) for name in names]
    return {key: _local(name) for key, name in names.items()}


def _listed(names: Names) -> list[str]:
    if isinstance(names, dict):
        return list(names.values())
    return [names] if isinstance(names, str) else names


def _is_parameter(name: str) -> bool:
    return name == "parameters" or name.startswith("params:")


def _local(name: str) -> str:
    return name if _is_parameter(name) else name.replace(".", "_")
