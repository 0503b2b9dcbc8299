from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from fer_fairness.embedding import fit_embedder_network, network_embedder
from fer_fairness.embedding.embedder_network import build_embedder_network
from fer_fairness.embedding.embedder_training import GroupHeads
from fer_fairness.embedding.group_labels import HEADS, group_targets
from fer_fairness.errors import InvalidInputError, TrainingError
from fer_fairness.modeling.training_run import TrainingRun
from fer_fairness.params.embedding import EmbedderParameters
from fer_fairness.params.training import TrainingParameters

if TYPE_CHECKING:
    import keras

# Keras 3.15 over TensorFlow asks a variable for its values in NumPy 1's way.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

Maker = Callable[..., tuple[pd.DataFrame, np.ndarray]]


def weights_differ(one: "keras.Model", other: "keras.Model") -> float:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


class TestNetwork:
    def test_the_default_has_about_170_thousand_weights(self) -> None:
        model = build_embedder_network(EmbedderParameters(), seed=0)
        assert 165_000 < model.count_params() < 175_000
        assert model.output_shape == (None, sum(map(len, HEADS.values())))

    def test_the_seed_decides_the_weights(self, small: EmbedderParameters) -> None:
        one, same, other = (build_embedder_network(small, seed=seed) for seed in (1, 1, 2))
        assert weights_differ(one, same) == 0.0
        assert weights_differ(one, other) > 0.0


