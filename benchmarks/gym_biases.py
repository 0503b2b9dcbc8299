"""The gym's faces: which bias is planted in them, and the configuration that methods run with.

All methods train on the same faces: those of a fabricated FER+, whose groups the labeller predicts
as it does those of the real one, or those of a fabricated RAF-DB, whose groups are annotated.
"""

import copy
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

from fer_fairness.errors import InvalidInputError, did_you_mean
from fer_fairness.fabrication import is_fabricated, write_dataset
from fer_fairness.fabrication.fabricating import fabricate_one
from fer_fairness.fabrication.planted import planted_attributes
from fer_fairness.fabrication.writing import drawn_with
from fer_fairness.mitigation import post_methods, trained_methods
from fer_fairness.params.fabrication import FabricationParameters, PlantedBias
from fer_fairness.pipelines.variants.configured import structure_of
from fer_fairness.pipelines.variants.structure import DEMOGRAPHIC_CONTROL, Structure
from fer_fairness.taxonomy import ATTRIBUTES

ROOT: Final = Path(__file__).parent.parent
ENVIRONMENT: Final = "gym"
LAYOUTS: Final = ("fer_plus", "raf_db")
"""What faces may be laid out as; the first one is the usual."""

Blocks = dict[str, Any]

_SHARES: Final = {"race": {"white": 0.4, "black": 0.3, "east_asian": 0.3}}
_FEW: Final = {"race": {"white": 0.45, "black": 0.1, "east_asian": 0.45}}
_QUALITY: Final = {"race": {"black": 0.6}}
_RARE: Final = {"race": {"black": {"sadness": 0.1, "surprise": 0.1}}}
_SHORTCUT: Final = {
    "race": {
        "black": dict.fromkeys(("anger", "fear", "sadness"), 4.0)
        | dict.fromkeys(("happiness", "neutral", "surprise"), 0.25)
    }
}

BIASES: Final[Mapping[str, PlantedBias]] = MappingProxyType(
    {
        "none": PlantedBias(group_shares=_SHARES),
        "quality": PlantedBias(group_shares=_SHARES, image_quality_by_group=_QUALITY),
        "label_noise": PlantedBias(
            group_shares=_SHARES, label_noise_by_group={"race": {"black": 0.5}}
        ),
        # Drawn faces show emotions alike in all groups, so that few of one are learned from the
        # others' and open no gap, unless their pictures are other than those.
        "few_faces": PlantedBias(group_shares=_FEW, image_quality_by_group=_QUALITY),
        "rare_emotion": PlantedBias(
            group_shares=_SHARES,
            image_quality_by_group=_QUALITY,
            emotion_by_group=_RARE,
            emotion_splits=("train",),
        ),
        # Where little is seen of a face, a model goes by what its group showed in training; of
        # clear pictures each seed learns another share of the shortcut.
        "shortcut": PlantedBias(
            group_shares=_SHARES,
            image_quality_by_group=_QUALITY,
            emotion_by_group=_SHORTCUT,
            emotion_splits=("train",),
        ),
        "two_at_once": PlantedBias(
            group_shares=_SHARES,
            image_quality_by_group=_QUALITY,
            label_noise_by_group={"race": {"east_asian": 0.5}},
        ),
    }
)
"""By name; `none` is the control of false alarms."""

_OWN: Final[Blocks] = {
    # Trained for long, and trained on at rates about which the control chooses: where the control
    # has much left to learn, methods differ by how fast they learn it.
    "baseline": {"architecture": {"weights": "random"}, "training": {"max_epochs": 30}},
    "fine_tuning": {
        "training": {"initial_learning_rate": 0.0005, "target_learning_rate": 0.002},
    },
    # A tenth of FER+'s faces: each is seen nearly four times as often all the same.
    "generative_augmentation": {"generator": {"n_steps": 300}},
    "fabrication": {
        "seed": 0,
        "fer_plus": {"validation": 800, "test": 2400},
        "raf_db": {"train": 3100, "test": 2400},
    },
}
_QUICK: Final[Blocks] = {
    "fabrication": {
        "fer_plus": {"train": 600, "validation": 300, "test": 600},
        "raf_db": {"train": 900, "test": 600},
        "fairface": {"train": 600, "val": 300},
    },
    "budget": {"trials": 1},
    "baseline": {"training": {"max_epochs": 5}},
    "fine_tuning": {"training": {"steps_per_epoch": 10, "max_epochs": 2}},
    "embedder": {"epochs": 3},
}


def biases_of(names: Sequence[str], further: Path | None = None) -> dict[str, PlantedBias]:
    """The biases of these names, all where none is named.

    Args:
        names: Of `BIASES`, or of the file.
        further: A YAML file of more: name -> what `planted` says in conf/sample.

    Raises:
        InvalidInputError: A name is not known, or the file does not hold biases.
    """
    known = dict(BIASES)
    if further is not None:
        known |= _read_biases(further)
    if unknown := sorted(set(names) - set(known)):
        raise InvalidInputError(
            f"No bias is called {', '.join(unknown)}.{did_you_mean(unknown[0], known)} There are "
            f"{', '.join(known)}. Others are described in a YAML file that --planted names."
        )
    return {name: known[name] for name in names or known}


