from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import yaml

from fer_fairness.errors import InvalidInputError
from fer_fairness.modeling import build_network, freeze_layers, starting_model
from fer_fairness.modeling.starting_weights import PUBLISHED, trained_model
from fer_fairness.params.modeling import ArchitectureParameters, FreezingParameters

SMALL = ArchitectureParameters(blocks=((4,), (6,)), image_side_px=8)


def with_weights(weights: str) -> ArchitectureParameters:
    return SMALL.model_copy(update={"weights": weights})


def test_random_weights_are_those_of_the_built_network() -> None:
    first, again = starting_model(SMALL, seed=3), build_network(SMALL, seed=3)
    assert all(map(np.array_equal, first.get_weights(), again.get_weights()))


def test_a_file_is_loaded_whatever_its_architecture(tmp_path: Path) -> None:
    other = ArchitectureParameters(form="separable", blocks=((3,),), image_side_px=8)
    saved = build_network(other, seed=1)
    saved.save(tmp_path / "mine.keras")
    loaded = starting_model(with_weights(str(tmp_path / "mine.keras")), seed=0)
    assert loaded.name == "separable_cnn"
    assert all(map(np.array_equal, saved.get_weights(), loaded.get_weights()))


def test_a_model_with_frozen_layers_trains_whole_again(tmp_path: Path) -> None:
    model = build_network(SMALL, seed=0)
    freeze_layers(model, FreezingParameters(n_trainable_layers=1))
    model.save(tmp_path / "tuned.keras")
    loaded = starting_model(with_weights(str(tmp_path / "tuned.keras")), seed=0)
    assert len(loaded.trainable_variables) == len(build_network(SMALL, seed=0).trainable_variables)


def test_a_model_that_gives_probabilities_is_refused(tmp_path: Path) -> None:
    import keras

    model = build_network(SMALL, seed=0)
    softmax = keras.layers.Softmax()(model.output)
    keras.Model(model.input, softmax).save(tmp_path / "softmax.keras")
    with pytest.raises(InvalidInputError, match="ends in a softmax: the loop trains logits"):
        starting_model(with_weights(str(tmp_path / "softmax.keras")), seed=0)


def test_the_published_weights_are_small_fit_the_default_network_and_have_a_model_card() -> None:
    published = resources.files("fer_fairness") / "weights"
    for file in PUBLISHED.values():
        assert len((published / file).read_bytes()) < 3_000_000
    assert "## Not for" in (published / "README.md").read_text()
    model = starting_model(ArchitectureParameters(weights="published"), seed=0)
    default = build_network(ArchitectureParameters(), seed=0)
    assert model.count_params() == default.count_params()
    assert [layer.name for layer in model.layers] == [layer.name for layer in default.layers]
    images = np.random.default_rng(0).integers(0, 256, (4, 48, 48, 1)).astype(np.float32)
    logits = model.predict_on_batch(images)
    assert logits.shape == (4, 8)
    assert np.isfinite(logits).all()
    assert not np.allclose(logits, default.predict_on_batch(images))


def test_the_published_teacher_is_the_larger_model_and_gives_logits() -> None:
    teacher = trained_model("published_teacher", remedy="")
    assert teacher.count_params() > 2 * trained_model("published", remedy="").count_params()
    assert teacher.input_shape == (None, 48, 48, 1)
    assert np.isfinite(teacher.predict_on_batch(np.zeros((1, 48, 48, 1)))).all()


def test_the_projects_own_configuration_with_published_weights_warns_of_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    conf = Path(__file__).parents[2] / "conf" / "base" / "parameters_baseline.yml"
    given = yaml.safe_load(conf.read_text())["baseline"]["architecture"]
    starting_model(ArchitectureParameters(**{**given, "weights": "published"}), seed=0)
    assert caplog.text == ""


def test_parameters_that_a_loaded_model_does_not_follow_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "mine.keras"
    build_network(SMALL, seed=0).save(file)
    asked = ArchitectureParameters(
        weights=str(file), image_side_px=8, form="separable", blocks=SMALL.blocks
    )
    starting_model(asked, seed=0)
    assert "what is set for architecture.form differs from it and is not used" in caplog.text


def test_what_fine_tuning_could_not_do_to_a_model_is_told_at_the_beginning(
    nested: Callable[[], Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import keras

    nested().save(tmp_path / "mine.keras")
    asked = ArchitectureParameters(weights=str(tmp_path / "mine.keras"), image_side_px=8)
    starting_model(asked, seed=0)
    assert caplog.text == ""
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(8)]
    keras.Sequential(layers).save(tmp_path / "mine.keras")
    starting_model(asked, seed=0)
    expected = "freezing and regularisation.spatial_dropout and regularisation.l2 would do nothing"
    assert expected in caplog.text


@pytest.mark.parametrize("shape", [(9, 9, 1), (8, 8, 3)])
def test_a_model_of_other_images_is_refused_before_anything_is_trained(
    tmp_path: Path, shape: tuple[int, int, int]
) -> None:
    import keras

    layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(8)]
    keras.Sequential(layers).save(tmp_path / "mine.keras")
    with pytest.raises(InvalidInputError, match=r"expected \(8, 8, 1\).*one of your own"):
        starting_model(with_weights(str(tmp_path / "mine.keras")), seed=0)


def test_a_model_of_images_of_any_size_is_taken(tmp_path: Path) -> None:
    import keras

    layers = [keras.layers.Conv2D(8, 3), keras.layers.GlobalAveragePooling2D()]
    keras.Sequential([keras.Input((None, None, 1)), *layers]).save(tmp_path / "mine.keras")
    model = starting_model(with_weights(str(tmp_path / "mine.keras")), seed=0)
    assert model.input_shape == (None, None, None, 1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"absent\.keras: there is no such file"):
        starting_model(with_weights(str(tmp_path / "absent.keras")), seed=0)


@pytest.mark.parametrize("name", ["text.keras", "model.h5"])
def test_a_file_that_is_there_but_no_archive_is_said_to_be_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not a model")
    with pytest.raises(InvalidInputError, match=rf"{name} is there, but is no Keras archive"):
        starting_model(with_weights(str(tmp_path / name)), seed=0)


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "damaged.keras", "w") as archive:
        archive.writestr("config.json", "{")
    with pytest.raises(InvalidInputError, match=r"damaged\.keras is an archive without"):
        starting_model(with_weights(str(tmp_path / "damaged.keras")), seed=0)


def test_a_model_of_other_outputs_is_refused(tmp_path: Path) -> None:
    build_network(SMALL, seed=0, n_outputs=7).save(tmp_path / "seven.keras")
    with pytest.raises(InvalidInputError, match=r"\(None, 7\): expected one from images"):
        starting_model(with_weights(str(tmp_path / "seven.keras")), seed=0)
