"""Which models the report compares: what each was trained with, and whether they belong together.

A variant is compared with the baseline that it started from. After another training of the baseline
alone the other models are those of the earlier one, and differences are not what methods changed.
"""

import logging
from collections.abc import Mapping, Sequence
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
    """The datasets that `trace_lineage` reads: what tells of each variant and seed."""
    return [
        name
        for seed in structure.seeds
        for variant in structure.variants
        for name in _told_by(variant, structure.namespace(variant.name, seed))
    ]


def _told_by(variant: Variant, space: str) -> list[str]:
    """The record of a trained model; the rules of a change of predictions, for every set."""
    if variant.is_trained:
        return [f"{space}.{TRAINING_RECORD}"]
    return [f"{space}.{dataset}_rules" for dataset in EVALUATION_SETS]


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
        baseline = by_name[f"{structure.namespace(BASELINE, seed)}.{TRAINING_RECORD}"]
        for variant in structure.variants:
            space = structure.namespace(variant.name, seed)
            told = [by_name[name] for name in _told_by(variant, space)]
            # The seed recorded is that of the model, whatever seeds this run was given.
            rows.append({"seed": seed} | _row(variant, told, baseline))
            if variant.is_trained:
                trained_with[space] = None if told[0] is None else told[0]["parameters"]
    models = pd.DataFrame(rows).astype(
        {"n_weights": "Int64", "n_trainable_weights": "Int64", "of_this_baseline": "boolean"}
    )
    return models, {"trained_with": trained_with, "notes": _notes(models, structure, manifest)}


def _row(
    variant: Variant, told: Sequence[Record | None], baseline: Record | None
) -> dict[str, Any]:
    record = (told[0] or {}) if variant.is_trained else {}
    started_from: str | None = BASELINE
    of_this_baseline = _same_start(told, baseline)
    if variant.name == BASELINE:
        started_from = record["parameters"]["architecture"]["weights"] if record else None
        of_this_baseline = True if record else None
    return {
        "variant": variant.name,
        "method": variant.method.label,
        "source": variant.method.source,
        **({"seed": record["seed"]} if record else {}),
        **{name: record.get(name) for name in _RECORDED},
        "started_from": started_from,
        "of_this_baseline": of_this_baseline,
    }


def _same_start(records: Sequence[Record | None], baseline: Record | None) -> bool | None:
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
