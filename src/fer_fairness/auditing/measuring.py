"""What an audit measures of scored people, table by table."""

from typing import Any

import pandas as pd

from fer_fairness.auditing.coverage import compared
from fer_fairness.auditing.measurements import aif360_table, evaluation_tables, label_noise_tables
from fer_fairness.auditing.reading import scored_faces
from fer_fairness.fairness.scored_faces import with_context
from fer_fairness.fairness.subgroups.bias_scan import bias_scan
from fer_fairness.params.audit import AuditParameters


def evaluate_people(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters, seed: int
) -> tuple[pd.DataFrame, ...]:
    """Overall scores, group scores, gaps and confusion."""
    attributes = compared(people, reading, parameters)
    parts = [scored_faces(people, reading)]
    return evaluation_tables(parts, attributes, parameters.inference, seed)


def scan_subgroups(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters, seed: int
) -> pd.DataFrame:
    """The subgroup over all attributes that is served worst, with a p-value of its own."""
    part = scored_faces(people, reading)
    found = bias_scan(
        people,
        attributes=reading["attributes"],
        n_permutations=parameters.n_scan_permutations,
        seed=seed,
        minimum_group_size=parameters.inference.minimum_group_size,
        significance=parameters.inference.significance,
        person=part.person,
    )
    return with_context([(part, found)])


def one_vs_rest(
    people: pd.DataFrame, reading: dict[str, Any], parameters: AuditParameters, seed: int
) -> pd.DataFrame:
    """AIF360's metrics, one emotion against the rest; none where there are too many people."""
    wanted = [] if len(people) > parameters.aif360_max_people else reading["attributes"]
    attributes = [name for name in wanted if people[name].nunique() <= parameters.max_groups]
    return aif360_table([scored_faces(people, reading)], attributes, parameters.inference, seed)


def correct_label_errors(
    people: pd.DataFrame,
    reading: dict[str, Any],
    parameters: AuditParameters,
    seed: int,
    held_out: pd.DataFrame,
    labels: pd.DataFrame,
) -> tuple[pd.DataFrame, ...]:
    """Scores and gaps of predicted groups with the labeller's errors taken off; else no rows."""
    part = scored_faces(people, reading)
    return label_noise_tables(
        [part],
        {part.evaluation_set: (labels, held_out)},
        compared(people, reading, parameters),
        parameters.inference,
        seed,
    )
