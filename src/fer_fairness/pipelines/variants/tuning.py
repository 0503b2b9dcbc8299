"""Nodes that choose a method's parameters on validation faces, where the budget allows trials."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from fer_fairness.mitigation import Method, MethodBlock, PostMethod, PostMethodBlock
from fer_fairness.mitigation.studies import studied
from fer_fairness.mitigation.trials import Choice, Scores, chosen_of, validation_scores
from fer_fairness.mitigation.tuning import candidates, cross_fitted, tried, with_settings
from fer_fairness.modeling.fingerprints import weights_fingerprint
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

    def score(method: Method) -> Scores:
        tried = MethodBlock(method)
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
        predicted = nodes.predict(model, faces, images, prediction, tried, seed, emotions)
        return validation_scores(nodes.with_groups(predicted, labelled_faces))

    made_from = {
        "fine_tuning": fine_tuning.model_dump(mode="json"),
        "prediction": prediction.model_dump(mode="json"),
        "baseline": weights_fingerprint(baseline),
        "faces": _fingerprint(faces, labelled_faces, *predictions),
        "seed": seed,
    }
    return _settled(
        block.root,
        budget,
        score,
        fine_tuning=fine_tuning,
        seed=seed,
        study=block.root.name,
        made_from=made_from,
    )


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
        nothing = Choice.of_nothing(budget)
        return block.root.model_dump(mode="json"), nothing.model_dump(mode="json")
    scored = nodes.told_of_faces(block.root, predictions, faces, others)
    return _settled(
        block.root,
        budget,
        lambda tried: validation_scores(cross_fitted(tried, scored, seed=seed)),
        fine_tuning=None,
        seed=seed,
        study=f"{block.root.name}_{faces['dataset'].iloc[0]}",
        made_from={"faces": _fingerprint(scored), "seed": seed},
    )


def _settled(
    block: Method | PostMethod,
    budget: BudgetParameters,
    score: Callable[[Any], Scores],
    *,
    fine_tuning: FineTuningParameters | None,
    seed: int,
    study: str,
    made_from: Mapping[str, Any],
) -> Tuned:
    if budget.study is None:
        found = candidates(block, fine_tuning, budget.trials, seed=seed)
        trials = tried(found, score, variant=block.name)
    else:
        trials = studied(
            block, fine_tuning, budget, score, seed=seed, name=study, made_from=made_from
        )
    choice = chosen_of(trials, budget, variant=block.name)
    _tell(choice, block.name)
    settled = with_settings(block, trials[choice.chosen].settings)
    return settled.model_dump(mode="json"), choice.model_dump(mode="json")


def _fingerprint(*tables: pd.DataFrame) -> str:
    digest = hashlib.sha256()
    for table in tables:
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return digest.hexdigest()


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
