"""Which models the report compares, and what each was trained with.

That a variant was made from the baseline shown, or the variant that it comes after, needs no look
at records: a run that would put others beside one another is refused (`fer_fairness.provenance`).
"""

from typing import Any, Final

import pandas as pd

from fer_fairness.pipelines.variants.configured import structure_of
from fer_fairness.pipelines.variants.structure import BASELINE, Structure, Variant
from fer_fairness.pipelines.variants.training_records import TRAINING_RECORD, Record

_RECORDED: Final = (
    "network",
    "n_weights",
    "n_trainable_weights",
    "start_fingerprint",
    "fingerprint",
)


def lineage_inputs(structure: Structure) -> list[str]:
    """The datasets that `trace_lineage` reads: the record of each trained variant and seed."""
    return [
        f"{structure.namespace(variant.name, seed)}.{TRAINING_RECORD}"
        for seed in structure.seeds
        for variant in structure.trained
    ]


def trace_lineage(
    parameters: dict[str, Any], *records: Record
) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
    """Put the records of all models side by side.

    Args:
        parameters: Those of this run.
        records: The datasets of `lineage_inputs`.

    Returns:
        The report's table `models`, a row a variant and seed; and the parameters that each model
        was trained with, by its name (`baseline`, `baseline_seed_1`).
    """
    structure = structure_of(parameters)
    by_name = dict(zip(lineage_inputs(structure), records, strict=True))
    rows: list[dict[str, Any]] = []
    trained_with: dict[str, dict[str, Any]] = {}
    for seed in structure.seeds:
        for variant in structure.variants:
            space = structure.namespace(variant.name, seed)
            record = by_name.get(f"{space}.{TRAINING_RECORD}", {})
            rows.append(
                {
                    "variant": variant.name,
                    "method": variant.method.label,
                    "source": variant.method.source,
                    "seed": seed,
                    **{name: record.get(name) for name in _RECORDED},
                    "started_from": _started_from(variant, record),
                }
            )
            if record:
                trained_with[space] = record["parameters"]
    kinds = {"n_weights": "Int64", "n_trainable_weights": "Int64"}
    return pd.DataFrame(rows).astype(kinds), trained_with


def _started_from(variant: Variant, record: Record) -> str:
    if record and record["start_fingerprint"] is None:
        return "random"
    if variant.name == BASELINE:
        return str(record["parameters"]["architecture"]["weights"])
    return ", ".join(variant.needed)
