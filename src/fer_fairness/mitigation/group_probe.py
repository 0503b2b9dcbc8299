"""What is left of the group in features, given the emotion: a fresh probe, and the same by chance.

An adversary that failed while the features were learned may have learned badly. So a classifier is
trained anew on the finished features (Elazar and Goldberg 2018, arXiv 1808.06640, found that such
ones recover most of what had seemed gone), held-out faces are asked, and the same is done with
groups shuffled among the faces of an emotion: of these, features tell nothing but the emotion.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from fer_fairness.errors import InvalidInputError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_N_FOLDS: Final = 5
_N_COMPONENTS: Final = 100


@dataclass(frozen=True)
class GroupProbe:
    """How well a fresh probe tells the group from features and emotion.

    Attributes:
        accuracy: Mean over the cells of emotion and group of the share of held-out faces whose
            group is told; each emotion and group counts alike.
        chance: The mean of the same over shuffles of the groups within emotions.
        highest_chance: The highest of these.
        p_value: Share of the shuffles, the true groups among them, that do as well as the true
            groups: at least 1 / (1 + shuffles).
        n_faces: How many faces took part.
    """

    accuracy: float
    chance: float
    highest_chance: float
    p_value: float
    n_faces: int


def probe_groups(
    features: np.ndarray,
    groups: pd.Series,
    emotions: pd.Series,
    *,
    seed: int,
    n_shuffles: int = 19,
) -> GroupProbe:
    """Train a probe on features, and as many on shuffled groups.

    A logistic regression on standardised features, 100 random nonlinear ones (Nystroem, Gaussian
    kernel) and the emotion; every emotion in every group weighs alike; five folds. No probe has
    seen the faces that it is asked about, but the model may have been trained on them: ask about
    held-out faces.

    Args:
        features: `(n, n_features)`, as `predict_features` gives them.
        groups: Group of each face, missing where it is not known.
        emotions: Emotion of each face, in the same order; faces without one are left out.
        seed: Of folds, shuffles and random features.
        n_shuffles: How often groups are shuffled, at least once.

    Raises:
        InvalidInputError: Fewer than two groups have five faces with an emotion; or lengths differ.
    """
    if not len(features) == len(groups) == len(emotions):
        raise InvalidInputError(
            f"The probe was given {len(features)} rows of features, {len(groups)} groups and "
            f"{len(emotions)} emotions: give it those of the same faces."
        )
    chosen, codes = _known(groups, emotions)
    labels, names = pd.factorize(emotions.to_numpy(dtype=object)[chosen], sort=True)
    told = np.hstack([features[chosen].astype(np.float64), np.eye(len(names))[labels]])
    generator = np.random.default_rng(seed)
    found = _accuracy(told, codes, labels, generator)
    shuffled = np.array(
        [
            _accuracy(told, _shuffled(codes, labels, generator), labels, generator)
            for _ in range(n_shuffles)
        ]
    )
    return GroupProbe(
        accuracy=found,
        chance=float(shuffled.mean()),
        highest_chance=float(shuffled.max()),
        p_value=float((1 + (shuffled >= found).sum()) / (1 + n_shuffles)),
        n_faces=len(codes),
    )


def _known(groups: pd.Series, emotions: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Rows of known group and emotion, of groups with a face in each fold; codes of the groups."""
    known = np.flatnonzero(groups.notna().to_numpy() & emotions.notna().to_numpy())
    counts = groups.iloc[known].value_counts()
    large = counts.index[counts >= _N_FOLDS]
    if len(large) < 2:
        raise InvalidInputError(
            f"The probe found {counts.to_dict()} faces of known group and emotion: expected two "
            f"groups of at least {_N_FOLDS}. Probe more faces, or another attribute."
        )
    chosen = known[groups.iloc[known].isin(large).to_numpy()]
    return chosen, pd.factorize(groups.to_numpy(dtype=object)[chosen], sort=True)[0]


def _shuffled(codes: np.ndarray, labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    changed = codes.copy()
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        changed[rows] = codes[generator.permutation(rows)]
    return changed


def _accuracy(
    told: np.ndarray, codes: np.ndarray, labels: np.ndarray, generator: np.random.Generator
) -> float:
    folds = np.empty(len(codes), dtype=np.int64)
    for code in np.unique(codes):
        rows = generator.permutation(np.flatnonzero(codes == code))
        folds[rows] = np.arange(len(rows)) % _N_FOLDS
    is_told = np.empty(len(codes), dtype=bool)
    for fold in range(_N_FOLDS):
        held = folds == fold
        probe = _probe(int((~held).sum()), seed=int(generator.integers(2**31)))
        weights = _cell_weights(labels[~held], codes[~held])
        probe.fit(told[~held], codes[~held], logisticregression__sample_weight=weights)
        is_told[held] = probe.predict(told[held]) == codes[held]
    return float(pd.Series(is_told).groupby([labels, codes]).mean().mean())


def _cell_weights(labels: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Weights under which every emotion in every group weighs alike, of the mean 1."""
    cells = pd.Series(codes).groupby([labels, codes])
    sizes = cells.transform("size").to_numpy(dtype=np.float64)
    return np.asarray(len(codes) / (cells.ngroups * sizes))


def _probe(n_faces: int, *, seed: int) -> "Pipeline":
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    nonlinear = Nystroem(n_components=min(_N_COMPONENTS, n_faces), random_state=seed)
    return make_pipeline(
        StandardScaler(),
        make_union(FunctionTransformer(), nonlinear),
        LogisticRegression(max_iter=1000),
    )
