"""What the browser is given by `kedro viz`, as far as it is to be seen before any box is opened."""

from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from kedro.framework.project import pipelines
from kedro_viz.api.rest.responses.pipelines import GraphAPIResponse, get_pipeline_response
from kedro_viz.data_access import data_access_manager
from kedro_viz.server import load_and_populate_data

LAYERS = ["raw", "intermediate", "primary", "feature", "model_input", "models", "model_output"]


@pytest.fixture(scope="module")
def loaded(kedro_project: Path) -> Iterator[None]:
    """Kedro-Viz keeps what it has loaded for the whole process."""
    data_access_manager.reset_fields()
    load_and_populate_data(kedro_project)
    yield
    data_access_manager.reset_fields()


def graph(pipeline: str = "__default__") -> GraphAPIResponse:
    """As the server gives it to the browser, which asks for it more than once."""
    get_pipeline_response(pipeline)
    response = get_pipeline_response(pipeline)
    assert isinstance(response, GraphAPIResponse)
    return response


def names(response: GraphAPIResponse) -> dict[str, str]:
    """Of each element by its id; that of a node with its namespace."""
    return {node.id: getattr(node, "full_name", node.name) for node in response.nodes}


def seen(response: GraphAPIResponse, *opened: str) -> dict[str, str]:
    """Names and kinds of what is drawn while these boxes are open; parameters are not at first."""
    kinds, name = {node.id: node.type for node in response.nodes}, names(response)
    tree = response.modular_pipelines
    drawn = {child.id for box in ("__root__", *opened) for child in tree[box].children}
    drawn -= set(opened)
    for box in drawn & tree.keys():  # the browser draws these too, wherever they lie
        drawn = drawn | {*tree[box].inputs, *tree[box].outputs}
    return {name[id_]: kinds[id_] for id_ in drawn if kinds[id_] != "parameters"}


def lines(response: GraphAPIResponse, *opened: str) -> dict[str, set[str]]:
    """What is drawn before what."""
    name, drawn = names(response), seen(response, *opened)
    before = defaultdict(set)
    for line in response.edges:
        if name[line.source] in drawn and name[line.target] in drawn:
            before[name[line.target]].add(name[line.source])
    return before


@pytest.mark.usefixtures("loaded")
def test_kedro_viz_opens_on_two_dozen_boxes() -> None:
    response = graph()
    drawn = seen(response)
    assert 15 <= len(drawn) <= 26
    boxes = {name for name, kind in drawn.items() if kind == "modularPipeline"}
    assert boxes == pipelines_of_a_run()
    assert len(boxes) == 7
    assert set(drawn.values()) == {"modularPipeline", "data"}, "every node lies in a box"
    assert response.layers == [*LAYERS, "reporting"]
    free = drawn.keys() - boxes
    assert free >= {"fer_plus.raw", "fer_plus.test_labelled_faces", "baseline.model", "report"}
    layer = {node.name: getattr(node, "layer", None) for node in response.nodes}
    assert {layer[name] for name in free} == {"raw", "model_input", "models", "reporting"}


def pipelines_of_a_run() -> set[str]:
    whole = set(pipelines["__default__"].nodes)
    return {
        name
        for name, pipeline in pipelines.items()
        if name != "__default__" and whole.issuperset(pipeline.nodes)
    }


@pytest.mark.usefixtures("loaded")
def test_lines_between_boxes_are_those_of_the_data_that_are_folded_into_them() -> None:
    before = lines(graph())
    assert before["race_labeling"] == {"fairface.raw", "raf_db.raw", "data_processing"}
    assert before["baseline"] == {"data_processing"}
    assert before["baseline.model"] == {"baseline"}
    assert before["report"] == {"fairness_reporting"}
    assert before["fairness_reporting"] >= {"baseline", "mitigation", "data_processing"}
    list(TopologicalSorter(before).static_order())  # raises where they go in a circle


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("box", ["data_processing", "mitigation", "fairness_reporting"])
def test_an_open_box_shows_its_nodes_and_what_they_hand_on(box: str) -> None:
    response = graph()
    inside = [name for name in response.modular_pipelines if name.startswith(f"{box}.")]
    drawn, before = seen(response, box, *inside), lines(response, box, *inside)
    nodes = {name for name, kind in drawn.items() if kind == "task"}
    assert nodes == {node.name for node in pipelines[box].nodes}
    assert all(before[name] for name in nodes), "each is drawn with what it reads"
    list(TopologicalSorter(before).static_order())


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    "pipeline", ["audit", "audit_model", "cross_dataset", "label_images", "plan_audit", "compare"]
)
def test_a_pipeline_that_stands_apart_is_a_box_with_what_it_is_run_for(pipeline: str) -> None:
    assert 2 <= len(seen(graph(pipeline))) <= 26


@pytest.mark.usefixtures("loaded")
def test_many_variants_and_seeds_are_boxes_in_a_box(kedro_project: Path) -> None:
    few = seen(graph())
    data_access_manager.reset_fields()
    given = {"seeds": [0, 1], "focal": {"method": "focal"}}
    load_and_populate_data(kedro_project, extra_params=given)
    many = graph()
    assert seen(many) == few | {"baseline_seed_1.model": "data"}
    assert many.layers == [*LAYERS, "reporting"]
    methods = {child.id for child in many.modular_pipelines["mitigation"].children}
    assert {"mitigation.focal", "mitigation.focal_seed_1", "mitigation.reweighing"} <= methods
