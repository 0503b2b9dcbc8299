"""Which models the report compares: what each was trained with, and whether they belong together.

A variant is compared with the baseline that it started from. After another training of the baseline
alone the other models are those of the earlier one, and differences are not what methods changed.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.pipelines.variants.structure import BASELINE, Structure, Variant, structure_of
from fer_fairness.pipelines.variants.training_records import TRAINING_RECORD, Record
from fer_fairness.reporting.labels import variant_label
from fer_fairness.reporting.number_text import listed

logger = logging.getLogger(__name__)

_RECORDED: Final = (
    "network",
    "n_weights",
    "n_trainable_weights",
    "start_fingerprint",
    "fingerprint",
)


def lineage_inputs(structure: Structure) -> list[str]:
    """The datasets that `trace_lineage` reads, in its order: records, and rules."""
    datasets = [f"{variant.name}.{TRAINING_RECORD}" for variant in structure.trained]
    datasets += [
        f"{variant.name}.{dataset}_rules"
        for variant in structure.post_processed
        for dataset in EVALUATION_SETS
    ]
    return [name for dataset in datasets for name in structure.of_every_seed(dataset)]


def trace_lineage(
    parameters: dict[str, Any], manifest: dict[str, Any], *found: Record | None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Put the records of all models side by side, and see whether each is of its baseline.

    Args:
        parameters: Those of this run.
        manifest: That of this run: its environment is part of the remedy.
        found: The datasets of `lineage_inputs`; None where there is none.

    Returns:
        The report's table `models`, a row a variant and seed; and JSON-able `trained_with`, the
        parameters of each trained model by its name (`baseline`, `baseline_seed_1`; None where they
        were not recorded), and `notes`, what a reader must know of models that do not, or may not,
        belong together; a note on models of different baselines is logged as well.
    """
    structure = structure_of(parameters)
    by_name = dict(zip(lineage_inputs(structure), found, strict=True))
    rows: list[dict[str, Any]] = []
    trained_with: dict[str, dict[str, Any] | None] = {}
    for seed in structure.seeds:
        names = {
            variant.name: structure.namespace(variant.name, seed) for variant in structure.variants
        }
        records = {v.name: by_name[f"{names[v.name]}.{TRAINING_RECORD}"] for v in structure.trained}
        baseline = records[BASELINE]
        # The seed recorded is that of the model, whatever seeds this run was given.
        rows += [
            {"seed": seed} | _trained_row(v, records[v.name], baseline) for v in structure.trained
        ]
        for variant in structure.post_processed:
            rules = [
                by_name[f"{names[variant.name]}.{dataset}_rules"] for dataset in EVALUATION_SETS
            ]
            rows.append({"seed": seed} | _changed_row(variant, rules, baseline))
        for name, record in records.items():
            trained_with[names[name]] = None if record is None else record["parameters"]
    models = pd.DataFrame(rows).astype(
        {"n_weights": "Int64", "n_trainable_weights": "Int64", "of_this_baseline": "boolean"}
    )
    return models, {"trained_with": trained_with, "notes": _notes(models, structure, manifest)}


def _trained_row(
    variant: Variant, record: Record | None, baseline: Record | None
) -> dict[str, Any]:
    started_from: str | None = BASELINE
    of_this_baseline: bool | None = None if record is None else True
    if variant.name != BASELINE:
        of_this_baseline = _same_start([record], baseline)
    else:
        started_from = None
        if record is not None:
            started_from = record["parameters"]["architecture"]["weights"]
    return {
        "variant": variant.name,
        "method": variant.method.label,
        "source": variant.method.source,
        **({"seed": record["seed"]} if record else {}),
        **{name: (record or {}).get(name) for name in _RECORDED},
        "started_from": started_from,
        "of_this_baseline": of_this_baseline,
    }


def _changed_row(
    variant: Variant, rules: list[Record | None], baseline: Record | None
) -> dict[str, Any]:
    """Of post-processing: whether its rules were found on predictions of the baseline shown."""
    return {
        "variant": variant.name,
        "method": variant.method.label,
        "source": variant.method.source,
        **dict.fromkeys(_RECORDED),
        "started_from": BASELINE,
        "of_this_baseline": _same_start(rules, baseline),
    }


def _same_start(records: list[Record | None], baseline: Record | None) -> bool | None:
    """Whether all started from the baseline shown; None where that is not known."""
    starts = [record and record.get("start_fingerprint") for record in records]
    if baseline is None or None in starts:
        return None
    return set(starts) == {baseline["fingerprint"]}


def _notes(models: pd.DataFrame, structure: Structure, manifest: Mapping[str, Any]) -> list[str]:
    notes = []
    mixed = models[~models["of_this_baseline"].fillna(value=True)]
    if len(mixed):
        notes.append(
            "Models of different baselines are mixed here. Made from another baseline than the one "
            f"shown, or from other predictions of it: {_named(mixed, models)}. Differences from "
            "the baseline are not what these methods changed. Make them anew from this baseline: "
            f"{_command(mixed, structure, manifest)}"
        )
        logger.warning(notes[0])
    unknown = models[models["of_this_baseline"].isna()]
    if len(unknown):
        notes.append(
            "Not recorded, because the models are older than such records: what they were trained "
            f"with, and from which baseline ({_named(unknown, models)}). If the baseline was "
            "trained again after the others, models of different baselines are mixed here. Train "
            f"them anew to know: {_command(unknown, structure, manifest)}"
        )
    return notes


def _named(chosen: pd.DataFrame, models: pd.DataFrame) -> str:
    several_seeds = models["seed"].nunique() > 1
    names = [
        f"{variant_label(variant)} (seed {seed})" if several_seeds else variant_label(variant)
        for variant, seed in zip(chosen["variant"], chosen["seed"], strict=True)
    ]
    return listed(names)


def _command(models: pd.DataFrame, structure: Structure, manifest: Mapping[str, Any]) -> str:
    """What makes these models again, and all that start from the baseline if it is among them."""
    chosen = set(models["variant"])
    pipelines = [
        variant.method.pipeline
        for variant in structure.variants
        if variant.name in chosen or BASELINE in chosen
    ]
    names = ",".join(dict.fromkeys([*pipelines, "fairness_reporting"]))
    environment = manifest.get("environment", "base")
    option = "" if environment == "base" else f" --env {environment}"
    return f"kedro run{option} --pipelines {names} (with the --params of this run)."
