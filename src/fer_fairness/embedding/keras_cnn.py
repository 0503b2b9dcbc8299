"""Training the compact CNN on FairFace, and the embedder made of it."""

import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fer_fairness.embedding.architecture import (
    DROPOUT_LAYER,
    EMBEDDING_LAYER,
    HEADS,
    build_embedder_network,
)
from fer_fairness.embedding.checkpoints import CheckpointFolder, TrainingState, fingerprint
from fer_fairness.embedding.images import pixel_block
from fer_fairness.embedding.material import LabelledFaces, split_faces, varied_batches
from fer_fairness.embedding.protocol import EmbeddedFaces
from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.modeling import prepare_backend
from fer_fairness.params.embedding import EmbedderParameters
from fer_fairness.progress import track

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

PREDICTION_BATCH_SIZE = 512


class KerasEmbedder:
    """The features before the heads of a network that `fit_keras_embedder` trained.

    Attributes:
        name: The name of the network.
        dimension: Length of an embedding.
    """

    def __init__(self, model: "keras.Model", *, average_mirrored: bool = True) -> None:
        """Take the embedding out of the network.

        Args:
            model: A network with a layer called `embedding`.
            average_mirrored: Whether to embed the mirrored face too and give the mean, which a
                face and its mirror image then share, for twice the time.

        Raises:
            InvalidInputError: If the network has no such layer.
        """
        import keras

        if not any(layer.name == EMBEDDING_LAYER for layer in model.layers):
            raise InvalidInputError(
                f"Model {model.name} has no layer called {EMBEDDING_LAYER!r}, so it is not a face "
                "embedder. Train one with the race_labeling pipeline."
            )
        output = model.get_layer(EMBEDDING_LAYER).output
        self._model = keras.Model(model.input, output)
        self._average_mirrored = average_mirrored
        self.name: str = model.name
        self.dimension: int = int(output.shape[-1])

    def embed(self, images: Sequence[np.ndarray]) -> EmbeddedFaces:
        """Embed a batch, each image brought to the network's size: see `FaceEmbedder.embed`."""
        side_px, _, channels = self._model.input_shape[1:]
        block = pixel_block(images, side_px, colour=channels == 3)
        embeddings = np.asarray(self._model.predict_on_batch(block), dtype=np.float32)
        if self._average_mirrored:
            mirrored = np.ascontiguousarray(block[:, :, ::-1])
            embeddings = (embeddings + np.asarray(self._model.predict_on_batch(mirrored))) / 2
        return embeddings, {}


def fit_keras_embedder(
    faces: pd.DataFrame,
    images: np.ndarray,
    params: EmbedderParameters,
    *,
    seed: int,
    checkpoint_folder: Path | None,
    unreadable: Collection[int] = (),
) -> "keras.Model":
    """Train the compact CNN to tell race, gender and age group apart, all three at once.

    The sum of the three cross-entropies is minimised with AdamW, whose rate rises over the first
    epoch and falls to zero along a cosine. Each epoch draws its random numbers from the seed and
    its own number, so a training that is taken up gives what an uninterrupted one gives.

    Args:
        faces: A `faces` table with FairFace's groups. Test faces in it are left out; the faces of
            `held_out_mask` decide when to stop and which epoch to keep, nothing else.
        images: The images of the table, uint8 `(m, side, side, 1 or 3)` as `params` has them; may
            be a memory map.
        params: Architecture and training.
        seed: Decides the split, the initial weights, the order and the variations.
        checkpoint_folder: Where the state is kept after each epoch, to be taken up by the next call
            with the same arguments; emptied once training is complete. None keeps nothing.
        unreadable: Rows of `images` that hold no image; their faces take no part.

    Returns:
        The model of the epoch with the lowest held-out loss; its outputs are those of
        `build_embedder_network`.

    Raises:
        InvalidInputError: If the faces cannot be used.
        TrainingError: If the loss stops being a number.
    """
    _check_shape(images, params)
    training, held_out = split_faces(faces, params, seed, unreadable=unreadable)
    checkpoint = CheckpointFolder(checkpoint_folder) if checkpoint_folder is not None else None
    settings = fingerprint(params, seed, images, training, held_out)
    state = checkpoint.read_state(settings) if checkpoint else TrainingState(settings)
    model, best_weights = _start(state, checkpoint, params, len(training), seed)

    epochs = track(range(state.epoch, params.epochs), description="Training the face embedder")
    for epoch in epochs:
        if epoch - state.best_epoch >= params.patience:
            break
        _train_epoch(model, training, images, params, np.random.default_rng([seed, epoch]))
        loss = held_out_loss(model, held_out, images)
        if not np.isfinite(loss):
            raise TrainingError(
                f"The held-out loss of the face embedder is {loss} after epoch {epoch + 1}: "
                f"training diverged. Lower embedder.learning_rate, now {params.learning_rate}."
            )
        state.epoch = epoch + 1
        if loss < state.best_loss:
            state.best_epoch, state.best_loss, best_weights = epoch + 1, loss, model.get_weights()
        if checkpoint:
            checkpoint.write(model, state)
        epochs.set_postfix_str(f"held-out loss {loss:.3f}, lowest {state.best_loss:.3f}")
    epochs.close()
    logger.info("Embedder of epoch %d, held-out loss %.3f", state.best_epoch, state.best_loss)
    model.set_weights(best_weights)
    if checkpoint:
        checkpoint.clear()
    return model


