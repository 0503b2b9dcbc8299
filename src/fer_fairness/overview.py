"""What `kedro viz` opens on: the boxes of pipelines, and the few datasets to look at first.

Kedro-Viz draws every dataset that one namespace hands to another beside their boxes, and all that
nothing reads. Of this project these are a hundred, with variants of more; so a dataset lies in the
box of the node that makes it, unless its entry in the catalog says `overview: true`.
"""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kedro_viz.data_access import DataAccessManager


def fold_data_into_boxes() -> None:
    """Have Kedro-Viz, where it is what runs, fold data away; elsewhere do nothing.

    It runs no hooks and has no setting for this, so the one method that says what lies in which
    box is wrapped. What it calls the inputs and outputs of a box is always drawn, so data that are
    folded away are neither.
    """
    if "kedro_viz.data_access" not in sys.modules:
        return
    from kedro_viz.data_access import data_access_manager as manager

    whole = type(manager).create_modular_pipelines_tree_for_registered_pipeline

    def folded(registered_pipeline_id: str = "__default__") -> dict[str, Any]:
        tree: dict[str, Any] = whole(manager, registered_pipeline_id)
        _fold(tree, manager, registered_pipeline_id)
        return tree

    manager.create_modular_pipelines_tree_for_registered_pipeline = folded


def _fold(tree: dict[str, Any], manager: "DataAccessManager", pipeline: str) -> None:
    """Put each dataset into the box of its maker alone, and draw lines from that box to readers.

    Kedro-Viz orders its layers by what depends on what, boxes among it: there too a folded box no
    longer stands between two datasets inside it.
    """
    from kedro_viz.models.flowchart.edge import GraphEdge
    from kedro_viz.models.flowchart.model_utils import GraphNodeType
    from kedro_viz.models.flowchart.nodes import ModularPipelineChild

    nodes, edges = manager.nodes.as_dict(), manager.edges[pipeline]
    dependents = manager.node_dependencies[pipeline]
    maker_of = {
        edge.target: nodes[edge.source].namespace
        for edge in edges
        if getattr(nodes[edge.source], "namespace", None)
    }
    folded = {
        data: maker
        for data, maker in maker_of.items()
        if not (nodes[data].viz_metadata or {}).get("overview")
    }
    for box in tree.values():
        box.inputs -= folded.keys()
        box.outputs -= folded.keys()
        box.children = {child for child in box.children if child.id not in folded}
    for data, maker in folded.items():
        tree[maker].children.add(ModularPipelineChild(id=data, type=GraphNodeType.DATA))
        dependents[data] -= tree.keys()
    for name in tree:
        dependents[name] -= folded.keys()
    for line in [line for line in edges if line.source in folded]:
        reader = getattr(nodes[line.target], "namespace", None) or line.target
        for box in _left(folded[line.source], reader):
            edges.add_edge(GraphEdge(source=box, target=line.target))


def _left(maker: str, reader: str) -> Iterator[str]:
    """The boxes that a line from `maker` to `reader` leaves: `a.b` and `a` from a.b to c."""
    while not f"{reader}.".startswith(f"{maker}.") and maker:
        yield maker
        maker = maker.rpartition(".")[0]
