"""Which models the report compares: what each was trained with, and whether they belong together.

A variant is compared with the baseline that it started from. After another training of the baseline
alone the other models are those of the earlier one, and differences are not what methods changed.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from fer_fairness.pipelines.seeds import ONE_SEED, dataset_of_every_seed
from fer_fairness.pipelines.training_records import TRAINING_RECORD, Record
from fer_fairness.pipelines.variants import (
    BASELINE,
    EVALUATION_SETS,
    POST_PROCESSED_VARIANTS,
    TRAINED_VARIANTS,
    Variant,
)
from fer_fairness.reporting.tables import listed
from fer_fairness.reporting.words import variant_label
from fer_fairness.tables import PROBABILITY_COLUMNS

logger = logging.getLogger(__name__)

_POST_PROCESSING_PIPELINE: Final = "mitigation"
_EXCHANGES_PROBABILITIES: Final = frozenset({"equalized_odds"})
"""Post-processing that only exchanges a face's probabilities: it shows whose they were."""


_RECORDED: Final = (
    "network",
    "n_weights",
    "n_trainable_weights",
    "start_fingerprint",
    "fingerprint",
)


def lineage_inputs(seeds: Sequence[int]) -> list[str]:
    """The datasets that `trace_lineage` reads, in its order: records first, then predictions."""
    records = [f"{variant.name}.{TRAINING_RECORD}" for variant in TRAINED_VARIANTS]
    predictions = [
        f"{variant}.{dataset}_test_predictions"
        for variant in (BASELINE.name, *POST_PROCESSED_VARIANTS)
        for dataset in EVALUATION_SETS
    ]
    return [
        name
        for dataset in (*records, *predictions)
        for name in dataset_of_every_seed(dataset, seeds)
    ]