def _read_biases(path: Path) -> dict[str, PlantedBias]:
    expected = (
        "Expected names with blocks such as `planted` in conf/sample/parameters_fabrication.yml; "
        "their fields: docs/reference/parameters.md."
    )
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidInputError(f"{path} does not hold biases: {error}. {expected}") from error
    if not isinstance(content, dict) or not content:
        raise InvalidInputError(f"{path} does not hold biases, but {content!r}. {expected}")
    found = {}
    for name, block in content.items():
        try:
            found[str(name)] = PlantedBias.model_validate(block)
        except ValueError as error:
            raise InvalidInputError(f"{path}: the bias {name}: {error}. {expected}") from error
    return found


def parameters_for(
    planted: PlantedBias, n_seeds: int, *, layout: str = LAYOUTS[0], quick: bool
) -> Blocks:
    """What the gym's environment says beside conf/base: bench, then sample, then the gym's own.

    Methods that take an attribute take the (first) one that the bias is planted by.
    """
    merged = merge(_environment("bench"), _environment("sample"), _OWN, _QUICK if quick else {})
    del merged[DEMOGRAPHIC_CONTROL]  # all methods of the gym are trained on the same faces
    merged["train_on"] = layout
    merged["fabrication"]["planted"] = planted.model_dump(mode="json")
    # The labeller learns the groups that are there, as many faces of each.
    merged["fabrication"]["fairface"]["group_shares"] = {
        name: dict.fromkeys(there, 1.0 / len(there))
        for name, shares in planted.group_shares.items()
        if len(there := [group for group, share in shares.items() if share > 0]) > 1
    }
    merged["seeds"] = list(range(n_seeds))
    attribute, *_ = planted_attributes(planted)
    looking = {
        name: _looking_at(attribute, block)
        for name, block in merge(_environment("base"), merged).items()
        if isinstance(block, dict) and "method" in block
    }
    return merge(merged, {name: block for name, block in looking.items() if block})


def _looking_at(attribute: str, block: Blocks) -> Blocks:
    """What lets a variant see the groups of an attribute."""
    methods: Mapping[str, type[Any]] = {**trained_methods(), **post_methods()}
    method = methods[block["method"]]
    found: Blocks = {"attribute": attribute} if "attribute" in method.model_fields else {}
    by = block.get("augmentation", {}).get("by", [])
    if set(by) & set(ATTRIBUTES):
        found["augmentation"] = {"by": ["emotion", attribute]}
    return found


def structure_for(parameters: Blocks, methods: Sequence[str]) -> Structure:
    """The variants and seeds that conf/base and the gym's environment ask for.

    Args:
        parameters: As `parameters_for` gives them.
        methods: Names of blocks or methods; all where none is named.

    Raises:
        InvalidInputError: A name is not known.
    """
    chosen = {"bench": {"methods": list(methods) or None}}
    return structure_of(merge(_environment("base"), parameters, chosen))


def write_conf(root: Path, parameters: Blocks) -> Path:
    """The configuration of a data root: conf/base and the environment `gym`.

    Returns:
        The folder, `root/conf`; the data are below `root/data`.
    """
    conf = root / "conf"
    shutil.rmtree(conf, ignore_errors=True)
    shutil.copytree(ROOT / "conf/base", conf / "base")
    shutil.copy(ROOT / "conf/logging.yml", conf)
    environment = conf / ENVIRONMENT
    environment.mkdir()
    globals_ = {
        "data_root": str((root / "data").absolute()),
        "seed": 0,
        "demographic_dataset": parameters["train_on"],
    }
    _write(environment / "globals.yml", globals_)
    _write(environment / "parameters_gym.yml", parameters)
    return conf


def fabricate_faces(root: Path, parameters: Blocks) -> None:
    """Draw the raw datasets of a root, unless the same ones are there.

    Raises:
        InvalidInputError: The root has faces that were drawn otherwise: what was trained on them
            would be taken for this bias.
    """
    wanted = FabricationParameters.model_validate(parameters["fabrication"])
    for layout in (parameters["train_on"], "fairface"):
        folder = root / "data/01_raw" / layout
        if not is_fabricated(folder):
            write_dataset(fabricate_one(wanted, layout), folder)
        elif drawn_with(folder) != wanted:
            raise InvalidInputError(
                f"{folder} was drawn with other parameters than are asked for now: take {root} "
                "away, or use another --out."
            )


def merge(*blocks: Mapping[str, Any]) -> Blocks:
    """Blocks over one another, the last one on top; lists are replaced whole."""
    merged: Blocks = {}
    for block in blocks:
        for name, value in block.items():
            below = merged.get(name)
            if isinstance(value, Mapping) and isinstance(below, Mapping):
                merged[name] = merge(below, value)
            else:
                merged[name] = copy.deepcopy(value)
    return merged


def _environment(name: str) -> Blocks:
    """The parameters of an environment of conf, as they are written."""
    files = sorted((ROOT / "conf" / name).glob("parameters*.yml"))
    return merge(*(yaml.safe_load(file.read_text(encoding="utf-8")) or {} for file in files))


def _write(path: Path, content: Blocks) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
