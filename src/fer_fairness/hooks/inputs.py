"""What a run is given, looked at before anything runs: parameters, and data that must be there."""

import json
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol, MemoryDataset
from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline

from fer_fairness.datasets import RawFolderDataset
from fer_fairness.errors import DatasetNotFoundError
from fer_fairness.pipelines.described import BLOCKS
from fer_fairness.pipelines.namespaces import DOES_WITHOUT_RAW

_READ_BY_NO_NODE: Final = (
    *("data_root", "seeds", "training_seed_of", "manifest", "mlflow", "budget", "bench"),
    BLOCKS,
)
"""Read by the catalog, by what makes the structure of the pipelines, and by hooks."""


def unknown_parameters(parameters: Mapping[str, Any]) -> list[str]:
    """Parameters that no node of any pipeline takes, by their dotted names.

    Inside a block that a node takes as a pydantic model, the model itself refuses unknown keys.
    """
    prefix = "params:"
    taken = set(_READ_BY_NO_NODE)
    taken |= {
        name.removeprefix(prefix)
        for pipeline in pipelines.values()
        for name in pipeline.inputs()
        if name.startswith(prefix)
    }
    return list(_unknown_parameters(parameters, taken, ()))


def _unknown_parameters(
    parameters: Mapping[str, Any], taken: set[str], above: tuple[str, ...]
) -> Iterator[str]:
    for key, value in parameters.items():
        name = ".".join((*above, key))
        if name in taken or value is None:  # null takes a block of conf/base away
            continue
        if isinstance(value, Mapping) and any(other.startswith(f"{name}.") for other in taken):
            yield from _unknown_parameters(value, taken, (*above, key))
        else:
            yield name


def command_options(run_params: Mapping[str, Any]) -> str:
    """Environment and parameters of a run as options of the command line, a blank before each."""
    env, given = run_params.get("env"), run_params.get("runtime_params") or {}
    words = ["--env", str(env)] if env not in (None, "local") else []
    if given:
        words += ["--params", ",".join(f"{name}={text}" for name, text in _settings(given, ()))]
    return "".join(f" {shlex.quote(word)}" for word in words)


def _settings(given: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for key, value in given.items():
        path = (*above, str(key))
        if isinstance(value, Mapping):
            yield from _settings(value, path)
        else:
            plain = json.dumps(value) if value is None or isinstance(value, bool) else str(value)
            yield ".".join(path), plain


def needed_inputs(pipeline: Pipeline) -> set[str]:
    """The free inputs of a pipeline without the raw folders that its nodes can do without."""
    return pipeline.inputs() & {
        name
        for node in pipeline.nodes
        for name in node.inputs
        if not (DOES_WITHOUT_RAW in node.tags and name.endswith(".raw"))
    }


def missing_inputs(
    names: Iterable[str], catalog: CatalogProtocol[Any, Any], options: str = ""
) -> str:
    """Which of the datasets `names` are not where a run will look for them, and what to do.

    Parameters and what is held in memory are passed over, and so is a raw dataset that its reader
    does without.

    Args:
        names: Datasets.
        catalog: Where they lie.
        options: Of the command that makes them (`command_options`).

    Returns:
        A text over several lines: how to obtain raw datasets or to do without, then the others by
        the pipeline that makes them, each with its file. Empty where nothing is missing.
    """
    raw, made = [], defaultdict(list)
    for name in sorted(names):
        dataset = None if is_parameter(name) or name not in catalog else catalog.get(name)
        if dataset is None or isinstance(dataset, MemoryDataset) or dataset.exists():
            continue
        if isinstance(dataset, RawFolderDataset):
            raw += _how_to_obtain(dataset, catalog)
        else:
            made[_maker(name, options)].append(f"  {name} ({dataset.filepath})")
    if raw and "params:fabrication" in catalog:
        raw.append(f"To draw faces there: kedro run --pipelines fabrication{options}")
    elif raw:
        raw.append(
            "To try the project without any dataset: "
            "kedro run --env sample --pipelines fabrication,__default__"
        )
    return "\n".join([*raw, *("\n".join([maker, *files]) for maker, files in made.items())])


def _how_to_obtain(dataset: RawFolderDataset, catalog: CatalogProtocol[Any, Any]) -> list[str]:
    """What the reader says of the absent dataset: it looks for its files before it reads any.

    Of one that everything may go on without nothing, unless it is asked for.
    """
    from fer_fairness.sources import READERS, read_dataset

    name = dataset.layout
    try:
        if name in READERS:
            read = READERS[name](dataset.filepath, catalog.load(f"params:{name}.reading"))
            choices = ("params:train_on", "params:demographic_dataset")
            if name in map(catalog.load, choices):
                return [str(read.report["how_to_obtain"])]
        else:
            block = catalog.load(f"params:{BLOCKS}.{name}")
            read_dataset(dataset.filepath, block, catalog.load("params:seed"))
    except DatasetNotFoundError as error:
        return [str(error)]
    return []


def _maker(dataset: str, options: str) -> str:
    for name, pipeline in pipelines.items():
        if name != "__default__" and dataset in pipeline.all_outputs():
            return f"`kedro run --pipelines {name}{options}` makes"
    return "No pipeline makes"
