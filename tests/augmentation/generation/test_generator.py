import numpy as np
import pytest

from fer_fairness.augmentation.generation.generator import FaceGenerator, train_generator
from fer_fairness.errors import TrainingError
from fer_fairness.params.generation import GeneratorParameters

SMALL = GeneratorParameters(
    n_codes=6, width=32, n_blocks=1, n_steps=250, batch_size=64, n_moves=8, departure=1.0
)


def two_kinds(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Images that are bright above, and others bright below; what each is."""
    is_above = np.random.default_rng(0).random(n) < 0.5
    images = np.random.default_rng(1).normal(100, 8, (n, 8, 8, 1))
    images[is_above, :4] += 80
    images[~is_above, 4:] += 80
    return np.clip(images, 0, 255).astype(np.uint8), np.eye(2, dtype=np.float32)[is_above * 1]


IMAGES, KINDS = two_kinds(200)


def shows_above(images: np.ndarray) -> np.ndarray:
    return np.asarray(images[:, :4].mean(axis=(1, 2, 3)) > images[:, 4:].mean(axis=(1, 2, 3)))


@pytest.fixture(scope="module")
def trained() -> FaceGenerator:
    return train_generator(IMAGES, KINDS, SMALL, seed=3)


def test_from_noise_it_makes_what_it_is_told(trained: FaceGenerator) -> None:
    for kind in (0, 1):
        told = np.tile(np.eye(2, dtype=np.float32)[kind], (100, 1))
        made = trained.vary(IMAGES[:100], told, seed=0)
        assert made.dtype == np.uint8
        assert made.shape == (100, 8, 8, 1)
        assert (shows_above(made) == (kind == 1)).mean() > 0.9


def test_the_same_seed_makes_the_same_faces(trained: FaceGenerator) -> None:
    made = trained.vary(IMAGES[:5], KINDS[:5], seed=0)
    again = train_generator(IMAGES, KINDS, SMALL, seed=3).vary(IMAGES[:5], KINDS[:5], seed=0)
    assert (made == again).all()
    assert (made != trained.vary(IMAGES[:5], KINDS[:5], seed=1)).any()


def test_another_training_seed_makes_others() -> None:
    short = SMALL.model_copy(update={"n_steps": 2})
    made = [
        train_generator(IMAGES, KINDS, short, seed=seed).vary(IMAGES[:5], KINDS[:5], seed=0)
        for seed in (3, 4)
    ]
    assert (made[0] != made[1]).any()


def test_the_less_it_departs_the_more_a_face_is_like_its_source(trained: FaceGenerator) -> None:
    far = []
    for departure in (0.01, 0.4, 1.0):
        params = SMALL.model_copy(update={"departure": departure})
        made = FaceGenerator(trained.codes, trained.network, params).vary(IMAGES, KINDS, seed=0)
        far.append(np.abs(made.astype(float) - IMAGES).mean())
    assert far[0] < 1
    assert far[0] < far[1] < far[2]


def test_divergence_is_an_error_that_names_the_rate() -> None:
    params = SMALL.model_copy(update={"learning_rate": 1e30, "n_steps": 30})
    with pytest.raises(TrainingError, match=r"generator of faces.*1e\+30.*generator.learning_rate"):
        train_generator(IMAGES, KINDS, params, seed=0).vary(IMAGES, KINDS, seed=0)


def test_one_face_and_one_step_will_do() -> None:
    params = SMALL.model_copy(update={"n_steps": 1})
    made = train_generator(IMAGES[:1], KINDS[:1], params, seed=0).vary(
        IMAGES[:1], KINDS[:1], seed=0
    )
    assert made.shape == (1, 8, 8, 1)
