"""Cells are filled with made faces, which are compared with real ones first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from fer_fairness.augmentation.cells import cell_names, cell_values, training_faces
from fer_fairness.augmentation.copies import AUGMENTED_FACES_SCHEMA, Augmented
from fer_fairness.augmentation.generation.copying import (
    SAME_PICTURE,
    copy_limit,
    copying_z,
    nearest_distances,
)
from fer_fairness.augmentation.generation.generator import FaceGenerator, train_generator
from fer_fairness.augmentation.generation.realism import Realism, realism, squared_distances
from fer_fairness.augmentation.source_faces import draw_sources
from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import predict_features, predict_logits
from fer_fairness.modeling.training_set import check_images
from fer_fairness.params.augmentation import AugmentationParameters
from fer_fairness.params.generation import GeneratorParameters
from fer_fairness.tables import TARGET_COLUMNS

if TYPE_CHECKING:
    import keras

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_BATCH: Final = 256
_HELD_APART: Final = 5
"""First of the seed of what is held apart, so that no other purpose shares its random numbers."""


class MadeFacts(NamedTuple):
    """How made faces compare with real ones.

    `copying_z`, `realism` and `floor` are of a sample of the faces that the generator saw, as many
    as are held apart: the first two after they were varied, the last before.

    Attributes:
        n_made: Faces that were made to fill cells.
        n_copies: Those left out because they are nearer to a training face than `limit`.
        limit: See `copy_limit`.
        copying_z: See `copying_z`: of distances of looks to all faces that the generator saw.
        copying_z_features: Likewise of the starting model's features, to the sample before it was
            varied: what a made face has of its own source is more easily seen there.
        realism: Beside the faces held apart.
        floor: Likewise, of real faces.
        recognised: Share of the `n_made` whose emotion the starting model recognises.
        recognised_real: Share of the faces held apart whose emotion it recognises; where it was
            trained on them, more than of new faces.
    """

    n_made: int
    n_copies: int
    limit: float
    copying_z: float
    copying_z_features: float
    realism: Realism
    floor: Realism
    recognised: float
    recognised_real: float

    def __str__(self) -> str:
        """A sentence with all figures."""
        made, floor = self.realism, self.floor
        return (
            f"{self.n_made} faces made, {self.n_copies} left out as copies (nearer than "
            f"{self.limit:.3f} to a training face); C_T {self.copying_z:+.1f} by looks, "
            f"{self.copying_z_features:+.1f} by features (far below 0: they are nearer to training "
            f"faces than real ones are); Frechet distance "
            f"{made.frechet:.3g} (real faces {floor.frechet:.3g}), density {made.density:.2f} "
            f"({floor.density:.2f}), coverage {made.coverage:.2f} ({floor.coverage:.2f}); the "
            f"starting model recognises the emotion of {self.recognised:.0%} of them (real faces "
            f"{self.recognised_real:.0%})"
        )


class _Faces(NamedTuple):
    """Images, conditions and emotions of faces, row by row."""

    images: Images
    conditions: Floats
    emotions: npt.NDArray[np.intp]

    def at(self, rows: npt.NDArray[np.intp]) -> "_Faces":
        """Some of them."""
        return _Faces(self.images[rows], self.conditions[rows], self.emotions[rows])


def made_faces(
    faces: pd.DataFrame,
    images: Images,
    plan: pd.DataFrame,
    params: tuple[AugmentationParameters, GeneratorParameters],
    model: "keras.Model",
    *,
    seed: int,
) -> tuple[Augmented, pd.DataFrame, MadeFacts | None]:
    """Train a generator on training faces and make those that a plan asks for.

    Each made face begins with a training face that `draw_sources` drew in its cell, has its
    targets, votes and attributes, and is made on condition of these targets and of the attributes
    that form cells. Copies of training faces are left out.

    Args:
        faces: The `faces` table that the plan was made from.
        images: uint8 (m, height, width, 1), the array behind its `image_index`.
        plan: What `plan_augmentation` gave.
        params: The parameters that the plan was made with, and those of the generator.
        model: The starting model: its features and answers measure how real faces are.
        seed: Of what is drawn, held apart, and of the generator.

    Returns:
        Made faces; the plan, whose reasons tell what became of each cell; and how made
        faces compare with real ones, None where none were made.

    Raises:
        InvalidInputError: Plan, faces and images do not belong together, or there are not two
            training faces.
        TrainingError: The generator diverged.
    """
    drawn = draw_sources(faces, plan, params[0], seed=seed)
    training = training_faces(faces)
    check_images(images, training["image_index"].to_numpy())
    if drawn.empty:
        return _augmented(drawn, np.empty((0, *images.shape[1:]), np.uint8)), plan, None
    known = _Faces(
        images=np.asarray(images[training["image_index"].to_numpy()]),
        conditions=face_conditions(training, params[0].by),
        emotions=training[list(TARGET_COLUMNS)].to_numpy().argmax(axis=1),
    )
    rows_seen, rows_apart = _parted(len(training), params[1].held_apart_share, seed=seed)
    seen, apart = known.at(rows_seen), known.at(rows_apart)
    generator = train_generator(seen.images, seen.conditions, params[1], seed=seed)
    sources = known.at(pd.Index(training["sample_id"]).get_indexer(drawn["source_sample_id"]))
    made = sources._replace(images=generator.vary(sources.images, sources.conditions, seed=seed))
    distances = nearest_distances(made.images, known.images)
    is_right, facts = _compare(generator, seen, apart, made, model, seed=seed)
    is_copy = distances < facts.limit
    kept = np.flatnonzero(~is_copy)
    plan = _told_in_plan(plan, drawn, params[0].by, is_copy, is_right)
    return (
        _augmented(drawn.iloc[kept], made.images[kept]),
        plan,
        facts._replace(n_copies=int(is_copy.sum())),
    )


def face_conditions(faces: pd.DataFrame, by: Sequence[str]) -> Floats:
    """What the generator is told of faces: their targets, and attributes with one for unknown.

    Args:
        faces: Rows of a `faces` table.
        by: Columns that form cells; "emotion" stands for the targets, which are told always.

    Returns:
        `(n, c)`: eight shares of emotions, then of each attribute as many numbers as it has values
        among these faces, in alphabetical order, of which one is 1.
    """
    values = cell_values(faces, by).drop(columns="emotion", errors="ignore")
    shares = faces[list(TARGET_COLUMNS)].to_numpy(np.float32)
    codes = [np.unique(values[name].to_numpy(str), return_inverse=True)[1] for name in values]
    ones = [np.eye(int(code.max()) + 1, dtype=np.float32)[code] for code in codes]
    return np.concatenate([shares, *ones], axis=1)


def _parted(
    n: int, share: float, *, seed: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows that the generator sees, and rows that are held apart, at least one of each."""
    if n < 2:
        raise InvalidInputError(
            f"There are {n} training faces, and a generator of faces needs two at least: one to "
            "learn from, one to compare with. Give more faces, or leave this method out."
        )
    order = np.random.default_rng([_HELD_APART, seed]).permutation(n)
    n_apart = max(1, round(share * n))
    return np.sort(order[n_apart:]), np.sort(order[:n_apart])


