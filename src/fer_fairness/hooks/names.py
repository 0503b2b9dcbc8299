"""The names that a command asks for: one that there is not is told with the nearest there is."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline
from kedro.pipeline.pipeline import OutputNotUniqueError

from fer_fairness.errors import did_you_mean

_OPTIONS: Final = {
    "node": ("node_names", "from_nodes", "to_nodes"),
    "tag": ("tags",),
    "namespace": ("namespaces",),
    "dataset": ("from_inputs", "to_outputs"),
}
"""What the options of `kedro run` name -> the options."""


def unknown_names(asked: Mapping[str, Any]) -> str:
    """What is wrong with the names that `kedro run` was given.

    Args:
        asked: Its options by the names of their parameters (`pipelines`, `node_names`, `tags`).

    Returns:
        A sentence on the first name that there is not, or on names that choose nothing together or
        pipelines of which two make the same.
        Empty where they are fine.
    """
    names = list(filter(None, [asked.get("pipeline"), *(asked.get("pipelines") or [])]))
    for name in names:
        if name not in pipelines:
            return (
                f"There is no pipeline {name}.{did_you_mean(name, pipelines)}\n{_all_pipelines()}"
            )
    try:
        chosen = sum((pipelines[name] for name in names or ["__default__"]), Pipeline([]))
    except OutputNotUniqueError:
        return f"The pipelines {', '.join(names)} make some of the same: run them one by one."
    there = _there(chosen)
    for kind, options in _OPTIONS.items():
        for name in (name for option in options for name in asked.get(option) or ()):
            if name not in there[kind]:
                return _unknown(kind, name, there[kind], names)
    return "" if _chosen(chosen, asked).nodes else "No node has all that this command asks for."


def _there(pipeline: Pipeline) -> dict[str, set[str]]:
    """The names of each kind that a pipeline has."""
    parts = [(node.namespace or "").split(".") for node in pipeline.nodes]
    return {
        "node": {node.name for node in pipeline.nodes},
        "tag": {tag for node in pipeline.nodes for tag in node.tags},
        "namespace": {".".join(part[:n]) for part in parts for n in range(1, len(part) + 1)},
        "dataset": pipeline.datasets(),
    }


def _chosen(pipeline: Pipeline, asked: Mapping[str, Any]) -> Pipeline:
    names = {name: asked.get(name) for options in _OPTIONS.values() for name in options}
    try:
        return pipeline.filter(node_namespaces=names.pop("namespaces"), **names)
    except ValueError:  # as Kedro says that nothing is left
        return Pipeline([])


def _unknown(kind: str, name: str, there: Collection[str], asked: list[str]) -> str:
    of = ", ".join(asked) or "a run without --pipelines"
    others = [
        other
        for other, pipeline in pipelines.items()
        if other != "__default__" and name in _there(pipeline)[kind]
    ]
    if others:
        return f"No {kind} of {of} is called {name}. Add --pipelines {others[0]}, which has it."
    listed = (
        f"There are {', '.join(sorted(there))}."
        if kind == "tag"
        else f"`kedro registry describe {(asked or ['__default__'])[0]}` lists its nodes."
    )
    return f"No {kind} of {of} is called {name}.{did_you_mean(name, there)} {listed}"


def _all_pipelines() -> str:
    whole = set(pipelines["__default__"].nodes)
    parts = [name for name in pipelines if whole.issuperset(pipelines[name].nodes)]
    apart = [name for name in pipelines if name not in parts]
    return (
        f"A run without --pipelines: {', '.join(n for n in parts if n != '__default__')}\n"
        f"By name only: {', '.join(apart)}"
    )
