"""What an audit measures of scored people, table by table: of one model, or of several."""

from typing import Any

import pandas as pd

from fer_fairness.auditing.coverage import compared
from fer_fairness.auditing.measurements import aif360_table, evaluation_tables, label_noise_tables
from fer_fairness.auditing.models import audience_of, models_of
from fer_fairness.fairness.comparisons.audience import with_sources
from fer_fairness.fairness.comparisons.family import changes
from fer_fairness.fairness.scored_faces import with_context
from fer_fairness.fairness.subgroups.bias_scan import bias_scan
from fer_fairness.params.audit import AuditParameters


def evaluate_people(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters, seed: int
) -> tuple[pd.DataFrame, ...]:
    """Overall scores, group scores, gaps and confusion."""
    parts = models_of(people, reading)
    attributes = compared(parts[0].table, reading, parameters)
    return evaluation_tables(parts, attributes, parameters.inference, seed)


def compare_models(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters, seed: int
) -> pd.DataFrame:
    """What further models change against the first, on the same people; no rows of one model."""
    parts = models_of(people, reading)
    audience = audience_of(parts, compared(parts[0].table, reading, parameters))
    found = changes([audience] if len(parts) > 1 else [], params=parameters.inference, seed=seed)
    return with_sources(found, [audience])


def scan_subgroups(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters, seed: int
) -> pd.DataFrame:
    """The subgroup over all attributes that is served worst, with a p-value of its own."""
    found = [
        (
            part,
            bias_scan(
                part.table,
                attributes=reading["attributes"],
                n_permutations=parameters.n_scan_permutations,
                seed=seed,
                minimum_group_size=parameters.inference.minimum_group_size,
                significance=parameters.inference.significance,
                person=part.person,
            ),
        )
        for part in models_of(people, reading)
    ]
    return with_context(found)


def one_vs_rest(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters, seed: int
) -> pd.DataFrame:
    """AIF360's metrics, one emotion against the rest; none where there are too many people."""
    parts = models_of(people, reading)
    table = parts[0].table
    wanted = [] if len(table) > parameters.aif360_max_people else reading["attributes"]
    attributes = [name for name in wanted if table[name].nunique() <= parameters.max_groups]
    return aif360_table(parts, attributes, parameters.inference, seed)


def correct_label_errors(
    people: pd.DataFrame,
    reading: dict[str, Any],
    parameters: AuditParameters,
    seed: int,
    held_out: pd.DataFrame,
    labels: pd.DataFrame,
) -> tuple[pd.DataFrame, ...]:
    """Scores and gaps of predicted groups with the labeller's errors taken off; else no rows."""
    parts = models_of(people, reading)
    return label_noise_tables(
        parts,
        {parts[0].evaluation_set: (labels, held_out)},
        compared(parts[0].table, reading, parameters),
        parameters.inference,
        seed,
    )
