"""Rows of what models were trained on, how, and what they are."""

from fer_fairness.reporting.rows.schema import Row


class DistributionRow(Row, table="distributions"):
    """Training faces of one cell before and after augmentation, and why so many were added.

    `recall` is that of the starting model on validation faces.
    """

    variant: str
    cell: str
    emotion: str
    n_before: float
    n_added: float
    n_after: float
    n_validation: float
    recall: float
    severity: str
    is_critical: bool
    reason: str


class HistoryRow(Row, table="histories"):
    """One epoch of training; of the one that `is_kept` the weights were taken.

    `gradient_steps` are those from the beginning: the budget that was spent.
    """

    variant: str
    epoch: float
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float
    gradient_steps: float
    is_kept: bool


class TrialRow(Row, table="trials"):
    """One setting that a method tried, scored on validation faces.

    `evaluation_set` is that of a method on predictions, empty where a model was trained; `settings`
    is what differed from the block; `rules` are those that would have chosen it. `objectives` are
    those of a study, empty where settings were drawn; with two of them `is_on_front` tells which
    trials none betters in both.
    """

    variant: str
    evaluation_set: str
    trial: float
    settings: str
    mean_recall: float
    worst_group_accuracy: float
    accuracy_gap: float
    ideal_point: float
    failure: str
    rules: str
    is_chosen: bool
    objectives: str
    is_on_front: bool


class ModelRow(Row, table="models"):
    """What one variant of one training seed is; missing where it was not recorded.

    `method` and `source` are the label and the paper of its method; `started_from` is a variant,
    `random`, `published` or a file; fingerprints are SHA-256 of the weights before (None if random)
    and after.
    """

    variant: str
    method: str
    source: str
    seed: float
    network: str
    n_weights: float
    n_trainable_weights: float
    started_from: str
    start_fingerprint: str | None
    fingerprint: str | None