def held_out_loss(model: "keras.Model", faces: LabelledFaces, images: np.ndarray) -> float:
    """Sum over the heads of the mean cross-entropy of the faces that carry the label."""
    logits: dict[str, list[np.ndarray]] = {attribute: [] for attribute in HEADS}
    for start in range(0, len(faces), PREDICTION_BATCH_SIZE):
        rows = faces.image_index[start : start + PREDICTION_BATCH_SIZE]
        for attribute, values in model.predict_on_batch(images[rows]).items():
            logits[attribute].append(np.asarray(values, dtype=np.float64))
    loss = 0.0
    for attribute, codes in faces.codes.items():
        scores, weights = np.concatenate(logits[attribute]), faces.weights[attribute]
        log_likelihood = scores[np.arange(len(codes)), codes] - np.logaddexp.reduce(scores, axis=1)
        loss -= float(weights @ log_likelihood) / max(float(weights.sum()), 1.0)
    return loss


def _check_shape(images: np.ndarray, params: EmbedderParameters) -> None:
    expected = (params.side_px, params.side_px, 3 if params.colour else 1)
    if images.ndim != 4 or images.shape[1:] != expected or images.dtype != np.uint8:
        raise InvalidInputError(
            f"Faces to train the embedder on are {images.dtype} {images.shape}; by its side_px and "
            f"colour they should be uint8 (n, {', '.join(map(str, expected))})."
        )


def _start(
    state: TrainingState,
    checkpoint: CheckpointFolder | None,
    params: EmbedderParameters,
    n_faces: int,
    seed: int,
) -> tuple["keras.Model", list[np.ndarray]]:
    """The model to go on with and the weights of the best epoch so far."""
    prepare_backend()
    import keras

    if checkpoint is None or state.epoch == 0:
        model = build_embedder_network(params, seed=seed)
        _compile(model, params, steps_per_epoch=-(-n_faces // params.batch_size))
        return model, model.get_weights()
    logger.info("Training of the face embedder is taken up after epoch %d", state.epoch)
    # Compiled, because the moments of the optimiser and its step are part of the state.
    model = keras.saving.load_model(checkpoint.model_file(state.epoch))
    best = keras.saving.load_model(checkpoint.model_file(state.best_epoch), compile=False)
    return model, best.get_weights()


def _compile(model: "keras.Model", params: EmbedderParameters, *, steps_per_epoch: int) -> None:
    import keras

    n_steps = params.epochs * steps_per_epoch
    warmup_steps = min(steps_per_epoch, n_steps // 2)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=params.learning_rate / 10,
        decay_steps=n_steps - warmup_steps,
        warmup_target=params.learning_rate,
        warmup_steps=warmup_steps,
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=params.weight_decay),
        loss={
            attribute: keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            for attribute in HEADS
        },
        # XLA makes TensorFlow several times slower on a CPU; JAX has nothing else.
        jit_compile=keras.backend.backend() == "jax",
    )


def _train_epoch(
    model: "keras.Model",
    faces: LabelledFaces,
    images: np.ndarray,
    params: EmbedderParameters,
    generator: np.random.Generator,
) -> None:
    dropout = model.get_layer(DROPOUT_LAYER)
    if dropout.rate > 0:
        # A saved model forgets how far its dropout had drawn.
        dropout.seed_generator.state.assign(generator.integers(2**32, size=2, dtype=np.uint32))
    for batch, codes, weights in varied_batches(faces, images, params, generator):
        model.train_on_batch(batch, codes, sample_weight=weights)
