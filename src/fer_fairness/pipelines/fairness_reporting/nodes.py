"""Nodes of the fairness_reporting pipeline."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.errors import InvalidInputError
from fer_fairness.fairness.aif360_adapter.one_vs_rest import one_vs_rest_metrics
from fer_fairness.fairness.evaluation import compare, evaluate
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.pipelines.fairness_reporting.lineage import Lineage
from fer_fairness.pipelines.label_errors import Corrected, corrected_tables
from fer_fairness.pipelines.scoring import (
    FABRICATED_NOTE,
    evaluation_sets,
    with_context,
)
from fer_fairness.reporting import (
    ReportInputs,
    evaluation_set_label,
    model_card,
    preview_figures,
    render_report,
    results_json,
)
from fer_fairness.taxonomy import ATTRIBUTES

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def evaluate_variant(
    fer_plus_predictions: pd.DataFrame,
    fer_plus_faces: pd.DataFrame,
    raf_db_predictions: pd.DataFrame,
    raf_db_faces: pd.DataFrame,
    parameters: EvaluationParameters,
    seed: int,
) -> Tables:
    """Overall scores, group scores, gaps and confusion of one variant on every evaluation set."""
    sets = evaluation_sets(
        fer_plus=(fer_plus_predictions, fer_plus_faces), raf_db=(raf_db_predictions, raf_db_faces)
    )
    found = [
        (
            part,
            evaluate(
                part.scored,
                attributes=part.attributes(parameters.attributes),
                emotions=part.emotions,
                params=parameters,
                seed=seed,
                probabilities=part.probabilities,
            ),
        )
        for part in sets
    ]
    return (
        with_context([(part, result.overall) for part, result in found]),
        with_context([(part, result.groups) for part, result in found]),
        with_context([(part, result.gaps) for part, result in found]),
        with_context([(part, result.confusion) for part, result in found]),
    )


def aif360_metrics(
    fer_plus_predictions: pd.DataFrame,
    fer_plus_faces: pd.DataFrame,
    raf_db_predictions: pd.DataFrame,
    raf_db_faces: pd.DataFrame,
    parameters: EvaluationParameters,
    seed: int,
) -> pd.DataFrame:
    """AIF360's metrics, one emotion against the rest, for every attribute of one variant."""
    sets = evaluation_sets(
        fer_plus=(fer_plus_predictions, fer_plus_faces), raf_db=(raf_db_predictions, raf_db_faces)
    )
    return with_context(
        [
            (
                part,
                one_vs_rest_metrics(
                    part.scored,
                    attribute=attribute,
                    emotions=part.emotions,
                    params=parameters,
                    seed=seed,
                ),
            )
            for part in sets
            for attribute in part.attributes(parameters.attributes)
            if " x " not in attribute
        ]
    )


def correct_label_errors(
    fer_plus_predictions: pd.DataFrame,
    fer_plus_faces: pd.DataFrame,
    fer_plus_labels: pd.DataFrame,
    fer_plus_held_out: pd.DataFrame,
    raf_db_predictions: pd.DataFrame,
    raf_db_faces: pd.DataFrame,
    raf_db_labels: pd.DataFrame,
    raf_db_held_out: pd.DataFrame,
    parameters: EvaluationParameters,
    seed: int,
) -> Corrected:
    """Scores and gaps of predicted groups with the labeller's errors taken off, of one variant."""
    behind = {
        "fer_plus": (fer_plus_held_out, fer_plus_labels),
        "raf_db": (raf_db_held_out, raf_db_labels),
    }
    sets = evaluation_sets(
        fer_plus=(fer_plus_predictions, fer_plus_faces), raf_db=(raf_db_predictions, raf_db_faces)
    )
    parts = [(part, *behind[part.name]) for part in sets]
    return corrected_tables(parts, parameters.attributes, parameters, seed)


def compare_with_baseline(
    fer_plus_baseline: pd.DataFrame,
    fer_plus_predictions: pd.DataFrame,
    fer_plus_faces: pd.DataFrame,
    raf_db_baseline: pd.DataFrame,
    raf_db_predictions: pd.DataFrame,
    raf_db_faces: pd.DataFrame,
    parameters: EvaluationParameters,
    seed: int,
) -> pd.DataFrame:
    """Paired differences to the baseline on the same faces, with intervals."""
    before = evaluation_sets(
        fer_plus=(fer_plus_baseline, fer_plus_faces), raf_db=(raf_db_baseline, raf_db_faces)
    )
    after = evaluation_sets(
        fer_plus=(fer_plus_predictions, fer_plus_faces), raf_db=(raf_db_predictions, raf_db_faces)
    )
    return with_context(
        [
            (
                part,
                compare(
                    reference.scored,
                    part.scored,
                    attributes=part.attributes(parameters.attributes),
                    emotions=part.emotions,
                    params=parameters,
                    seed=seed,
                ),
            )
            for reference, part in zip(before, after, strict=True)
        ]
    )