def _compare(
    generator: FaceGenerator,
    seen: _Faces,
    apart: _Faces,
    made: _Faces,
    model: "keras.Model",
    *,
    seed: int,
) -> tuple[npt.NDArray[np.bool_], MadeFacts]:
    """Which made faces' emotions the model recognises, and all facts but the number of copies."""
    n = len(apart.images)
    sample = seen.at(np.linspace(0, len(seen.images) - 1, n).astype(int))
    # Noise of its own: a made face of the same source would otherwise be the same.
    varied = generator.vary(sample.images, sample.conditions, seed=seed + 1)
    real = nearest_distances(apart.images, seen.images)
    # A picture that is in both would count as a real face nearer than any made one.
    is_new = real > SAME_PICTURE
    cells = apart.emotions[is_new], sample.emotions
    both = np.concatenate([apart.images, sample.images, varied])
    rows = np.arange(len(both))
    features = predict_features(model, both, rows, batch_size=_BATCH)
    of_apart, of_sample, of_varied = np.split(features, 3)
    is_right = _is_recognised(model, apart, made)
    facts = MadeFacts(
        n_made=len(made.images),
        n_copies=0,
        limit=copy_limit(real, generator.params.copy_quantile),
        copying_z=copying_z(real[is_new], nearest_distances(varied, seen.images), *cells),
        copying_z_features=copying_z(
            squared_distances(of_apart[is_new], of_sample).min(axis=1),
            squared_distances(of_varied, of_sample).min(axis=1),
            *cells,
        ),
        realism=realism(of_apart, of_varied),
        floor=realism(of_apart, of_sample),
        recognised=float(is_right[n:].mean()),
        recognised_real=float(is_right[:n].mean()),
    )
    return is_right[n:], facts


def _is_recognised(model: "keras.Model", *parts: _Faces) -> npt.NDArray[np.bool_]:
    """Whether the model says the emotion that most votes are for, of one part after the other."""
    images = np.concatenate([part.images for part in parts])
    emotions = np.concatenate([part.emotions for part in parts])
    rows = np.arange(len(images))
    logits = predict_logits(
        model, images, rows, batch_size=_BATCH, description="Emotions of made faces"
    )
    return np.asarray(logits.argmax(axis=1) == emotions)


def _told_in_plan(
    plan: pd.DataFrame,
    drawn: pd.DataFrame,
    by: Sequence[str],
    is_copy: npt.NDArray[np.bool_],
    is_recognised: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    """The plan, in whose reasons stands what became of the faces that were made for each cell."""
    cells = drawn["augmentation_cell"].to_numpy(str)
    told = []
    for cell, reason in zip(cell_names(plan, by), plan["reason"], strict=True):
        is_here = cells == cell
        if is_here.any():
            told.append(
                f"{reason}; {is_copy[is_here].sum()} left out as copies, the emotion of "
                f"{is_recognised[is_here].mean():.0%} recognised"
            )
        else:
            told.append(reason)
    return plan.assign(reason=pd.Series(told, plan.index, dtype=str))


def _augmented(drawn: pd.DataFrame, images: Images) -> Augmented:
    # The ranges that a strength multiplies are not used.
    rows = drawn.assign(
        sample_id=drawn["source_sample_id"] + "_made" + drawn["augmentation_copy"].astype(str),
        image_index=np.arange(len(drawn)),
        augmentation_strength=0.0,
        augmentation_mode="written",
    )
    return Augmented(AUGMENTED_FACES_SCHEMA.validate(rows.reset_index(drop=True)), images)
