"""The nodes of the variant template, one handing over to the next as they are wired."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from fer_fairness.errors import InvalidInputError
from fer_fairness.evaluation_sets import EVALUATION_SETS
from fer_fairness.mitigation import MethodBlock, PostMethodBlock
from fer_fairness.modeling import TrainingData, build_network
from fer_fairness.modeling.fingerprints import weights_fingerprint
from fer_fairness.params.budget import BudgetParameters
from fer_fairness.params.fairness_reporting import EvaluationParameters
from fer_fairness.params.fine_tuning import FineTuningParameters
from fer_fairness.params.modeling import ArchitectureParameters
from fer_fairness.params.prediction import PredictionParameters
from fer_fairness.pipelines.fairness_reporting.nodes import measure_answers, score
from fer_fairness.pipelines.variants import nodes
from fer_fairness.pipelines.variants.tuning import tune_post_method
from fer_fairness.tables import PREDICTIONS_SCHEMA, PROBABILITY_COLUMNS, empty_table
from fer_fairness.taxonomy import EMOTIONS, RAF_DB_EMOTIONS

ARCHITECTURE = {"blocks": [[2, 2], [4]], "n_dense_blocks": 1}
QUICK = {"max_epochs": 1, "batch_size": 8, "warmup_epochs": 0}
FINE_TUNING = FineTuningParameters.model_validate(
    {"training": QUICK, "freezing": {"n_trainable_layers": 1}}
)
BASELINE = {
    "method": "baseline",
    "name": "baseline",
    "architecture": ARCHITECTURE,
    "training": QUICK,
}


class TrainingBeginsError(Exception):
    """Raised in place of a training, with what it would have been given."""


def block(**settings: Any) -> MethodBlock:
    return MethodBlock.model_validate({"name": "tested"} | settings)


def composed(*arguments: Any) -> Any:
    return nodes.compose_training_set(*arguments)


@pytest.fixture
def faces(make_faces: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    return make_faces(
        ["train"] * 20 + ["validation"] * 8,
        [*["neutral"] * 12, *["fear"] * 8, *["neutral", "fear"] * 4],
        dataset=["fer_plus"] * 28,
        gender=["female", "male", "female", None] * 7,
    )


@pytest.fixture
def images(faces: pd.DataFrame) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (len(faces), 48, 48, 1), dtype=np.uint8)


@pytest.fixture
def predictions(faces: pd.DataFrame) -> pd.DataFrame:
    """Everybody is found neutral."""
    validation = faces[faces["split"] == "validation"]
    shares = {name: np.full(len(validation), 0.05) for name in PROBABILITY_COLUMNS}
    shares["probability_neutral"] += 0.6
    return PREDICTIONS_SCHEMA.validate(
        pd.DataFrame(
            {
                "sample_id": validation["sample_id"].to_numpy(),
                "variant": "baseline",
                "seed": 3,
                "emotion": validation["emotion"].to_numpy(),
                "predicted_emotion": "neutral",
                **shares,
            }
        )
    )


Train = Callable[..., tuple[Any, dict[str, Any]]]


@pytest.fixture
def train(faces: pd.DataFrame, images: np.ndarray, tmp_path: Path) -> Train:
    """Compose and train, as the template wires it."""

    def run(chosen: MethodBlock, *baseline: Any, told: tuple[pd.DataFrame, ...] = ()) -> Any:
        columns, _, faces_added, images_added = composed(chosen, faces, images, 3, *told)
        trained, _, record = nodes.train_model(
            chosen,
            FINE_TUNING,
            faces,
            images,
            columns,
            faces_added,
            images_added,
            3,
            str(tmp_path),
            *baseline,
        )
        return trained, record

    return run


def test_a_fine_tuned_model_starts_from_the_fingerprint_of_the_baseline_as_it_was_saved(
    train: Train, tmp_path: Path, predictions: pd.DataFrame
) -> None:
    import keras

    baseline, of_baseline = train(block(**BASELINE))
    baseline.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    tuned, of_tuned = train(block(method="continued_training"), loaded, told=(predictions,))
    assert of_baseline["start_fingerprint"] is None, "random weights"
    assert of_tuned["start_fingerprint"] == of_baseline["fingerprint"]
    assert of_tuned["fingerprint"] == weights_fingerprint(tuned) != of_baseline["fingerprint"]
    assert of_tuned["n_weights"] == of_baseline["n_weights"] == baseline.count_params()
    assert 0 < of_tuned["n_trainable_weights"] < of_baseline["n_trainable_weights"]
    assert (of_tuned["variant"], of_tuned["seed"]) == ("tested", 3)
    assert of_tuned["network"] == of_baseline["network"] == "compact_cnn"


def test_from_scratch_all_weights_are_random_and_train(
    train: Train, predictions: pd.DataFrame
) -> None:
    baseline, of_baseline = train(block(**BASELINE))
    anew = {"fine_tuning": {"start": "from_scratch"}}
    _, record = train(block(method="continued_training", **anew), baseline, told=(predictions,))
    assert record["start_fingerprint"] is None
    assert record["n_trainable_weights"] == of_baseline["n_trainable_weights"]
    assert record["parameters"]["fine_tuning"]["start"] == "from_scratch"


@pytest.mark.parametrize("anew", [False, True])
def test_a_method_of_the_last_layer_starts_from_the_baseline_all_the_same(
    train: Train, predictions: pd.DataFrame, *, anew: bool
) -> None:
    baseline, _ = train(block(**BASELINE))
    crt = block(method="crt", anew=anew, fine_tuning={"start": "from_scratch"})
    _, record = train(crt, baseline, told=(predictions,))
    assert record["start_fingerprint"] == weights_fingerprint(baseline)


def test_the_parameters_are_recorded_with_their_defaults_as_json(train: Train) -> None:
    model, record = train(block(**BASELINE))
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert list(record["parameters"]) == ["architecture", "training"]
    assert record["parameters"]["training"]["optimizer"] == "adam"
    _, tuned = train(
        block(method="reweighing", attribute="race", fine_tuning={"training": {"max_epochs": 2}}),
        model,
    )
    recorded = tuned["parameters"]
    assert recorded["method"]["attribute"] == "race"
    assert recorded["fine_tuning"]["training"]["max_epochs"] == 2
    assert recorded["fine_tuning"]["training"]["batch_size"] == QUICK["batch_size"]


def test_a_loaded_model_taken_as_it_is_starts_and_ends_with_its_own_weights(
    train: Train, tmp_path: Path
) -> None:
    own = build_network(ArchitectureParameters.model_validate(ARCHITECTURE), seed=0)
    own.save(tmp_path / "own.keras")
    chosen = BASELINE | {
        "architecture": {"weights": str(tmp_path / "own.keras")},
        "training": {"max_epochs": 0},
    }
    _, record = train(block(**chosen))
    assert record["start_fingerprint"] == record["fingerprint"] == weights_fingerprint(own)


@pytest.mark.parametrize("mode", ["written", "on_the_fly"])
def test_training_is_given_no_image_of_a_held_out_face(
    mode: str,
    faces: pd.DataFrame,
    predictions: pd.DataFrame,
    train: Train,
    images: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def begin(_model: object, data: object, *_args: object, **_kwargs: object) -> None:
        raise TrainingBeginsError(data)

    monkeypatch.setattr(nodes, "train", begin)
    is_training = (faces["split"] == "train").to_numpy()
    images[is_training] = 0
    images[~is_training] = 255
    chosen = block(
        method="emotion_augmentation",
        augmentation={"mode": mode, "target_share": 1.0, "minimum_cell_size": 5},
        fine_tuning={"training": {"online_augmentation": {"flip": True}}},
    )
    model = build_network(ArchitectureParameters.model_validate(ARCHITECTURE), seed=0)
    with pytest.raises(TrainingBeginsError) as begun:
        train(chosen, model, told=(predictions,))
    data: TrainingData = begun.value.args[0]
    assert data.training.epoch_size == 20 < len(data.training)
    assert data.training.images[data.training.image_index].max() < 128
    assert data.validation.images[data.validation.image_index].min() == 255


@pytest.mark.parametrize("mode", ["written", "on_the_fly"])
def test_what_is_added_is_counted_and_can_be_looked_at(
    mode: str, faces: pd.DataFrame, images: np.ndarray, predictions: pd.DataFrame
) -> None:
    chosen = block(
        method="emotion_augmentation",
        augmentation={"mode": mode, "target_share": 1.0, "minimum_cell_size": 5},
        fine_tuning={"training": {"online_augmentation": {"flip": True}}},
    )
    columns, plan, faces_added, images_added = composed(
        chosen, faces, images, 3, predictions, predictions.iloc[:0]
    )
    table, sheet = nodes.describe_training_set(
        chosen, FINE_TUNING, faces, images, plan, faces_added, images_added, 3
    )
    assert len(columns) == 20
    assert table["n_added"].sum() == len(faces_added) > 0
    assert len(images_added) == (len(faces_added) if mode == "written" else 0)
    assert table["reason"].notna().all()
    assert isinstance(sheet, Figure)
    assert len(sheet.axes) > 1


def test_a_method_that_adds_nothing_has_a_table_without_rows(
    faces: pd.DataFrame, images: np.ndarray
) -> None:
    chosen = block(method="continued_training")
    _, plan, faces_added, images_added = composed(chosen, faces, images, 3)
    table, _ = nodes.describe_training_set(
        chosen, FINE_TUNING, faces, images, plan, faces_added, images_added, 3
    )
    assert table.empty


def teachers(train: Train, monkeypatch: pytest.MonkeyPatch, *named: str) -> Any:
    def begin(_model: object, data: TrainingData, *_: object, **_kwargs: object) -> None:
        raise TrainingBeginsError(data.teachers)

    monkeypatch.setattr(nodes, "train", begin)
    distillation = {"weight": 0.5, "teachers": list(named)}
    chosen = block(
        method="continued_training", fine_tuning={"training": {"distillation": distillation}}
    )
    model = build_network(ArchitectureParameters.model_validate(ARCHITECTURE), seed=0)
    with pytest.raises(TrainingBeginsError) as begun:
        train(chosen, model)
    return model, begun.value.args[0]


def test_named_models_are_the_teachers_in_their_order(
    train: Train, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = build_network(ArchitectureParameters(blocks=((2,),)), seed=0)
    model.save(tmp_path / "trained.keras")
    _, (published, trained) = teachers(
        train, monkeypatch, "published", str(tmp_path / "trained.keras")
    )
    assert published.count_params() > 100_000
    assert all(map(np.array_equal, trained.get_weights(), model.get_weights()))


def test_the_starting_model_teaches_where_none_is_named(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, found = teachers(train, monkeypatch)
    assert found == [model]


def test_a_missing_teacher_is_named_with_the_parameter(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInputError, match=r"nowhere\.keras.*distillation\.teachers"):
        teachers(train, monkeypatch, "nowhere.keras")


def test_a_teacher_of_weight_0_is_not_opened(train: Train, predictions: pd.DataFrame) -> None:
    distillation = {"weight": 0.0, "teachers": ["nowhere.keras"]}
    chosen = block(
        method="continued_training", fine_tuning={"training": {"distillation": distillation}}
    )
    baseline, _ = train(block(**BASELINE))
    assert train(chosen, baseline, told=(predictions,))


def test_each_split_is_predicted_with_its_own_faces(
    faces: pd.DataFrame, images: np.ndarray
) -> None:
    model = build_network(ArchitectureParameters.model_validate(ARCHITECTURE), seed=0)
    rest = (model, faces, images, PredictionParameters(), block(method="continued_training"), 3)
    seven = list(RAF_DB_EMOTIONS)
    for found, split in (
        (nodes.predict(*rest, seven), "validation"),
        (nodes.predict_training(*rest, {"fer_plus": seven}), "train"),
    ):
        assert (
            found["sample_id"].tolist() == faces.loc[faces["split"] == split, "sample_id"].tolist()
        )
        assert set(found["variant"]) == {"tested"}
        assert not found["probability_contempt"].any(), "the dataset does not label it"
    none = nodes.predict(model, faces.iloc[:0], images[:0], *rest[3:], seven)
    assert none.empty
    assert list(none.columns) == list(empty_table(PREDICTIONS_SCHEMA).columns)


def test_a_post_method_gives_predictions_of_its_own_name(
    faces: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    chosen = PostMethodBlock.model_validate({"method": "equalized_odds", "name": "tested"})
    rules = nodes.fit_post_method(chosen, predictions, faces)
    changed = nodes.apply_post_method(chosen, predictions, faces, rules, 3)
    assert changed["sample_id"].tolist() == predictions["sample_id"].tolist()
    assert set(changed["variant"]) == {"tested"}
    assert set(changed["predicted_emotion"]) <= set(EMOTIONS)
    none = predictions.iloc[:0]
    assert nodes.apply_post_method(
        chosen, none, faces, nodes.fit_post_method(chosen, none, faces), 3
    ).empty


def test_what_is_left_unanswered_stays_in_every_table_and_is_measured_by_group(
    faces: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    chosen = PostMethodBlock.model_validate(
        {"method": "abstention", "name": "tested", "coverage": 0.5}
    )
    doubted = predictions["sample_id"].isin(faces.loc[faces["gender"] == "male", "sample_id"])
    predictions.loc[doubted, "probability_neutral"] -= 0.1
    predictions.loc[doubted, "probability_fear"] += 0.1
    rules = nodes.fit_post_method(chosen, predictions, faces)
    changed = nodes.apply_post_method(chosen, predictions, faces, rules, 3)
    assert changed["abstained"].tolist() == doubted.tolist()
    absent = changed.iloc[:0], faces.iloc[:0]
    scored = score(
        *(
            each
            for name in EVALUATION_SETS
            for each in ((changed, faces) if name == "fer_plus" else absent)
        )
    )
    assert scored["abstained"].tolist() == doubted.tolist()
    parameters = EvaluationParameters(attributes=("gender", "race"))
    answers, curves = measure_answers(scored, parameters)
    answers = answers.set_index("group")
    assert answers.loc["female", "coverage"] == 1
    assert answers.loc["male", "coverage"] == 0
    assert set(answers["variant"]) == {"tested"}
    assert answers.loc["male", "attribute_source"] == "annotated"
    assert set(curves["attribute"].dropna()) == {"gender"}, "nobody labelled race"


def test_predictions_of_other_variants_reach_a_method_that_names_them(
    faces: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    chosen = PostMethodBlock.model_validate({"method": "ensemble", "name": "tested", "of": "other"})
    other = predictions.assign(
        probability_neutral=predictions["probability_fear"],
        probability_fear=predictions["probability_neutral"],
    )
    rules = nodes.fit_post_method(chosen, predictions, faces, other)
    changed = nodes.apply_post_method(chosen, predictions, faces, rules, 3, other)
    assert np.allclose(changed[["probability_neutral", "probability_fear"]], 0.35)
    assert list(changed.columns) == list(predictions.columns)
    settled, trials = tune_post_method(
        chosen, BudgetParameters(trials=2), predictions, faces, 3, other
    )
    assert [trial["settings"] for trial in trials["trials"]] == [{}, {"weights": "validation"}]
    assert settled["of"] == ["other"]
