"""A stranger's model in a process of its own: the same numbers, and one error whatever it does."""

import os
import signal
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from fer_fairness.errors import InvalidInputError
from fer_fairness.foreign import (
    InputForm,
    Limits,
    ModelRequest,
    PictureFiles,
    Scoring,
    Standardisation,
    isolated,
    run_isolated,
    run_model_file,
)

AMPLE = Limits(memory_bytes=2 * 2**30, time_s=120)
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 1)).astype(np.uint8)
NOTES = "open('answer.json', 'w').write('{\"notes\": []}')"
INDEX = np.array([4, 0, 5])
SCALED = Scoring(input_scale="0-1")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    layers = keras.layers
    path = tmp_path_factory.mktemp("models") / "theirs.keras"
    chain = [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(8, activation="softmax")]
    keras.Sequential(chain).save(path)
    return path


def stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    """Let the process be another program, which is given the folder with the request."""
    (folder / "stand_in.py").write_text(f"import sys\nimport numpy as np\n{code}\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(isolated, "_CHILD", "stand_in")


def test_the_outputs_are_those_of_this_process(model: Path) -> None:
    found = run_isolated(ModelRequest(model, "theirs", scoring=SCALED), IMAGES, INDEX, AMPLE)
    expected = run_model_file(ModelRequest(model, "theirs", scoring=SCALED), IMAGES, INDEX)
    np.testing.assert_allclose(found.shares, expected.shares, atol=1e-7)
    assert (found.notes, found.scale) == (expected.notes, expected.scale)


def test_faces_in_files_are_read_there_as_the_model_takes_them(tmp_path: Path) -> None:
    layers = keras.layers
    model = tmp_path / "theirs.keras"
    chain = [keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(8, activation="softmax")]
    keras.Sequential(chain).save(model)
    pixels = np.random.default_rng(1).integers(0, 256, (6, 20, 20, 3)).astype(np.uint8)
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for path, face in zip(paths, pixels, strict=True):
        Image.fromarray(face).save(path)
    request = ModelRequest(model, "theirs", form=InputForm(colours="BGR"), scoring=SCALED)
    found = run_isolated(request, PictureFiles(paths), INDEX, AMPLE)
    blue_first = PictureFiles(paths, (8, 8, 3))[np.arange(6)][..., ::-1]
    expected = run_model_file(request, blue_first, INDEX)
    np.testing.assert_allclose(found.shares, expected.shares, atol=1e-6)
    assert any("colour (BGR), and resized to 8 x 8 px" in note for note in found.notes)


def test_a_standardisation_and_outputs_that_are_no_class_reach_the_process(model: Path) -> None:
    names = ("neutral", "happy", "surprise", "sad", "anger", "-", "fear", "-")
    scoring = Scoring("0-1", Standardisation((0.5,), (0.25,)), "As found.")
    request = ModelRequest(model, "theirs", class_names=names, scoring=scoring)
    found = run_isolated(request, IMAGES, INDEX, AMPLE)
    np.testing.assert_allclose(
        found.shares, run_model_file(request, IMAGES, INDEX).shares, atol=1e-6
    )
    assert found.shares.shape == (3, 6)
    assert "As found." in found.notes


def test_a_refused_file_is_refused_with_the_same_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.keras").write_bytes(b"PK no archive")
    with pytest.raises(InvalidInputError) as here:
        run_model_file(ModelRequest(Path("m.keras"), "m"), IMAGES, INDEX)
    with pytest.raises(InvalidInputError) as there:
        run_isolated(ModelRequest(Path("m.keras"), "m"), IMAGES, INDEX, AMPLE)
    assert str(there.value) == str(here.value)
    assert str(tmp_path) not in str(there.value)


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="no limit of memory here")
def test_too_little_memory_is_one_error(tmp_path: Path) -> None:
    # 100 MB of activations: more than the libraries may have set aside for themselves.
    layers = keras.layers
    chain = [keras.Input((8, 8, 1)), layers.UpSampling2D(256), layers.GlobalAveragePooling2D()]
    path = tmp_path / "large.keras"
    keras.Sequential([*chain, layers.Dense(8, activation="softmax")]).save(path)
    with pytest.raises(InvalidInputError, match=r"large\.keras.*(memory_limit_gb|cannot be)"):
        run_isolated(ModelRequest(path, "m", scoring=SCALED), IMAGES, INDEX, Limits(2**20, 120))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os.kill(os.getpid(), 11)", "ended by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL, out of memory.*memory_limit_gb"),
        ("open('native.log', 'w').write('std::bad_alloc'); sys.exit(1)", "out of memory"),
        ("import os; os.kill(os.getpid(), 14)", "could not be loaded in 5 minutes"),
        ("sys.exit(3)", "exit code 3"),
        ("pass", "exit code 0"),
        ("open('answer.json', 'w').write('{')", "the answer of the process"),
        ("open('answer.json', 'w').write('[1]')", "the answer of the process"),
        (NOTES, "the answer of the process"),
        (f"np.save('shares.npy', np.ones((2, 8)));{NOTES}", "the answer of the process"),
        (f"np.save('shares.npy', np.array([[len]], object));{NOTES}", "the answer of the process"),
    ],
)
def test_whatever_becomes_of_the_process_is_one_error_that_names_the_file(
    code: str, message: str, model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in(monkeypatch, tmp_path, code)
    with pytest.raises(InvalidInputError, match=rf"theirs\.keras.*{message}"):
        run_isolated(ModelRequest(model, "m"), IMAGES, INDEX, AMPLE)


def test_a_process_that_does_not_end_is_stopped(
    model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    number = tmp_path / "number"
    stand_in(
        monkeypatch,
        tmp_path,
        f"import os, time; open({str(number)!r}, 'w').write(str(os.getpid())); time.sleep(600)",
    )
    with pytest.raises(InvalidInputError, match=r"stopped after 0\.05 minutes.*time_limit_minutes"):
        run_isolated(ModelRequest(model, "m"), IMAGES, INDEX, Limits(2**30, 3))
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), signal.SIGTERM)


def test_secrets_of_the_environment_stay_here(
    model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    seen = tmp_path / "seen"
    stand_in(
        monkeypatch, tmp_path, f"import os; open({str(seen)!r}, 'w').write(repr(dict(os.environ)))"
    )
    with pytest.raises(InvalidInputError):
        run_isolated(ModelRequest(model, "m"), IMAGES, INDEX, AMPLE)
    assert "PYTHONPATH" in seen.read_text()
    assert "hidden" not in seen.read_text()
