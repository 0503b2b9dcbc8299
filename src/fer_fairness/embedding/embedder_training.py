"""Training the compact CNN on FairFace: its objective in the one training loop."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fer_fairness.embedding.embedder_network import build_embedder_network
from fer_fairness.embedding.group_labels import HEADS, split_faces
from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.modeling import Objective, Procedure, Scores, TrainingData, TrainingSet, train
from fer_fairness.modeling.objective import Tensor
from fer_fairness.modeling.training_set import refuse_first_target
from fer_fairness.params.embedding import EmbedderParameters
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras


class GroupHeads(Objective):
    """The sum of the cross-entropies of race, gender and age group, all told apart at once.

    Targets are those of `group_targets`: an attribute that a face has no label of adds nothing.
    """

    def face_losses(self, batch: object, targets: Tensor, logits: Tensor) -> Tensor:  # noqa: ARG002
        """Of each face, `(n,)`: its `cross_entropy`, with nothing else in it."""
        return self.cross_entropy(targets, logits)

    def cross_entropy(self, targets: Tensor, logits: Tensor) -> Tensor:
        """Of each face, `(n,)`, the sum over the heads.

        Written out, because back ends take it for granted that the targets of a face sum to 1.
        """
        from keras import ops

        return -sum(
            ops.sum(targets[:, head] * ops.log_softmax(logits[:, head], axis=1), axis=1)
            for head in _heads()
        )

    def is_right(self, targets: Tensor, logits: Tensor) -> Tensor:
        """Of each face the share of its labels that the model gives, float32 `(n,)`."""
        from keras import ops

        n_right, n_labels = 0.0, 0.0
        for head in _heads():
            is_labelled = ops.sum(targets[:, head], axis=1)
            n_right += is_labelled * super().is_right(targets[:, head], logits[:, head])
            n_labels += is_labelled
        return n_right / ops.maximum(n_labels, 1.0)

    def class_names(self, n_classes: int) -> Sequence[str]:  # noqa: ARG002
        """The groups, each with its attribute."""
        return [f"{attribute} {group}" for attribute, groups in HEADS.items() for group in groups]

    def check_targets(self, targets: np.ndarray) -> None:
        """Refuse targets that are not one group, or none, of each attribute.

        Raises:
            InvalidInputError: Naming the first row.
        """
        is_wrong = ((targets != 0) & (targets != 1)).any(axis=1)
        for head in _heads():
            is_wrong |= targets[:, head].sum(axis=1) > 1
        refuse_first_target(
            is_wrong, targets, f"at most one 1 for each of {', '.join(HEADS)}, else 0"
        )

    def scores(self, logits: np.ndarray, targets: np.ndarray, weight: np.ndarray | None) -> Scores:
        """Of the faces that carry the label, the losses of the heads summed, their shares averaged.

        Args:
            logits: float64 `(n, 18)`.
            targets: float32 `(n, 18)`.
            weight: float32 `(n,)` or None: weighs the losses alone.
        """
        found = []
        for head in _heads():
            labelled = targets[:, head].any(axis=1)
            if labelled.any():
                weights = None if weight is None else weight[labelled]
                found.append(
                    super().scores(logits[labelled, head], targets[labelled, head], weights)
                )
        losses, accuracies, recalls = zip(*found, strict=True)
        return Scores(float(sum(losses)), float(np.mean(accuracies)), float(np.mean(recalls)))


class EmbedderTraining(Procedure):
    """Plain training of several heads."""

    def objective(self, training: TrainingSet, params: TrainingParameters) -> Objective:
        """The sum over the heads."""
        return GroupHeads(params, training.class_shares())


def fit_embedder_network(
    faces: pd.DataFrame,
    images: np.ndarray,
    params: EmbedderParameters,
    *,
    seed: int,
    checkpoint_folder: Path | None,
    unreadable: Collection[int] = (),
) -> "keras.Model":
    """Train the compact CNN to tell race, gender and age group apart, all three at once.

    Args:
        faces: A `faces` table with FairFace's groups. Test faces in it are left out; the faces of
            `held_out_mask` decide when to stop and which epoch to keep, nothing else.
        images: The images of the table, uint8 `(m, side, side, 1 or 3)` as `params` has them; may
            be a memory map.
        params: Architecture and training.
        seed: Decides the split, the initial weights, the order and the variations.
        checkpoint_folder: Where the state is kept after each epoch, as for `modeling.train`: the
            next call with the same arguments takes it up. None keeps nothing.
        unreadable: Rows of `images` that hold no image; their faces take no part.

    Returns:
        The model of the epoch with the lowest held-out loss; its outputs are those of
        `build_embedder_network`.

    Raises:
        InvalidInputError: If the faces cannot be used.
        TrainingError: If the loss stops being a number.
    """
    _check_shape(images, params)
    learned, held_out = split_faces(faces, images, params, seed, unreadable=unreadable)
    try:
        return train(
            build_embedder_network(params, seed=seed),
            TrainingData(learned, held_out),
            params.training,
            seed=seed,
            checkpoint_folder=checkpoint_folder,
            description="Training the face embedder",
            procedure=EmbedderTraining(),
        ).model
    except TrainingError as error:
        raise TrainingError(
            f"{error} It is the face embedder's, whose target_learning_rate is "
            f"embedder.learning_rate, now {params.learning_rate}."
        ) from error


def _heads() -> Iterator[slice]:
    """The columns of each head's groups among all targets and logits."""
    start = 0
    for groups in HEADS.values():
        yield slice(start, start + len(groups))
        start += len(groups)


def _check_shape(images: np.ndarray, params: EmbedderParameters) -> None:
    expected = (params.side_px, params.side_px, 3 if params.colour else 1)
    if images.ndim != 4 or images.shape[1:] != expected or images.dtype != np.uint8:
        raise InvalidInputError(
            f"Faces to train the embedder on are {images.dtype} {images.shape}; by its side_px and "
            f"colour they should be uint8 (n, {', '.join(map(str, expected))})."
        )
