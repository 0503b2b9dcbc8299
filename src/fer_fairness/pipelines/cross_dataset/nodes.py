"""Nodes of the cross_dataset pipeline."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fer_fairness.auditing.measurements import FABRICATED_NOTE
from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.fairness.comparisons.audience import Audience
from fer_fairness.fairness.cross_dataset import cross_dataset
from fer_fairness.fairness.cross_dataset.shared import shared_emotions
from fer_fairness.fairness.group_names import INTERSECTION
from fer_fairness.fairness.scored_faces import ScoredFaces
from fer_fairness.labeling.agreement import one_language
from fer_fairness.mitigation import MethodBlock
from fer_fairness.params.cross_dataset import CrossDatasetParameters
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.params.fine_tuning import FineTuningParameters, merged
from fer_fairness.params.prediction import PredictionParameters
from fer_fairness.pipelines.scored_faces import join_faces
from fer_fairness.pipelines.variants import nodes as variants
from fer_fairness.quality.across_datasets import DatasetParts, known_faces, together
from fer_fairness.reporting.cross_dataset import (
    CrossedResults,
    cross_dataset_page,
    cross_dataset_sections,
    matrix_figure,
)
from fer_fairness.reporting.labels import attribute_label
from fer_fairness.reporting.number_text import listed
from fer_fairness.reporting.paper.figures import figure_files
from fer_fairness.tables import has_majority_emotion, has_target

_LABEL_ERRORS: Final = (
    "The labeller's errors can hide a gap between people, and can make one up; here they are not "
    "corrected."
)

_NOT_ANEW: Final = (
    "The models began with trained weights or learned from a teacher (cross_dataset.baseline): "
    "faces of a dataset that these have seen are strange to no model."
)

Model: TypeAlias = Any
Crossed: TypeAlias = Mapping[str, Any]
"""`Crossing.as_parameters`."""


def count_faces(crossed: Crossed, *faces: pd.DataFrame) -> pd.DataFrame:
    """How many faces each dataset can be trained on.

    Args:
        crossed: Datasets and models.
        faces: The development faces of every dataset.

    Returns:
        dataset, n_training_faces, n_validation_faces; a row a dataset.

    Raises:
        InvalidInputError: A dataset has none, or the datasets share too few emotions.
    """
    shared_emotions({name: EVALUATION_SETS[name].emotions for name in crossed["datasets"]})
    rows = []
    for name, table in zip(crossed["datasets"], faces, strict=True):
        split = table.loc[has_target(table), "split"]
        n_training, n_validation = (int((split == part).sum()) for part in ("train", "validation"))
        if not (n_training and n_validation):
            others = ";".join(other for other in crossed["datasets"] if other != name)
            raise InvalidInputError(
                f"{EVALUATION_SETS[name].label} has {n_training} training and {n_validation} "
                "validation faces, expected some of each: a model is trained on every dataset that "
                f"is compared. Put its files into place and run --namespaces data_processing.{name}"
                f', or leave it out: --params "cross_dataset.datasets={others}" (at least two).'
            )
        rows.append((name, n_training, n_validation))
    return pd.DataFrame(rows, columns=["dataset", "n_training_faces", "n_validation_faces"])


def find_known_faces(crossed: Crossed, *faces_and_images: Any) -> pd.DataFrame:  # noqa: ANN401
    """The test faces of each dataset that another one has too, pixel for pixel.

    Among its training or validation faces, or among the test faces of an earlier one: then models
    know them, or two sets would not be of different people.

    Args:
        crossed: Datasets and models.
        faces_and_images: Of every dataset the development faces and images, test faces and images.

    Returns:
        evaluation_set, sample_id, known_from; no row where the datasets hold different pictures.

    Raises:
        InvalidInputError: Another dataset has all test faces of one.
    """
    sets = {
        name: DatasetParts(*faces_and_images[4 * place : 4 * (place + 1)])
        for place, name in enumerate(crossed["datasets"])
    }
    return known_faces(sets)


def train_on_sets(
    block: MethodBlock,
    parameters: CrossDatasetParameters,
    model: Mapping[str, Any],
    fine_tuning: FineTuningParameters,
    seed: int,
    checkpoint_root: str,
    counted: pd.DataFrame,  # noqa: ARG001  sets are checked before anything is trained
    *faces_and_images: Any,  # noqa: ANN401  a table, an array, a table, ...
) -> tuple[Model, pd.DataFrame, dict[str, Any]]:
    """Train the baseline's network on one dataset or several.

    Args:
        block: The baseline.
        parameters: What is changed of it.
        model: Name of the model and the datasets that it is trained on.
        fine_tuning: As of `variants.nodes.train_model`, and so are the three that follow.
        seed: The training seed.
        checkpoint_root: Where unfinished trainings are kept.
        counted: What `count_faces` gives.
        faces_and_images: Development faces and images of each of the datasets.

    Returns:
        As `variants.nodes.train_model`.
    """
    own = named_block(block, parameters, model)
    faces, images = together(faces_and_images[::2], faces_and_images[1::2])
    columns, _, added, added_images = variants.compose_training_set(own, faces, images, seed)
    return variants.train_model(
        own, fine_tuning, faces, images, columns, added, added_images, seed, checkpoint_root
    )


def predict_faces(
    trained: Model,
    faces: pd.DataFrame,
    images: np.ndarray,
    prediction: PredictionParameters,
    block: MethodBlock,
    parameters: CrossDatasetParameters,
    model: Mapping[str, Any],
    seed: int,
    emotions: list[str],
) -> pd.DataFrame:
    """Predictions of a model on the test faces of one dataset, as of `variants.nodes.predict`."""
    own = named_block(block, parameters, model)
    return variants.predict(trained, faces, images, prediction, own, seed, emotions)


def measure(
    crossed: Crossed,
    parameters: EvaluationParameters,
    seed: int,
    known: pd.DataFrame,
    *predictions_and_faces: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """The matrix, what changes between sets and between models, and what all are compared over.

    Args:
        crossed: Datasets and models.
        parameters: How groups are compared.
        seed: Seed of all draws.
        known: What `find_known_faces` gives.
        predictions_and_faces: Of every dataset its labelled test faces, and then the predictions of
            every model.

    Returns:
        The tables of `CrossDataset`, and what they have in common.
    """
    models, datasets = crossed["models"], crossed["datasets"]
    n = 1 + len(models)
    audiences = []
    for place, name in enumerate(datasets):
        faces, *predictions = predictions_and_faces[n * place : n * (place + 1)]
        is_known = faces["sample_id"].isin(known.loc[known["evaluation_set"] == name, "sample_id"])
        kept = faces[has_majority_emotion(faces) & ~is_known]
        audiences.append(_audience(name, kept, dict(zip(models, predictions, strict=True))))
    wanted = [name for name in parameters.attributes if INTERSECTION not in name]
    found = cross_dataset(
        _in_one_language(audiences, wanted),
        {name: model["trained_on"] for name, model in models.items()},
        params=parameters,
        seed=seed,
        primary=parameters.comparison_primary,
    )
    shared = {
        "datasets": list(datasets),
        "emotions": list(found.shared.emotions),
        "groups": {name: list(groups) for name, groups in found.shared.groups.items()},
        "n_faces_of_other_emotions": dict(found.shared.n_other_emotion),
        "n_known_faces": {
            name: int(known.loc[known["evaluation_set"] == name, "sample_id"].nunique())
            for name in datasets
        },
    }
    return found.matrix, found.between_sets, found.between_models, shared


def report(
    shared: dict[str, Any],
    matrix: pd.DataFrame,
    between_sets: pd.DataFrame,
    between_models: pd.DataFrame,
    counted: pd.DataFrame,
    block: MethodBlock,
    parameters: CrossDatasetParameters,
    *quality: dict[str, Any],
) -> tuple[str, Figure, dict[str, bytes], dict[str, Any]]:
    """The page, the figure of the matrix, alone and as files for a paper, and what programs read.

    Args:
        shared: The last result of `measure`, after its tables.
        matrix: As there.
        between_sets: As there.
        between_models: As there.
        counted: What `count_faces` gives.
        block: The baseline.
        parameters: What is changed of it.
        quality: The data-quality report of every dataset.
    """
    fabricated = any(part["reading"]["fabricated"] for part in quality)
    predicted = matrix.loc[matrix["attribute_source"] == "predicted", "evaluation_set"]
    labels = [EVALUATION_SETS[name].label for name in shared["datasets"] if name in set(predicted)]
    told = f"Groups of {listed(labels)} are predicted by a labeller, not annotated. {_LABEL_ERRORS}"
    trained = named_block(block, parameters, {"name": "cross_dataset"}).root.model_dump()
    is_anew = (
        trained["architecture"]["weights"] == "random"
        and trained["training"]["distillation"]["weight"] == 0
    )
    notes = [
        *([FABRICATED_NOTE] if fabricated else []),
        *([told] if labels else []),
        *_without_gaps(shared, matrix),
        *([] if is_anew else [_NOT_ANEW]),
    ]
    results = CrossedResults(shared, matrix, between_sets, between_models, counted, notes)
    sections = cross_dataset_sections(results)
    return (
        cross_dataset_page(results, sections),
        matrix_figure(results),
        figure_files(sections, notes),
        results.record(),
    )


def _without_gaps(shared: Mapping[str, Any], matrix: pd.DataFrame) -> list[str]:
    """Which datasets have empty cells in the matrix, and why."""
    compared = set(zip(matrix["evaluation_set"], matrix["attribute"], strict=True))
    notes = []
    for name in shared["datasets"]:
        missing = [attribute_label(one) for one in shared["groups"] if (name, one) not in compared]
        if missing:
            notes.append(
                f"No gap is shown on {EVALUATION_SETS[name].label} by {listed(missing)}: fewer "
                "than two groups are large enough there (evaluation.minimum_group_size people)."
            )
    return notes


def named_block(
    block: MethodBlock, parameters: CrossDatasetParameters, model: Mapping[str, Any]
) -> MethodBlock:
    """The baseline's block with the changes and the name of one model."""
    given = MethodBlock.model_validate(block).root.model_dump()
    changed = merged(merged(given, parameters.baseline), {"name": model["name"]})
    return MethodBlock.model_validate(changed)


def _audience(name: str, faces: pd.DataFrame, predictions: Mapping[str, pd.DataFrame]) -> Audience:
    frames = {
        model: {0: join_faces(table[table["sample_id"].isin(faces["sample_id"])], faces)}
        for model, table in predictions.items()
    }
    emotions = EVALUATION_SETS[name].emotions
    return Audience(name, frames, (), emotions)


def _in_one_language(audiences: Sequence[Audience], wanted: Sequence[str]) -> list[Audience]:
    """The sets with the groups of all of them in the same words."""
    parts = [
        ScoredFaces(one.name, "", one.emotions, next(iter(one.frames.values()))[0])
        for one in audiences
    ]
    languages = {
        name: one_language(
            name, {str(word) for part in parts for word in part.table[name].dropna()}
        )
        for name in wanted
    }
    told = []
    for one, part in zip(audiences, parts, strict=True):
        attributes = part.attributes(wanted)
        frames = {
            model: {
                seed: table.assign(
                    **{name: table[name].map(dict(languages[name])) for name in attributes}
                )
                for seed, table in tables.items()
            }
            for model, tables in one.frames.items()
        }
        sources = {name: part.source(name) for name in attributes}
        told.append(Audience(one.name, frames, attributes, one.emotions, sources))
    return told
