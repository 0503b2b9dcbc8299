"""Nodes of the fairness_reporting pipeline."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.auditing.measurements import (
    aif360_table,
    evaluation_tables,
    label_noise_tables,
    measured_answers,
    primary_notes,
)
from fer_fairness.evaluation_sets import TRAINED_ON, demographic_dataset
from fer_fairness.fairness.group_names import CELL, joined_names
from fer_fairness.files import json_sha256
from fer_fairness.mitigation.trials import Choice, Scores
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.pipelines.fairness_reporting.notes import report_notes
from fer_fairness.pipelines.scored_faces import (
    by_evaluation_set,
    scored_faces,
    scored_table,
)
from fer_fairness.provenance import plain
from fer_fairness.reporting import (
    ReportInputs,
    all_sections,
    figure_files,
    model_card,
    paper_files,
    preview_figures,
    render_report,
    results_json,
)
from fer_fairness.tables import stacked
from fer_fairness.taxonomy import ATTRIBUTES


def score(*predictions_and_faces: pd.DataFrame) -> pd.DataFrame:
    """The scored faces of one variant: its predictions beside the demographics of the faces.

    Args:
        predictions_and_faces: Of every evaluation set.
    """
    return scored_table(by_evaluation_set(predictions_and_faces))


def evaluate_variant(
    scored: pd.DataFrame, parameters: EvaluationParameters, seed: int
) -> tuple[pd.DataFrame, ...]:
    """Overall scores, group scores, gaps and confusion of one variant on every evaluation set."""
    return evaluation_tables(scored_faces(scored), parameters.attributes, parameters, seed)


def aif360_metrics(
    scored: pd.DataFrame, parameters: EvaluationParameters, seed: int
) -> pd.DataFrame:
    """AIF360's metrics, one emotion against the rest, for every attribute of one variant."""
    return aif360_table(scored_faces(scored), parameters.attributes, parameters, seed)


def measure_answers(
    scored: pd.DataFrame, parameters: EvaluationParameters
) -> tuple[pd.DataFrame, ...]:
    """How much of each group a variant that abstains answers, and how rightly."""
    return measured_answers(scored_faces(scored), parameters.attributes, parameters)


def correct_label_errors(
    scored: pd.DataFrame,
    parameters: EvaluationParameters,
    seed: int,
    *labels_and_held_out: pd.DataFrame,
) -> tuple[pd.DataFrame, ...]:
    """Scores and gaps of predicted groups with the labeller's errors taken off, of one variant.

    Args:
        scored: Its scored faces.
        parameters: How groups are compared, and by which attributes.
        seed: Seed of all draws.
        labels_and_held_out: Of every evaluation set the labels of its test faces, and of the
            held-out faces of the labeller behind them.
    """
    labeller = by_evaluation_set(labels_and_held_out)
    return label_noise_tables(
        scored_faces(scored), labeller, parameters.attributes, parameters, seed
    )


def collect(**tables: pd.DataFrame) -> pd.DataFrame:
    """One table of all variants."""
    return stacked(list(tables.values()))


def collect_distributions(**distributions: pd.DataFrame) -> pd.DataFrame:
    """Training faces before and after augmentation, one row a variant and cell."""
    parts = {}
    for variant, table in distributions.items():
        cells = [name for name in ("emotion", *ATTRIBUTES) if name in table.columns]
        if len(table) and cells:
            rows = table[cells].fillna("unknown").astype(str).itertuples(index=False, name=None)
            named = [joined_names(names, CELL) for names in rows]
            table = table.assign(variant=variant, cell=named)
        parts[variant] = table
    return collect(**parts)


def collect_trials(**choices: dict[str, Any]) -> pd.DataFrame:
    """What each method tried, one row a trial.

    Args:
        choices: `Choice` as JSON, by the names of their datasets: `focal.trials`, and of methods on
            predictions `linear_post.raf_db_trials`.
    """
    return pd.DataFrame([row for name, made in choices.items() for row in _trial_rows(name, made)])


def _trial_rows(dataset: str, made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    choice = Choice.model_validate(made)
    variant, _, name = dataset.partition(".")
    for number, trial in enumerate(choice.trials):
        scores: dict[str, float] = trial.scores.model_dump() if trial.scores else {}
        yield {
            "variant": variant,
            "evaluation_set": name.removesuffix("trials").removesuffix("_"),
            "trial": number,
            "settings": trial.options,
            **{name: scores.get(name, np.nan) for name in Scores.model_fields},
            "failure": trial.failure or "",
            "rules": ", ".join(rule for rule, best in choice.by_rule.items() if best == number),
            "is_chosen": number == choice.chosen,
            "objectives": ", ".join(choice.objectives),
            "is_on_front": number in choice.front,
        }


def write_report(
    manifest: dict[str, Any],
    trained_with: dict[str, Any],
    parameters: dict[str, Any],
    **found: Any,  # noqa: ANN401  tables and data-quality reports
) -> tuple[str, str, str, Figure, dict[str, bytes], dict[str, bytes], dict[str, Any]]:
    """All that a reader gets of the tables.

    Args:
        manifest: How the run was made.
        trained_with: The parameters of each trained model.
        parameters: Those of the run.
        found: The tables of the report by their names, and the data-quality report of each dataset
            by its name.

    Returns:
        The HTML page; the baseline's model card in Markdown, HTML and its figure; the figures and
        the words for a paper; the results.
    """
    tables = {name: part for name, part in found.items() if isinstance(part, pd.DataFrame)}
    quality = {name: part for name, part in found.items() if name not in tables}
    chosen = plain(parameters)
    sha256 = json_sha256(chosen)
    inputs = ReportInputs(
        tables,
        quality=quality,
        manifest={
            **manifest,
            "seed": parameters["seed"],
            "seeds": parameters["seeds"],
            "data_hashes": {name: part["reading"].get("sha256") for name, part in quality.items()},
            "parameters": chosen,
            "parameters_sha256": sha256,
            "trained_with": trained_with,
        },
        notes=[
            *report_notes(
                tables["groups"],
                quality,
                demographic=parameters["demographic_dataset"],
                trained_on=parameters["train_on"],
            ),
            *primary_notes(EvaluationParameters.model_validate(parameters["evaluation"]), sha256),
        ],
    )
    card = model_card(inputs, "baseline")
    sections = all_sections(inputs)
    return (
        render_report(inputs, sections),
        card.markdown(),
        card.html(),
        card.figure,
        figure_files(sections, inputs.notes),
        paper_files(inputs),
        results_json(inputs),
    )


def draw_figures(
    overall: pd.DataFrame, gaps: pd.DataFrame, confusion: pd.DataFrame
) -> tuple[Figure, Figure, Figure, dict[str, Any]]:
    """The pictures that Kedro-Viz shows: confusion, gaps, and fairness against accuracy (twice).

    They are of one evaluation set: one whose groups are annotated, if it is there.
    """
    present = list(dict.fromkeys(overall["evaluation_set"]))
    chosen = demographic_dataset("auto", present, trained_on=present[0] if present else TRAINED_ON)
    inputs = ReportInputs(
        {
            name: table[table["evaluation_set"] == chosen]
            for name, table in (("overall", overall), ("gaps", gaps), ("confusion", confusion))
        }
    )
    return preview_figures(inputs)