def collect(**tables: pd.DataFrame) -> pd.DataFrame:
    """One table of all variants."""
    filled = [table for table in tables.values() if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else next(iter(tables.values()))


def collect_distributions(**distributions: pd.DataFrame) -> pd.DataFrame:
    """Training faces before and after augmentation, one row a variant and cell."""
    parts = []
    for variant, table in distributions.items():
        cells = [name for name in ("emotion", *ATTRIBUTES) if name in table.columns]
        named = table[cells].fillna("unknown").astype(str)
        parts.append(table.assign(variant=variant, cell=named.agg(" · ".join, axis=1)))
    return pd.concat(parts, ignore_index=True)


def assemble(
    overall: pd.DataFrame,
    groups: pd.DataFrame,
    gaps: pd.DataFrame,
    comparisons: pd.DataFrame,
    aif360: pd.DataFrame,
    confusion: pd.DataFrame,
    distributions: pd.DataFrame,
    histories: pd.DataFrame,
    label_noise_attributes: pd.DataFrame,
    label_noise_groups: pd.DataFrame,
    label_noise_scores: pd.DataFrame,
    label_noise_gaps: pd.DataFrame,
    labeller_confusion: pd.DataFrame,
    labeller_summary: pd.DataFrame,
    labeller_recalls: pd.DataFrame,
    labeller_reliability: pd.DataFrame,
    labeller_selection: pd.DataFrame,
    agreement: pd.DataFrame,
    agreement_counts: pd.DataFrame,
    fer_plus_quality: dict[str, Any],
    raf_db_quality: dict[str, Any],
    fairface_quality: dict[str, Any],
    lineage: Lineage,
    manifest: dict[str, Any],
    parameters: dict[str, Any],
    scores_over_seeds: pd.DataFrame | None = None,
    comparisons_over_seeds: pd.DataFrame | None = None,
) -> ReportInputs:
    """Everything the report is made of, in one place, with the notes the reader must see first.

    Raises:
        InvalidInputError: The tables over seeds are of another number of seeds than `seeds` lists.
    """
    quality = {"fer_plus": fer_plus_quality, "raf_db": raf_db_quality, "fairface": fairface_quality}
    return ReportInputs(
        {
            "overall": overall,
            "groups": groups,
            "gaps": gaps,
            "comparisons": comparisons,
            "aif360": aif360,
            "confusion": confusion,
            "distributions": distributions,
            "histories": histories,
            "models": lineage.models,
            "label_noise_attributes": label_noise_attributes,
            "label_noise_groups": label_noise_groups,
            "label_noise_scores": label_noise_scores,
            "label_noise_gaps": label_noise_gaps,
            "labeller_confusion": labeller_confusion,
            "labeller_summary": labeller_summary,
            "labeller_recalls": labeller_recalls,
            "labeller_reliability": labeller_reliability,
            "labeller_selection": labeller_selection,
            "scores_over_seeds": _of_seeds(scores_over_seeds, parameters["seeds"]),
            "comparisons_over_seeds": _of_seeds(comparisons_over_seeds, parameters["seeds"]),
            "agreement": agreement,
            "agreement_counts": agreement_counts,
        },
        quality=quality,
        manifest={
            **manifest,
            "seed": parameters["seed"],
            "seeds": parameters["seeds"],
            "data_hashes": {name: part["reading"].get("sha256") for name, part in quality.items()},
            "parameters": parameters,
            "trained_with": lineage.trained_with,
        },
        notes=[*lineage.notes, *_notes(groups, quality)],
    )


def _of_seeds(table: pd.DataFrame | None, seeds: list[int]) -> pd.DataFrame:
    """A table over seeds, empty where there is one seed; files of an earlier run are refused."""
    if table is None or table.empty:
        return pd.DataFrame()
    n_seeds = int(table["n_seeds"].max())
    if n_seeds != len(seeds):
        raise InvalidInputError(
            f"The tables over training seeds are of {n_seeds} seeds, and seeds lists {len(seeds)}: "
            "they were left by an earlier run. Run the pipeline fairness_reporting again, without "
            "--only-missing-outputs."
        )
    return table


def write_report(inputs: ReportInputs) -> tuple[str, dict[str, Any], str]:
    """The HTML page, the machine-readable results and the baseline's model card."""
    return render_report(inputs), results_json(inputs), model_card(inputs, "baseline")


def draw_figures(inputs: ReportInputs) -> tuple[Figure, Figure, Figure]:
    """The pictures that Kedro-Viz shows: confusion, gaps, and fairness against accuracy."""
    return preview_figures(inputs)


def _notes(groups: pd.DataFrame, quality: dict[str, dict[str, Any]]) -> list[str]:
    notes = []
    if any(part["reading"]["fabricated"] for part in quality.values()):
        notes.append(FABRICATED_NOTE)
    if not quality["raf_db"]["reading"]["present"]:
        notes.append(
            "RAF-DB was absent: demographic augmentation and reweighing were trained on FER+ faces "
            "with predicted demographics, and every model is scored on FER+ alone."
        )
    predicted = sorted(set(groups.loc[groups["attribute_source"] == "predicted", "evaluation_set"]))
    if predicted:
        named = ", ".join(evaluation_set_label(name) for name in predicted)
        notes.append(
            f"Groups of {named} are predicted by the labeller measured below, not "
            "annotated: gaps there are between faces as the labeller sees them. Its errors can "
            "hide a gap between people, and can make one up; values corrected for them stand "
            "beside the raw ones."
        )
    return notes