def trace_lineage(
    seeds: list[int],
    manifest: dict[str, Any],
    *found: Any,  # noqa: ANN401
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Put the records of all models side by side, and see whether each is of its baseline.

    Args:
        seeds: The training seeds.
        manifest: That of this run: its environment is part of the remedy.
        found: The datasets of `lineage_inputs`: records, None where there is none, and test
            predictions.

    Returns:
        The report's table `models`, a row a variant and seed; and, JSON-able, `trained_with`, the
        parameters of each trained model by its name (None where they were not recorded), and
        `notes`, what a reader must know of models that do not, or may not, belong together. A note
        on models of different baselines is logged as well.
    """
    by_name = dict(zip(lineage_inputs(seeds), found, strict=True))
    rows: list[dict[str, Any]] = []
    trained_with: dict[str, dict[str, Any] | None] = {}
    for place, seed in enumerate(seeds):
        of_seed = {name: by_name[_of_seed(name, seeds, place)] for name in lineage_inputs(ONE_SEED)}
        records = {v.name: of_seed[f"{v.name}.{TRAINING_RECORD}"] for v in TRAINED_VARIANTS}
        # The seed recorded is that of the model, whatever seeds this run was given.
        rows += [{"seed": seed} | _trained_row(v, records) for v in TRAINED_VARIANTS]
        rows += [{"seed": seed} | _changed_row(v, of_seed) for v in POST_PROCESSED_VARIANTS]
        for name, record in records.items():
            parameters = None if record is None else record["parameters"]
            trained_with[_of_seed(name, seeds, place)] = parameters
    models = pd.DataFrame(rows).astype(
        {"n_weights": "Int64", "n_trainable_weights": "Int64", "of_this_baseline": "boolean"}
    )
    return models, {"trained_with": trained_with, "notes": _notes(models, manifest)}


def _of_seed(name: str, seeds: Sequence[int], place: int) -> str:
    return dataset_of_every_seed(name, seeds)[place]


def _trained_row(variant: Variant, records: Mapping[str, Record | None]) -> dict[str, Any]:
    record = records[variant.name] or {}
    started_from = variant.starts_from
    if started_from is None and record:
        started_from = record["parameters"]["architecture"]["weights"]
    return {
        "variant": variant.name,
        **({"seed": record["seed"]} if record else {}),
        **{name: record.get(name) for name in _RECORDED},
        "started_from": started_from,
        "of_this_baseline": _of_this_baseline(variant, records),
    }


def _of_this_baseline(variant: Variant, records: Mapping[str, Record | None]) -> bool | None:
    """Whether a model and all that it was fine-tuned from are the ones shown; None: unknown."""
    record = records[variant.name]
    if variant.starts_from is None:
        return None if record is None else True
    source = records[variant.starts_from]
    if record is None or source is None:
        return None
    if record["start_fingerprint"] != source["fingerprint"]:
        return False
    above = next(other for other in TRAINED_VARIANTS if other.name == variant.starts_from)
    return _of_this_baseline(above, records)


def _changed_row(variant: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Of post-processing: whether its predictions are changed ones of the baseline shown."""
    pairs = [
        [found[f"{name}.{dataset}_test_predictions"] for name in (BASELINE.name, variant)]
        for dataset in EVALUATION_SETS
    ]
    known = variant in _EXCHANGES_PROBABILITIES
    return {
        "variant": variant,
        **dict.fromkeys(_RECORDED),
        "started_from": BASELINE.name,
        "of_this_baseline": all(_same_probabilities(*pair) for pair in pairs) if known else None,
    }


def _same_probabilities(before: pd.DataFrame, after: pd.DataFrame) -> bool:
    """Whether each face has the same probabilities in both, in whatever order."""
    if before["sample_id"].tolist() != after["sample_id"].tolist():
        return False
    one, other = (
        np.sort(table[list(PROBABILITY_COLUMNS)].to_numpy(dtype=np.float64), axis=1)
        for table in (before, after)
    )
    # Ties are broken by the smallest step that a number can take.
    return np.allclose(one, other, rtol=1e-9, atol=1e-12)


def _notes(models: pd.DataFrame, manifest: Mapping[str, Any]) -> list[str]:
    notes = []
    mixed = models[~models["of_this_baseline"].fillna(value=True)]
    if len(mixed):
        notes.append(
            "Models of different baselines are mixed here. Made from another baseline than the one "
            f"shown, or from other predictions of it: {_named(mixed, models)}. Differences from "
            "the baseline are not what these methods changed. Make them anew from this baseline: "
            f"{_command(mixed, manifest)}"
        )
        logger.warning(notes[0])
    is_trained = ~models["variant"].isin(POST_PROCESSED_VARIANTS)
    unknown = models[is_trained & models["fingerprint"].isna()]
    if len(unknown):
        notes.append(
            "Not recorded, because the models are older than such records: what they were trained "
            f"with, and from which baseline ({_named(unknown, models)}). If the baseline was "
            "trained again after the others, models of different baselines are mixed here. Train "
            f"them anew to know: {_command(unknown, manifest)}"
        )
    return notes


def _named(chosen: pd.DataFrame, models: pd.DataFrame) -> str:
    several_seeds = models["seed"].nunique() > 1
    names = [
        f"{variant_label(variant)} (seed {seed})" if several_seeds else variant_label(variant)
        for variant, seed in zip(chosen["variant"], chosen["seed"], strict=True)
    ]
    return listed(names)


def _command(models: pd.DataFrame, manifest: Mapping[str, Any]) -> str:
    """What trains these models again, and all that start from the baseline if it is among them."""
    chosen = set(models["variant"])
    pipelines = [
        variant.pipeline
        for variant in TRAINED_VARIANTS
        if variant.name in chosen or BASELINE.name in chosen
    ]
    if chosen & set(POST_PROCESSED_VARIANTS):
        pipelines.append(_POST_PROCESSING_PIPELINE)
    names = ",".join(dict.fromkeys([*pipelines, "fairness_reporting"]))
    environment = manifest.get("environment", "base")
    option = "" if environment == "base" else f" --env {environment}"
    return f"kedro run{option} --pipelines {names} (with the --params of this run)."
