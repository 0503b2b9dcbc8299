"""The registered pipelines as a whole: names, the test split, parameters, start-up."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from graphlib import TopologicalSorter
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.project import settings
from kedro.framework.session import KedroSession
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from pydantic import BaseModel

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.params.audit import AuditParameters
from fer_fairness.pipeline_registry import pipelines_for
from fer_fairness.pipelines import (
    audit,
    compare,
    cross_dataset,
    data_processing,
    fabrication,
    fairness_reporting,
    label_images,
    plan_audit,
    race_labeling,
    variants,
)
from fer_fairness.pipelines.fairness_reporting.planted import truth_of
from fer_fairness.pipelines.variants.configured import default_structure
from fer_fairness.pipelines.variants.crossing import Crossing
from fer_fairness.pipelines.variants.structure import Structure

STRUCTURE = default_structure()
PIPELINES = pipelines_for(STRUCTURE)
WITH_SEEDS = pipelines_for(Structure(STRUCTURE.variants, (0, 1, 2)))
DESIGN_NAMES = {
    "data_processing",
    "race_labeling",
    "baseline",
    "emotion_augmentation",
    "demographic_augmentation",
    "mitigation",
    "fairness_reporting",
}
VARIANT_PIPELINES = ("baseline", "emotion_augmentation", "demographic_augmentation", "mitigation")
AUDITS = {"audit", "audit_model"}
STAND_APART = AUDITS | {"cross_dataset", "fabrication", "label_images", "plan_audit", "compare"}
ENVIRONMENTS = ("base", "sample")


def _context(root: Path, env: str) -> KedroContext:
    session = KedroSession.create(project_path=root, env=env)
    return session.load_context()


def test_every_pipeline_of_the_design_is_registered_and_not_empty() -> None:
    assert set(PIPELINES) >= DESIGN_NAMES | STAND_APART | {"__default__"}
    assert all(len(pipeline.nodes) > 0 for pipeline in PIPELINES.values())


def test_default_is_everything_but_what_stands_apart() -> None:
    expected = {node.name for name in DESIGN_NAMES for node in PIPELINES[name].nodes}
    assert {node.name for node in PIPELINES["__default__"].nodes} == expected
    for name in STAND_APART:
        assert not {node.name for node in PIPELINES[name].nodes} & expected


def test_audits_differ_only_in_where_predictions_come_from() -> None:
    from_file, from_model = (
        {node.name for node in PIPELINES[name].nodes} for name in ("audit", "audit_model")
    )
    assert from_file - from_model == {"audit.read_prediction_file"}
    assert from_model - from_file == {"audit.find_preparation", "audit.score_foreign_model"}


def test_audits_write_nothing_that_the_project_reads_or_writes() -> None:
    everything = PIPELINES["__default__"].datasets() | PIPELINES["fabrication"].datasets()
    for name in (*AUDITS, "cross_dataset", "label_images", "plan_audit", "compare"):
        assert not PIPELINES[name].all_outputs() & everything
    assert "audit" not in STRUCTURE.names, "they would share the folder of their tables"


@pytest.mark.parametrize("pipelines", [PIPELINES, WITH_SEEDS], ids=["one seed", "three seeds"])
def test_nothing_that_trains_selects_or_fits_can_see_a_test_face(
    pipelines: dict[str, Pipeline],
) -> None:
    """Follows every input of a node tagged `trains` back to its sources."""
    whole = pipelines["__default__"]
    trains = whole.only_nodes_with_tags("trains")
    assert len(trains.nodes) >= 10
    fitted_by = {name for node in whole.nodes for name in node.outputs if "trains" in node.tags}
    assert {"baseline.model", "embedder", "grey_48.demographic_labeller"} <= fitted_by
    behind = whole.to_outputs(*trains.all_outputs())
    named_test = {name for name in behind.datasets() if ".test_" in name or "_test_" in name}
    after_split = {
        name for node in whole.nodes if node.name.endswith(".split") for name in node.outputs
    }
    assert named_test <= after_split, "only the split itself may hold test faces behind training"
    readers = {node.name for node in behind.nodes if set(node.inputs) & named_test}
    assert readers == set()
    for name in AUDITS:
        fitted = pipelines[name].only_nodes_with_tags("trains")
        assert not {one for one in fitted.datasets() if "test_" in one}
        assert not pipelines[name].all_outputs() & behind.datasets()


def test_no_model_of_one_dataset_or_several_can_see_a_test_face() -> None:
    crossed = pipelines_for(
        Structure(STRUCTURE.variants, crossing=Crossing(("fer_plus", "raf_db", "mine")))
    )["cross_dataset"]
    trains = crossed.only_nodes_with_tags("trains")
    assert {node.name.rpartition(".")[0] for node in trains.nodes} == {
        f"cross_dataset.baseline_{how}_{name}"
        for how in ("on", "without")
        for name in ("fer_plus", "raf_db", "mine")
    }
    behind = crossed.to_outputs(*trains.all_outputs()).datasets()
    assert not [name for name in behind if ".test_" in name or "_test_" in name]
    left_out = crossed.only_nodes("cross_dataset.baseline_without_mine.train").all_inputs()
    assert not [name for name in left_out if name.startswith("mine.")]


@pytest.mark.parametrize("pipelines", [PIPELINES, WITH_SEEDS], ids=["one seed", "three seeds"])
def test_the_truth_about_fabricated_faces_is_told_to_the_report_alone(
    pipelines: dict[str, Pipeline],
) -> None:
    """Follows what is read of it on to every node behind."""
    whole = pipelines["__default__"]
    reading = [node for node in whole.nodes if node.func is truth_of]
    truth = {name for node in reading for name in node.outputs}
    assert truth == {
        f"{name}.{what}" for name in EVALUATION_SETS for what in ("truth", "planted_bias")
    }
    behind = whole.from_inputs(*truth)
    assert {node.name for node in behind.nodes} == {
        "fairness_reporting.planted.find",
        "fairness_reporting.write_report",
    }
    assert not whole.only_nodes_with_tags("trains").all_inputs() & behind.all_outputs()


def test_every_seed_trains_and_fits_as_the_first_does() -> None:
    """So what is followed back for all seeds above is nothing less than what there is."""
    once, thrice = (
        pipelines["__default__"].only_nodes_with_tags("trains").nodes
        for pipelines in (PIPELINES, WITH_SEEDS)
    )
    of_variants = [n for name in VARIANT_PIPELINES for n in PIPELINES[name].nodes if n in once]
    assert len(of_variants) >= 10
    assert len(thrice) == len(once) + 2 * len(of_variants)


@pytest.mark.parametrize("name", sorted(DESIGN_NAMES | STAND_APART))
@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_dataset_is_kept_so_that_any_node_runs_by_itself(
    name: str, env: str, kedro_project: Path
) -> None:
    catalog = _context(kedro_project, env).catalog
    kept = {i for i in PIPELINES[name].datasets() if not i.startswith(("params:", "parameters"))}
    ephemeral = {i for i in kept if type(catalog.get(i)).__name__ == "MemoryDataset"}
    assert ephemeral == set()


@pytest.mark.parametrize("name", sorted(AUDITS))
def test_everything_that_an_audit_finds_is_kept_in_a_folder_of_its_own(
    name: str, kedro_project: Path
) -> None:
    catalog = _context(kedro_project, "base").catalog
    for output in PIPELINES[name].all_outputs():
        dataset = catalog.get(output)
        folder = Path(str(getattr(dataset, "filepath", ""))).parent
        assert folder.as_posix().endswith("08_reporting/audit/unnamed"), output
        assert _layer(catalog, output) in {"model_output", "reporting"}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_parameter_block_is_valid_and_arrives_as_its_model(
    env: str, kedro_project: Path
) -> None:
    """Kedro hands over a raw dict, with a log line only, where an annotation cannot be resolved."""
    context = _context(kedro_project, env)
    chosen = [
        "__default__",
        "cross_dataset",
        "label_images",
        "plan_audit",
        "compare",
        *sorted(AUDITS),
    ]
    if env == "sample":
        chosen += ["fabrication"]
        context._pipelines_to_validate = chosen
    validated = context.params
    catalog = context.catalog
    n_models = 0
    pipelines = pipelines_for(settings.get("STRUCTURE"))
    for node in (node for name in chosen for node in pipelines[name].nodes):
        for annotation, name in _parameter_inputs(node.func, node.inputs):
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                assert isinstance(catalog.load(name), annotation), (node.name, name)
                n_models += 1
    assert n_models > 20
    assert validated["seed"] == 0


@pytest.mark.parametrize("name", sorted(AUDITS))
def test_every_node_of_an_audit_gets_checked_parameters(name: str, kedro_project: Path) -> None:
    context = _context(kedro_project, "base")
    context._pipelines_to_validate = [name]
    assert isinstance(context.catalog.load("params:audit"), AuditParameters)
    assert all("params:audit" in node.inputs for node in PIPELINES[name].nodes)


def _parameter_inputs(
    function: Callable[..., object], inputs: list[str]
) -> list[tuple[object, str]]:
    import typing

    hints = list(typing.get_type_hints(function).items())
    positional = [hint for name, hint in hints if name != "return"]
    return [
        (hint, name)
        for hint, name in zip(positional, inputs, strict=False)
        if name.startswith("params:")
    ]


def test_every_catalog_entry_has_a_layer_for_kedro_viz(project_root: Path) -> None:
    loader = OmegaConfigLoader(str(project_root / "conf"), base_env="base", default_run_env="base")
    without = [
        name
        for name, entry in loader["catalog"].items()
        if "layer" not in entry.get("metadata", {}).get("kedro-viz", {})
    ]
    assert without == []


def test_layers_form_no_circle_so_that_kedro_viz_shows_them(kedro_project: Path) -> None:
    catalog = _context(kedro_project, "base").catalog
    parents: dict[str, set[str]] = defaultdict(set)
    pipelines = (*PIPELINES.values(), *WITH_SEEDS.values())
    for node in (node for pipeline in pipelines for node in pipeline.nodes):
        for source, result in product(node.inputs, node.outputs):
            before, after = (_layer(catalog, name) for name in (source, result))
            if before and after and before != after:
                parents[after].add(before)
    order = list(TopologicalSorter(parents).static_order())
    assert order[0] == "raw"
    assert order[-1] == "reporting"


@pytest.mark.parametrize("name", PIPELINES)
def test_namespaces_can_run_one_after_the_other(name: str) -> None:
    """As tasks of Airflow do, or whatever else deploys a namespace as one job."""
    groups = PIPELINES[name].group_nodes_by("namespace")
    order = TopologicalSorter({group.name: group.dependencies for group in groups}).static_order()
    assert len(list(order)) == len(groups)


def _layer(catalog: CatalogProtocol[Any, Any], name: str) -> str | None:
    dataset = catalog.get(name)
    metadata: dict[str, Any] = getattr(dataset, "metadata", None) or {}
    layer: str | None = metadata.get("kedro-viz", {}).get("layer")
    return layer


@pytest.mark.parametrize("name", sorted(DESIGN_NAMES | STAND_APART))
def test_every_node_lies_in_a_namespace_and_says_its_stage(name: str) -> None:
    stages = {
        *("fabricate", "read", "check", "embed", "label", "compose", "train", "fit", "predict"),
        *("score", "report"),
    }
    for node in PIPELINES[name].nodes:
        assert node.namespace, node.name
        assert len(node.tags & stages) == 1, (node.name, node.tags)


def test_names_with_dots_are_made_by_kedros_own_mapping_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only these are passed over by the filter of warnings; and Kedro warns once in a process."""
    module = sys.modules["kedro.pipeline.node"]

    def refuse(name: str, _namespace: str | None) -> None:
        written_by = sys._getframe(2).f_globals["__name__"]
        if "." in name and not name.startswith("params:"):
            assert written_by == module.__name__, (written_by, name)

    monkeypatch.setattr(module, "_node_dataset_name_validation", refuse)
    standing = (
        audit,
        compare,
        data_processing,
        fabrication,
        label_images,
        plan_audit,
        race_labeling,
    )
    for package in standing:
        package.create_pipeline()
    audit.create_model_pipeline()
    fairness_reporting.create_pipeline(Structure(STRUCTURE.variants, (0, 1)))
    variants.create_pipelines(STRUCTURE)
    cross_dataset.create_pipeline(STRUCTURE)


def test_listing_the_pipelines_imports_nothing_heavy() -> None:
    heavy = ("tensorflow", "keras", "aif360", "dlib", "torch", "jax", "matplotlib.pyplot", "skops")
    code = (
        "import sys; from fer_fairness.pipeline_registry import register_pipelines; "
        f"register_pipelines(); print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_pipelines_add_up_without_clashes() -> None:
    total: Pipeline = sum((PIPELINES[name] for name in DESIGN_NAMES), Pipeline([]))
    assert len(total.nodes) == sum(len(PIPELINES[name].nodes) for name in DESIGN_NAMES)
