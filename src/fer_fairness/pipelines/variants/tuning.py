"""Nodes that choose a method's parameters on validation faces, where the budget allows trials."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.errors import FerFairnessError
from fer_fairness.mitigation import MethodBlock, PostMethodBlock
from fer_fairness.mitigation.tuning import (
    Choice,
    Trial,
    candidates,
    chosen_of,
    cross_fitted,
    validation_scores,
    with_settings,
)
from fer_fairness.params.budget import BudgetParameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.prediction import PredictionParameters
from fer_fairness.pipelines.variants import nodes

logger = logging.getLogger(__name__)

Tuned = tuple[dict[str, Any], dict[str, Any]]


def tune(
    block: MethodBlock,
    budget: BudgetParameters,
    fine_tuning: FineTuningParameters,
    prediction: PredictionParameters,
    faces: pd.DataFrame,
    images: np.ndarray,
    labelled_faces: pd.DataFrame,
    seed: int,
    checkpoint_root: str,
    baseline: nodes.Model,
    scored_over: dict[str, list[str]],
    *predictions: pd.DataFrame,
) -> Tuned:
    """Train each trial of a method and choose one by its predictions on validation faces.

    Trials leave their checkpoints where the variant's own training finds them: the chosen one is
    not trained again.

    All that is given is as `compose_training_set`, `train_model` and `predict_training` take it;
    `labelled_faces` are the development faces with the groups that are known or predicted.

    Returns:
        The block of parameters that was chosen, and the trials (`Choice`), both JSON-able.

    Raises:
        TrainingError: Every trial failed.
    """

    def scored(tried: MethodBlock) -> pd.DataFrame:
        composed = nodes.compose_with_model(tried, baseline, faces, images, seed, *predictions)
        columns, _, augmented_faces, augmented_images = composed
        model, _, _ = nodes.train_model(
            tried,
            fine_tuning,
            faces,
            images,
            columns,
            augmented_faces,
            augmented_images,
            seed,
            checkpoint_root,
            baseline,
        )
        emotions = scored_over[faces["dataset"].iloc[0]]
        return nodes.predict(model, faces, images, prediction, tried, seed, emotions)

    trials = []
    found = candidates(block.root, fine_tuning, budget.trials, seed=seed)
    for number, candidate in enumerate(found, start=1):
        logger.info(
            "%s: trial %d of %d, %s",
            block.root.name,
            number,
            len(found),
            candidate.settings or "as configured",
        )
        try:
            predicted = scored(MethodBlock(candidate.block))
        except FerFairnessError as error:
            logger.warning("%s: trial %d failed: %s", block.root.name, number, error)
            trials.append(Trial(settings=candidate.settings, failure=str(error)))
        else:
            with_groups = nodes.with_groups(predicted, labelled_faces)
            trials.append(Trial(settings=candidate.settings, scores=validation_scores(with_groups)))
    return _settled(block.root, trials, budget)


def tune_post_method(
    block: PostMethodBlock,
    budget: BudgetParameters,
    predictions: pd.DataFrame,
    faces: pd.DataFrame,
    seed: int,
    *others: pd.DataFrame,
) -> Tuned:
    """Choose the parameters of a method that changes predictions; see `cross_fitted`.

    Predictions, faces and others are what `fit_post_method` is given.

    Returns:
        As `tune`.
    """
    if predictions.empty:  # the evaluation set is absent
        nothing = Choice.of_nothing(budget.selection, n_asked=budget.trials)
        return block.root.model_dump(mode="json"), nothing.model_dump(mode="json")
    scored = nodes.told_of_faces(block.root, predictions, faces, others)
    trials = []
    for settings, method in candidates(block.root, None, budget.trials, seed=seed):
        try:
            changed = cross_fitted(method, scored, seed=seed)
        except FerFairnessError as error:
            logger.warning("%s: %s failed: %s", block.root.name, settings, error)
            trials.append(Trial(settings=settings, failure=str(error)))
        else:
            trials.append(Trial(settings=settings, scores=validation_scores(changed)))
    return _settled(block.root, trials, budget)


def _settled(block: Any, trials: list[Trial], budget: BudgetParameters) -> Tuned:  # noqa: ANN401
    choice = chosen_of(trials, budget.selection, n_asked=budget.trials, variant=block.name)
    _tell(choice, block.name)
    settled = with_settings(block, trials[choice.chosen].settings)
    return settled.model_dump(mode="json"), choice.model_dump(mode="json")


def _tell(choice: Choice, variant: str) -> None:
    chosen = choice.trials[choice.chosen]
    others = sorted(rule for rule, number in choice.by_rule.items() if number != choice.chosen)
    logger.info(
        "%s: of %d trials, %s chooses %s%s",
        variant,
        len(choice.trials),
        choice.rule,
        chosen.settings or "the parameters as configured",
        f"; {' and '.join(others)} would have chosen otherwise" if others else "",
    )