class TestFit:
    def test_what_is_visible_is_learnt(self, fairface: Maker, small: EmbedderParameters) -> None:
        faces, images = fairface(200)
        params = small.model_copy(update={"epochs": 8})
        model = fit_embedder_network(faces, images, params, seed=0, checkpoint_folder=None)
        unseen, unseen_images = fairface(60, seed=1)
        gender = np.asarray(model.predict_on_batch(unseen_images))[:, 7:9].argmax(axis=1)
        assert (np.array(HEADS["gender"])[gender] == unseen["gender"]).mean() > 0.95

    def test_the_seed_decides_the_result(self, fairface: Maker, small: EmbedderParameters) -> None:
        faces, images = fairface(60)
        one, same, other = (
            fit_embedder_network(faces, images, small, seed=seed, checkpoint_folder=None)
            for seed in (1, 1, 2)
        )
        assert weights_differ(one, same) == 0
        assert weights_differ(one, other) > 1e-2

    def test_a_killed_training_is_taken_up_by_the_one_loop(
        self,
        fairface: Maker,
        small: EmbedderParameters,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        faces, images = fairface(60)
        whole = fit_embedder_network(faces, images, small, seed=0, checkpoint_folder=None)
        run_epoch = TrainingRun.run_epoch

        def stopping(run: TrainingRun, bar: Any) -> None:
            if len(run.history) == 2:
                raise KeyboardInterrupt
            run_epoch(run, bar)

        monkeypatch.setattr(TrainingRun, "run_epoch", stopping)
        with pytest.raises(KeyboardInterrupt):
            fit_embedder_network(faces, images, small, seed=0, checkpoint_folder=tmp_path)
        epochs: list[int] = []

        def counting(run: TrainingRun, bar: Any) -> None:
            epochs.append(len(run.history))
            run_epoch(run, bar)

        monkeypatch.setattr(TrainingRun, "run_epoch", counting)
        resumed = fit_embedder_network(faces, images, small, seed=0, checkpoint_folder=tmp_path)
        assert epochs == [2]
        assert weights_differ(resumed, whole) == 0

    def test_a_loss_that_is_no_number_names_the_embedder_s_learning_rate(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, images = fairface(40)
        params = small.model_copy(update={"learning_rate": 1e30})
        with pytest.raises(TrainingError, match=r"diverged .*embedder\.learning_rate, now 1e\+30"):
            fit_embedder_network(faces, images, params, seed=0, checkpoint_folder=None)


class TestGroupHeads:
    @pytest.fixture
    def objective(self) -> GroupHeads:
        return GroupHeads(TrainingParameters(), np.full(18, 1 / 18))

    def test_a_model_that_knows_nothing_loses_the_logarithms_of_the_groups(
        self, fairface: Maker, objective: GroupHeads
    ) -> None:
        targets = group_targets(fairface(60)[0])
        scores = objective.scores(np.zeros((60, 18)), targets, None)
        expected = sum(np.log(len(groups)) for groups in HEADS.values())
        assert scores.loss == pytest.approx(expected)

    def test_training_and_validation_score_alike_and_missing_labels_count_nothing(
        self, fairface: Maker, objective: GroupHeads
    ) -> None:
        faces, _ = fairface(40)
        faces.loc[:9, "race"] = None
        faces.loc[10:, ["gender", "age_group"]] = None
        targets = group_targets(faces)
        logits = np.random.default_rng(0).normal(size=(40, 18))
        losses = np.asarray(objective.cross_entropy(targets, logits.astype(np.float32)))
        scores = objective.scores(logits, targets, None)
        # Ten faces have two labels, thirty the third alone.
        assert scores.loss == pytest.approx(losses[:10].mean() + losses[10:].mean(), rel=1e-5)
        wild = logits.copy()
        wild[:10, :7] += 1e3 * np.arange(7)
        assert objective.scores(wild, targets, None) == scores

    def test_only_the_heads_of_a_face_s_labels_are_moved(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        faces, images = fairface(40)
        faces[["race", "age_group"]] = None
        params = small.model_copy(update={"epochs": 2, "weight_decay": 0.0})
        before = build_embedder_network(params, seed=0).get_layer("groups").get_weights()
        model = fit_embedder_network(faces, images, params, seed=0, checkpoint_folder=None)
        moved = [
            (after != start).reshape(-1, 18).any(axis=0)
            for after, start in zip(model.get_layer("groups").get_weights(), before, strict=True)
        ]
        is_gender = np.isin(np.arange(18), [7, 8])
        assert all((columns == is_gender).all() for columns in moved)

    def test_the_share_of_right_labels_is_of_those_that_a_face_has(
        self, objective: GroupHeads
    ) -> None:
        targets = np.zeros((3, 18), np.float32)
        targets[0, [0, 7, 9]] = targets[1, [0, 8]] = 1
        logits = np.zeros((3, 18), np.float32)  # the first group of each head is answered
        is_right = np.asarray(objective.is_right(targets, logits))
        np.testing.assert_allclose(is_right, [1.0, 0.5, 0.0])
        accuracy = objective.scores(logits.astype(np.float64), targets, None).accuracy
        assert accuracy == pytest.approx((1.0 + 0.5 + 1.0) / 3)

    def test_a_group_without_training_faces_is_named(
        self, fairface: Maker, small: EmbedderParameters, caplog: pytest.LogCaptureFixture
    ) -> None:
        faces, images = fairface(40)
        faces["race"] = "indian"
        caplog.set_level("INFO")
        params = small.model_copy(update={"epochs": 1})
        fit_embedder_network(faces, images, params, seed=0, checkpoint_folder=None)
        assert "has a share of race white, race black, race latino_hispanic" in caplog.text

    def test_targets_with_two_groups_of_one_attribute_are_refused(
        self, objective: GroupHeads
    ) -> None:
        targets = np.zeros((2, 18), np.float32)
        objective.check_targets(targets)
        targets[1, [7, 8]] = 1
        with pytest.raises(InvalidInputError, match=r"row 1 .*at most one 1 for each of race"):
            objective.check_targets(targets)
        targets[1, 8] = 0.5
        with pytest.raises(InvalidInputError, match=r"1 of 2 rows are wrong"):
            objective.check_targets(targets)


@pytest.mark.parametrize("colour", [False, True])
def test_images_of_another_shape_do_not_train(
    fairface: Maker, small: EmbedderParameters, *, colour: bool
) -> None:
    faces, images = fairface(40)
    params = small.model_copy(update={"side_px": 48 if colour else 64, "colour": colour})
    message = r"uint8 \(40, 48, 48, 1\); .*\(n, 48, 48, 3\)" if colour else r"\(n, 64, 64, 1\)"
    with pytest.raises(InvalidInputError, match=message):
        fit_embedder_network(faces, images, params, seed=0, checkpoint_folder=None)


class TestNetworkEmbedder:
    def test_a_face_and_its_mirror_image_share_an_embedding(
        self, fairface: Maker, small: EmbedderParameters
    ) -> None:
        _, images = fairface(5)
        embedder = network_embedder(build_embedder_network(small, seed=0))
        faces = list(np.repeat(images, 3, axis=3))
        embeddings = embedder.embed(faces)
        assert embeddings.dtype == np.float32
        assert embeddings.shape == (5, 8)
        mirrored = embedder.embed([face[:, ::-1] for face in faces])
        np.testing.assert_allclose(embeddings, mirrored, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("colour", [False, True])
    def test_images_of_any_size_are_brought_to_the_network_s(
        self, *, colour: bool, small: EmbedderParameters
    ) -> None:
        params = small.model_copy(update={"side_px": 64, "colour": colour})
        embedder = network_embedder(build_embedder_network(params, seed=0))
        plain = [np.full((*size, 3), (200, 40, 20), np.uint8) for size in ((64, 64), (20, 90))]
        embeddings = embedder.embed(plain)
        np.testing.assert_allclose(embeddings[0], embeddings[1], rtol=1e-4, atol=1e-5)
        grey = embedder.embed([np.full((64, 64, 3), 86, np.uint8)])
        assert np.allclose(grey[0], embeddings[0], atol=1e-4) != colour

    def test_other_channels_are_refused(self, small: EmbedderParameters) -> None:
        embedder = network_embedder(build_embedder_network(small, seed=0))
        with pytest.raises(InvalidInputError, match=r"uint8 \(48, 48, 1\)"):
            embedder.embed([np.zeros((48, 48, 1), np.uint8)])

    def test_another_model_is_refused(self) -> None:
        import keras

        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="other")
        with pytest.raises(InvalidInputError, match="Model other has no layer called 'embedding'"):
            network_embedder(model)
